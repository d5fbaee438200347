"""Late interaction: passages scored by their tokens' vectors, stored in two bits a component.

Each token of the question looks for its nearest token of the passage (MaxSim; Khattab & Zaharia 2020, ColBERT); the
rarer a question's word, the more its tokens weigh. Passages' vectors are turned at random, so that no component stands out,
and rounded to four levels (as in TurboQuant; Zandieh et al. 2025): what is stored depends on the text and the encoder alone.
"""

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
from index.processor import multiplies_bytes

Codes = npt.NDArray[np.uint8]
"""uint8, shape (tokens, a quarter of the width, rounded up): the direction of each token's vector, two bits a component."""

# Bytes that are taken apart together, and passages compared together: as many as a processor's own memory holds.
_WORD, _AT_ONCE = 8, 10
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
    whole = _in_words(codes)
    levels = 2 * np.hstack([each[:, : codes.shape[1]] for each in _levels(whole)])[:, :width] - 3
    return np.asarray(levels / _lengths(whole, width)[:, None], dtype=np.float32)


def _in_words(codes: Codes) -> Codes:
    """The same codes with their bytes filled up to words of eight, by which they are much quicker to take apart."""
    filling = -codes.shape[1] % _WORD
    return np.ascontiguousarray(np.pad(codes, ((0, 0), (0, filling))) if filling else codes)


def _levels(codes: Codes) -> npt.NDArray[np.int8]:
    """Each component as 0, 1, 2 or 3, for -3, -1, 1 and 3, of bytes in words: a quarter of the width after the other.

    Shape (4, tokens, bytes).
    """
    words = codes.view(np.uint64)
    levels = np.empty((4, *words.shape), dtype=np.uint64)
    for place, quarter in enumerate(levels):
        np.right_shift(words, np.uint64(2 * place), out=quarter)
    levels &= np.uint64(0x0303030303030303)
    return levels.view(np.int8)


def _lengths(codes: Codes, width: int) -> Vectors:
    """The lengths of the vectors that the levels make, of bytes in words: float32, shape (tokens,)."""
    words = codes.view(np.uint64)
    # A level is 3 or -3 if its two bits are the same; those that only fill the last bytes are.
    alike = np.bitwise_count(~(words ^ words >> np.uint64(1)) & np.uint64(0x5555555555555555))
    outer = alike.astype(np.float32) @ np.ones(words.shape[1], dtype=np.float32) - (4 * codes.shape[1] - width)
    return np.asarray(np.sqrt(width + 8 * outer), dtype=np.float32)


def maxsim(query: QueryTokens, passages: Sequence[Codes]) -> Scores:
    """For each passage the weighted mean, over the question's tokens, of the cosine to its nearest token: -1 to 1.

    The question's vectors are rounded to eight bits, so that products are of whole numbers, the same on any machine.
    nan for a passage without tokens, or a question without. Shape (passages,).
    """
    scores = np.full(len(passages), np.nan)
    filled = [number for number, codes in enumerate(passages) if len(codes)]
    if not filled or not len(query.weights):
        return scores
    asked, scale = _rounded(query.vectors)
    for start in range(0, len(filled), _AT_ONCE):
        some = filled[start : start + _AT_ONCE]
        codes = _in_words(np.concatenate([passages[number] for number in some]))
        ends = np.cumsum([len(passages[number]) for number in some])
        products = _products(asked, _levels(codes))
        products /= _lengths(codes, query.vectors.shape[1])
        scores[some] = (query.weights * scale) @ np.maximum.reduceat(products, np.append(0, ends[:-1]), axis=1)
    return scores


def _rounded(vectors: Vectors) -> tuple[npt.NDArray[np.int8], Scores]:
    """Vectors as whole numbers from -127 to 127, their components where `_levels` has them, and what one is worth."""
    count, width = vectors.shape
    quarter = -(-width // 4)
    scale = np.maximum(np.abs(vectors).max(axis=1), np.finfo(np.float32).tiny) / np.float32(127)
    whole = np.zeros((count, 4 * quarter), dtype=np.int8)
    whole[:, :width] = np.rint(vectors / scale[:, None])
    placed = np.zeros((4, count, quarter + -quarter % _WORD), dtype=np.int8)
    placed[:, :, :quarter] = whole.reshape(count, 4, quarter).swapaxes(0, 1)
    return placed, scale.astype(np.float64)


def _products(asked: npt.NDArray[np.int8], levels: npt.NDArray[np.int8]) -> Vectors:
    """Inner products with the vectors that levels stand for: float32, which has these whole numbers exactly."""
    if multiplies_bytes():
        import torch

        whole = torch.zeros((asked.shape[1], levels.shape[1]), dtype=torch.int32)
        for one, other in zip(torch.from_numpy(asked), torch.from_numpy(levels), strict=True):
            whole += torch._int_mm(one, other.T)
        products: Vectors = whole.numpy().astype(np.float32)
    else:
        pairs = zip(asked.astype(np.float32), levels.astype(np.float32), strict=True)
        products = np.sum([one @ other.T for one, other in pairs], axis=0)
    # A level stands for twice its number less 3.
    products *= 2
    products -= 3 * asked.sum(axis=(0, 2), dtype=np.float32)[:, None]
    return products


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
