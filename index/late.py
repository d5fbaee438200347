"""Late interaction: passages scored by their tokens' vectors, stored small.

Each token of the question looks for its nearest token of the passage (MaxSim; Khattab & Zaharia 2020, ColBERT); the
rarer a question's word, the more its tokens weigh. Token vectors are reduced by PCA to 256 dimensions and stored in four
bits each: as large as 128 dimensions of eight bits, and nearer to the truth (docs/log.md).
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from index.arrays import Rows, Scores, TokenVectors, Vectors

Codes = npt.NDArray[np.uint8]
"""uint8, shape (tokens, half the dimensions, rounded up): each token's direction, two components a byte (`to_codes`)."""

Number = TypeVar("Number", np.uint8, np.int32)

DIMENSIONS = 256
_PROJECTION, _PLACES, _CODES, _STARTS = "tokens.projection.npy", "tokens.places.npy", "tokens.codes.u1", "tokens.starts.i4"
# Components are rounded to one of 15 steps, of which the outermost stand for all beyond so many standard deviations.
_OUTERMOST, _REACH = 7, 2.7
# So many tokens tell a collection's principal components: from 20,000 on they rank the same (docs/log.md).
_SAMPLE = 20_000


@dataclass(frozen=True, slots=True)
class QueryTokens:
    """A question's tokens as the index compares them: float32 unit vectors (tokens, dimensions), weights that sum to 1."""

    vectors: Vectors
    weights: Scores


@dataclass(frozen=True, slots=True)
class Projection:
    """A collection's principal components of token vectors: float32, mean (width,) and components (width, dimensions)."""

    mean: npt.NDArray[np.float32]
    components: npt.NDArray[np.float32]

    @classmethod
    def fit(cls, vectors: Vectors, dimensions: int = DIMENSIONS) -> "Projection":
        """From a sample of token vectors, shape (tokens, width): as many components as `dimensions`, or the width."""
        mean = vectors.mean(axis=0, dtype=np.float64)
        centred = vectors - mean
        _, components = np.linalg.eigh(centred.T @ centred / len(vectors))
        kept = components[:, ::-1][:, :dimensions]
        return cls(mean.astype(np.float32), np.ascontiguousarray(kept, dtype=np.float32))

    def apply(self, vectors: Vectors) -> Vectors:
        """Token vectors (tokens, width) as unit vectors (tokens, dimensions)."""
        reduced = (vectors - self.mean) @ self.components
        lengths = np.maximum(np.linalg.norm(reduced, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return np.asarray(reduced / lengths, dtype=np.float32)

    def save(self, path: Path) -> None:
        """Writes one array: the mean, then a component a row."""
        np.save(path, np.vstack([self.mean, self.components.T]), allow_pickle=False)

    @classmethod
    def open(cls, path: Path) -> "Projection":
        """What `save` wrote."""
        rows = np.load(path, allow_pickle=False)
        return cls(rows[0], np.ascontiguousarray(rows[1:].T))


def to_codes(vectors: Vectors) -> Codes:
    """Unit vectors, shape (tokens, dimensions), as codes: the first half of the components in the upper four bits."""
    dimensions = vectors.shape[1]
    steps = np.zeros((len(vectors), dimensions + dimensions % 2), dtype=np.float32)
    # A unit vector's components have a standard deviation of 1 / sqrt(dimensions).
    steps[:, :dimensions] = np.rint(vectors * (np.sqrt(dimensions) * _OUTERMOST / _REACH))
    upper, lower = np.hsplit((steps.clip(-_OUTERMOST, _OUTERMOST) + 8).astype(np.uint8), 2)
    return np.asarray(upper << 4 | lower, dtype=np.uint8)


def from_codes(codes: Codes, dimensions: int) -> Vectors:
    """Codes as float32 unit vectors, shape (tokens, dimensions)."""
    half = codes.shape[1]
    steps = np.empty((len(codes), 2 * half), dtype=np.float32)
    steps[:, :half], steps[:, half:] = codes >> 4, codes & 15
    vectors = steps[:, :dimensions]
    vectors -= 8
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    return np.asarray(vectors / np.maximum(lengths, 1)[:, None], dtype=np.float32)


def maxsim(query: QueryTokens, passages: Sequence[Codes]) -> Scores:
    """For each passage the weighted mean, over the question's tokens, of the cosine to its nearest token: -1 to 1.

    nan for a passage without tokens, or a question without. Shape (passages,).
    """
    counts = np.array([len(codes) for codes in passages], dtype=np.int64)
    scores = np.full(len(passages), np.nan)
    filled = np.flatnonzero(counts)
    if len(filled) and len(query.weights):
        tokens = from_codes(np.concatenate([codes for codes in passages if len(codes)]), query.vectors.shape[1])
        starts = np.cumsum(counts[filled]) - counts[filled]
        nearest = np.maximum.reduceat(query.vectors @ tokens.T, starts, axis=1)
        scores[filled] = query.weights @ nearest
    return scores


@dataclass(frozen=True, slots=True)
class StoredTokens:
    """The tokens of one text in order: their codes, and where each starts, counted back from the text's end (int32, < 0).

    A passage's own text ends its searchable text, so a token is at len(text) + start in it; in its context below 0.
    """

    codes: Codes
    starts: npt.NDArray[np.int32]


class LateInteraction:
    """The token vectors of an index's passages, by their row."""

    def __init__(self, projection: Projection, places: Rows, codes: Codes, starts: npt.NDArray[np.int32]) -> None:
        self.projection = projection
        self._places, self._codes, self._starts = places, codes, starts

    @classmethod
    def open(cls, folder: Path) -> "LateInteraction | None":
        """Maps the saved token vectors to memory; None if the encoder told none."""
        if not (folder / _PROJECTION).is_file():
            return None
        projection = Projection.open(folder / _PROJECTION)
        places = np.load(folder / _PLACES, mmap_mode="r", allow_pickle=False)
        codes, starts = _map(folder / _CODES, np.uint8), _map(folder / _STARTS, np.int32)
        return cls(projection, places, codes.reshape(-1, -(-projection.components.shape[1] // 2)), starts)

    @property
    def dimensions(self) -> int:
        return int(self.projection.components.shape[1])

    def tokens(self, row: int) -> StoredTokens:
        """The tokens of one passage's searchable text."""
        start, end = self._places[row]
        return StoredTokens(self._codes[start:end], self._starts[start:end])

    def score(self, query: QueryTokens, rows: Rows) -> Scores:
        """`maxsim` of the given rows: float64, shape (len(rows),)."""
        return maxsim(query, [self.tokens(row).codes for row in rows.tolist()])


class TokenWriter:
    """Writes the token vectors of an index, text by text, without holding them all.

    Without a `projection` the first texts wait until their tokens tell one.
    """

    def __init__(self, folder: Path, projection: Projection | None = None) -> None:
        self._folder, self._projection = folder, projection
        self._places: dict[bytes, tuple[int, int]] = {}
        self._waiting: list[tuple[bytes, Vectors, npt.NDArray[np.int32]]] = []
        self._written = 0
        self._files = ExitStack()
        self._codes, self._starts = (self._files.enter_context((folder / name).open("wb")) for name in (_CODES, _STARTS))

    def __enter__(self) -> "TokenWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._files.close()

    def add(self, key: bytes, text: str, tokens: TokenVectors) -> None:
        """The tokens of a text, known by `key` from now on."""
        self._add(key, tokens.vectors, np.asarray(tokens.spans[:, 0] - len(text), dtype=np.int32))

    def add_stored(self, key: bytes, tokens: StoredTokens) -> None:
        """The same, as another index with the same projection has stored them."""
        self._codes.write(tokens.codes.tobytes())
        self._starts.write(tokens.starts.tobytes())
        self._places[key] = self._written, self._written + len(tokens.codes)
        self._written += len(tokens.codes)

    def save(self, keys: Sequence[bytes]) -> None:
        """Writes what is still waiting, and where the tokens of each passage stand, by its text's key."""
        self._flush()
        if self._projection:
            self._projection.save(self._folder / _PROJECTION)
            places = np.array([self._places.get(key, (0, 0)) for key in keys], dtype=np.int64).reshape(-1, 2)
            np.save(self._folder / _PLACES, places, allow_pickle=False)
        else:
            (self._folder / _CODES).unlink()
            (self._folder / _STARTS).unlink()

    def _add(self, key: bytes, vectors: Vectors, starts: npt.NDArray[np.int32]) -> None:
        if self._projection:
            self.add_stored(key, StoredTokens(to_codes(self._projection.apply(vectors)), starts))
            return
        self._waiting.append((key, vectors, starts))
        if sum(len(waiting) for _, waiting, _ in self._waiting) >= _SAMPLE:
            self._flush()

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._projection = self._projection or Projection.fit(np.concatenate([vectors for _, vectors, _ in waiting]))
        for each in waiting:
            self._add(*each)


def _map(path: Path, dtype: type[Number]) -> npt.NDArray[Number]:
    """A file of numbers mapped to memory; an empty one cannot be mapped."""
    return np.memmap(path, dtype, "r") if path.stat().st_size else np.empty(0, dtype)
