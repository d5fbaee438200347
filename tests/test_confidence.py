"""Confidence is a probability that grows with what speaks for an answer."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import qa
from qa.confidence import FOUND_FROM, Evidence, confidence

MakeLibrary = Callable[[dict[str, str]], qa.Library]


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_is_a_probability_and_grows(one: float, other: float, less: float, more: float, missing: bool) -> None:
    assert 0 < confidence(Evidence(one, less, missing)) < 1
    if one <= other and less <= more:
        assert confidence(Evidence(one, less, missing)) <= confidence(Evidence(other, more, missing))
    assert confidence(Evidence(one, less, True)) < confidence(Evidence(one, less, False))


def test_worked_by_hand() -> None:
    assert confidence(Evidence(0.5, 0.5, False)) == pytest.approx(1 / (1 + math.exp(5.76 - 8.37 / 2 - 1.82 / 2)))
    assert confidence(Evidence(0.1, 0.1, False)) < FOUND_FROM < confidence(Evidence(0.5, 0.5, False))


def test_a_name_said_exactly_counts_where_meaning_is_dim() -> None:
    assert confidence(Evidence(0.3, 0.0, False)) < FOUND_FROM < confidence(Evidence(0.3, 1.0, False))


def test_another_year_than_the_passages_lowers_it(make_library: MakeLibrary) -> None:
    library = make_library({"a.txt": "Coal\n\nThe mine produced 68 tons of coal in 2021.\n\nNothing else is said."})
    right, wrong = (library.ask(f"How much coal did the mine produce in {year}?") for year in (2021, 2019))
    assert right.confidence > 2 * wrong.confidence


def test_the_same_words_in_the_title_count(make_library: MakeLibrary) -> None:
    library = make_library({"a.txt": "Coal of Yangquan\n\nThe mine is old.\n\nThe town is new."})
    assert library.ask("Yangquan mine").confidence > library.ask("Oslo mine").confidence
