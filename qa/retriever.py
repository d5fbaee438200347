"""From a question to ranked rows: candidates of both legs, exact scores for their union, one order."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from index import Index
from index.arrays import Rows, Scores
from index.searchers import DenseSearcher, LexicalSearcher, Query, Ranking
from qa.fusion import convex_sum, reciprocal_ranks

System: TypeAlias = Literal["hybrid", "rrf", "dense", "bm25"]
"""How passages are ranked: the convex sum of both legs, their reciprocal rank fusion, or one leg alone."""

SYSTEMS: tuple[System, ...] = get_args(System)

CANDIDATES = 200
# Chosen on 800 questions of SQuAD 2.0's development set and on MTRAG's govt: see docs/log.md.
DENSE_WEIGHT = 0.4


@dataclass(frozen=True, slots=True)
class Candidates:
    """What either leg lists, by row, with both legs' exact scores and ranks (0 where a leg did not list the row).

    `most_lexical` is the most that any passage could score for the question's words.
    """

    rows: Rows
    dense: Scores
    lexical: Scores
    dense_ranks: Rows
    lexical_ranks: Rows
    most_lexical: float


@dataclass(frozen=True, slots=True)
class Found:
    """Ranked rows, best first, with their score, and each leg's exact score and rank (0 where it did not list the row)."""

    rows: Rows
    scores: Scores
    dense: Scores
    lexical: Scores
    dense_ranks: Rows
    lexical_ranks: Rows


def gather(dense: DenseSearcher, lexical: LexicalSearcher, query: Query, depth: int = CANDIDATES) -> Candidates:
    """The `depth` best of each leg; whatever one of them lists is scored exactly by both."""
    by_meaning, by_words = dense.search(query, depth), lexical.search(query, depth)
    rows = np.union1d(by_meaning.rows, by_words.rows)
    return Candidates(
        rows=rows,
        dense=dense.score(query, rows),
        lexical=lexical.score(query, rows),
        dense_ranks=_ranks(rows, by_meaning),
        lexical_ranks=_ranks(rows, by_words),
        most_lexical=lexical.most(query),
    )


def rank(candidates: Candidates, k: int, system: System = "hybrid", dense_weight: float = DENSE_WEIGHT) -> Found:
    """The k best candidates in one system's order, ties by row. A leg alone ranks only what it listed."""
    if system == "dense":
        listed, scores = candidates.dense_ranks > 0, candidates.dense
    elif system == "bm25":
        listed, scores = candidates.lexical_ranks > 0, candidates.lexical
    else:
        listed = np.ones(len(candidates.rows), dtype=bool)
        if system == "rrf":
            scores = reciprocal_ranks([candidates.dense_ranks, candidates.lexical_ranks])
        else:
            scores = convex_sum(candidates.dense, candidates.lexical, candidates.most_lexical, dense_weight)
    places = np.flatnonzero(listed)
    order = places[np.lexsort((candidates.rows[places], -scores[places]))[:k]]
    return Found(
        candidates.rows[order],
        scores[order],
        candidates.dense[order],
        candidates.lexical[order],
        candidates.dense_ranks[order],
        candidates.lexical_ranks[order],
    )


def retrieve(index: Index, query: Query, k: int, system: System = "hybrid") -> Found:
    """The k best passages of an index for a query, from the 200 best of each leg (k, if that is more)."""
    return rank(gather(index.dense, index.lexical, query, max(CANDIDATES, k)), k, system)


def _ranks(rows: Rows, ranking: Ranking) -> Rows:
    places = {row: rank for rank, row in enumerate(ranking.rows.tolist(), 1)}
    return np.array([places.get(row, 0) for row in rows.tolist()], dtype=np.int64)
