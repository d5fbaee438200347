"""Late interaction: passages scored by their tokens' vectors, stored in two bits a component.

Each token of the question looks for its nearest token of the passage (MaxSim; Khattab & Zaharia 2020, ColBERT); the
rarer a question's word, the more its tokens weigh. Passages' vectors are turned at random, so that no component stands out,
and rounded to four levels (as in TurboQuant; Zandieh et al. 2025): what is stored depends on the text and the encoder alone.
"""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from hashlib import shake_128
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

from index.arrays import Rows, Scores, TokenVectors, Vectors
from index.files import Slices, map_array, map_numbers, reading
from index.places import Places

Codes = npt.NDArray[np.uint8]
"""uint8, shape (tokens, a quarter of the width, rounded up): the direction of each token's vector, two bits a component."""

# The width of the vectors and then where each text's tokens end; the codes; where in its text each token starts.
_ENDS, _CODES, _STARTS = "tokens.ends.npy", "tokens.codes.u1", "tokens.starts.i4"


@dataclass(frozen=True, slots=True)
class QueryTokens:
    """A question's tokens as the index compares them: turned unit vectors (tokens, width), weights that sum to 1."""

    vectors: Vectors
    weights: Scores


@cache
def _rotation(width: int) -> Vectors:
    """An orthogonal matrix, the same one everywhere: each component's sign drawn, then the discrete cosine transform."""
    bits = np.unpackbits(np.frombuffer(shake_128(b"late interaction").digest(-(-width // 8)), np.uint8))[:width]
    place = np.arange(width)
    cosines = np.cos(np.pi * np.outer(2 * place + 1, place) / (2 * width)) * np.sqrt(2 / width)
    cosines[:, 0] = np.sqrt(1 / width)
    return np.asarray(np.where(bits, -1, 1)[:, None] * cosines, dtype=np.float32)


def turn(vectors: Vectors) -> Vectors:
    """Vectors (tokens, width), turned: all cosines between them stay."""
    return np.asarray(vectors @ _rotation(vectors.shape[1]), dtype=np.float32)


def to_codes(vectors: Vectors) -> Codes:
    """Turned unit vectors (tokens, width) as codes: each component below, above or within one standard deviation, signed."""
    count, width = vectors.shape
    levels = np.zeros((count, 4 * -(-width // 4)), dtype=np.uint8)
    # A unit vector's components have a standard deviation of 1 / sqrt(width).
    levels[:, :width] = (np.floor(vectors * np.sqrt(width)) + 2).clip(0, 3)
    first, second, third, fourth = np.hsplit(levels, 4)
    return np.asarray(first | second << 2 | third << 4 | fourth << 6, dtype=np.uint8)


def from_codes(codes: Codes, width: int) -> Vectors:
    """Codes as float32 unit vectors (tokens, width)."""
    count, quarter = codes.shape
    levels = _levels(codes).reshape(count, quarter, 4).swapaxes(1, 2).reshape(count, 4 * quarter)[:, :width]
    return np.asarray(levels / _lengths(codes, width)[:, None], dtype=np.float32)


# The four components that a byte holds, each -3, -1, 1 or 3, as one number of four bytes.
_LEVELS = (np.arange(256)[:, None] >> np.array([0, 2, 4, 6]) & 3).astype(np.int8)
_LEVELS = (2 * _LEVELS - 3).view(np.uint32).ravel()


def _levels(codes: Codes) -> npt.NDArray[np.int8]:
    """Each component as -3, -1, 1 or 3, byte by byte: shape (tokens, 4 x bytes)."""
    return np.take(_LEVELS, codes).view(np.int8)


def _lengths(codes: Codes, width: int) -> Vectors:
    """The lengths of the vectors that the levels make: float32, shape (tokens,)."""
    # A level is 3 or -3 if its two bits are the same; those that only fill the last byte are.
    outer = np.bitwise_count(~(codes ^ codes >> 1) & 0b01010101).sum(axis=1, dtype=np.int64) - (4 * codes.shape[1] - width)
    return np.asarray(np.sqrt(width + 8 * outer), dtype=np.float32)


def maxsim(query: QueryTokens, passages: Sequence[Codes]) -> Scores:
    """For each passage the weighted mean, over the question's tokens, of the cosine to its nearest token: -1 to 1.

    The question's vectors are rounded to eight bits, so that products are of whole numbers, the same on any machine.
    nan for a passage without tokens, or a question without. Shape (passages,).
    """
    counts = np.array([len(codes) for codes in passages], dtype=np.int64)
    scores = np.full(len(passages), np.nan)
    filled = np.flatnonzero(counts)
    if len(filled) and len(query.weights):
        codes = np.concatenate([codes for codes in passages if len(codes)])
        asked, scale = _rounded(query.vectors, codes.shape[1])
        starts = np.cumsum(counts[filled]) - counts[filled]
        products = _products(asked, _levels(codes)) / _lengths(codes, query.vectors.shape[1])
        scores[filled] = (query.weights * scale) @ np.maximum.reduceat(products, starts, axis=1)
    return scores


def _rounded(vectors: Vectors, quarter: int) -> tuple[npt.NDArray[np.int8], Scores]:
    """Vectors as whole numbers from -127 to 127, component by component in the order of `_levels`, and what one is worth."""
    whole = np.zeros((len(vectors), 4 * quarter), dtype=np.float32)
    whole[:, : vectors.shape[1]] = vectors
    scale = np.maximum(np.abs(vectors).max(axis=1), np.finfo(np.float32).tiny) / np.float32(127)
    ordered = whole.reshape(len(vectors), 4, quarter).swapaxes(1, 2).reshape(whole.shape)
    return np.rint(ordered / scale[:, None]).astype(np.int8), scale.astype(np.float64)


def _products(asked: npt.NDArray[np.int8], tokens: npt.NDArray[np.int8]) -> Vectors:
    """Inner products of whole numbers: float32, which has all of them exactly."""
    if not multiplies_bytes():
        return asked.astype(np.float32) @ tokens.astype(np.float32).T
    import torch

    return torch._int_mm(torch.from_numpy(asked), torch.from_numpy(tokens).T).numpy().astype(np.float32)


def multiplies_bytes() -> bool:
    """Whether torch is there, as with any encoder but a test's, on a CPU that multiplies bytes itself (AVX-512's VNNI).

    That is several times as fast as floats; loading torch for it alone would take longer.
    """
    return "torch" in sys.modules and _has_vnni()


@cache
def _has_vnni() -> bool:
    import torch

    return bool(torch.cpu.get_capabilities().get("avx512_vnni", False)) and hasattr(torch, "_int_mm")


@dataclass(frozen=True, slots=True)
class StoredTokens:
    """The tokens of one text in order: their codes, and where each starts, counted back from the text's end (int32, < 0).

    A passage's own text ends its searchable text, so a token is at len(text) + start in it; in its context below 0.
    """

    codes: Codes
    starts: npt.NDArray[np.int32]


class TokenFile:
    """The tokens of one part's texts, by their row: three files, mapped to memory.

    Raises IndexFolderError for files that `TokenWriter` did not write.
    """

    def __init__(self, folder: Path) -> None:
        ends = map_array(folder / _ENDS, np.int64)
        self._path, self._codes, self._starts = (
            folder / _CODES,
            Slices(folder / _CODES),
            map_numbers(folder / _STARTS, np.int32),
        )
        with reading(folder / _ENDS):
            self.width, self._ends = int(ends[0]), np.array(ends[1:])
            self._quarter = -(-self.width // 4)
            if len(self._codes) != len(self._starts) * self._quarter:
                raise ValueError(f"{len(self._codes)} bytes of codes, expected {len(self._starts)} of {self._quarter}")
            if self.width <= 0 or self._ends[-1:].sum() != len(self._starts):
                raise ValueError(f"width {self.width}, {self._ends[-1:].sum()} tokens, expected {len(self._starts)}")

    @classmethod
    def open(cls, folder: Path) -> "TokenFile | None":
        """None if the folder has none: the encoder told no tokens."""
        return cls(folder) if (folder / _ENDS).is_file() else None

    def __getitem__(self, row: int) -> StoredTokens:
        start, end = int(self._ends[row - 1]) if row else 0, int(self._ends[row])
        with reading(self._path):
            codes = np.frombuffer(self._codes.read(start * self._quarter, end * self._quarter), np.uint8)
            return StoredTokens(codes.reshape(-1, self._quarter), self._starts[start:end])

    def __len__(self) -> int:
        return len(self._ends)


class TokenWriter:
    """Writes what `TokenFile` reads, text by text, without holding it; `width` is that of the encoder's token vectors."""

    def __init__(self, folder: Path, width: int) -> None:
        self._folder, self._width, self._ends = folder, width, [0]
        self._files = ExitStack()
        self._codes, self._starts = (self._files.enter_context((folder / name).open("wb")) for name in (_CODES, _STARTS))

    def __enter__(self) -> "TokenWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._files.close()
        if kind is None:
            np.save(self._folder / _ENDS, np.array([self._width, *self._ends[1:]], dtype=np.int64), allow_pickle=False)

    def add(self, tokens: StoredTokens) -> None:
        """The tokens of the next text."""
        self._codes.write(np.ascontiguousarray(tokens.codes).data)
        self._starts.write(np.ascontiguousarray(tokens.starts).data)
        self._ends.append(self._ends[-1] + len(tokens.codes))


def stored(text: str, tokens: TokenVectors) -> StoredTokens:
    """A text's tokens as they are stored."""
    return StoredTokens(to_codes(turn(tokens.vectors)), np.asarray(tokens.spans[:, 0] - len(text), dtype=np.int32))


class LateInteraction:
    """The token vectors of an index's passages, over its parts."""

    def __init__(self, parts: Sequence[TokenFile], places: Places) -> None:
        self._parts, self._places = list(parts), places

    @property
    def width(self) -> int:
        return self._parts[0].width

    def tokens(self, row: int) -> StoredTokens:
        """The tokens of one passage's searchable text."""
        return self._parts[int(self._places.part[row])][int(self._places.local[row])]

    def score(self, query: QueryTokens, rows: Rows) -> Scores:
        """`maxsim` of the given rows: float64, shape (len(rows),)."""
        return maxsim(query, [self.tokens(row).codes for row in rows.tolist()])
