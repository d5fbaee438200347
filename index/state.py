"""A state of an index: which entries of which segments make it up, in what order, and the files that they came from."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.arrays import Rows
from index.errors import IndexFolderError
from index.files import check_types, map_array, reading
from index.places import Places, ranges
from index.records import Records, write_records
from index.segment import Segment
from index.store import build_anew

Order = npt.NDArray[np.int64]
"""int64, shape (entries, 2): of each entry of an index, in order, its segment and its place in that."""

_ORDER, _SOURCES = "order.npy", "sources"
_SOURCE: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("name", "sha256"), (str,)),
    **dict.fromkeys(("size", "changed", "entries"), (int,)),
    "settled": (bool,),
    "warnings": (list,),
}


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A file as it was read: its name, size in bytes, time of change in nanoseconds, sha256, and number of entries.

    `settled` if it had not just been changed: then the same size and time mean the same contents.
    """

    name: str
    size: int
    changed: int
    settled: bool
    sha256: str
    entries: int
    warnings: tuple[str, ...] = ()


def write_state(folder: Path, order: Order, sources: Sequence[SourceRecord]) -> None:
    """Writes the files that `read_order` and `read_source_records` read."""
    np.save(folder / _ORDER, order, allow_pickle=False)
    write_records(folder, _SOURCES, (asdict(source) for source in sources))


def read_order(folder: Path) -> Order:
    """The entries of a state, in order."""
    order: Order = map_array(folder / _ORDER, np.int64, 2)
    return order


def read_source_records(folder: Path) -> list[SourceRecord]:
    """The files of a state, in order: their entries follow each other in its order."""
    records = Records(folder, _SOURCES)
    with reading(records.path):
        for record in records:
            check_types(record, _SOURCE)
            if not 0 <= record["entries"] < 2**31:
                raise ValueError(f"{record['entries']} entries of a file")
        return [SourceRecord(**{**record, "warnings": tuple(record["warnings"])}) for record in records]


def places_of(order: Order, segments: Sequence[Segment]) -> tuple[Places, Places]:
    """Where an index's articles stand in its segments, and where its passages do.

    Raises IndexFolderError for entries that the segments do not have.
    """
    check_order(order, segments)
    numbers, entries = order[:, 0], order[:, 1]
    articles = expand(numbers, entries, [segment.entry_starts for segment in segments])
    passages = expand(*articles, [segment.article_starts for segment in segments])
    sizes = [len(segment.article_starts) - 1 for segment in segments], [len(segment) for segment in segments]
    return (
        Places.of(articles[0].astype(np.int32), articles[1], sizes[0]),
        Places.of(passages[0].astype(np.int32), passages[1], sizes[1]),
    )


def check_order(order: Order, segments: Sequence[Segment]) -> None:
    """Raises IndexFolderError if a state names entries that its segments do not have."""
    numbers, entries = order[:, 0], order[:, 1]
    counts = np.array([len(segment.entry_keys) for segment in segments], dtype=np.int64)
    known = (numbers >= 0) & (numbers < len(counts)) & (entries >= 0)
    if not known.all() or (entries >= counts[numbers]).any():
        folder = segments[0].folder.parent
        raise IndexFolderError(f"{folder}: its state names entries that no segment has: {build_anew(folder)}")


def expand(parts: Rows, local: Rows, starts: Sequence[Rows]) -> tuple[Rows, Rows]:
    """What belongs to things that stand in parts, where a part's `starts` say: again the part and the place in it."""
    first, last = np.empty(len(local), np.int64), np.empty(len(local), np.int64)
    for part, known in enumerate(starts):
        mine = np.flatnonzero(parts == part)
        first[mine], last[mine] = known[local[mine]], known[local[mine] + 1]
    return np.repeat(parts, last - first), ranges(first, last)
