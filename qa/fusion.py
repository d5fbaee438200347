"""From the scores of two legs to one score: small functions over arrays."""

from collections.abc import Sequence

import numpy as np

from index.arrays import Rows, Scores

RRF_K = 60
# From these log-odds on a passage surely does not answer, or surely does: beyond them reading is no surer of its own.
_SILENT, _ANSWERS = -5, 2


def convex_sum(dense: Scores, lexical: Scores, most_lexical: float, dense_weight: float) -> Scores:
    """dense_weight x cosine + (1 - dense_weight) x lexical / most_lexical. Shapes (n,), float64; at most 1.

    `most_lexical` is the most that any passage could score for the question's terms, so that weak lexical
    evidence stays weak; min-max over the candidates would stretch it to 1. Bruch, Gai & Ingber 2023, "An Analysis
    of Fusion Functions for Hybrid Retrieval", call it theoretical min-max.
    """
    share = lexical / most_lexical if most_lexical > 0 else np.zeros(len(lexical))
    return dense_weight * dense + (1 - dense_weight) * share


def reciprocal_ranks(rankings: Sequence[Rows]) -> Scores:
    """The sum over rankings of 1 / (60 + rank): each holds the n passages' ranks, from 1, or 0 for one it does not list.

    Cormack, Clarke & Büttcher 2009, "Reciprocal Rank Fusion outperforms Condorcet". Shape (n,), float64.
    """
    gained = [np.where(ranks > 0, 1 / (RRF_K + ranks), 0.0) for ranks in rankings]
    return np.asarray(np.sum(gained, axis=0), dtype=np.float64)


def with_late(first: Scores, late: Scores, late_weight: float) -> Scores:
    """(1 - late_weight) x the first stage's score + late_weight x late interaction's. Shapes (n,), float64.

    `late` is nan for passages that were not compared: they count as the least alike of those that were. All nan leaves
    `first` as it is.
    """
    if np.isnan(late).all():
        return first
    return (1 - late_weight) * first + late_weight * np.where(np.isnan(late), np.nanmin(late), late)


def with_reading(first: Scores, log_odds: Scores, weight: float) -> Scores:
    """(1 - weight) x the score so far + weight x what reading tells, from 0 for log-odds of -5 to 1 for those of 2.

    `log_odds` is nan for passages that were not read: they count as 0, so that none of them comes before one that was and
    had come before it. Shapes (n,), float64.
    """
    told = np.clip((log_odds - _SILENT) / (_ANSWERS - _SILENT), 0, 1)
    return (1 - weight) * first + weight * np.where(np.isnan(log_odds), 0, told)
