"""From a question to ranked rows: candidates of both legs, exact scores for their union, late interaction, reading."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from index.arrays import Rows, Scores
from index.dense import DenseSearcher
from index.late import LateInteraction
from index.lexical import LexicalSearcher
from index.searchers import Query, Ranking
from index.threads import one_thread
from qa.fusion import convex_sum, reciprocal_ranks, with_late, with_reading

System: TypeAlias = Literal["hybrid", "convex", "rrf", "dense", "bm25"]
"""How passages are ranked: both legs, late interaction and reading; the convex sum of both legs, or their reciprocal rank
fusion, without these; or one leg alone."""

SYSTEMS: tuple[System, ...] = get_args(System)

CANDIDATES = 200
COMPARED = 50
READ, READ_ANYWAY = 5, 3
RERANKED = 20
# Chosen on questions of SQuAD 2.0's development set, of MTRAG's govt and of SciFact's training set: see docs/log.md.
DENSE_WEIGHT = 0.4
LATE_WEIGHT = 0.55
READING_WEIGHT = 0.12
# Of a question that the encoder reads letter by letter words decide, and meaning only between equals.
LEAST_TRUST = 0.05


@dataclass(frozen=True, slots=True)
class Candidates:
    """What either leg lists, by row, with both legs' exact scores and ranks (0 where a leg did not list the row).

    `late` is late interaction's score, nan for rows that it did not compare; `most_lexical` is the most that any passage
    could score for the question's words; `trust`, 0 to 1, is what the encoder's scores keep of their weight.
    """

    rows: Rows
    dense: Scores
    lexical: Scores
    late: Scores
    dense_ranks: Rows
    lexical_ranks: Rows
    most_lexical: float
    trust: float


@dataclass(frozen=True, slots=True)
class Found:
    """Ranked rows, best first, with their score, and what each stage made of them: both legs, their convex sum, late
    interaction, reading, a cross-encoder.

    Scores and ranks as in `Candidates`; `reading` is the log-odds that a passage answers. All ranks count from 1, 0 and nan
    stand for a row that a stage did not see.
    """

    rows: Rows
    scores: Scores
    dense: Scores
    lexical: Scores
    fused: Scores
    late: Scores
    reading: Scores
    rerank: Scores
    dense_ranks: Rows
    lexical_ranks: Rows
    fused_ranks: Rows
    late_ranks: Rows
    reading_ranks: Rows
    rerank_ranks: Rows


@one_thread()
def gather(
    dense: DenseSearcher,
    lexical: LexicalSearcher,
    query: Query,
    depth: int = CANDIDATES,
    late: LateInteraction | None = None,
    among: Rows | None = None,
) -> Candidates:
    """The `depth` best of each leg, of all rows or only `among` some; whatever one of them lists is scored exactly by both.

    The 50 best of these by the convex sum are compared token by token.
    """
    by_meaning, by_words = dense.search(query, depth, among), lexical.search(query, depth, among)
    rows = np.union1d(by_meaning.rows, by_words.rows)
    cosines, words, most = dense.score(query, rows), lexical.score(query, rows), lexical.most(query)
    trust = max(query.familiar, LEAST_TRUST)
    compared = np.full(len(rows), np.nan)
    if late and query.tokens:
        best = _order(rows, convex_sum(cosines, words, most, DENSE_WEIGHT * trust))[:COMPARED]
        compared[best] = late.score(query.tokens, rows[best])
    return Candidates(rows, cosines, words, compared, _ranks(rows, by_meaning), _ranks(rows, by_words), most, trust)


def rank(candidates: Candidates, k: int, system: System = "hybrid", dense_weight: float = DENSE_WEIGHT) -> Found:
    """The k best candidates in one system's order, ties by row. A leg alone ranks only what it listed."""
    fused = convex_sum(candidates.dense, candidates.lexical, candidates.most_lexical, dense_weight * candidates.trust)
    listed = np.ones(len(candidates.rows), dtype=bool)
    if system == "dense":
        listed, scores = candidates.dense_ranks > 0, candidates.dense
    elif system == "bm25":
        listed, scores = candidates.lexical_ranks > 0, candidates.lexical
    elif system == "rrf":
        scores = reciprocal_ranks([candidates.dense_ranks, candidates.lexical_ranks])
    else:
        scores = with_late(fused, candidates.late, LATE_WEIGHT * candidates.trust) if system == "hybrid" else fused
    places = np.flatnonzero(listed)
    order = places[_order(candidates.rows[places], scores[places])[:k]]
    unseen, unranked = np.full(len(order), np.nan), np.zeros(len(order), dtype=np.int64)
    return Found(
        rows=candidates.rows[order],
        scores=scores[order],
        dense=candidates.dense[order],
        lexical=candidates.lexical[order],
        fused=fused[order],
        late=candidates.late[order],
        reading=unseen,
        rerank=unseen,
        dense_ranks=candidates.dense_ranks[order],
        lexical_ranks=candidates.lexical_ranks[order],
        fused_ranks=_places(candidates.rows, fused)[order],
        late_ranks=_places(candidates.rows, candidates.late)[order],
        reading_ranks=unranked,
        rerank_ranks=unranked,
    )


def read(found: Found, log_odds: Callable[[int], float], depth: int = READ) -> Found:
    """The first rows in a new order, by their score with what reading them tells: the log-odds that a row answers.

    Reading one takes as long as searching, so they are read in turn, `depth` at most, and only as long as the next could
    come first if it answered (branch and bound), or fewer than three are read and none of them answers more likely than not:
    so that no question is refused for what the first passage alone does not say.
    """
    told, scores = np.full(len(found.rows), np.nan), found.scores
    at_best = with_reading(found.scores, np.full(len(found.rows), np.inf), READING_WEIGHT)
    for place, row in enumerate(found.rows[:depth].tolist()):
        doubtful = place < READ_ANYWAY and np.nanmax(told, initial=-np.inf) < 0
        if not doubtful and at_best[place] <= scores[:place].max():
            break
        told[place] = log_odds(row)
        scores = with_reading(found.scores, told, READING_WEIGHT)
    return _in_order(replace(found, reading=told), scores, reading_ranks=~np.isnan(told))


def rerank(found: Found, judge: Callable[[Rows], Scores], depth: int = RERANKED) -> Found:
    """The first `depth` rows in the order of `judge`'s scores, 0 to 1, ties in the order they had; the others follow.

    The score of a row that was judged is the judge's + 1: above the others', which are at most 1.
    """
    judged = np.full(len(found.rows), np.nan)
    judged[:depth] = judge(found.rows[:depth]) if len(found.rows) else []
    seen = ~np.isnan(judged)
    return _in_order(replace(found, rerank=judged), np.where(seen, judged + 1, found.scores), rerank_ranks=seen)


def _in_order(found: Found, scores: Scores, **seen: npt.NDArray[np.bool_]) -> Found:
    """The rows by new scores, ties in the order they had; ranks, by name, for those that a stage has seen, all first."""
    order = np.argsort(-scores, kind="stable")
    places = np.arange(1, len(order) + 1)
    ordered = {field.name: getattr(found, field.name)[order] for field in fields(Found)}
    ranks = {name: np.where(of_stage[order], places, 0) for name, of_stage in seen.items()}
    return Found(**{**ordered, "scores": scores[order], **ranks})


def _places(rows: Rows, scores: Scores) -> Rows:
    """Each row's rank by its score, from 1; 0 where there is none."""
    ranks = np.empty(len(rows), dtype=np.int64)
    ranks[_order(rows, scores)] = np.arange(1, len(rows) + 1)
    return np.where(np.isnan(scores), 0, ranks)


def _order(rows: Rows, scores: Scores) -> Rows:
    """Places from the best score to the worst, ties by row."""
    return np.lexsort((rows, -scores))


def _ranks(rows: Rows, ranking: Ranking) -> Rows:
    """Each row's rank in a leg's list, from 1; 0 where it is not in it. The rows are in order, and hold all of the list."""
    ranks = np.zeros(len(rows), dtype=np.int64)
    ranks[np.searchsorted(rows, ranking.rows)] = np.arange(1, len(ranking) + 1)
    return ranks
