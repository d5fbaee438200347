"""Which passages a question is asked of: by their articles' dates and sources, and by what they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import numpy.typing as npt

from index.arrays import Rows
from index.errors import QuestionError
from index.places import Places
from index.segment import KINDS, Segment


@dataclass(frozen=True, slots=True)
class Filter:
    """Only passages of articles published from `since` to `until`, both included, of these `sources`, of these `kinds`.

    What is None or empty lets all through; an article without a date is left out once either day is given. Raises
    QuestionError for what is no day or no tuple, days in the wrong order, and a kind that there is not.
    """

    since: date | None = None
    until: date | None = None
    sources: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("since", "until"):
            day = getattr(self, name)
            if day is not None and (not isinstance(day, date) or isinstance(day, datetime)):
                raise QuestionError(f"{name} is {day!r}, expected a day as datetime.date(2021, 7, 15)")
        for name in ("sources", "kinds"):
            if not isinstance(names := getattr(self, name), tuple):
                raise QuestionError(f"{name} is {names!r}, expected a tuple of names")
        if self.since and self.until and self.since > self.until:
            raise QuestionError(f"from {self.since} to {self.until}: expected the earlier day first")
        for kind in self.kinds:
            if kind not in KINDS:
                raise QuestionError(f"no kind {kind!r}, expected {', '.join(KINDS)}")

    def __bool__(self) -> bool:
        return bool(self.since or self.until or self.sources or self.kinds)


EVERYTHING = Filter()


class Facets:
    """What passages can be told apart by, row by row: their articles' days (int32, 0 for none) and sources, and kinds."""

    def __init__(self, segments: Sequence[Segment], passages: Places) -> None:
        names = sorted({name for segment in segments for name in segment.sources})
        self.sources = {name: number for number, name in enumerate(names)}
        self._days = np.zeros(len(passages), np.int32)
        self._kinds = np.zeros(len(passages), np.uint8)
        self._source_of = np.zeros(len(passages), np.int32)
        for number, segment in enumerate(segments):
            mine = np.flatnonzero(passages.part == number)
            local = passages.local[mine]
            article = np.repeat(np.arange(len(segment.published)), np.diff(segment.article_starts))[local]
            here = np.array([self.sources[name] for name in segment.sources], np.int32)
            self._days[mine] = segment.published[article]
            self._kinds[mine] = segment.passage_kinds[local]
            self._source_of[mine] = here[segment.article_sources[article]]

    def rows(self, where: Filter) -> Rows:
        """The rows that a filter lets through, in order. Raises QuestionError for a source that there is not."""
        allowed = np.ones(len(self._days), bool)
        if where.since:
            allowed &= self._days >= where.since.toordinal()
        if where.until:
            allowed &= (self._days > 0) & (self._days <= where.until.toordinal())
        if where.sources:
            allowed &= np.isin(self._source_of, [self._source(name) for name in where.sources])
        if where.kinds:
            allowed &= np.isin(self._kinds, [KINDS.index(kind) for kind in where.kinds])
        return np.flatnonzero(allowed)

    @property
    def undated(self) -> int:
        """How many passages are of articles without a date."""
        return int((self._days == 0).sum())

    def days(self, rows: Rows) -> npt.NDArray[np.int32]:
        """The days of the rows' articles, as `date.toordinal` counts them; 0 for none."""
        return self._days[rows]

    def _source(self, name: str) -> int:
        if name not in self.sources:
            known = ", ".join(list(self.sources)[:5]) + (" …" if len(self.sources) > 5 else "")
            raise QuestionError(f"no source {name!r} in the index, expected one of {known}")
        return self.sources[name]
