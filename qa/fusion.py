"""From the scores of two legs to one score: small functions over arrays."""

from collections.abc import Sequence

import numpy as np

from index.arrays import Rows, Scores

RRF_K = 60


def convex_sum(dense: Scores, lexical: Scores, most_lexical: float, dense_weight: float) -> Scores:
    """dense_weight x cosine + (1 - dense_weight) x lexical / most_lexical. Shapes (n,), float64; at most 1.

    `most_lexical` is the most that any passage could score for the question's terms, so that weak lexical
    evidence stays weak; min-max over the candidates would stretch it to 1. Bruch, Gai & Ingber 2023, "An Analysis
    of Fusion Functions for Hybrid Retrieval", call it theoretical min-max.
    """
    share = lexical / most_lexical if most_lexical > 0 else np.zeros(len(lexical))
    return dense_weight * dense + (1 - dense_weight) * share


def reciprocal_ranks(rows: Rows, rankings: Sequence[Rows]) -> Scores:
    """The sum over rankings of 1 / (60 + rank), rank from 1, for each of `rows`; 0 for rows in none. Shape (n,), float64.

    Cormack, Clarke & Büttcher 2009, "Reciprocal Rank Fusion outperforms Condorcet".
    """
    gained: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking.tolist(), 1):
            gained[row] = gained.get(row, 0.0) + 1 / (RRF_K + rank)
    return np.array([gained.get(row, 0.0) for row in rows.tolist()], dtype=np.float64)
