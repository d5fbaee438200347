"""Fusion: worked by hand, and by its properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.fusion import convex_sum, reciprocal_ranks, with_reading


def test_convex_sum_worked_by_hand() -> None:
    fused = convex_sum(np.array([0.5, 0.2]), np.array([3.0, 6.0]), most_lexical=12.0, dense_weight=0.4)
    assert fused == pytest.approx([0.4 * 0.5 + 0.6 * 3 / 12, 0.4 * 0.2 + 0.6 * 6 / 12])


def test_convex_sum_without_known_terms_is_the_cosine_alone() -> None:
    fused = convex_sum(np.array([0.5, 0.2]), np.zeros(2), most_lexical=0.0, dense_weight=0.4)
    assert fused == pytest.approx([0.2, 0.08])


@given(
    st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 50)), min_size=1, max_size=20),
    st.floats(0, 1),
)
def test_convex_sum_stays_within_its_bounds_and_follows_both_legs(pairs: list[tuple[float, float]], weight: float) -> None:
    dense, lexical = (np.array(column) for column in zip(*pairs, strict=True))
    fused = convex_sum(dense, lexical, most_lexical=50.0, dense_weight=weight)
    assert (fused <= 1 + 1e-9).all()
    assert (fused >= -weight - 1e-9).all()
    better = convex_sum(dense + 0.1, lexical + 1, most_lexical=50.0, dense_weight=weight)
    assert (better > fused).all()


def test_reciprocal_ranks_worked_by_hand() -> None:
    fused = reciprocal_ranks([np.array([2, 0, 1, 0]), np.array([0, 1, 3, 0])])
    assert fused == pytest.approx([1 / (60 + 2), 1 / (60 + 1), 1 / (60 + 1) + 1 / (60 + 3), 0])


def test_reciprocal_ranks_of_no_rows() -> None:
    assert reciprocal_ranks([np.array([], dtype=np.int64)]).shape == (0,)


def test_what_reading_tells_worked_by_hand() -> None:
    first = np.array([0.5, 0.5, 0.5, 0.5, 0.5])
    fused = with_reading(first, np.array([-9.0, -1.5, 2.0, 7.0, np.nan]), 0.2)
    assert fused == pytest.approx([0.4, 0.5, 0.6, 0.6, 0.4])


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-9, 9)), min_size=1, max_size=20), st.floats(0.01, 0.99))
def test_what_was_not_read_never_comes_before_what_was_and_had_come_before_it(
    pairs: list[tuple[float, float]], weight: float
) -> None:
    first, log_odds = (np.array(column) for column in zip(*pairs, strict=True))
    unread = with_reading(first, np.full(len(first), np.nan), weight)
    assert (with_reading(first, log_odds, weight) >= unread).all()
    assert (with_reading(np.ones(1), np.ones(1) * 9, weight) <= 1 + 1e-9).all()
