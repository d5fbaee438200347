"""Days in options and in questions, worked by hand."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import QuestionError
from qa.dates import days_in, read_day


@pytest.mark.parametrize(
    ("typed", "first", "last"),
    [
        ("2021", date(2021, 1, 1), date(2021, 12, 31)),
        ("2020-02", date(2020, 2, 1), date(2020, 2, 29)),
        (" 2021-07-15 ", date(2021, 7, 15), date(2021, 7, 15)),
    ],
)
def test_a_day_is_the_first_or_the_last_that_it_can_be(typed: str, first: date, last: date) -> None:
    assert (read_day(typed, last=False), read_day(typed, last=True)) == (first, last)


@pytest.mark.parametrize("typed", ["", "21", "July 2021", "2021-13", "2021-02-30", "2021-7", "20211", "yesterday"])
def test_what_is_no_day_is_refused(typed: str) -> None:
    with pytest.raises(QuestionError, match="is no day: expected one as 2021-07-15"):
        read_day(typed, last=False)


@pytest.mark.parametrize(
    ("question", "since", "until", "words", "limits"),
    [
        ("What was built since 2022?", date(2022, 1, 1), None, "since 2022", True),
        ("after July 2021, what?", date(2021, 8, 1), None, "after July 2021", True),
        ("sold before the first quarter of 2021", None, date(2020, 12, 31), "before the first quarter of 2021", True),
        ("until 15 July 2021", None, date(2021, 7, 15), "until 15 July 2021", True),
        ("between 2019 and March 2020?", date(2019, 1, 1), date(2020, 3, 31), "between 2019 and March 2020", True),
        ("From 2019 to 2021", date(2019, 1, 1), date(2021, 12, 31), "From 2019 to 2021", True),
        ("How much in July 2021?", date(2021, 7, 1), date(2021, 7, 31), "July 2021", False),
        ("the first quarter of 2021", date(2021, 1, 1), date(2021, 3, 31), "the first quarter of 2021", False),
        ("income in Q3 2022", date(2022, 7, 1), date(2022, 9, 30), "Q3 2022", False),
        ("the second half of 2020", date(2020, 7, 1), date(2020, 12, 31), "the second half of 2020", False),
        ("on Sept. 3rd, 2021", date(2021, 9, 3), date(2021, 9, 3), None, False),
        ("on 2021-07-13", date(2021, 7, 13), date(2021, 7, 13), "2021-07-13", False),
        ("coal in 1999", date(1999, 1, 1), date(1999, 12, 31), "1999", False),
    ],
)
def test_a_question_names_a_time(question: str, since: date, until: date, words: str | None, limits: bool) -> None:
    (days,) = days_in(question)
    assert (days.since, days.until, days.limits) == (since, until, limits)
    assert question[slice(*days.span)] == days.words
    assert words in (None, days.words)


@pytest.mark.parametrize("question", ["How many countries?", "12021 tons", "on 2021-02-30", "Route 2100x", "May I ask?", ""])
def test_what_names_no_time_has_none(question: str) -> None:
    assert days_in(question) == []


def test_several_times_are_told_in_order() -> None:
    found = days_in("more in Q1 2022 than in May 2021 or since 2019?")
    assert [each.words for each in found] == ["Q1 2022", "May 2021", "since 2019"]


@given(st.text(alphabet="since between and 2019 July 0123456789-,.Q", max_size=60))
def test_any_text_is_read(question: str) -> None:
    ends = [0]
    for days in days_in(question):
        start, end = days.span
        assert ends[-1] <= start < end <= len(question)
        assert question[start:end] == days.words
        assert not (days.since and days.until) or days.since <= days.until
        ends.append(end)
