"""The two legs: FAISS over vectors, BM25 over terms. One contract: `search` for the best rows, `score` for given ones."""

import errno
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import faiss
import numpy as np
from rank_bm25 import BM25Okapi
from rapidfuzz import process
from rapidfuzz.distance import OSA

from index.arrays import Rows, Scores, Vector, Vectors
from index.late import QueryTokens

K1, B = 1.5, 0.75


@dataclass(frozen=True, slots=True)
class Query:
    """A question made ready: its text, its terms, its unit vector (float32, (dimensions,)), its tokens.

    `familiar`, 0 to 1, is how well the encoder knows its language; `corrected` holds words that no passage has, each with
    the term that it was read as; `phrases` must stand in a passage literally, and none of the `excluded` words may.
    """

    text: str
    terms: tuple[str, ...]
    vector: Vector
    tokens: QueryTokens | None = None
    familiar: float = 1.0
    corrected: tuple[tuple[str, str], ...] = ()
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


def _best(rows: Rows, scores: Scores, k: int) -> Ranking:
    """The at most k best of the given rows, which are in order."""
    wanted = min(k, len(rows))
    if wanted <= 0:
        return Ranking(np.empty(0, np.int64), np.empty(0, np.float64))
    # All rows down to the k-th best score, then in order: ties at the cut fall by row.
    least = np.partition(scores, len(scores) - wanted)[len(scores) - wanted]
    kept = np.flatnonzero(scores >= least)
    order = kept[np.lexsort((rows[kept], -scores[kept]))[:wanted]]
    return Ranking(rows[order], scores[order])


class DenseSearcher:
    """Cosine of unit vectors: FAISS's exact inner product."""

    FILE = "vectors.faiss"

    def __init__(self, index: Any) -> None:
        self._index = index
        size = index.ntotal * index.d
        xb = faiss.rev_swig_ptr(index.get_xb(), size) if size else np.empty(0, dtype=np.float32)
        self._vectors: Vectors = xb.reshape(index.ntotal, index.d)

    @classmethod
    def build(cls, vectors: Vectors) -> "DenseSearcher":
        """From unit vectors, float32, shape (passages, dimensions)."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(index)

    def save(self, folder: Path) -> None:
        try:
            faiss.write_index(self._index, str(folder / self.FILE))
        except RuntimeError as error:  # FAISS has no other, for a full disk neither
            raise OSError(errno.EIO, f"{self.FILE}: {error}") from None

    @classmethod
    def open(cls, folder: Path) -> "DenseSearcher":
        """Maps the saved index to memory."""
        return cls(faiss.read_index(str(folder / cls.FILE), faiss.IO_FLAG_MMAP_IFC))

    @property
    def vectors(self) -> Vectors:
        """All vectors: float32, shape (passages, dimensions); a view, not to be written to."""
        return self._vectors

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, query: Query, k: int, among: Rows | None = None) -> Ranking:
        if among is not None:
            return _best(among, self.score(query, among), k)
        wanted = min(k, len(self))
        if wanted <= 0:
            return Ranking(np.empty(0, np.int64), np.empty(0, np.float64))
        # FAISS breaks ties in no stated order: one row more than wanted tells whether a tie is cut.
        asked = min(wanted + 1, len(self))
        while True:
            scores, rows = self._index.search(query.vector[None, :], asked)
            if asked == len(self) or scores[0, asked - 1] < scores[0, wanted - 1]:
                break
            asked = min(asked * 2, len(self))
        order = np.lexsort((rows[0], -scores[0]))[:wanted]
        return Ranking(rows[0][order], scores[0][order].astype(np.float64))

    def score(self, query: Query, rows: Rows) -> Scores:
        # Row by row, so that equal vectors score equally wherever they stand: a matrix product does not promise it.
        return np.asarray(np.einsum("ij,j->i", self._vectors[rows], query.vector), dtype=np.float64)


class LuceneBM25(BM25Okapi):  # type: ignore[misc]
    """rank-bm25's Okapi with Lucene's idf, ln(1 + (N - n + 0.5) / (n + 0.5)): no term that matches scores 0 or less."""

    def _calc_idf(self, nd: dict[str, int]) -> None:
        for term, documents in nd.items():
            self.idf[term] = float(np.log(1 + (self.corpus_size - documents + 0.5) / (documents + 0.5)))


class LexicalSearcher:
    """BM25 as rank-bm25 scores it, served from sparse postings: a term's rows and weights are one slice of two arrays."""

    _ARRAYS = ("starts", "rows", "weights", "idf")

    def __init__(
        self, size: int, terms: Sequence[str], starts: Rows, rows: Rows, weights: Scores, idf: Scores, k1: float = K1
    ) -> None:
        self._size, self._k1 = size, k1
        self._terms = list(terms)
        self._term_rows = {term: row for row, term in enumerate(self._terms)}
        self._starts, self._rows, self._weights, self._idf = starts, rows, weights, idf

    @classmethod
    def build(cls, documents: Sequence[Sequence[str]], k1: float = K1, b: float = B) -> "LexicalSearcher":
        """From the terms of every passage, with BM25's saturation and length normalisation."""
        if not any(documents):
            empty = np.empty(0, np.float64)
            return cls(len(documents), [], np.zeros(1, np.int64), np.empty(0, np.int64), empty, empty)
        bm25 = LuceneBM25(documents, k1=k1, b=b)
        terms = sorted(bm25.idf)
        numbers = {term: number for number, term in enumerate(terms)}
        counts = [(numbers[term], row, count) for row, found in enumerate(bm25.doc_freqs) for term, count in found.items()]
        term_of, row_of, count_of = (np.array(column, dtype=np.int64) for column in zip(*counts, strict=True))
        order = np.lexsort((row_of, term_of))
        term_of, row_of, count_of = term_of[order], row_of[order], count_of[order]
        idf = np.array([bm25.idf[term] for term in terms])
        lengths = np.array(bm25.doc_len, dtype=np.float64)[row_of]
        weights = idf[term_of] * count_of * (k1 + 1) / (count_of + k1 * (1 - b + b * lengths / bm25.avgdl))
        starts = np.searchsorted(term_of, np.arange(len(terms) + 1))
        return cls(len(documents), terms, starts, row_of, weights, idf, k1)

    def save(self, folder: Path) -> None:
        (folder / "terms.txt").write_text("".join(f"{term}\n" for term in self._terms), encoding="utf-8")
        arrays = dict(zip(self._ARRAYS, (self._starts, self._rows, self._weights, self._idf), strict=True))
        for name, array in arrays.items():
            np.save(folder / f"bm25.{name}.npy", array, allow_pickle=False)

    @classmethod
    def open(cls, folder: Path, size: int) -> "LexicalSearcher":
        """Maps the saved postings of `size` passages to memory."""
        terms = (folder / "terms.txt").read_text(encoding="utf-8").splitlines()
        arrays = [np.load(folder / f"bm25.{name}.npy", mmap_mode="r", allow_pickle=False) for name in cls._ARRAYS]
        return cls(size, terms, *arrays)

    def __len__(self) -> int:
        return self._size

    def __contains__(self, term: str) -> bool:
        return term in self._term_rows

    def nearest(self, term: str) -> str:
        """The term that passages have nearest to one that none has.

        Near is one edit (two from eight letters on; swapped neighbours are one) with the same first letter;
        a term with no near one, and any number, stays as it is.
        """
        if len(term) < 4 or not term.isalpha():
            return term
        edits = 1 if len(term) < 8 else 2
        low, high = bisect_left(self._terms, term[0]), bisect_left(self._terms, chr(ord(term[0]) + 1))
        near = process.extract(term, self._terms[low:high], scorer=OSA.distance, score_cutoff=edits, limit=None)
        candidates = [(distance, -self._frequency(low + place), found) for found, distance, place in near]
        return min(candidates)[2] if candidates else term

    def _frequency(self, row: int) -> int:
        return int(self._starts[row + 1] - self._starts[row])

    def idf(self, terms: Sequence[str]) -> Scores:
        """How rare each term is, ln(1 + (N - n + 0.5) / (n + 0.5)); a term that no passage has, n = 0."""
        unknown = float(np.log(1 + (len(self) + 0.5) / 0.5))
        rows = [self._term_rows.get(term) for term in terms]
        return np.array([unknown if row is None else self._idf[row] for row in rows], dtype=np.float64)

    def most(self, query: Query) -> float:
        """What no passage's score for a query can pass: the sum over its terms of idf x (k1 + 1)."""
        return float(self.idf(query.terms).sum()) * (self._k1 + 1)

    def search(self, query: Query, k: int, among: Rows | None = None) -> Ranking:
        scores = self._scores(query.terms)
        matched = np.flatnonzero(scores) if among is None else among[scores[among] > 0]
        return _best(matched, scores[matched], k)

    def having(self, terms: Sequence[str]) -> Rows:
        """The rows that have all of the terms, in order; all rows, if there is no term."""
        rows = np.arange(len(self))
        for term in terms:
            number = self._term_rows.get(term)
            if number is None:
                return np.empty(0, np.int64)
            rows = np.intersect1d(rows, self._rows[self._starts[number] : self._starts[number + 1]])
        return rows

    def score(self, query: Query, rows: Rows) -> Scores:
        return np.asarray(self._scores(query.terms)[rows], dtype=np.float64)

    def _scores(self, terms: Sequence[str]) -> Scores:
        scores = np.zeros(len(self), dtype=np.float64)
        for term in terms:
            number = self._term_rows.get(term)
            if number is not None:
                start, end = self._starts[number], self._starts[number + 1]
                scores[self._rows[start:end]] += self._weights[start:end]
        return scores
