"""The gold set: questions with the spans of source text that answer them."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.files import read_records
from index.article import Article
from index.errors import GoldError, SourceError

GOLD = Path(__file__).parent / "gold.jsonl"


@dataclass(frozen=True, slots=True)
class GoldSpan:
    """Words that answer: `quote` is what the article's source text says from `start` to `end`."""

    source: str
    article: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question with the spans that answer it; none if the articles do not answer it.

    In a collection that is judged by whole articles there are no spans, but `articles`: id to grade, relevant from 1 on.
    """

    id: str
    question: str
    kind: str
    relevant: tuple[GoldSpan, ...]
    answerable: bool
    note: str = ""
    articles: Mapping[str, int] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """What is asked and what answers it, as 16 characters; where a quote stands in its source is no part of it."""
        quotes = sorted({(span.source, span.quote) for span in self.relevant})
        said = json.dumps([self.question, quotes, sorted(self.articles.items())])
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def read_gold(path: Path) -> list[GoldQuestion]:
    """The gold questions of a JSONL file. Raises GoldError, naming file and line, for what cannot be used."""
    questions: list[GoldQuestion] = []
    lines: dict[str, str] = {}
    for place, record in _records(path):
        question = _question(record, place)
        if question.id in lines:
            raise GoldError(
                f"{place}: two questions with the id {question.id!r}, the other in {lines[question.id]}: rename one"
            )
        lines[question.id] = place
        questions.append(question)
    if not questions:
        raise GoldError(f"{path}: no questions: expected one JSON object a line")
    return questions


def _key(source: str, article: str) -> tuple[str, str]:
    """What tells one source text from another: the file, and in a corpus the article too."""
    return source, article if source.endswith(".jsonl") else ""


def same_text(span: GoldSpan, article: Article) -> bool:
    """Whether a gold span's offsets are offsets in this article's source text."""
    return _key(span.source, span.article) == _key(article.source, article.id)


def _records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        yield from read_records(path)
    except SourceError as error:
        raise GoldError(str(error)) from None


def _question(record: dict[str, Any], place: str) -> GoldQuestion:
    question_id, text = _field(record, "id", str, place), _field(record, "question", str, place)
    if not text.strip():
        raise GoldError(f"{place}: the question is empty: write one or remove the line")
    relevant = tuple(_span(span, place) for span in _field({"relevant": [], **record}, "relevant", list, place))
    articles = _field({"articles": {}, **record}, "articles", dict, place)
    for article, grade in articles.items():
        if not isinstance(grade, int) or isinstance(grade, bool):
            raise GoldError(f"{place}: the article {article!r} is graded {grade!r}, expected a whole number")
    has = bool(relevant) or any(grade > 0 for grade in articles.values())
    answerable = record.get("answerable", has)
    if answerable != has and (has or not articles):
        state = "answerable" if answerable else "not answerable"
        raise GoldError(f"{place}: said to be {state} with {len(relevant)} relevant spans: correct one of the two")
    kind, note = str(record.get("kind", "")), str(record.get("note", ""))
    return GoldQuestion(question_id, text, kind, relevant, answerable, note, articles)


def _span(record: Any, place: str) -> GoldSpan:
    if not isinstance(record, dict):
        raise GoldError(f"{place}: expected relevant spans as objects, found {type(record).__name__}")
    source, quote = _field(record, "source", str, place), _field(record, "quote", str, place)
    start, end = _field(record, "start", int, place), _field(record, "end", int, place)
    if not quote or not 0 <= start < end:
        raise GoldError(
            f"{place}: a span from {start} to {end} with the quote {_short(quote)}: expected words and where they stand"
        )
    return GoldSpan(source, str(record.get("article", source)), start, end, quote)


def _field(record: dict[str, Any], name: str, kind: type, place: str) -> Any:
    value = record.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        found = "none" if name not in record else type(value).__name__
        raise GoldError(f"{place}: expected {name!r} as {kind.__name__}, found {found}")
    return value


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:59]}…")
