"""The files of an index, mapped to memory: each is what it was written as, or is refused by name."""

import os
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from index.errors import IndexFolderError
from index.store import damaged

# FAISS's flat index: what it is, dimensions, vectors, two numbers that it does not use, whether it is trained, its
# metric, and how many floats follow.
_FLAT = np.dtype(
    [("kind", "S4"), ("d", "<i4"), ("n", "<i8"), ("_", "<i8", 2), ("trained", "u1"), ("metric", "<i4"), ("size", "<u8")]
)
# numpy reads a file's header by ast.literal_eval, which Python 3.11 may fail at in several threads at once
# (python/cpython issue 106905).
_HEADERS = Lock()


class Slices:
    """The bytes of an opened file, read where they are asked for: unlike a mapped file's they are no memory of this process.

    Threads may share it. Raises OSError, and ValueError for what cannot be in a file.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        weakref.finalize(self, os.close, self._file)
        self._lock = Lock()

    def __len__(self) -> int:
        return os.fstat(self._file).st_size

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` up to `end`. Raises ValueError if the file has not so many."""
        pieces = []
        while start < end:
            piece = self._read(end - start, start)
            if not piece:
                raise ValueError(f"it ends at {start}, expected {end - start} bytes more")
            pieces.append(piece)
            start += len(piece)
        return b"".join(pieces)

    def gather(self, starts: Sequence[int], length: int) -> bytes:
        """The pieces of one length that begin there, joined. Raises ValueError if the file has not so much."""
        data = b"".join([self._read(length, start) for start in starts])
        if len(data) != length * len(starts):
            raise ValueError(f"{len(data)} bytes, expected {length * len(starts)}")
        return data

    def _read(self, count: int, start: int) -> bytes:
        if start < 0:
            raise ValueError(f"nothing stands at {start}")
        if hasattr(os, "pread"):
            return os.pread(self._file, count, start)
        with self._lock:  # not everywhere can a place be read without going there
            os.lseek(self._file, start, os.SEEK_SET)
            return os.read(self._file, count)


class StoredVectors:
    """The vectors of a file that FAISS wrote, read row by row: shape (n, dimensions) as `map_vectors` found them.

    Of a mapped file the system maps what it holds around each row too, up to 2 MB: some hundred rows of a large one would
    be all of it. Raises OSError.
    """

    def __init__(self, path: Path, dimensions: int) -> None:
        self._path, self._slices, self._dimensions = path, Slices(path), dimensions

    def __getitem__(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """The vectors of some rows: float32, shape (len(rows), dimensions). Raises IndexFolderError."""
        length = self._dimensions * np.dtype(np.float32).itemsize
        with reading(self._path):
            data = self._slices.gather((_FLAT.itemsize + length * rows).tolist(), length)
        return np.frombuffer(data, np.float32).reshape(len(rows), self._dimensions)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """While a file is read: raises IndexFolderError for whatever its reader makes of contents that nobody wrote."""
    try:
        yield
    except (OSError, IndexFolderError):
        # A file that is not there any more is another matter: its index was replaced.
        raise
    except Exception as error:
        raise damaged(path, error) from None


def map_array(path: Path, dtype: npt.DTypeLike, *columns: int) -> Any:
    """An array that numpy saved, mapped; of this type and of shape (n, *columns). Raises IndexFolderError and OSError."""
    with reading(path):
        with _HEADERS:
            array = np.lib.format.open_memmap(path, mode="r")
        if array.dtype != dtype or array.shape != (len(array), *columns) or not array.flags.c_contiguous:
            raise ValueError(f"{array.dtype} of shape {array.shape}, expected {np.dtype(dtype)} of shape {('n', *columns)}")
    # As a plain array: slices of np.memmap are slow to make.
    return np.asarray(array)


def map_starts(path: Path, parts: int, total: int) -> Any:
    """Where each of `parts` parts of a list begins, and where the last one ends: int64, shape (parts + 1,), mapped."""
    starts = map_array(path, np.int64)
    with reading(path):
        if len(starts) != parts + 1 or starts[0] != 0 or starts[-1] != total or (np.diff(starts) < 0).any():
            raise ValueError(f"{len(starts)} places of a list, expected {parts + 1} in order from 0 to {total}")
    return starts


def map_numbers(path: Path, dtype: npt.DTypeLike) -> Any:
    """A file of bare numbers, mapped; an empty one cannot be."""
    with reading(path):
        return np.asarray(np.memmap(path, dtype, "r")) if path.stat().st_size else np.empty(0, dtype)


def map_vectors(path: Path) -> npt.NDArray[np.float32]:
    """The vectors of a file that FAISS wrote, mapped without it: float32, shape (n, dimensions).

    FAISS believes what a file says of its own size; here that is compared with the size it has. Raises IndexFolderError
    and OSError.
    """
    with reading(path):
        (header,) = np.fromfile(path, _FLAT, 1)
        count, dimensions, expected = int(header["n"]), int(header["d"]), (b"IxFI", 1, 0)
        found = header["kind"], int(header["trained"]), int(header["metric"])
        if found != expected or dimensions <= 0 or count < 0 or int(header["size"]) != count * dimensions:
            raise ValueError("its head is not that of a flat index")
        size = path.stat().st_size - _FLAT.itemsize
        if size != 4 * count * dimensions:
            raise ValueError(f"{size} bytes of vectors, expected {count} of {dimensions} dimensions")
        if not count:
            return np.empty((0, dimensions), np.float32)
        return np.memmap(path, np.float32, "r", _FLAT.itemsize, (count, dimensions))


def check_types(record: Any, types: Mapping[str, tuple[type, ...]]) -> None:
    """Raises ValueError unless a record has just these fields, each of one of its types, and text that can be written."""
    if type(record) is not dict or record.keys() != types.keys():
        raise ValueError(f"other fields than {', '.join(types)}")
    for name, value in record.items():
        if type(value) not in types[name]:
            expected = " or ".join(each.__name__ for each in types[name])
            raise ValueError(f"{name} is {type(value).__name__}, expected {expected}")
        check_text(value)


def check_text(value: Any) -> None:
    """Raises ValueError if a value holds half a character, which no text that was read does."""
    if type(value) is str:
        value.encode()
    elif type(value) is list:
        for each in value:
            check_text(each)
