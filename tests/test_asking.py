"""What the question box makes of an address, a filter, times that a question names, and passages that fall short."""

import json
import re
from collections.abc import Callable
from datetime import date
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import qa
from index import Article, Passage, QuestionError
from index.analyzer import analyze
from qa.answer import Hit, LegScore, Why
from qa.page import parts
from qa.page.asked import ANY, Asked
from qa.page.confined import confine
from qa.page.matched import marked_text
from qa.page.part import DEFAULTS
from qa.page.shortfall import lacking, shortfall
from qa.page.timeline import timeline

MakeLibrary = Callable[[dict[str, str]], qa.Library]
YEARS = {
    f"{year}.txt": f"Harvest of {year}\n\nUpdated: {year}-08-01\n\nThe harvest of apples was {year - 2000} thousand tonnes."
    for year in (2020, 2021, 2022, 2023)
}

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(lambda text: text == text.strip())


@pytest.fixture
def server(make_library: MakeLibrary) -> dict[str, Callable[[Any], str]]:
    """What the script of the question box can call, over four articles of four years."""
    return {function.__name__: function for function in parts(make_library(YEARS), DEFAULTS)[0].functions}


class Tags(HTMLParser):
    """The tags of some HTML, and the names of their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)


class Links(HTMLParser):
    """The links of some HTML, by what they say."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._open = ""
        self._said: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._open, self._said = dict(attrs)["href"] or "", []

    def handle_data(self, data: str) -> None:
        self._said.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self.found["".join(self._said)] = self._open


@given(
    st.builds(Asked, words, words, words, st.lists(words, unique=True).map(tuple), st.lists(words, unique=True).map(tuple))
)
def test_an_address_says_all_of_what_is_asked(asked: Asked) -> None:
    assert Asked.read(asked.link) == asked


def test_an_address_that_says_too_much_is_refused() -> None:
    with pytest.raises(QuestionError, match="more than 200 parts"):
        Asked.read("?" + "&".join(["source=a"] * 201))


def test_days_that_limit_are_applied_and_times_that_are_named_are_offered() -> None:
    confined = confine(Asked("How much coal since 2022, and how much in July 2021?"), dated=True)
    assert confined.where == qa.Filter(since=date(2022, 1, 1))
    assert [days.words for days in confined.applied] == ["since 2022"]
    assert [days.words for days in confined.offered] == ["July 2021"]


def test_what_the_reader_chose_goes_before_the_question() -> None:
    question = "How much coal since 2022?"
    chosen = confine(Asked(question, since="2021-07", until="2021"), dated=True)
    assert chosen.where == qa.Filter(since=date(2021, 7, 1), until=date(2021, 12, 31))
    assert [days.words for days in chosen.offered] == ["since 2022"]
    assert confine(Asked(question, since=ANY), dated=True).where == qa.Filter()
    assert confine(Asked(question), dated=False) == confine(Asked("How much coal?"), dated=False)


def test_limits_that_leave_no_day_are_not_applied() -> None:
    confined = confine(Asked("What came after 2023 and before 2021?"), dated=True)
    assert confined.where == qa.Filter()
    assert [days.words for days in confined.offered] == ["after 2023", "before 2021"]


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (Asked("apples", since="soon"), "'soon' is no day"),
        (Asked("apples", since="2022", until="2021"), "expected the earlier day first"),
        (Asked("apples", kinds=("poem",)), "no kind 'poem'"),
    ],
)
def test_a_filter_that_makes_no_sense_is_one_line(asked: Asked, line: str) -> None:
    with pytest.raises(QuestionError, match=line):
        confine(asked, dated=True)


def test_a_question_confines_itself_and_a_chip_takes_that_back(server: dict[str, Callable[[Any], str]]) -> None:
    asked = Asked("How was the harvest of apples since 2022 and before 2023?").link
    html = server["ask"]({"asked": asked})
    assert "2022.txt" in html
    assert "2021.txt" not in html
    assert "2023.txt" not in html
    chips = Links(html).found
    # One limit taken back, the other stays.
    without = server["ask"]({"asked": chips["Remove: since 2022×"]})
    assert "2021.txt" in without
    assert "2023.txt" not in without
    [(_, neither)] = [(words, link) for words, link in Links(without).found.items() if words.startswith("Remove: ")]
    assert "2023.txt" in server["ask"]({"asked": neither})


def test_a_named_time_is_offered_and_applied_by_its_link(server: dict[str, Callable[[Any], str]]) -> None:
    html = server["ask"]({"asked": Asked("How was the harvest of apples in 2021?").link})
    assert "2022.txt" in html
    within = server["ask"]({"asked": Links(html).found["+published in 2021"]})
    assert "2021.txt" in within
    assert "2022.txt" not in within
    again = Links(within).found["Remove: published in 2021×"]
    assert "2022.txt" in server["ask"]({"asked": again})


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        ("2021-01-01", "2021-03-31", "in the first quarter of 2021"),
        ("2020-10-01", "2020-12-31", "in the fourth quarter of 2020"),
        ("2021-07", "2021-12", "in the second half of 2021"),
        ("2021-01-01", "2021-03-30", "from 1 January 2021 to 30 March 2021"),
        ("2021-01-02", "2021-03-31", "from 2 January 2021 to 31 March 2021"),
        ("2020-01-01", "2021-03-31", "from 1 January 2020 to 31 March 2021"),
        ("2021-02", "2021-04", "from 1 February 2021 to 30 April 2021"),
    ],
)
def test_a_chip_reads_as_people_name_a_time(
    server: dict[str, Callable[[Any], str]], since: str, until: str, words: str
) -> None:
    html = server["ask"]({"asked": Asked("harvest of apples", since=since, until=until).link})
    assert f"Remove: published {words}×" in Links(html).found


def test_files_and_kinds_are_chips(server: dict[str, Callable[[Any], str]]) -> None:
    asked = Asked("harvest", sources=("2020.txt", "2021.txt"), kinds=("paragraph",))
    html = server["ask"]({"asked": asked.link})
    assert "2022.txt" not in html
    chips = Links(html).found
    assert Asked.read(chips["Remove: 2020.txt×"]).sources == ("2021.txt",)
    assert Asked.read(chips["Remove: only paragraphs×"]).kinds == ()
    assert "no source &#x27;2019.txt&#x27;" in server["ask"]({"asked": Asked("harvest", sources=("2019.txt",)).link})


def test_a_filter_that_leaves_nothing_says_so_and_leads_out(server: dict[str, Callable[[Any], str]]) -> None:
    html = server["ask"]({"asked": Asked("harvest of apples", since="1990", until="1991").link})
    assert "Not in these articles." in html
    assert "no passage is within the filter" in html
    assert "2022.txt" in server["ask"]({"asked": Links(html).found["Ask without the filter"]})


def test_the_same_question_with_another_filter_is_another_answer(server: dict[str, Callable[[Any], str]]) -> None:
    one, other = (Asked("harvest of apples", sources=(name,)).link for name in ("2020.txt", "2021.txt"))
    build = server["ask"]({"asked": one}).split('data-build="')[1].split('"')[0]
    server["ask"]({"asked": other})
    for link, title in ((one, "Harvest of 2020"), (other, "Harvest of 2021")):
        assert title in server["read_source"]({"asked": link, "build": build, "hit": "1"})
        [hit] = json.loads(server["download"]({"asked": link, "build": build}))["hits"]
        assert hit["title"] == title
        copied = unescape(server["cite"]({"asked": link, "build": build, "hit": "1"}))
        assert all(f"{start}{title}" in copied for start in ("— ", "{{", '"title": "'))


def test_an_answer_that_is_gone_is_said_to_be(server: dict[str, Callable[[Any], str]]) -> None:
    asked = Asked("harvest of apples").link
    build = server["ask"]({"asked": asked}).split('data-build="')[1].split('"')[0]
    for other in ({"build": "another"}, {"asked": Asked("harvest of pears").link}):
        gone = {"asked": asked, "build": build, "hit": "1", **other}
        assert "This answer is no longer kept: ask again" in server["read_source"](gone)
        assert "this answer is no longer kept: ask again" in server["cite"](gone)
        assert server["download"](gone) == ""
    for name in ("read_source", "cite"):
        assert "his answer has no such passage: ask again" in server[name]({"asked": asked, "build": build, "hit": "99"})


@pytest.mark.parametrize("wanted", [None, [], "?q=apples", {}, {"asked": 3}, {"asked": "?q=a", "build": 3, "hit": None}])
def test_what_no_page_hands_over_is_answered_in_one_line(server: dict[str, Callable[[Any], str]], wanted: Any) -> None:
    for name in ("read_source", "cite", "download", "sources"):
        assert "\n" not in server[name](wanted)


def test_what_files_and_questions_say_stays_text(make_library: MakeLibrary) -> None:
    attack = "'\"><img src=x onerror=alert(1)><script>alert(1)</script>&lt;"
    # A file's name has no slash in it.
    name = attack.replace("/", "") + ".txt"
    part = parts(
        make_library({name: f"Otters {attack} here\n\nOtters {attack} swim in rivers since 2021.", "b.txt": "Bees fly."}),
        DEFAULTS,
    )[0]
    server = {function.__name__: function for function in part.functions}
    asked = Asked(f"Where do otters {attack} swim?", sources=(name,), kinds=("paragraph",)).link
    html = server["ask"]({"asked": asked})
    build = html.split('data-build="')[1].split('"')[0]
    hit = {"asked": asked, "build": build, "hit": "1"}
    shown = [part.html, html, server["read_source"](hit), server["cite"](hit)]
    shown += [
        server["sources"]({"typed": "img"}),
        server["fresh"]({"build": "another"}),
        server["ask"]({"asked": f"?q=a&from={attack}"}),
    ]
    for each in shown:
        page = Tags(each)
        assert not page.tags & {"img", "script"}
        assert not {name for name in page.attributes if name.startswith("on")}
    assert "swim in rivers" in html
    assert json.loads(server["download"]({"asked": asked, "build": build}))["hits"]


def test_half_a_character_is_a_question_like_others(server: dict[str, Callable[[Any], str]]) -> None:
    assert "data-question" in server["ask"]({"asked": "?q=apples \ud800"})


def test_the_list_of_files_is_what_is_being_typed(server: dict[str, Callable[[Any], str]]) -> None:
    assert server["sources"]({"typed": "22"}) == '<option value="2022.txt">'
    assert server["sources"]({"typed": "nothing"}) == ""


def make_hit(text: str, cosine: float, published: date | None = None, corrected: tuple[tuple[str, str], ...] = ()) -> Hit:
    article = Article("a", "", text, "a.txt", (0, len(text)), published)
    passage = Passage(article, ((0, len(text)),), "paragraph", text, "", 1)
    return Hit(passage, 1, 0.5, Why(LegScore(1, cosine), LegScore(None, 0.0), corrected=corrected), ())


def marked(text: str, highlight: tuple[tuple[int, int], ...], matched: tuple[str, ...]) -> str:
    passage = Passage(Article("a", "", text, "a.txt", (0, len(text))), ((0, len(text)),), "paragraph", text, "", 1)
    return marked_text(Hit(passage, 1, 0.5, Why(LegScore(1, 0.5), LegScore(None, 0.0), matched), highlight))


def test_shared_words_are_marked_within_and_beside_the_sentence() -> None:
    text = "Otters’ rivers. An OTTER swims in 20.15 rivers."
    assert marked(text, ((16, len(text)),), ("otter", "20.15")) == (
        "<b>Otters</b>’ rivers. <mark>An <b>OTTER</b> swims in <b>20.15</b> rivers.</mark>"
    )
    assert marked("水獭在河里游泳。", (), ("河里", "里游")) == "水獭在<b>河里</b><b>游</b>泳。"


@given(st.text(max_size=60), st.data())
def test_marks_never_change_a_text(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=4)))
    highlight = tuple(pairwise(cuts))[::2]
    html = marked(text, highlight, tuple(analyze(text)[::2]))
    assert unescape(re.sub(r"</?(?:b|mark)>", "", html)) == text
    assert html.count("<mark>") == len(highlight)


def test_why_passages_fall_short_is_said_in_words() -> None:
    paris, lyon = make_hit("The capital grows.", 0.61), make_hit("Silk is woven in Lyon.", 0.12, date(1998, 1, 2))
    question = "What was the capital of France in 1998?"
    assert lacking(question, [paris, lyon]) == "None of them says “France”."
    assert lacking(question, [paris]) == "None of them says “France”, and none is of 1998 or mentions it."
    assert shortfall(question, paris) == (
        "It says “capital”, but not “France”. It is not of 1998, and does not mention it. "
        "Its meaning is near the question’s, which alone is not enough (cosine 0.61)."
    )
    assert shortfall(question, lyon) == (
        "It does not say “capital” or “France”. Its meaning is far from the question’s (cosine 0.12)."
    )
    # A month is a time, and no word that must stand there.
    assert lacking("What was the capital in January 1998?", [lyon]) == "None of them says “capital”."
    # Nor is a passage asked to be of the year that a limit names.
    assert lacking("What was the capital since 1990?", [paris, lyon]) == ""
    assert "well-known" not in shortfall("Who is well-known?", make_hit("The known world.", 0.4)).split("not")[0]
    # A word that was read as another is not missing.
    assert "does not say" not in shortfall("capitel", make_hit("The capital grows.", 0.4, corrected=(("capitel", "capit"),)))
    # One that it stands in is; but of a run of Chinese each word is read by itself.
    capital = make_hit("Capital.", 0.4, corrected=(("capitel", "capit"),))
    assert "does not say “capitellum”." in shortfall("capitel capitellum", capital)
    assert "does not say" not in shortfall("煤矿工人", make_hit("A coal mine.", 0.4, corrected=(("煤矿", "coal mine"),)))


def test_the_timeline_has_a_column_for_every_time_from_first_to_last() -> None:
    asked = Asked("apples")
    years = [make_hit("a", 0, date(year, 5, 1)) for year in (2019, 2021, 2021)]
    html = timeline(asked, [*years, make_hit("undated", 0)])
    assert html.count("<li") == 3
    assert "2021: 2 passages" in html
    assert "1 passage without a date" in html
    assert [Asked.read(link).since for link in Links(html).found.values()] == ["2019-01-01", "2021-01-01"]
    months = timeline(asked, [make_hit("a", 0, date(2021, 11, 30)), make_hit("a", 0, date(2022, 2, 1))])
    assert re.findall(r'<span class="\w+">([^<]*)</span>', months) == ["Nov 2021", "", "", "Feb 2022"]
    decades = timeline(asked, [make_hit("a", 0, date(year, 1, 1)) for year in (1901, 2020)])
    assert "1900s" in decades
    assert timeline(asked, [make_hit("a", 0, date(1, 1, 1)), make_hit("a", 0, date(9999, 12, 31))]).count("<li") == 100
    # Where there is no room for all labels, those stay that say the year, and do not touch.
    days = [date(2020 + (month + 9) // 12, (month + 9) % 12 + 1, 1) for month in range(16)]
    landmarks = re.findall(r'"landmark">([^<]*)<', timeline(asked, [make_hit("a", 0, day) for day in days]))
    assert landmarks == ["Oct 2020", "Jan 2021", "Jan 2022"]
    # Of one time only, or of none, there is nothing to see.
    assert timeline(asked, years[1:]) == ""
    assert timeline(asked, [make_hit("undated", 0)]) == ""
