"""From the text of a page to its stories: titles, bylines, dates, and paragraphs made whole again.

Pages that come out of newspapers are broken: captions and column breaks cut sentences in two, several
stories share a page, and breadcrumbs, dates, bylines and credits stand between the paragraphs.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise

from index import lines
from index.article import Kind, Span

STORIES_VERSION = "1"

_BLANK = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")
# Text wrapped at a margin has no longer lines than this; in text with longer ones each line is a paragraph.
_WRAPPED = 120
# Headings in a row: a title with its standfirst; any more are a list or verse.
_HEADINGS_IN_A_ROW = 2
_CAPTION_WORDS = 60
# A line between title and first paragraph with as many words says something; with fewer it is a heading.
_STANDFIRST_WORDS = 6
# More pieces than captions and columns cut a paragraph into are a list.
_MOST_CUTS = 8


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of a story, where it stands in the source, and the heading above it."""

    kind: Kind
    spans: tuple[Span, ...]
    section: str = ""


@dataclass(slots=True)
class Story:
    """What a page tells of one story. `extent` reaches from its first to its last line."""

    title: str = ""
    byline: str = ""
    published: date | None = None
    section: str = ""
    url: str = ""
    credits: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    extent: Span = (0, 0)


@dataclass(frozen=True, slots=True)
class _Part:
    """A block of lines of the page, and what it was seen to be."""

    role: str  # text, caption, heading, title, or one of the metadata: breadcrumb, date, byline, sign-off, credit, url
    spans: tuple[Span, ...]
    text: str

    @property
    def is_prose(self) -> bool:
        return self.role in {"text", "heading"}


def read_stories(text: str) -> list[Story]:
    """The stories of a page, in order: at least one if there is anything but white space."""
    parts = _mark_headings(_join_cut_sentences(_classify(text)))
    titles = _find_titles(parts)
    bounds = [*_story_starts(parts, titles), len(parts)]
    return [_read_story(parts[start:end]) for start, end in pairwise(bounds)]


def read_body(text: str, title: str = "") -> Story:
    """The one story of a text that may have its title elsewhere (a line of a corpus)."""
    parts = _mark_headings(_join_cut_sentences(_classify(text)))
    story = _read_story(parts, title) if parts else Story(title)
    if parts and not story.blocks:
        # Whatever its form tells: it is all there is.
        story.blocks.append(Block("paragraph", (story.extent,)))
    return story


def _classify(text: str) -> list[_Part]:
    """The page as parts, each with the role that its form alone tells."""
    parts: list[_Part] = []
    seen_prose = False
    for start, end in _split(text):
        block = text[start:end]
        role = "text"
        spans: tuple[Span, ...] = ((start, end),)
        credited, rest = cut_credits(text, start, end)
        if credited:
            role, spans = ("caption", rest) if rest else ("credit", spans)
        elif lines.is_sign_off(block):
            role, seen_prose = "sign-off", False
        elif lines.read_byline(block):
            role = "byline"
        elif lines.read_date(block):
            role = "date"
        elif lines.read_url(block):
            role = "url"
        elif not seen_prose and lines.is_breadcrumb(block):
            role = "breadcrumb"
        elif lines.is_finished(block):
            seen_prose = True
        parts.append(_Part(role, spans, block))
        if role == "caption":
            parts.extend(_Part("credit", (span,), text[slice(*span)]) for span in credited)
    return parts


def _split(text: str) -> Iterator[Span]:
    """Where the blocks of a text stand: between blank lines, at metadata lines, and line by line in unwrapped text."""
    gaps = [*_BLANK.finditer(text)]
    edges = [0, *(edge for gap in gaps for edge in gap.span()), len(text)]
    blocks = [_lines(text, start, end) for start, end in zip(edges[::2], edges[1::2], strict=True)]
    blocks = [block for block in blocks if block]
    if blocks and _begins_with_title(text, blocks[0]):
        blocks[:1] = [blocks[0][:1], blocks[0][1:]]
    broken = [block for block in blocks if len(block) > 1]
    for block in blocks:
        # Where only one block has lines, and each ends as a sentence, a line is a paragraph too.
        alone = broken == [block] and all(lines.is_finished(line) or _is_metadata(line) for line in _texts(text, block))
        yield from _split_lines(text, block, wrapped=not alone and all(high - low <= _WRAPPED for low, high in block))


def _lines(text: str, start: int, end: int) -> list[Span]:
    spans = [_strip(text, *match.span()) for match in re.compile(r"[^\n]+").finditer(text, start, end)]
    return [span for span in spans if span[0] < span[1]]


def _texts(text: str, spans: Sequence[Span]) -> Iterator[str]:
    return (text[start:end] for start, end in spans)


def _is_metadata(line: str) -> bool:
    """Whether a line tells of the story by itself, without blank lines around it."""
    return bool(lines.read_byline(line) or lines.read_date(line) or lines.is_sign_off(line) or lines.read_url(line))


def _begins_with_title(text: str, block: Sequence[Span]) -> bool:
    """Whether a block's first line is a title: it ends where the next line's first word would still have fitted."""
    if len(block) < 2:
        return False
    first, second = _texts(text, block[:2])
    width = max(end - start for start, end in block)
    fits = len(first) + 1 + len(second.split()[0]) <= width
    return fits and lines.looks_like_heading(first) and not lines.continues(second) and not _is_metadata(first)


def _split_lines(text: str, spans: Sequence[Span], *, wrapped: bool) -> Iterator[Span]:
    begin: int | None = None
    for position, (low, high) in enumerate(spans):
        alone = _is_metadata(text[low:high])
        if begin is not None and (alone or not wrapped):
            yield begin, spans[position - 1][1]
            begin = None
        if alone or not wrapped:
            yield low, high
        elif begin is None:
            begin = low
    if begin is not None:
        yield begin, spans[-1][1]


def _strip(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())


def cut_credits(text: str, start: int, end: int) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Where the photo credits of a block stand, and where the rest of it does, bare punctuation aside.

    Too much text for a caption has no credits: what looks like one there is a part of it.
    """
    block = text[start:end]
    credited = tuple((start + low, start + high) for low, high in lines.find_credits(block))
    if len(block.split()) > _CAPTION_WORDS * (1 + len(credited)):
        return (), ((start, end),)
    edges = [start, *(edge for span in credited for edge in span), end]
    rest = [_strip(text, low, high) for low, high in zip(edges[::2], edges[1::2], strict=True)]
    return credited, tuple((low, high) for low, high in rest if re.search(r"\w", text[low:high]))


def _join_cut_sentences(parts: Sequence[_Part]) -> list[_Part]:
    """The parts with every sentence that a caption or a column break cuts in two made whole, as one part."""
    joined: list[_Part] = []
    taken: set[int] = set()
    roles = {position: part.role for position, part in enumerate(parts)}
    opening = True
    for position, part in enumerate(parts):
        if position in taken:
            continue
        part = replace(part, role=roles[position])
        # A page's first short line is its title, whatever the next begins with.
        title, opening = opening and lines.looks_like_heading(part.text), opening and part.role != "text"
        while (
            part.role == "text"
            and not title
            and len(part.spans) <= _MOST_CUTS
            and not lines.is_finished(part.text)
            and not lines.continues(part.text)
        ):
            rest = _find_rest(parts, position, part, roles)
            if rest is None:
                break
            taken.add(rest)
            part = _Part("text", (*part.spans, *parts[rest].spans), f"{part.text} {parts[rest].text}")
            position = rest
        joined.append(part)
    return joined


def _find_rest(parts: Sequence[_Part], position: int, part: _Part, roles: dict[int, str]) -> int | None:
    """Which later part goes on with the unfinished `part`; marks a paragraph that interrupts it as a caption."""
    following = [
        later for later in range(position + 1, min(position + 8, len(parts))) if roles[later] not in {"caption", "credit"}
    ]
    if not following or roles[following[0]] != "text":
        return None
    first = parts[following[0]]
    if lines.continues(first.text):
        return following[0]
    if len(following) > 1 and roles[following[1]] == "text" and lines.continues(parts[following[1]].text):
        interrupts = lines.is_finished(first.text) and len(first.text.split()) <= _CAPTION_WORDS
        if position > 0 and interrupts and len(part.text.split()) > 5:
            roles[following[0]] = "caption"
            return following[1]
    captioned = following[0] > position + 1 and lines.is_finished(first.text)
    cut = lines.runs_on(part.text) or (captioned and lines.is_prose(part.text))
    return following[0] if cut and not _is_headline(parts, following[0]) else None


def _is_headline(parts: Sequence[_Part], position: int) -> bool:
    """Whether the part at `position` is a heading that a byline or date follows: the next story's title."""
    for part in parts[position : position + 3]:
        if part.role in {"byline", "date"}:
            return True
        if part.role != "text" or not lines.looks_like_heading(part.text):
            return False
    return False


def _mark_headings(parts: Sequence[_Part]) -> list[_Part]:
    """The parts with headings told from short paragraphs: short, unfinished, few in a row, with text below them."""
    marked = [
        replace(part, role="heading")
        if part.role == "text" and len(part.spans) == 1 and lines.looks_like_heading(part.text)
        else part
        for part in parts
    ]
    result: list[_Part] = []
    run: list[_Part] = []
    for part in [*marked, None]:
        if part is not None and part.role == "heading":
            run.append(part)
            continue
        ends = part is None or part.role == "sign-off"
        if run and (ends or len(run) > _HEADINGS_IN_A_ROW) and not (part is not None and part.role in {"byline", "date"}):
            run = _demote(run, keep_first=not result and len(run) > 1)
        result.extend(run)
        run = []
        if part is not None:
            result.append(part)
    return result


def _demote(run: Sequence[_Part], *, keep_first: bool) -> list[_Part]:
    """A row of short lines with no text of their own as one paragraph, after the title if it begins a page."""
    title, rest = (list(run[:1]), run[1:]) if keep_first else ([], run)
    spans = tuple(span for part in rest for span in part.spans)
    return [*title, _Part("text", spans, "\n".join(part.text for part in rest))]


def _find_titles(parts: Sequence[_Part]) -> set[int]:
    """Which headings are titles: the page's first, one with a byline or date below, one after a sign-off."""
    titles: set[int] = set()
    fresh, run_start = True, None
    for position, part in enumerate(parts):
        if part.role == "heading":
            run_start = position if run_start is None else run_start
            if fresh:
                titles.add(run_start)
                fresh = False
        elif part.role == "text":
            fresh, run_start = False, None
        elif part.role in {"byline", "date"} and run_start is not None:
            titles.add(run_start)
            fresh = False
        elif part.role == "sign-off":
            fresh, run_start = True, None
        elif part.role == "caption":
            run_start = None
    return titles


def _story_starts(parts: Sequence[_Part], titles: set[int]) -> list[int]:
    """Where stories begin: at their titles, or at the breadcrumb and date right above; the first at the page's top."""
    starts = []
    for title in sorted(titles):
        start = title
        while start > 0 and parts[start - 1].role in {"breadcrumb", "date", "url"}:
            start -= 1
        starts.append(start)
    if not parts:
        return []
    if not starts or any(part.role in {"text", "sign-off", "byline"} for part in parts[: starts[0]]):
        return [0, *starts]
    return [0, *starts[1:]]


def _read_story(parts: Sequence[_Part], title: str = "") -> Story:
    story = Story(title, extent=(min(p.spans[0][0] for p in parts), max(p.spans[-1][1] for p in parts)))
    heading: list[str] = []
    used = True
    for part in parts:
        if part.role == "heading":
            if not story.title and not story.blocks:
                story.title = _one_line(part.text)
            elif _is_standfirst(story, part):
                story.blocks.append(Block("standfirst", part.spans))
            else:
                heading, used = [*([] if used else heading), _one_line(part.text)], False
        elif part.role in {"text", "caption"} or _is_said_already(story, part):
            kind: Kind = "caption" if part.role == "caption" else "paragraph"
            story.blocks.append(Block(kind, part.spans, " – ".join(heading)))
            used = True
        else:
            _read_metadata(story, part)
    return story


def _is_standfirst(story: Story, part: _Part) -> bool:
    """Whether a heading says something between title and first paragraph, rather than head what follows."""
    begun = any(block.kind == "paragraph" for block in story.blocks)
    return not begun and len(part.text.split()) >= _STANDFIRST_WORDS


def _is_said_already(story: Story, part: _Part) -> bool:
    """Whether a bare date or address is one more than the story's own: then it is a line of its text."""
    if part.role == "date":
        return story.published is not None and not lines.is_labelled(part.text)
    return part.role == "url" and bool(story.url)


def _read_metadata(story: Story, part: _Part) -> None:
    if part.role == "breadcrumb":
        story.section = lines.breadcrumb_section(part.text)
    elif part.role == "date":
        story.published = story.published or lines.read_date(part.text)
    elif part.role == "byline":
        story.byline = ", ".join(filter(None, [story.byline, lines.read_byline(part.text)]))
    elif part.role == "url":
        story.url = story.url or lines.read_url(part.text) or ""
    else:
        story.credits.append(_one_line(part.text))


def _one_line(text: str) -> str:
    return " ".join(text.split())
