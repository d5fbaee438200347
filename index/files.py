"""The files of an index, mapped to memory: each is what it was written as, or is refused by name."""

import mmap
import os
import weakref
from collections.abc import Iterator, Mapping
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


# With one row of a large file the system maps the pages around it too: so much, mostly. So many bytes may add up.
_AROUND, _KEPT = 64 * 1024, 512 * 1024 * 1024


class Pages:
    """What of a mapped file was read: let go of when it is much, so that it does not add up as this process's memory.

    It is read again without delay, as the system mostly still has it.
    """

    def __init__(self, mapped: Any) -> None:
        large = isinstance(mapped, mmap.mmap) and len(mapped) > _KEPT and hasattr(mmap, "MADV_DONTNEED")
        self._mapped: mmap.mmap | None = mapped if large else None
        self._read = 0

    def count(self, rows: int) -> None:
        """Counts rows that are about to be read."""
        self._read += rows
        if self._mapped and self._read * _AROUND > _KEPT:
            self._read = rows
            self._mapped.madvise(mmap.MADV_DONTNEED)


class Slices:
    """The bytes of an opened file, read where they are asked for: unlike a mapped file's they are no memory of this process.

    Threads may share it. Raises OSError.
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

    def _read(self, count: int, start: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._file, count, start)
        with self._lock:  # not everywhere can a place be read without going there
            os.lseek(self._file, start, os.SEEK_SET)
            return os.read(self._file, count)


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
