"""What a line of an article is, told from its form alone."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import lines


@pytest.mark.parametrize(
    ("line", "section"),
    [
        ("Home >  Overview", "Overview"),
        ("Home > World > Asia", "Asia"),
        ("News»Sport", "Sport"),
        ("You are here › Library › Opening hours", "Opening hours"),
    ],
)
def test_a_breadcrumb_names_the_section(line: str, section: str) -> None:
    assert lines.is_breadcrumb(line)
    assert lines.breadcrumb_section(line) == section


@pytest.mark.parametrize(
    "line",
    [
        "City council approves budget",
        "<script>alert(1)</script> wins the prize",
        "La mairie « adopte » le budget",
        "He said that 5 > 3. So it is.",
        "> quoted",
        "a" + ">   " * 35 + ".",
    ],
)
def test_a_line_is_no_breadcrumb_for_a_bracket_alone(line: str) -> None:
    assert not lines.is_breadcrumb(line)


@pytest.mark.parametrize(
    "line",
    [
        "Updated: 2021-07-13",
        "Last updated: 13 July 2021, 4:05 pm BST",
        "Updated: 2021-07-13 15:02 (Xinhua)",
        "Updated: 2021-07-13 10:30 Beijing time",
        "Published on 13.07.2021",
        "Posted at 10:30 on July 13, 2021",
        "Date: 2021/07/13",
        "Tuesday, 13 July 2021",
        "July 13th, 2021",
        "13 Jul. 2021",
        "2021-07-13T10:30:00Z",
        "2021-07-13 10:30:00+08:00",
        "July 13, 2021 10:30",
        "2021年7月13日",
    ],
)
def test_a_date_line_tells_its_date(line: str) -> None:
    assert lines.read_date(line) == date(2021, 7, 13)


@pytest.mark.parametrize(
    "line",
    [
        "2021",
        "July 13",
        "July 2021",
        "Published 12 books in 2004",
        "On July 13, 2021, the mine was closed.",
        "2021-13-45",
        "2021-07-131",
        "Updated: soon",
        "Updated: every 3 days",
        "Date palms grow here",
    ],
)
def test_a_line_without_a_whole_date_of_its_own_is_no_date(line: str) -> None:
    assert lines.read_date(line) is None


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("By Jane Doe", "Jane Doe"),
        ("by Jane Doe", "Jane Doe"),
        ("BY JANE DOE AND JOHN ROE", "JANE DOE AND JOHN ROE"),
        ("By Jane Doe (Daily News)", "Jane Doe (Daily News)"),
        ("By Jane Doe, Science Editor", "Jane Doe, Science Editor"),
        ("By Jane Doe, John Roe and Ann Q. Poe", "Jane Doe, John Roe and Ann Q. Poe"),
        ("By Jane van der Berg in Paris", "Jane van der Berg in Paris"),
        ("Text by Ángela O'Neill-Ruiz", "Ángela O'Neill-Ruiz"),
        ("Author: Jane Doe", "Jane Doe"),
    ],
)
def test_a_byline_tells_its_name(line: str, name: str) -> None:
    assert lines.read_byline(line) == name


@pytest.mark.parametrize(
    "line",
    [
        "By the end of the year",
        "By and large",
        "By Christmas the town was empty",
        "By 2025",
        "By Monday, 200 houses had burnt down",
        "By our staff reporter",
        "Jane Doe",
        "By",
        "By Jane Doe the book was sold, and it was read.",
    ],
)
def test_a_sentence_that_begins_with_by_is_no_byline(line: str) -> None:
    assert lines.read_byline(line) is None


@pytest.mark.parametrize(
    "line",
    [
        "Jane Doe contributed to this story.",
        "J. K. Doe and John Roe contributed to this report",
        "(Jane Doe contributed to the article)",
        "Jane Doe contributed reporting from Paris.",
        "Reporting by Jane Doe; editing by J. Roe",
        "Additional reporting by Ann Poe.",
    ],
)
def test_a_sign_off_is_known(line: str) -> None:
    assert lines.is_sign_off(line)


@pytest.mark.parametrize(
    "line",
    [
        "He said it contributed to the story of the city.",
        "The rain came. Jane contributed to this story.",
        "Rain contributed to the flood.",
        "The station contributed reporting that won a prize.",
    ],
)
def test_a_sentence_about_contributing_is_no_sign_off(line: str) -> None:
    assert not lines.is_sign_off(line)


@pytest.mark.parametrize(
    ("text", "credit"),
    [
        ("Workers make crafts. [Photo/Evening News]", "[Photo/Evening News]"),
        ("A painter. [Photo provided to the News]", "[Photo provided to the News]"),
        ("A painter (Photo: AP)", "(Photo: AP)"),
        ("A painter (Image courtesy of the museum)", "(Image courtesy of the museum)"),
        ("Le maire. (Photo AFP)", "(Photo AFP)"),
        ("Cars are built. LIU TONG / FOR THE NEWS", "LIU TONG / FOR THE NEWS"),
        ("Cars are built. J. DOE/STAR", "J. DOE/STAR"),
        ("A crowd waits. Jane Doe/Reuters", "Jane Doe/Reuters"),
        ("A crowd waits. Photo by J. K. Doe", "Photo by J. K. Doe"),
        ("A crowd waits. Photograph: Jane Doe/The Guardian.", "Photograph: Jane Doe/The Guardian."),
        ("A nebula. Credit: J. Doe", "Credit: J. Doe"),
        ("A crowd waits. © Jane Doe", "© Jane Doe"),
        ("MARÍA ÑANDÚ / EL PAÍS", "MARÍA ÑANDÚ / EL PAÍS"),
        ("**Left:** A show. ZHANG XI / FOR DAILY **Right:** A", "ZHANG XI / FOR DAILY"),
    ],
)
def test_a_photo_credit_is_found(text: str, credit: str) -> None:
    assert [text[start:end] for start, end in lines.find_credits(text)] == [credit]


def test_every_credit_of_a_caption_is_found() -> None:
    text = "Left: A show. JO XI / FOR DAILY Right: A party. AN YU / FOR DAILY All were glad."
    assert [text[start:end] for start, end in lines.find_credits(text)] == ["JO XI / FOR DAILY", "AN YU / FOR DAILY"]


@pytest.mark.parametrize(
    "text",
    [
        "The photo by Jane Doe won a prize.",
        "AT&T / VERIZON merger is off.",
        "The EU agreed. US / EU talks go on.",
        "Pictures show the flood.",
        "He took credit: nobody objected.",
        "[citation needed]",
    ],
)
def test_a_sentence_about_photos_is_no_credit(text: str) -> None:
    assert lines.find_credits(text) == []


@pytest.mark.parametrize(
    "line", ["It is over.", "Is it?", 'He said: "No."', "**Done!**", "山西省。", "（完。）", "Namely:", "Stop…"]
)
def test_a_sentence_is_finished(line: str) -> None:
    assert lines.is_finished(line)


@pytest.mark.parametrize(
    "line", ["how Shanxi is applying an economic", "high-tech indus-", 'He said "no"', "山西省", "a, b,"]
)
def test_a_sentence_without_its_end_is_not_finished(line: str) -> None:
    assert not lines.is_finished(line)


@pytest.mark.parametrize(
    "line", ["The entrepreneur said Shanxi's", "an indus-", "the plant in", "he said", "red, green,", "more than"]
)
def test_a_line_runs_on_that_stops_where_no_sentence_can(line: str) -> None:
    assert lines.runs_on(line)
    assert not lines.looks_like_heading(line)


@pytest.mark.parametrize("line", ["trial base", '"of all', "(and more", "**small** words"])
def test_a_line_continues_that_begins_with_a_small_letter(line: str) -> None:
    assert lines.continues(line)


@pytest.mark.parametrize("line", ["Trial base", "iPhone sales rise", "eBay grows", "20 percent", "中文", "", "a"])
def test_a_line_begins_anew_with_anything_else(line: str) -> None:
    assert not lines.continues(line)


@pytest.mark.parametrize(
    "line",
    ["City council approves budget", "THE VOTE", "Why bread?", "5 ways to save", "阳泉工业增长良好", "«Non» au budget"],
)
def test_a_short_line_without_a_sentence_end_could_be_a_heading(line: str) -> None:
    assert lines.looks_like_heading(line)
    assert not lines.is_prose(line)


@pytest.mark.parametrize("line", ["It is over.", "one\ntwo", "a small beginning", "word " * 26, "x" * 161, "***"])
def test_a_sentence_or_a_long_text_is_no_heading(line: str) -> None:
    assert not lines.looks_like_heading(line)


def test_a_text_with_a_sentence_end_inside_is_prose() -> None:
    assert lines.is_prose("He won the race. The new minister Anna")
    assert not lines.is_prose("Mr. Smith goes to Washington")


def test_an_address_alone_is_read() -> None:
    assert lines.read_url("Source: https://example.org/a?b=c") == "https://example.org/a?b=c"
    assert lines.read_url("See https://example.org for more") is None


@given(st.text(max_size=90) | st.text("JulyMay 0123456789-/:.,年月日TZ+", max_size=40).map("Updated: {}".format))
def test_any_line_is_read_without_an_error(line: str) -> None:
    for read in (
        lines.read_date,
        lines.parse_date,
        lines.read_byline,
        lines.read_url,
        lines.is_sign_off,
        lines.find_credits,
    ):
        read(line)
    for tell in (
        lines.is_breadcrumb,
        lines.is_finished,
        lines.runs_on,
        lines.continues,
        lines.looks_like_heading,
        lines.is_prose,
    ):
        assert tell(line) in {True, False}
