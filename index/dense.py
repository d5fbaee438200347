"""The dense leg: cosines of vectors, by FAISS."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from index.arrays import Rows, Scores, Vectors
from index.files import StoredVectors, check_types, map_vectors, reading
from index.places import GONE, Places
from index.searchers import Query, Ranking, best
from index.store import READ_WHOLE, damaged

# A part with more rows than this is searched by its stand-in first, which is measured on so many vectors.
EXACT_UP_TO = 20_000
# So many bytes of vectors are mapped to memory; of more, only the rows that are asked for are read.
MAPPED_UP_TO = 512 * 1024 * 1024
_MEASURED, _BEST, _RECALL, _SEED = 200, 10, 0.99, 20
# The cosine that they have to a passage.
_NEAR = 0.7
# Of the k best, a stand-in has nearly all among its own best so many times k.
_DEEPER = 4
# Vectors scored together.
_AT_ONCE = 128
_SAID = "vectors.coarse.json"
# What FAISS writes of a stand-in before its centre: what it is, dimensions, vectors, two numbers that it does not use,
# whether it is trained, its metric; of the codes their dimensions, size, metric and bits; how many floats follow.
_HEAD = np.dtype("S4, <i4, <i8, <i8, <i8, u1, <i4, <u8, <u8, <i4, <u8, <u8")
# And behind it: a question's bits, how many vectors a block has and all blocks have, two sizes of a code, how many bytes
# follow.
_TAIL = np.dtype("u1, <i4, <u8, <u8, <u8, <u8")
# Of a vector's squared length: what float32 makes of a unit vector is far nearer to 1.
_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class Coarse:
    """A small stand-in for a part's vectors, a bit a component: its best rows, `asked` of them, hold the 10 best.

    `recall` is the share of them that it holds, measured when it was made.
    """

    index: Any
    asked: int
    recall: float


class DenseSearcher:
    """Cosine of unit vectors, over the parts of an index: FAISS's exact inner product up to EXACT_UP_TO rows a part.

    In a larger part FAISS's RaBitQ (Gao & Long 2024) chooses rows, whose exact inner products then rank them.
    """

    FILE, COARSE_FILE = "vectors.faiss", "vectors.coarse.faiss"

    def __init__(
        self,
        parts: Sequence[Any],
        places: Places,
        coarse: Sequence[Coarse | None] = (),
        stored: Sequence[Vectors | StoredVectors] = (),
    ) -> None:
        self._parts, self._places = list(parts), places
        self._stored = list(stored) or [_vectors_of(part) for part in parts]
        self._coarse = list(coarse) or [None] * len(self._parts)
        # FAISS passes over what is gone.
        self._wanted = [_Wanted.of(rows != GONE) for rows in places.rows]

    @classmethod
    def build(cls, vectors: Vectors) -> "DenseSearcher":
        """From unit vectors, float32, shape (passages, dimensions)."""
        part = faiss.IndexFlatIP(vectors.shape[1])
        part.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls([part], Places.whole(len(vectors)))

    def save(self, folder: Path, *, exact: bool = False) -> None:
        """Writes the one part that `build` made, with its stand-in where it is large, unless `exact`. Raises OSError."""
        part = self._parts[0]
        _write(part, folder / self.FILE)
        coarse = None if exact or len(self) <= EXACT_UP_TO else _make_coarse(part, _vectors_of(part))
        if coarse:
            _write(coarse.index, folder / self.COARSE_FILE)
            said = {"asked": coarse.asked, "recall": coarse.recall}
            (folder / _SAID).write_text(json.dumps(said), encoding="utf-8")

    @classmethod
    def open(cls, folders: Sequence[Path], places: Places) -> "DenseSearcher":
        """Maps the saved parts to memory. Raises IndexFolderError for files that `save` did not write."""
        parts, coarse, stored = [], [], []
        for folder, rows in zip(folders, places.rows, strict=True):
            # FAISS believes what a file says of its own size, and crashes if it lies.
            found = map_vectors(folder / cls.FILE)
            if len(found) != len(rows):
                raise damaged(folder / cls.FILE, f"{len(found)} vectors, expected {len(rows)}")
            _check_lengths(folder / cls.FILE, found)
            parts.append(_read(folder / cls.FILE))
            coarse.append(open_coarse(folder, found))
            stored.append(found if found.nbytes <= MAPPED_UP_TO else StoredVectors(folder / cls.FILE, found.shape[1]))
        return cls(parts, places, coarse, stored)

    @property
    def dimensions(self) -> int:
        return int(self._parts[0].d) if self._parts else 0

    @property
    def recalls(self) -> list[float]:
        """For each part the share of the 10 best that a search finds: 1 where it is exact."""
        return [coarse.recall if coarse else 1.0 for coarse in self._coarse]

    def exactly(self) -> "DenseSearcher":
        """The same vectors, searched without any stand-in."""
        return DenseSearcher(self._parts, self._places, stored=self._stored)

    def vectors(self, rows: Rows) -> Vectors:
        """The vectors of the given rows: float32, shape (len(rows), dimensions)."""
        found = np.empty((len(rows), self.dimensions), dtype=np.float32)
        for part, which, local in self._places.split(rows):
            found[which] = self._stored[part][local]
        return found

    def __len__(self) -> int:
        return len(self._places)

    def search(self, query: Query, k: int, among: Rows | None = None) -> Ranking:
        if among is not None and len(among) <= EXACT_UP_TO:
            return best(among, self.score(query, among), k)
        wanted = self._wanted if among is None else self._wanted_among(among)
        found = [self._search_part(number, query, k, each) for number, each in enumerate(wanted)] if k > 0 else []
        if not found:
            return Ranking(np.empty(0, np.int64), np.empty(0, np.float64))
        rows, scores = (np.concatenate(column) for column in zip(*found, strict=True))
        return best(rows, scores, k)

    def _wanted_among(self, among: Rows) -> list["_Wanted"]:
        allowed = np.zeros(len(self), bool)
        allowed[among] = True
        return [_Wanted.of((rows != GONE) & allowed[rows]) for rows in self._places.rows]

    def _search_part(self, number: int, query: Query, k: int, wanted: "_Wanted") -> tuple[Rows, Scores]:
        """The k best rows of a part and all that tie with the last of them, in any order, with their scores."""
        part, rows, coarse, k = self._parts[number], self._places.rows[number], self._coarse[number], min(k, wanted.count)
        if coarse and k:
            found = rows[self._chosen(coarse, query, k, wanted)]
            return found, self.score(query, found)
        # FAISS breaks ties in no stated order: one row more than wanted tells whether a tie is cut.
        asked = min(k + 1, wanted.count)
        parameters = faiss.SearchParameters(sel=wanted.selector) if wanted.selector else None  # type: ignore[call-arg]
        while asked:
            scores, local = part.search(query.vector[None, :], asked, params=parameters)
            if asked == wanted.count or scores[0, asked - 1] < scores[0, k - 1]:
                return rows[local[0]], scores[0].astype(np.float64)
            asked = min(asked * 2, wanted.count)
        return np.empty(0, np.int64), np.empty(0, np.float64)

    @staticmethod
    def _chosen(coarse: Coarse, query: Query, k: int, wanted: "_Wanted") -> Rows:
        """The local rows that a stand-in chooses, in order: at least k."""
        size = len(wanted.mask)
        # What is not wanted is found as well, and takes its share of the places; or more, if it is nearer.
        asked = min(int(max(coarse.asked, _DEEPER * k) * size / wanted.count), size)
        while True:
            _, found = coarse.index.search(query.vector[None, :], asked)
            chosen: Rows = np.sort(found[0][found[0] >= 0])
            chosen = chosen[wanted.mask[chosen]]
            if len(chosen) >= k or asked == size:
                return chosen
            asked = min(asked * 4, size)

    def score(self, query: Query, rows: Rows) -> Scores:
        scores = np.empty(len(rows), dtype=np.float64)
        # Memory asked for and given back with each question would cost more than the sums.
        for some in (slice(start, start + _AT_ONCE) for start in range(0, len(rows), _AT_ONCE)):
            # Row by row, so that equal vectors score equally wherever they stand: a matrix product does not promise it.
            scores[some] = np.einsum("ij,j->i", self.vectors(rows[some]), query.vector)
        return scores


def open_coarse(folder: Path, vectors: Vectors) -> Coarse | None:
    """The stand-in of a part's vectors, None if it has none. Raises IndexFolderError for files that `save` did not write."""
    said, path = folder / _SAID, folder / DenseSearcher.COARSE_FILE
    if not said.is_file():
        return None
    with reading(said):
        record = json.loads(said.read_bytes())
        check_types(record, {"asked": (int,), "recall": (float,)})
        if not (0 < record["asked"] < 1 << 31 and 0 <= record["recall"] <= 1):
            raise ValueError(f"{record}, expected rows to ask for and a share of 1")
    with reading(path):
        _check_coarse(path, *vectors.shape)
    return Coarse(_read(path), **record)


def _check_lengths(path: Path, vectors: Vectors) -> None:
    """Raises IndexFolderError for vectors of another length than 1, or of none, in a file that is read whole anyway."""
    if vectors.nbytes <= READ_WHOLE:
        with np.errstate(over="ignore", invalid="ignore"):
            wrong = ~(np.abs(np.einsum("ij,ij->i", vectors, vectors) - 1) < _TOLERANCE)
        if wrong.any():
            raise damaged(path, f"vectors not of unit length: {wrong.sum():,}, the first is number {wrong.argmax()}")


def _check_coarse(path: Path, rows: int, dimensions: int) -> None:
    """Raises ValueError unless a file says of itself what FAISS writes of a stand-in for so many rows, and is as large."""
    like: Any = faiss.IndexRaBitQFastScan(dimensions, faiss.METRIC_INNER_PRODUCT)
    blocks = -(-rows // like.bbs)
    size, code, metric = blocks * like.get_block_stride(), like.rabitq, faiss.METRIC_INNER_PRODUCT
    (head,) = np.fromfile(path, _HEAD, 1).tolist()
    center = np.fromfile(path, np.float32, dimensions, offset=_HEAD.itemsize)
    (tail,) = np.fromfile(path, _TAIL, 1, offset=_HEAD.itemsize + center.nbytes).tolist()
    unused = 1 << 20, 1 << 20
    if head != (b"Irfn", dimensions, rows, *unused, 1, metric, dimensions, code.code_size, metric, code.nb_bits, dimensions):
        raise ValueError(f"its head is not that of a stand-in for {rows} vectors of {dimensions} dimensions")
    if not np.isfinite(center).all():
        raise ValueError("its centre is no vector")
    if tail != (like.qb, like.bbs, blocks * like.bbs, like.M2, like.code_size, size):
        raise ValueError(f"its codes are not those of {rows} vectors of {dimensions} dimensions")
    found, expected = path.stat().st_size, _HEAD.itemsize + center.nbytes + _TAIL.itemsize + size
    if found != expected:
        raise ValueError(f"{found} bytes, expected {expected}")


def _read(path: Path) -> Any:
    with reading(path):
        return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)


def _write(index: Any, path: Path) -> None:
    """Writes a FAISS index through a file of Python's, for its OSError: FAISS's own writer has one error for all."""
    with open(path, "wb") as file:
        faiss.write_index(index, faiss.PyCallbackIOWriter(file.write))  # type: ignore[attr-defined]


def _make_coarse(part: Any, vectors: Vectors) -> Coarse | None:
    """The stand-in of a part's vectors that asks for no more rows than it must; None if even many do not do."""
    index = faiss.IndexRaBitQFastScan(part.d, faiss.METRIC_INNER_PRODUCT)
    index.train(vectors)
    index.add(vectors)
    random = np.random.default_rng(_SEED)
    # Near one passage, as a question may be, and to the others as chance has it: which of them come next is hard to tell.
    near = vectors[np.sort(random.choice(len(vectors), _MEASURED, replace=False))]
    chance = random.standard_normal(near.shape)
    chance *= np.sqrt(1 - _NEAR**2) / np.linalg.norm(chance, axis=1, keepdims=True)
    asked = np.ascontiguousarray(_NEAR * near + chance, dtype=np.float32)
    _, exact = part.search(asked, _BEST)
    for rows in (200, 400, 800, 1600, 3200, 6400):
        _, found = index.search(asked, rows)
        recall = float(np.mean([np.isin(best, held).mean() for best, held in zip(exact, found, strict=True)]))
        if recall >= _RECALL:
            return Coarse(index, rows, round(recall, 4))
    return None


def _vectors_of(part: Any) -> Vectors:
    """A view of what a FAISS index holds, not to be written to, and no longer to be used than the index."""
    size = part.ntotal * part.d
    held = faiss.rev_swig_ptr(part.get_xb(), size) if size else np.empty(0, dtype=np.float32)
    return np.asarray(held.reshape(part.ntotal, part.d))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The rows of a part that are searched: a mask, how many it lets through, and what FAISS makes of it, None for all."""

    mask: npt.NDArray[np.bool_]
    count: int
    selector: Any

    @classmethod
    def of(cls, mask: npt.NDArray[np.bool_]) -> "_Wanted":
        packed = None if mask.all() else np.packbits(mask, bitorder="little")
        selector = None if packed is None else faiss.IDSelectorBitmap(packed)  # type: ignore[call-arg,arg-type]
        return cls(mask, int(mask.sum()), selector)
