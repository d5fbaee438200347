"""What is searched: articles, and the passages that they are made of."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

Span: TypeAlias = tuple[int, int]
"""(start, end): character offsets in an article's source text, end exclusive."""

Kind: TypeAlias = Literal["paragraph", "standfirst", "caption", "table", "code"]
"""What a passage is in its article."""


@dataclass(frozen=True, slots=True)
class Article:
    """One article. `text` is its source as stored: a page's stories share one text, each at its own `extent`.

    A file's text is its characters decoded as UTF-8, without a byte order mark and with line ends as `\\n`;
    a corpus line's text is its `text` field. All spans of the article's passages are offsets in it.
    """

    id: str
    title: str
    text: str
    source: str
    extent: Span
    published: date | None = None
    byline: str = ""
    url: str = ""
    section: str = ""
    credits: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Article({self.id!r}, {self.title!r}, {self.published or 'undated'})"


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph. Its text is what a reader reads: `clean_up(article.text, spans).text` (see index/cleanup.py).

    `section` is the heading it stands under, `number` its place among its article's passages, from 1.
    """

    article: Article
    spans: tuple[Span, ...]
    kind: Kind
    text: str
    section: str
    number: int

    @property
    def id(self) -> str:
        """The article and where the passage begins in its source: stays the same in every index of that text."""
        return f"{self.article.id}@{self.spans[0][0]}"

    def __repr__(self) -> str:
        start = self.text if len(self.text) <= 60 else self.text[:59] + "…"
        return f"Passage({self.id!r}, {self.kind}, {start!r})"
