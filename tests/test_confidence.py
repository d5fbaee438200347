"""Confidence is a probability that grows with the nearest passage's cosine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.confidence import FOUND_FROM, confidence


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_is_a_probability_and_grows(one: float, other: float) -> None:
    assert 0 < confidence(one) < 1
    if one <= other:
        assert confidence(one) <= confidence(other)


def test_worked_by_hand() -> None:
    assert confidence(9.76 / 21.3) == pytest.approx(0.5)
    assert confidence(0.2) < FOUND_FROM < confidence(0.6)
