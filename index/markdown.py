"""Markdown articles: front matter, headings as sections, paragraphs, lists, tables and code as blocks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from index import lines
from index.article import Kind, Span
from index.cleanup import clean_up
from index.errors import SourceError
from index.stories import Block, Story, cut_credits

MARKDOWN_VERSION = "1"
# A list up to this many characters is one passage; a longer one, a passage an item.
_SHORT_LIST = 600


def read_markdown(text: str, source: str) -> Story:
    """The one story of a Markdown file. Raises SourceError if its front matter is not YAML; `source` names the file."""
    parser = MarkdownIt("commonmark").enable("table").use(front_matter_plugin)
    reader = _Reader(text, source)
    reader.read(parser.parse(text))
    return reader.story


@dataclass(slots=True)
class _Reader:
    text: str
    source: str
    story: Story = field(default_factory=Story)
    _starts: list[int] = field(default_factory=list)
    _headings: dict[int, str] = field(default_factory=dict)

    def read(self, tokens: list[Token]) -> None:
        self._starts = [0, *(position + 1 for position, character in enumerate(self.text) if character == "\n")]
        self.story.extent = (0, len(self.text))
        position = 0
        while position < len(tokens):
            token = tokens[position]
            end = _closing(tokens, position)
            self._read_block(token, tokens[position : end + 1])
            position = end + 1

    def _read_block(self, token: Token, inside: list[Token]) -> None:
        if token.type == "front_matter":
            self._read_front_matter(token)
        elif token.type == "heading_open":
            self._read_heading(int(token.tag[1:]), inside[1])
        elif token.type in {"bullet_list_open", "ordered_list_open"}:
            self._read_list(inside)
        elif token.type == "table_open":
            self._add("table", [span for inline in _inlines(inside) for span in self._cell_spans(inline)])
        elif token.type in {"fence", "code_block"} and token.map:
            first, last = token.map
            fence = token.type == "fence"
            self._add("code", self._line_spans(first + fence, last - fence))
        elif token.type == "html_block" and token.map and not token.content.lstrip().startswith("<!--"):
            self._add("paragraph", self._line_spans(*token.map))
        else:
            for inline in _inlines(inside):
                self._read_paragraph(inline)

    def _read_heading(self, level: int, inline: Token) -> None:
        spans = self._inline_spans(inline)
        if not spans:
            return
        heading = clean_up(self.text, spans).text
        if not self.story.title and not self.story.blocks and not self._headings:
            self.story.title = heading
            return
        self._headings = {depth: text for depth, text in self._headings.items() if depth < level}
        if heading != self.story.title:
            self._headings[level] = heading

    def _read_paragraph(self, inline: Token) -> None:
        spans = self._inline_spans(inline)
        plain = inline.content.strip()
        if not self.story.blocks and self._read_metadata(plain):
            return
        if lines.is_sign_off(plain):
            self.story.credits.append(plain)
            return
        if len(spans) == 1 and (cut := cut_credits(self.text, *spans[0]))[0]:
            self.story.credits.extend(self.text[slice(*span)] for span in cut[0])
            self._add("caption", list(cut[1]))
            return
        pictures = all(child.type in {"image", "softbreak"} for child in inline.children or [])
        self._add("caption" if pictures else "paragraph", spans)

    def _read_metadata(self, plain: str) -> bool:
        """Whether every line of a paragraph is a byline or a date; if so, the story's own is taken from them."""
        found = [
            (lines.read_byline(line), lines.read_date(line)) for line in re.split(r"[*_\s]*\n[*_\s]*", plain.strip("*_"))
        ]
        if not all(byline or published for byline, published in found):
            return False
        for byline, published in found:
            self.story.byline = self.story.byline or byline or ""
            self.story.published = self.story.published or published
        return True

    def _read_list(self, inside: list[Token]) -> None:
        items: list[list[Span]] = []
        for token in inside:
            if token.type == "list_item_open" and token.level == inside[0].level + 1:
                items.append([])
            elif token.type == "inline" and items:
                items[-1].extend(self._inline_spans(token))
            elif token.type in {"fence", "code_block"} and token.map and items:
                fence = token.type == "fence"
                items[-1].extend(self._line_spans(token.map[0] + fence, token.map[1] - fence))
        if sum(end - start for item in items for start, end in item) <= _SHORT_LIST:
            items = [[span for item in items for span in item]]
        for item in items:
            self._add("paragraph", item)

    def _read_front_matter(self, token: Token) -> None:
        try:
            data = yaml.safe_load(token.content) or {}
        except Exception as error:  # PyYAML raises whatever its constructors do: 2021-02-30 is a ValueError
            mark = getattr(error, "problem_mark", None)
            line = (mark.line if mark else 0) + 2
            found = getattr(error, "problem", None) or str(error).split("\n")[0]
            raise SourceError(
                f"{self.source}:{line}: the front matter is not YAML ({found}): mend it or remove it"
            ) from None
        if not isinstance(data, dict):
            raise SourceError(f"{self.source}:1: the front matter is no list of fields: expected lines like 'title: …'")
        fill_metadata(self.story, data)

    def _add(self, kind: Kind, spans: list[Span]) -> None:
        spans = [span for span in spans if self.text[slice(*span)].strip()]
        if spans and clean_up(self.text, spans).text:
            section = " – ".join(text for _, text in sorted(self._headings.items()))
            self.story.blocks.append(Block(kind, tuple(spans), section))

    def _inline_spans(self, inline: Token) -> list[Span]:
        """Where a paragraph's own words stand: each line without list marks and quote marks, whole where it has none."""
        if not inline.map:
            return []
        spans: list[Span] = []
        for number, content in zip(range(*inline.map), inline.content.split("\n"), strict=False):
            content = content.strip()
            start, end = self._line(number)
            found = self.text.rfind(content, start, end)
            if content and found >= 0:
                spans.append((found, found + len(content)))
        if len(spans) > 1 and all(not self.text[a[1] : b[0]].strip() for a, b in pairwise(spans)):
            return [(spans[0][0], spans[-1][1])]
        return spans

    def _cell_spans(self, inline: Token) -> list[Span]:
        if not inline.map or not inline.content:
            return []
        start, end = self._line(inline.map[0])
        used = self._cells.get(inline.map[0], start)
        # In the source a bar within a cell is escaped.
        for content in (inline.content.replace("|", "\\|"), inline.content):
            found = self.text.find(content, used, end)
            if found >= 0:
                self._cells[inline.map[0]] = found + len(content)
                return [(found, found + len(content))]
        return []

    _cells: dict[int, int] = field(default_factory=dict)

    def _line_spans(self, first: int, last: int) -> list[Span]:
        if first >= last:
            return []
        start, end = self._line(first)[0], self._line(last - 1)[1]
        piece = self.text[start:end]
        return [(start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip()))] if piece.strip() else []

    def _line(self, number: int) -> Span:
        end = self._starts[number + 1] - 1 if number + 1 < len(self._starts) else len(self.text)
        return self._starts[number], end


def fill_metadata(story: Story, data: dict[Any, Any]) -> None:
    """Fills in what front matter, or a corpus line's metadata, tells of an article."""

    def value(*names: str) -> str:
        for name in names:
            found = data.get(name)
            if isinstance(found, list):
                found = ", ".join(str(item) for item in found)
            if found is not None and str(found).strip():
                # YAML can name half of a character ("\ud83d"), which no file can hold.
                return " ".join(str(found).split()).encode(errors="replace").decode()
        return ""

    story.title = value("title", "headline") or story.title
    story.byline = value("byline", "author", "authors", "by") or story.byline
    story.url = value("url", "link", "source_url", "canonical_url") or story.url
    story.section = value("section", "category") or story.section
    story.published = lines.parse_date(value("published", "date", "pubdate", "publication_date")) or story.published


def _closing(tokens: list[Token], position: int) -> int:
    """The position of the token that closes the block opened at `position`."""
    depth = 0
    for end in range(position, len(tokens)):
        depth += tokens[end].nesting
        if depth <= 0:
            return end
    return len(tokens) - 1


def _inlines(tokens: list[Token]) -> Iterator[Token]:
    return (token for token in tokens if token.type == "inline")
