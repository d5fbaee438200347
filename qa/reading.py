"""Articles as a reader reads them now: their files read anew, as one text each, with the way back to the source."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from index.article import Span
from index.cleanup import CleanText, clean_up
from index.errors import SourceError
from index.sources import Draft, SourceFile, find_sources, read_sources


class Reading:
    """What offsets count in, read: a file's stories one after the other, or a line of a corpus.

    `text` is its paragraphs, a space between any two; `source` what they are read from.
    """

    def __init__(self, drafts: Sequence[Draft]) -> None:
        self.source = drafts[0].article.text
        self._drafts = drafts

    @cached_property
    def text(self) -> str:
        return " ".join(clean.text for clean in self._paragraphs)

    def spans(self, start: int, end: int) -> tuple[Span, ...]:
        """Where text[start:end] stands in the source."""
        spans: list[Span] = []
        for number in range(bisect_right(self._starts, start) - 1, bisect_right(self._starts, end - 1)):
            begins, clean = self._starts[number], self._paragraphs[number]
            low, high = max(0, start - begins), min(len(clean.text), end - begins)
            if low < high:
                spans += clean.source_spans(low, high)
        return tuple(spans)

    def place(self, offset: int) -> int:
        """Where in the text the last paragraph begins that begins before a place in the source."""
        number = bisect_right(self._paragraphs, offset, key=lambda clean: clean.spans[0][0]) - 1
        return self._starts[max(0, number)] if self._starts else 0

    def article(self, offset: int) -> str:
        """The id of the article that holds a place in the source, or of the one nearest to it."""

        def distance(draft: Draft) -> int:
            start, end = draft.article.extent
            return max(start - offset, offset - end, 0)

        return min(self._drafts, key=distance).article.id

    @cached_property
    def _paragraphs(self) -> list[CleanText]:
        read = (clean_up(self.source, block.spans) for draft in self._drafts for block in draft.blocks)
        return sorted((clean for clean in read if clean.text), key=lambda clean: clean.spans[0])

    @cached_property
    def _starts(self) -> list[int]:
        starts, length = [], 0
        for clean in self._paragraphs:
            starts.append(length)
            length += len(clean.text) + 1
        return starts


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file's readings: the one of all its stories, or those of a corpus's lines by id. `problem` says why it has none."""

    problem: str = ""
    whole: Reading | None = None
    lines: Mapping[str, Reading] = field(default_factory=dict)

    def of(self, article: str) -> Reading | None:
        """What an article's offsets count in; None if there is no such article."""
        return self.whole or self.lines.get(article)


def read_files(paths: Sequence[str], names: Iterable[str]) -> dict[str, ReadFile]:
    """The files that articles cite by `names`, among the files and folders that an index was built of, as they are now."""
    there = [path for path in paths if Path(path).exists()]
    try:
        found = {file.name: file for file in find_sources(there or paths)}
    except SourceError as error:
        return dict.fromkeys(names, ReadFile(str(error)))
    return {name: _read(found[name]) if name in found else ReadFile(f"there is no file {name}") for name in names}


def _read(file: SourceFile) -> ReadFile:
    read = read_sources([file])
    if read.problems:
        return ReadFile(read.problems[0])
    if file.path.suffix.lower() == ".jsonl":
        return ReadFile(lines={draft.article.id: Reading([draft]) for draft in read.drafts})
    return ReadFile(whole=Reading(read.drafts))
