"""From the scores of two legs to one score: small functions over arrays."""

from collections.abc import Sequence

import numpy as np

from index.arrays import Rows, Scores

RRF_K = 60


def min_max(scores: Scores) -> Scores:
    """Scores moved and scaled to reach from 0 to 1; all 0 where they are all the same. Shape (n,), float64."""
    if not len(scores):
        return scores
    low, high = float(scores.min()), float(scores.max())
    return (scores - low) / (high - low) if high > low else np.zeros(len(scores))


def convex_sum(dense: Scores, lexical: Scores, dense_weight: float) -> Scores:
    """dense_weight x dense + (1 - dense_weight) x lexical, each by `min_max`. Shapes (n,), float64.

    Bruch, Gai & Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval".
    """
    return dense_weight * min_max(dense) + (1 - dense_weight) * min_max(lexical)


def reciprocal_ranks(rows: Rows, rankings: Sequence[Rows]) -> Scores:
    """The sum over rankings of 1 / (60 + rank), rank from 1, for each of `rows`; 0 for rows in none. Shape (n,), float64.

    Cormack, Clarke & Büttcher 2009, "Reciprocal Rank Fusion outperforms Condorcet".
    """
    gained: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking.tolist(), 1):
            gained[row] = gained.get(row, 0.0) + 1 / (RRF_K + rank)
    return np.array([gained.get(row, 0.0) for row in rows.tolist()], dtype=np.float64)
