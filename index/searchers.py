"""What a leg is: one contract, `search` for the best rows and `score` for given ones (index/dense.py, index/lexical.py)."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from index.arrays import Rows, Scores, Vector
from index.late import QueryTokens

# Of how much of its letters an encoder knows the words, if it understands a question: `Query.familiar`.
UNDERSTOOD = 0.5


@dataclass(frozen=True, slots=True)
class Query:
    """A question made ready: its text, its terms, its unit vector (float32, (dimensions,)), its tokens.

    `familiar`, 0 to 1, is how well the encoder knows its language; `corrected` holds words that no passage has, each with
    what it was read as, and `words` the question as it was searched; `phrases` must stand in a passage literally, and none
    of the `excluded` words may.
    """

    text: str
    terms: tuple[str, ...]
    vector: Vector
    tokens: QueryTokens | None = None
    familiar: float = 1.0
    corrected: tuple[tuple[str, str], ...] = ()
    words: str = ""
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranking:
    """The best rows of one leg, best first, ties by row: int64 and float64, shape (found,). Higher is better."""

    rows: Rows
    scores: Scores

    def __len__(self) -> int:
        return len(self.rows)


class Searcher(Protocol):
    """One leg over the passages of an index, which it knows by their row."""

    def __len__(self) -> int: ...

    def search(self, query: Query, k: int, among: Rows | None = None) -> Ranking:
        """The at most k best rows that match at all, of all rows or only `among` some."""

    def score(self, query: Query, rows: Rows) -> Scores:
        """The exact scores of the given rows: what `search` would give them, 0 for no match."""


def best(rows: Rows, scores: Scores, k: int) -> Ranking:
    """The at most k best of the given rows, which are in order."""
    wanted = min(k, len(rows))
    if wanted <= 0:
        return Ranking(np.empty(0, np.int64), np.empty(0, np.float64))
    # All rows down to the k-th best score, then in order: ties at the cut fall by row.
    least = np.partition(scores, len(scores) - wanted)[len(scores) - wanted]
    kept = np.flatnonzero(scores >= least)
    order = kept[np.lexsort((rows[kept], -scores[kept]))[:wanted]]
    return Ranking(rows[order], scores[order])
