"""What has changed since an index was built: its files are looked at again, and only what is new is read."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from index.errors import SourceError
from index.segment import KEY_BYTES, Keys, Segment, digest, list_keys
from index.sources import Draft, SourceFile, read_bytes, same_id, split_file
from index.state import Order, SourceRecord, check_order, expand, read_order, read_source_records
from index.store import Manifest

NEW = -1
# A file that was changed so shortly before it was read may change again without another time of change.
_SETTLED_NANOSECONDS = 2_000_000_000


class Before:
    """What an index has: its segments, and the entries and files of its state."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.manifest = manifest
        self.segments = [Segment(folder / name) for name, _ in manifest.segments]
        self.order = read_order(folder / manifest.build)
        check_order(self.order, self.segments)
        self.sources = read_source_records(folder / manifest.build)

    @cached_property
    def by_name(self) -> dict[str, tuple[SourceRecord, Order]]:
        """The files by their name, each with its entries."""
        ends = np.cumsum([source.entries for source in self.sources], dtype=np.int64)
        return {
            source.name: (source, self.order[end - source.entries : end])
            for source, end in zip(self.sources, ends.tolist(), strict=True)
        }

    @cached_property
    def entries(self) -> dict[bytes, tuple[int, int]]:
        """Every entry of the segments by its digest, those that the state has left out too."""
        found = {}
        for number, segment in enumerate(self.segments):
            found.update({key: (number, place) for place, key in enumerate(list_keys(segment.entry_keys))})
        return found

    def article_keys(self, order: Order) -> Keys:
        """The digests of the ids of entries' articles, in order."""
        parts, local = expand(order[:, 0], order[:, 1], [segment.entry_starts for segment in self.segments])
        found: Keys = np.empty((len(parts), KEY_BYTES), np.uint8)
        for number, segment in enumerate(self.segments):
            mine = parts == number
            found[mine] = segment.article_keys[local[mine]]
        return found


@dataclass(frozen=True, slots=True)
class Scan:
    """What files hold now.

    `order` has every entry, in order, as (segment, place in it), or (NEW, place in `new`): int64, shape (entries, 2).
    `new` has each new entry's digest and articles; `problems` a line for each file that cannot be used, and is left out.
    """

    order: Order
    new: list[tuple[bytes, list[Draft]]]
    sources: list[SourceRecord]
    problems: list[str]

    @property
    def warnings(self) -> list[str]:
        return [warning for source in self.sources for warning in source.warnings]


@dataclass(frozen=True, slots=True)
class _Look:
    """One file: its record, its entries, and where each stands, to name it in an error."""

    record: SourceRecord
    order: Order
    places: list[str]


def scan(files: Sequence[SourceFile], before: Before | None) -> Scan:
    """Looks at files; what an index has of them `before` is not read again."""
    new: list[tuple[bytes, list[Draft]]] = []
    looks, problems = [], []
    for file in files:
        try:
            looks.append(_look(file, before, new))
        except SourceError as error:
            problems.append(str(error))
    looks = _without_same_ids(looks, before, new, problems)
    order = np.concatenate([np.empty((0, 2), np.int64), *(look.order for look in looks)])
    return Scan(order, new, [look.record for look in looks], problems)


def _look(file: SourceFile, before: Before | None, new: list[tuple[bytes, list[Draft]]]) -> _Look:
    known = before.by_name.get(file.name) if before else None
    try:
        status = file.path.stat()
    except OSError as error:
        raise SourceError(f"{file.path}: cannot be read ({error.strerror}): check its permissions") from None
    if known and known[0].settled and (known[0].size, known[0].changed) == (status.st_size, status.st_mtime_ns):
        return _Look(known[0], known[1], [])
    settled = time.time_ns() - status.st_mtime_ns > _SETTLED_NANOSECONDS
    data = read_bytes(file)
    sha256 = hashlib.sha256(data).hexdigest()
    if known and known[0].sha256 == sha256:
        old = known[0]
        record = SourceRecord(file.name, len(data), status.st_mtime_ns, settled, sha256, old.entries, old.warnings)
        return _Look(record, known[1], [])
    warnings: list[str] = []
    places: list[str] = []
    order: list[tuple[int, int]] = []
    read: list[tuple[bytes, list[Draft]]] = []
    for piece in split_file(file, data, warnings):
        key = digest(file.name.encode(), piece.text.encode())
        entry = before.entries.get(key) if before else None
        if entry is None:
            entry = NEW, len(new) + len(read)
            read.append((key, piece.read()))
        order.append(entry)
        places.append(piece.place)
    new.extend(read)
    record = SourceRecord(file.name, len(data), status.st_mtime_ns, settled, sha256, len(order), tuple(warnings))
    return _Look(record, np.array(order, dtype=np.int64).reshape(-1, 2), places)


def _without_same_ids(
    looks: list[_Look], before: Before | None, new: Sequence[tuple[bytes, list[Draft]]], problems: list[str]
) -> list[_Look]:
    """The files but those with an article whose id another has already; a line for each such file."""
    keys = [_article_keys(look.order, before, new) for look in looks]
    every = np.concatenate([np.empty((0, KEY_BYTES), np.uint8), *keys]).view(f"V{KEY_BYTES}").reshape(-1)
    if len(np.unique(every)) == len(every):
        return looks
    seen: dict[bytes, str] = {}
    kept = []
    for look in looks:
        found: dict[bytes, str] = {}
        problem = ""
        for number, entry in enumerate(look.order):
            place = look.places[number] if look.places else look.record.name
            for key in _article_keys(entry[None, :], before, new):
                other = seen.get(key.tobytes()) or found.get(key.tobytes())
                if other and not problem:
                    problem = same_id(place, _article_id(entry, key.tobytes(), before, new), other)
                found[key.tobytes()] = place
        if problem:
            problems.append(problem)
        else:
            seen.update(found)
            kept.append(look)
    return kept


def _article_keys(order: Order, before: Before | None, new: Sequence[tuple[bytes, list[Draft]]]) -> Keys:
    """The digests of the ids of entries' articles, in any order."""
    fresh = [new[place][1] for number, place in order[order[:, 0] == NEW].tolist()]
    keys = b"".join(digest(draft.article.id.encode()) for drafts in fresh for draft in drafts)
    found = np.frombuffer(keys, np.uint8).reshape(-1, KEY_BYTES)
    known = order[order[:, 0] != NEW]
    return np.concatenate([found, before.article_keys(known)]) if before and len(known) else found


def _article_id(entry: Order, key: bytes, before: Before | None, new: Sequence[tuple[bytes, list[Draft]]]) -> str:
    number, place = entry.tolist()
    if number == NEW:
        ids: list[str] = [draft.article.id for draft in new[place][1]]
    else:
        assert before is not None
        ids = [article.id for article, _ in before.segments[number].entry(place).articles]
    return next(each for each in ids if digest(each.encode()) == key)
