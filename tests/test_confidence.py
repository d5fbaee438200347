"""Confidence is a probability that grows with the nearest passage's cosine and with the words it covers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.confidence import FOUND_FROM, confidence, coverage


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
def test_is_a_probability_and_grows(one: float, other: float, less: float, more: float) -> None:
    assert 0 < confidence(one, less) < 1
    if one <= other and less <= more:
        assert confidence(one, less) <= confidence(other, more)


def test_worked_by_hand() -> None:
    assert confidence(0.5, 0.5) == pytest.approx(1 / (1 + math.exp(6.08 - 8.46 / 2 - 2.14 / 2)))
    assert confidence(0.1, 0.1) < FOUND_FROM < confidence(0.5, 0.5)


def test_a_name_said_exactly_counts_where_meaning_is_dim() -> None:
    assert confidence(0.3, 0.0) < FOUND_FROM < confidence(0.3, 1.0)


def test_coverage_worked_by_hand() -> None:
    assert coverage([1.0, 3.0], [False, True]) == 3 / 4
    assert coverage([], []) == 0
    assert coverage([2.0], [True]) == 1
