"""The lexical leg: BM25 as rank-bm25 scores it, from sparse postings."""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rank_bm25 import BM25Okapi
from rapidfuzz import process
from rapidfuzz.distance import OSA

from index.arrays import Rows, Scores
from index.files import map_array, map_starts, reading
from index.places import GONE, Places
from index.searchers import Query, Ranking, best
from index.store import READ_WHOLE, damaged

Numbers = npt.NDArray[np.int32]
"""int32, shape (n,)."""

K1, B = 1.5, 0.75
_MOST = np.iinfo(np.int32).max
# A term that more than one in so many passages has is counted for all of them; so many such terms are kept in memory,
# and of so many terms how many passages have them.
_OFTEN, _COLUMNS, _REMEMBERED = 16, 128, 16_384


class LuceneBM25(BM25Okapi):  # type: ignore[misc]
    """rank-bm25's Okapi with Lucene's idf, ln(1 + (N - n + 0.5) / (n + 0.5)): no term that matches scores 0 or less."""

    def _calc_idf(self, nd: dict[str, int]) -> None:
        for term, documents in nd.items():
            self.idf[term] = lucene_idf(self.corpus_size, documents)


def lucene_idf(size: int, having: int) -> float:
    """How rare a term is that `having` of `size` documents have."""
    return math.log(1 + (size - having + 0.5) / (having + 0.5))


class Postings:
    """The terms of one part's passages: which passages have each, how often, and how many terms each passage has.

    What a term weighs depends on the whole index, and is worked out when it is asked for. A term's passages are one
    slice of `rows` and `counts`, int32.
    """

    _ARRAYS = ("starts", "rows", "counts", "lengths")

    def __init__(self, terms: Sequence[str], starts: Rows, rows: Numbers, counts: Numbers, lengths: Numbers) -> None:
        self.terms = list(terms)
        self.numbers = {term: number for number, term in enumerate(self.terms)}
        self.starts, self.rows, self.counts, self.lengths = starts, rows, counts, lengths
        self._column: Callable[[str], npt.NDArray[np.unsignedinteger]] = lru_cache(maxsize=_COLUMNS)(self._make_column)

    @classmethod
    def build(cls, documents: Sequence[Sequence[str]]) -> "Postings":
        """From the terms of every passage, as rank-bm25 counts them."""
        nothing = np.empty(0, np.int32)
        if not any(documents):
            return cls([], np.zeros(1, np.int64), nothing, nothing, np.zeros(len(documents), np.int32))
        counted = LuceneBM25(documents)
        terms = sorted(counted.idf)
        numbers = {term: number for number, term in enumerate(terms)}
        entries = (
            (numbers[term], row, count) for row, found in enumerate(counted.doc_freqs) for term, count in found.items()
        )
        table = np.fromiter(entries, dtype=[("term", np.int32), ("row", np.int32), ("count", np.int32)])
        table = table[np.lexsort((table["row"], table["term"]))]
        starts = np.searchsorted(table["term"], np.arange(len(terms) + 1))
        lengths = np.array(counted.doc_len, dtype=np.int32)
        return cls(terms, starts, table["row"].copy(), table["count"].copy(), lengths)

    def save(self, folder: Path) -> None:
        (folder / "terms.txt").write_text("".join(f"{term}\n" for term in self.terms), encoding="utf-8")
        for name in self._ARRAYS:
            np.save(folder / f"postings.{name}.npy", getattr(self, name), allow_pickle=False)

    @classmethod
    def open(cls, folder: Path) -> "Postings":
        """Maps what `save` wrote to memory. Raises IndexFolderError for files that it did not write."""
        with reading(folder / "terms.txt"):
            terms = (folder / "terms.txt").read_text(encoding="utf-8").splitlines()
        paths = [folder / f"postings.{name}.npy" for name in cls._ARRAYS[1:]]
        rows, counts, lengths = (map_array(path, np.int32) for path in paths)
        starts = map_starts(folder / "postings.starts.npy", len(terms), len(rows))
        if len(counts) != len(rows):
            raise damaged(paths[1], f"{len(counts)} counts, expected {len(rows)}")
        for path, values, least, most in zip(
            paths, (rows, counts, lengths), (0, 1, 0), (len(lengths) - 1, _MOST, _MOST), strict=True
        ):
            # As with checksums, what is larger is believed: reading it takes longer than asking.
            if 0 < values.nbytes <= READ_WHOLE and not least <= values.min() <= values.max() <= most:
                raise damaged(path, f"from {values.min()} to {values.max()}, expected {least} to {most}")
        return cls(terms, starts, rows, counts, lengths)

    def __len__(self) -> int:
        return len(self.lengths)

    def counts_of(self, term: str, rows: Rows) -> Numbers:
        """How often each of the given passages has a term."""
        where = self.of(term)
        having = self.rows[where]
        if not len(having):
            return np.zeros(len(rows), np.int32)
        if len(having) > len(self) / _OFTEN:
            return self._column(term)[rows].astype(np.int32)
        places = np.minimum(np.searchsorted(having, rows.astype(np.int32)), len(having) - 1)
        return np.where(having[places] == rows, self.counts[where][places], 0).astype(np.int32)

    def _make_column(self, term: str) -> npt.NDArray[np.unsignedinteger]:
        """How often each passage has a term: for one that many have, quicker to look up than its list is to search."""
        where = self.of(term)
        column = np.zeros(len(self), np.min_scalar_type(self.counts[where].max()))
        column[self.rows[where]] = self.counts[where]
        return column

    def of(self, term: str) -> slice:
        """Where a term's passages are; nowhere for one that none has."""
        number = self.numbers.get(term)
        return slice(0, 0) if number is None else slice(int(self.starts[number]), int(self.starts[number + 1]))


# What a term adds to a passage's score, in so many steps: the least whole number that is not below it.
_STEPS = 254
# So many terms' bounds can be added up in two bytes.
_FEW = 64
# Sums in another order differ in their last bits.
_ROUNDING = 1 + 1e-9


class LexicalSearcher:
    """BM25 as rank-bm25 scores it, served from the postings of an index's parts."""

    def __init__(self, parts: Sequence[Postings], places: Places, k1: float = K1, b: float = B) -> None:
        self._parts, self._places, self._k1 = list(parts), places, k1
        lengths = np.zeros(len(places))
        for number, which, local in places.split(np.arange(len(places))):
            lengths[which] = parts[number].lengths[local]
        mean = lengths.mean() if len(lengths) and lengths.any() else 1.0
        # What a term's count is weighed against: BM25's saturation, by a passage's length.
        self._saturation = k1 * (1 - b + b * lengths / mean)
        self._having = [self._live_counts(part, rows) for part, rows in zip(parts, places.rows, strict=True)]
        self._column: Callable[[str], npt.NDArray[np.uint8]] = lru_cache(maxsize=_COLUMNS)(self._make_column)
        # Each stage of each question asks for its terms' again.
        self._frequency: Callable[[str], int] = lru_cache(maxsize=_REMEMBERED)(self._count_passages)
        self._vocabulary: list[str] | None = None

    @classmethod
    def build(cls, documents: Sequence[Sequence[str]], k1: float = K1, b: float = B) -> "LexicalSearcher":
        """From the terms of every passage, with BM25's saturation and length normalisation."""
        return cls([Postings.build(documents)], Places.whole(len(documents)), k1, b)

    @staticmethod
    def _live_counts(part: Postings, rows: Rows) -> Rows:
        """How many passages have each term of a part, those that the index no longer has left out."""
        gone = rows == GONE
        if not gone.any() or not part.terms:
            return np.diff(part.starts)
        return np.asarray(np.add.reduceat(~gone[part.rows], part.starts[:-1], dtype=np.int64))

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, term: str) -> bool:
        return self._frequency(term) > 0

    def near(self, term: str, edits: int) -> list[str]:
        """The terms that passages have within so many edits (swapped neighbours are one) of a term and with its first
        letter: the nearest first, then those that more passages have."""
        terms = self._terms()
        low, high = bisect_left(terms, term[0]), bisect_left(terms, chr(ord(term[0]) + 1))
        near = process.extract(term, terms[low:high], scorer=OSA.distance, score_cutoff=edits, limit=None)
        return [found for _, _, found in sorted((distance, -self._frequency(found), found) for found, distance, _ in near)]

    def _terms(self) -> list[str]:
        """All terms that passages have, in order."""
        if self._vocabulary is None:
            known = [
                [term for term, having in zip(part.terms, counts.tolist(), strict=True) if having]
                for part, counts in zip(self._parts, self._having, strict=True)
            ]
            self._vocabulary = sorted(set().union(*known)) if len(known) != 1 else known[0]
        return self._vocabulary

    def _count_passages(self, term: str) -> int:
        """How many passages have a term."""
        numbers = ((having, part.numbers.get(term)) for part, having in zip(self._parts, self._having, strict=True))
        return sum(int(having[number]) for having, number in numbers if number is not None)

    def idf(self, terms: Sequence[str]) -> Scores:
        """How rare each term is, ln(1 + (N - n + 0.5) / (n + 0.5)); a term that no passage has, n = 0."""
        return np.array([lucene_idf(len(self), self._frequency(term)) for term in terms], dtype=np.float64)

    def most(self, query: Query) -> float:
        """What no passage's score for a query can pass: the sum over its terms of idf x (k1 + 1)."""
        return float(self.idf(query.terms).sum()) * (self._k1 + 1)

    def search(self, query: Query, k: int, among: Rows | None = None) -> Ranking:
        if not query.terms:
            return best(np.empty(0, np.int64), np.empty(0, np.float64), k)
        rows = self._promising(query.terms, k, among)
        scores = self.score(query, rows)
        matched = scores > 0
        return best(rows[matched], scores[matched], k)

    def _promising(self, terms: Sequence[str], k: int, among: Rows | None) -> Rows:
        """Rows among which the k best are, of all or `among` some, ties with the last of them too, in order.

        Every passage's score is bounded from above in small whole numbers, which are quick to add up for all of them
        (quantised impacts; Anh & Moffat 2005). Whose bound is below what k passages really have is none of the best.
        """
        counted = Counter(terms)
        weights = self.idf(list(counted)) * list(counted.values())
        total = float(weights.sum())
        kind, most = ("u2", 2**16) if len(counted) <= _FEW else ("u4", 2**32)
        # Each weight is rounded up, and all of them together leave room for the greatest sum.
        room = most // (_STEPS + 1) - len(counted)
        whole = np.floor(weights / total * room).astype(kind) + 1
        bounds = np.zeros(len(self), kind)
        for term, weight in zip(counted, whole, strict=True):
            if self._frequency(term) > len(self) / _OFTEN:
                bounds += np.multiply(self._column(term), weight, dtype=kind)
                continue
            for rows, counts in self._postings(term):
                bounds[rows] += self._steps(counts, rows) * weight
        if among is not None:
            allowed = np.zeros(len(self), kind)
            allowed[among] = 1
            bounds *= allowed
        # At least k passages really have what the k-th of those with the greatest bounds has.
        leading = np.flatnonzero(bounds >= max(1, _kth(bounds, k)))
        least = _kth(self._score(list(zip(counted, weights.tolist(), strict=True)), leading), k)
        step = total / room * (self._k1 + 1) / _STEPS
        return np.flatnonzero(bounds >= max(1, math.floor(least / _ROUNDING / step)))

    def _make_column(self, term: str) -> npt.NDArray[np.uint8]:
        """`_steps` of every passage."""
        column = np.zeros(len(self), np.uint8)
        for rows, counts in self._postings(term):
            column[rows] = self._steps(counts, rows)
        return column

    def _steps(self, counts: Numbers, rows: Rows) -> npt.NDArray[np.uint8]:
        """What a term that stands so often in the given rows adds, of the most that it can: the next of _STEPS steps."""
        return (np.floor(_STEPS * (counts / (counts + self._saturation[rows]))) + 1).astype(np.uint8)

    def having(self, terms: Sequence[str]) -> Rows:
        """The rows that have all of the terms, in order; all rows, if there is no term."""
        rows = np.arange(len(self))
        for term in terms:
            found = [found for found, _ in self._postings(term)]
            rows = np.intersect1d(rows, np.concatenate(found)) if found else np.empty(0, np.int64)
        return rows

    def score(self, query: Query, rows: Rows) -> Scores:
        # Term by term as they are asked for, so that a passage's sum is the same to the last bit whoever asks.
        return self._score(list(zip(query.terms, self.idf(query.terms).tolist(), strict=True)), rows)

    def _score(self, weights: Sequence[tuple[str, float]], rows: Rows) -> Scores:
        """The sums of weighted terms that the given rows have."""
        scores = np.zeros(len(rows), dtype=np.float64)
        for part, which, local in self._places.split(rows) if len(rows) else ():
            for term, weight in weights:
                scores[which] += self._weigh(weight, self._parts[part].counts_of(term, local), rows[which])
        return scores

    def _weigh(self, weight: float, counts: Numbers, rows: Rows) -> Scores:
        """What a term that stands so often in the given rows adds to their scores."""
        return np.asarray(weight * counts * (self._k1 + 1) / (counts + self._saturation[rows]))

    def _postings(self, term: str) -> Iterator[tuple[Rows, Numbers]]:
        """The rows that have a term, and how often: part by part."""
        for part, rows in zip(self._parts, self._places.rows, strict=True):
            where = part.of(term)
            if where.stop > where.start:
                found, counts = rows[part.rows[where]], part.counts[where]
                live = found != GONE
                yield (found, counts) if live.all() else (found[live], counts[live])


def _kth(sums: npt.NDArray[Any], k: int) -> float:
    """The k-th best of sums; 0 if there are fewer."""
    return float(np.partition(sums, len(sums) - k)[len(sums) - k]) if 0 < k <= len(sums) else 0.0
