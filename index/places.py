"""Where the rows of an index stand: each in one of its parts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.arrays import Rows

GONE = -1


@dataclass(frozen=True, slots=True)
class Places:
    """The rows of an index and their parts': `part` and `local` say for each row which row of which part it is.

    `rows` says it the other way round, an array a part, GONE for what the index no longer has. int64, but `part` int32.
    """

    part: npt.NDArray[np.int32]
    local: Rows
    rows: tuple[Rows, ...]

    @classmethod
    def of(cls, part: npt.NDArray[np.int32], local: Rows, sizes: Sequence[int]) -> "Places":
        """From each row's part and place in it, and the parts' sizes."""
        rows = [np.full(size, GONE, dtype=np.int64) for size in sizes]
        for number, known in enumerate(rows):
            mine = np.flatnonzero(part == number)
            known[local[mine]] = mine
        return cls(part, local, tuple(rows))

    @classmethod
    def whole(cls, size: int) -> "Places":
        """Of one part that is the index."""
        rows = np.arange(size)
        return cls(np.zeros(size, dtype=np.int32), rows, (rows,))

    def __len__(self) -> int:
        return len(self.local)

    def split(self, rows: Rows) -> Iterator[tuple[int, Rows | slice, Rows]]:
        """For each part with any of the rows: which part, which of the rows (an index into `rows`), and where in it."""
        if len(self.rows) == 1:
            yield 0, slice(None), self.local[rows]
            return
        parts = self.part[rows]
        for part in np.unique(parts).tolist():
            mine = np.flatnonzero(parts == part)
            yield part, mine, self.local[rows[mine]]


def ranges(starts: Rows, ends: Rows) -> Rows:
    """All numbers from each start up to its end, one range after the other."""
    counts = ends - starts
    offsets = np.cumsum(counts) - counts
    return np.asarray(np.repeat(starts - offsets, counts) + np.arange(counts.sum()), dtype=np.int64)
