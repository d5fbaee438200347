"""From a question to ranked rows: candidates of both legs, exact scores for their union, one order."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from index import Index
from index.arrays import Rows, Scores
from index.searchers import Query, Ranking
from qa.fusion import convex_sum, reciprocal_ranks

System: TypeAlias = Literal["hybrid", "rrf", "dense", "bm25"]
"""How passages are ranked: the convex sum of both legs, their reciprocal rank fusion, or one leg alone."""

SYSTEMS: tuple[System, ...] = get_args(System)

CANDIDATES = 200
# Chosen on 800 questions of SQuAD 2.0's development set and on MTRAG's govt: see docs/log.md.
DENSE_WEIGHT = 0.4


@dataclass(frozen=True, slots=True)
class Found:
    """Ranked rows, best first, with their score, and each leg's exact score and rank (0 where it did not list the row)."""

    rows: Rows
    scores: Scores
    dense: Scores
    lexical: Scores
    dense_ranks: Rows
    lexical_ranks: Rows


def retrieve(index: Index, query: Query, k: int, system: System = "hybrid") -> Found:
    """The k best passages of an index for a query, ties by passage order.

    Both legs give their 200 best (k, if that is more); whatever one of them lists is scored exactly by both.
    """
    depth = max(CANDIDATES, k)
    dense, lexical = index.dense.search(query, depth), index.lexical.search(query, depth)
    if system == "dense":
        rows = dense.rows
    elif system == "bm25":
        rows = lexical.rows
    else:
        rows = np.union1d(dense.rows, lexical.rows)
    dense_scores, lexical_scores = index.dense.score(query, rows), index.lexical.score(query, rows)
    if system == "dense":
        scores = dense_scores
    elif system == "bm25":
        scores = lexical_scores
    elif system == "rrf":
        scores = reciprocal_ranks(rows, [dense.rows, lexical.rows])
    else:
        scores = convex_sum(dense_scores, lexical_scores, index.lexical.most(query), DENSE_WEIGHT)
    order = np.lexsort((rows, -scores))[:k]
    rows = rows[order]
    return Found(rows, scores[order], dense_scores[order], lexical_scores[order], _ranks(rows, dense), _ranks(rows, lexical))


def _ranks(rows: Rows, ranking: Ranking) -> Rows:
    places = {row: rank for rank, row in enumerate(ranking.rows.tolist(), 1)}
    return np.array([places.get(row, 0) for row in rows.tolist()], dtype=np.int64)
