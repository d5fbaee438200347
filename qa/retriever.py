"""From a question to ranked rows: candidates of both legs, exact scores for their union, late interaction, one order."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from index.arrays import Rows, Scores
from index.late import LateInteraction
from index.searchers import DenseSearcher, LexicalSearcher, Query, Ranking
from qa.fusion import convex_sum, reciprocal_ranks, with_late

System: TypeAlias = Literal["hybrid", "convex", "rrf", "dense", "bm25"]
"""How passages are ranked: both legs and late interaction; the convex sum of both legs, or their reciprocal rank fusion,
without it; or one leg alone."""

SYSTEMS: tuple[System, ...] = get_args(System)

CANDIDATES = 200
COMPARED = 50
# Chosen on questions of SQuAD 2.0's development set, of MTRAG's govt and of SciFact's training set: see docs/log.md.
DENSE_WEIGHT = 0.4
LATE_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Candidates:
    """What either leg lists, by row, with both legs' exact scores and ranks (0 where a leg did not list the row).

    `late` is late interaction's score, nan for rows that it did not compare; `most_lexical` is the most that any passage
    could score for the question's words.
    """

    rows: Rows
    dense: Scores
    lexical: Scores
    late: Scores
    dense_ranks: Rows
    lexical_ranks: Rows
    most_lexical: float


@dataclass(frozen=True, slots=True)
class Found:
    """Ranked rows, best first, with their score, and what each stage made of them as in `Candidates`."""

    rows: Rows
    scores: Scores
    dense: Scores
    lexical: Scores
    late: Scores
    dense_ranks: Rows
    lexical_ranks: Rows


def gather(
    dense: DenseSearcher,
    lexical: LexicalSearcher,
    query: Query,
    depth: int = CANDIDATES,
    late: LateInteraction | None = None,
) -> Candidates:
    """The `depth` best of each leg; whatever one of them lists is scored exactly by both.

    The 50 best of these by the convex sum are compared token by token.
    """
    by_meaning, by_words = dense.search(query, depth), lexical.search(query, depth)
    rows = np.union1d(by_meaning.rows, by_words.rows)
    cosines, words, most = dense.score(query, rows), lexical.score(query, rows), lexical.most(query)
    compared = np.full(len(rows), np.nan)
    if late and query.tokens:
        best = _order(rows, convex_sum(cosines, words, most, DENSE_WEIGHT))[:COMPARED]
        compared[best] = late.score(query.tokens, rows[best])
    return Candidates(rows, cosines, words, compared, _ranks(rows, by_meaning), _ranks(rows, by_words), most)


def rank(candidates: Candidates, k: int, system: System = "hybrid", dense_weight: float = DENSE_WEIGHT) -> Found:
    """The k best candidates in one system's order, ties by row. A leg alone ranks only what it listed."""
    listed = np.ones(len(candidates.rows), dtype=bool)
    if system == "dense":
        listed, scores = candidates.dense_ranks > 0, candidates.dense
    elif system == "bm25":
        listed, scores = candidates.lexical_ranks > 0, candidates.lexical
    elif system == "rrf":
        scores = reciprocal_ranks([candidates.dense_ranks, candidates.lexical_ranks])
    else:
        scores = convex_sum(candidates.dense, candidates.lexical, candidates.most_lexical, dense_weight)
        if system == "hybrid":
            scores = with_late(scores, candidates.late, LATE_WEIGHT)
    places = np.flatnonzero(listed)
    order = places[_order(candidates.rows[places], scores[places])[:k]]
    return Found(
        candidates.rows[order],
        scores[order],
        candidates.dense[order],
        candidates.lexical[order],
        candidates.late[order],
        candidates.dense_ranks[order],
        candidates.lexical_ranks[order],
    )


def _order(rows: Rows, scores: Scores) -> Rows:
    """Places from the best score to the worst, ties by row."""
    return np.lexsort((rows, -scores))


def _ranks(rows: Rows, ranking: Ranking) -> Rows:
    places = {row: rank for rank, row in enumerate(ranking.rows.tolist(), 1)}
    return np.array([places.get(row, 0) for row in rows.tolist()], dtype=np.int64)
