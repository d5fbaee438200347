"""Every article of an index, told without its text: to be listed, sorted and searched by title and source."""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from index.arrays import Rows
from index.files import reading
from index.places import Places
from index.records import Records
from index.segment import KEY_BYTES, KINDS, Keys, Segment, digest
from index.state import places_of, read_order
from index.store import Manifest, open_named

Column: TypeAlias = Literal["order", "title", "source", "date", "passages"]
"""What articles are sorted by; `order` is the index's own."""

COLUMNS: tuple[Column, ...] = get_args(Column)


class Card(NamedTuple):
    """An article in the list: its number in the index, and what it is called, from where, of when, how long.

    `title` is the source if it has none; `day` is as `date.toordinal` counts, 0 for none; `kinds` counts the passages.
    """

    number: int
    title: str
    source: str
    day: int
    passages: int
    kinds: dict[str, int]


class Catalogue:
    """The articles of one build of an index, in columns. Raises IndexFolderError when opened."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.build = manifest.build
        parts = [folder / name for name, _ in manifest.segments]
        segments = [Segment(part) for part in parts]
        articles, passages = places_of(read_order(folder / manifest.build), segments)
        self._titles, self._sources = [""] * len(articles), [""] * len(articles)
        self._days = np.zeros(len(articles), np.int32)
        self._keys: Keys = np.empty((len(articles), KEY_BYTES), np.uint8)
        self._counts = np.zeros((len(articles), len(KINDS)), np.int64)
        for number, segment in enumerate(segments):
            mine = np.flatnonzero(articles.part == number)
            local = articles.local[mine]
            self._days[mine], self._keys[mine] = segment.published[local], segment.article_keys[local]
            self._counts[mine] = _kinds(segment, passages, number)[local]
            titles, sources = _titles(segment.folder), segment.article_sources
            for row, place in zip(mine.tolist(), local.tolist(), strict=True):
                self._sources[row] = segment.sources[sources[place]]
                self._titles[row] = titles[place] or self._sources[row]
        self._orders: dict[tuple[Column, bool], Rows] = {}

    @classmethod
    def open(cls, folder: Path) -> "Catalogue":
        """The catalogue of the index in `folder` as it is now. Raises IndexFolderError."""
        return open_named(folder, lambda manifest: cls(folder, manifest))

    def find(self, words: str = "", column: Column = "order", *, descending: bool = False) -> Rows:
        """The numbers of the articles with all of the words in title or source, sorted.

        Equal ones are in the index's order, those without a date behind the others.
        """
        if (column, descending) not in self._orders:
            ranks = self._ranks(column, descending)
            self._orders[column, descending] = np.argsort(-ranks if descending else ranks, kind="stable")
        order = self._orders[column, descending]
        wanted = words.casefold().split()
        if not wanted:
            return order
        said = np.fromiter((all(word in text for word in wanted) for text in self._searched), bool, len(self))
        rows: Rows = order[said[order]]
        return rows

    def card(self, number: int) -> Card:
        """An article by its number in the index."""
        counts = self._counts[number].tolist()
        return Card(
            number,
            self._titles[number],
            self._sources[number],
            int(self._days[number]),
            sum(counts),
            {kind: count for kind, count in zip(KINDS, counts, strict=True) if count},
        )

    def known(self, ids: Sequence[str]) -> dict[str, str]:
        """Those of the ids that an article has, each with its source."""
        if not len(self) or not ids:
            return {}
        keys = [digest(each.encode()) for each in ids]
        have = np.ascontiguousarray(self._keys).view(f"V{KEY_BYTES}").reshape(-1)
        rows = np.flatnonzero(np.isin(have, np.frombuffer(b"".join(keys), have.dtype)))
        sources = {have[row].tobytes(): self._sources[row] for row in rows.tolist()}
        return {each: sources[key] for each, key in zip(ids, keys, strict=True) if key in sources}

    def of_source(self, source: str) -> int:
        """How many articles a source has."""
        return self._by_source[source]

    def __len__(self) -> int:
        return len(self._titles)

    @cached_property
    def _by_source(self) -> Counter[str]:
        return Counter(self._sources)

    @cached_property
    def _searched(self) -> list[str]:
        return [f"{title}\n{source}".casefold() for title, source in zip(self._titles, self._sources, strict=True)]

    def _ranks(self, column: Column, descending: bool) -> npt.NDArray[np.int64]:
        if column == "date":
            last = 0 if descending else np.iinfo(np.int32).max
            days: npt.NDArray[np.int64] = np.where(self._days > 0, self._days, last).astype(np.int64)
            return days
        if column == "passages":
            return np.asarray(self._counts.sum(axis=1), np.int64)
        if column == "order":
            return np.arange(len(self))
        texts = [text.casefold() for text in (self._titles if column == "title" else self._sources)]
        places = {text: place for place, text in enumerate(sorted(set(texts)))}
        return np.array([places[text] for text in texts], np.int64)


def _kinds(segment: Segment, passages: Places, number: int) -> npt.NDArray[np.int64]:
    """A segment's articles, each with its passages counted by kind."""
    articles = len(segment.published)
    owner = np.repeat(np.arange(articles), np.diff(segment.article_starts))
    local = passages.local[passages.part == number]
    cells = owner[local] * len(KINDS) + segment.passage_kinds[local]
    return np.bincount(cells, minlength=articles * len(KINDS)).reshape(articles, len(KINDS))


def _titles(folder: Path) -> list[str]:
    records = Records(folder, "articles")
    with reading(records.path):
        return [str(record["title"]) for record in records]
