"""A list of JSON records in a file of lines, read one at a time."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from index.files import Slices, map_array, reading


class Records(Sequence[Any]):
    """The records of `NAME.jsonl`, found by the offsets in `NAME.offsets.npy` (int64, one more than records).

    Raises IndexFolderError, when opened or asked, for files that `write_records` did not write.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.jsonl"
        self._offsets = map_array(folder / f"{name}.offsets.npy", np.int64)
        self._lines = Slices(self.path)

    def __len__(self) -> int:
        return max(0, len(self._offsets) - 1)

    def __getitem__(self, position: Any) -> Any:
        if isinstance(position, slice):
            return [self[number] for number in range(*position.indices(len(self)))]
        if not -len(self) <= position < len(self):
            raise IndexError(f"record {position} of {len(self)}")
        start, end = self._offsets[position % len(self) : position % len(self) + 2].tolist()
        with reading(self.path):
            return json.loads(str(self._lines.read(start, end), "utf-8"))

    def __iter__(self) -> Iterator[Any]:
        return (self[position] for position in range(len(self)))


def write_records(folder: Path, name: str, records: Iterable[Any]) -> None:
    """Writes the two files that `Records` reads."""
    offsets = [0]
    with open(folder / f"{name}.jsonl", "wb") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
            offsets.append(file.tell())
    np.save(folder / f"{name}.offsets.npy", np.array(offsets, dtype=np.int64), allow_pickle=False)
