"""From source characters to the words a reader reads, each character's origin kept.

The declared clean-up, applied alike to every source:

* white space and line ends become one space (nothing between Chinese or Japanese characters);
* the pieces of a paragraph that something cuts in two are joined by a space;
* a word hyphenated at a line end or a cut is joined again; the hyphen stays where the source elsewhere
  writes the word with it, or knows both halves but never the joined word, and before a capital or a digit;
* Markdown is read: escapes, character references, emphasis, code ticks, links and images leave their text;
* soft hyphens and zero-width characters vanish.
"""

import html
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html.entities import html5
from operator import itemgetter

from index.article import Span

CLEANUP_VERSION = "1"

_CJK = r"\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef"
_SPECIAL = re.compile(r"[\\*_`\[&\u00ad\u200b-\u200d\u2060\ufeff]|\s\s|[^\S ]|^\s|\s$")
_MARKUP = re.compile(
    r"""
      \\(?P<escape>[!-/:-@\[-`{-~])
    | !?\[(?P<link>[^\[\]\n]{0,1000})\]\([^()\s]{0,2000}(?:\([^()\s]{0,1000}\)[^()\s]{0,1000})?(?:\s+"[^"\n]{0,1000}")?\)
    | (?P<fence>`{1,3})(?P<code>[^`\n]{1,1000})(?P=fence)
    | (?<![\w*])(?P<stars>\*{1,3})(?=[^\s*])(?P<starred>[^*]{1,2000}?)(?<=\S)(?P=stars)(?![\w*])
    | (?<![\w_])(?P<lines>_{1,3})(?=[^\s_])(?P<lined>[^_]{1,2000}?)(?<=\S)(?P=lines)(?![\w_])
    | (?P<reference>&(?:\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)
    | (?P<invisible>[\u00ad\u200b-\u200d\u2060\ufeff]+)
    | (?P<space>\s{2,}|[^\S ]|(?<![^\W_])[ ]|[ ](?![^\W_]))
    """,
    re.VERBOSE,
)
_SPACE = re.compile(r"\s+")
_WORD_BEFORE_HYPHEN = re.compile(r"(?<![^\W_])[^\W_]+(?=-$)")
_WORD_AFTER_HYPHEN = re.compile(r"^[^\W_]+")
# "pre- and post-war": the hyphen ends its word.
_AFTER_HANGING_HYPHEN = re.compile(r"(?:and|or|nor|to|und|oder|et|ou|y|o)\s+[^\W_]{1,40}-")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200d\u2060\ufeff]+")
_ENDS_IN_CJK = re.compile(f"[{_CJK}]$")
_STARTS_WITH_CJK = re.compile(f"^[{_CJK}]")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A run of clean text and the source range it came from; as long as that range unless it was replaced."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class CleanText:
    """Clean text and its way back to the source."""

    text: str
    spans: tuple[Span, ...]
    _pieces: tuple[_Piece, ...]
    _starts: tuple[int, ...]

    def source_spans(self, start: int, end: int) -> tuple[Span, ...]:
        """Where text[start:end] stands in the source: one range for each of the spans that it touches.

        Raises ValueError for an empty range or one that leaves the text.
        """
        if not 0 <= start < end <= len(self.text):
            raise ValueError(f"no characters {start} to {end} in a text of {len(self.text)}")
        touched: dict[Span, Span] = {}
        for position in range(bisect_right(self._starts, start) - 1, len(self._pieces)):
            offset, piece = self._starts[position], self._pieces[position]
            if offset >= end:
                break
            begin, stop = piece.start, piece.end
            if len(piece.text) == stop - begin:
                begin, stop = begin + max(0, start - offset), begin + min(len(piece.text), end - offset)
            # A piece stands in one span, or at the cut behind it.
            span = self.spans[bisect_right(self.spans, begin, key=itemgetter(0)) - 1]
            if begin < span[1]:
                low, high = touched.get(span, (begin, stop))
                touched[span] = min(low, begin), min(span[1], max(high, stop))
        ranges = list(touched.items())
        # A range over a cut holds all that stands at the cut, a dropped hyphen too.
        return tuple(
            (low if place == 0 else span[0], high if place == len(ranges) - 1 else span[1])
            for place, (span, (low, high)) in enumerate(ranges)
        )


def clean_up(source: str, spans: Sequence[Span]) -> CleanText:
    """The text that a reader reads at `spans` of `source`, by the rules above.

    The same source and spans always give the same text. Raises ValueError for spans that are
    empty, out of order or outside the source.
    """
    last = 0
    for start, end in spans:
        if not last <= start < end <= len(source):
            raise ValueError(f"spans {list(spans)} are not ordered ranges of a text of {len(source)} characters")
        last = end
    pieces: list[_Piece] = []
    for start, end in spans:
        if pieces:
            # The cut between two spans reads as a line end.
            pieces.append(_Piece("\n", pieces[-1].end, start))
        # One space between two letters stays as it is: what stands before the span is no letter of it.
        leading = _SPACE.match(source, start, end)
        if leading:
            pieces.append(_space(leading))
        pieces.extend(_read_markup(source, leading.end() if leading else start, end))
    pieces = _join_lines(source, pieces)
    starts, length = [], 0
    for piece in pieces:
        starts.append(length)
        length += len(piece.text)
    return CleanText("".join(piece.text for piece in pieces), tuple(spans), tuple(pieces), tuple(starts))


def _read_markup(source: str, start: int, end: int) -> Iterator[_Piece]:
    """The pieces of source[start:end] with Markdown read and white space as one space, or one line end."""
    if not _SPECIAL.search(source[start:end]):
        yield _Piece(source[start:end], start, end)
        return
    position = start
    for match in _MARKUP.finditer(source, start, end):
        if match.start() > position:
            yield _Piece(source[position : match.start()], position, match.start())
        position = match.end()
        group = match.lastgroup or ""
        group = {"stars": "starred", "lines": "lined", "fence": "code"}.get(group, group)
        inner_start, inner_end = match.span(group)
        if group == "space":
            yield _space(match)
        elif group == "reference":
            yield _Piece(_unescape(match.group()), *match.span())
        elif group == "escape":
            yield _Piece(match.group(group), inner_start, inner_end)
        elif group == "code":
            yield from _read_code(source, inner_start, inner_end)
        elif group in {"link", "starred", "lined"} and inner_end > inner_start:
            yield from _read_markup(source, inner_start, inner_end)
    if position < end:
        yield _Piece(source[position:end], position, end)


def _space(white: re.Match[str]) -> _Piece:
    return _Piece("\n" if "\n" in white.group() else " ", *white.span())


def _read_code(source: str, start: int, end: int) -> Iterator[_Piece]:
    for match in re.compile(r"\s+|\S+").finditer(source, start, end):
        yield _Piece(" " if match.group().isspace() else match.group(), *match.span())


def _unescape(reference: str) -> str:
    """The character that a reference names; a reference to none stays, one to white space is a space."""
    if not reference.startswith("&#") and reference[1:] not in html5:
        return reference
    text = html.unescape(reference)
    return " " if text.isspace() else _INVISIBLE.sub("", text)


def _join_lines(source: str, pieces: Sequence[_Piece]) -> list[_Piece]:
    """The pieces with line ends joined, hyphenation undone, and no white space at the ends or in a row."""
    joined: list[_Piece] = []
    followings = _followings(pieces)
    for piece, following in zip(pieces, followings, strict=True):
        if not piece.text:
            continue
        if piece.text not in {" ", "\n"}:
            joined.append(piece)
            continue
        if not joined or not following or joined[-1].text.endswith(" "):
            continue
        if piece.text == "\n":
            before = joined[-1].text
            if _ENDS_IN_CJK.search(before) and _STARTS_WITH_CJK.search(following):
                continue
            halves = _WORD_BEFORE_HYPHEN.search(before), _WORD_AFTER_HYPHEN.search(following)
            if halves[0] and halves[1] and not _AFTER_HANGING_HYPHEN.match(source, piece.end):
                first, second = halves[0].group(), halves[1].group()
                if first.isalpha() and second.islower() and not _hyphen_belongs(source, first, second):
                    shorter = before[:-1]
                    joined[-1] = _Piece(shorter, joined[-1].start, joined[-1].end - 1)
                continue
        joined.append(_Piece(" ", piece.start, piece.end))
    return joined


def _followings(pieces: Sequence[_Piece]) -> list[str]:
    """For each piece the text of the next one that is no white space, "" if none is."""
    followings, following = [""] * len(pieces), ""
    for position in range(len(pieces) - 1, -1, -1):
        followings[position] = following
        if pieces[position].text.strip():
            following = pieces[position].text
    return followings


def _hyphen_belongs(source: str, first: str, second: str) -> bool:
    """Whether the word cut at a hyphen is written with it, judged by the words of the same source."""
    first, second, words = first.casefold(), second.casefold(), _words(source)
    if first + second in words:
        return False
    return f"{first}-{second}" in words or {first, second} <= words


@lru_cache(maxsize=2)
def _words(source: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in re.findall(r"[\w-]+", source))
