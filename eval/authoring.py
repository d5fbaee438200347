"""Gold by hand: a question is added to a gold set with the quotes that answer it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rapidfuzz import fuzz, process

from eval.exchange import gold_record
from eval.files import check_target, json_line, write_bytes
from eval.gold import GoldQuestion, GoldSpan, read_gold
from eval.texts import Texts
from index.article import Article, Span
from index.errors import GoldError
from index.likeness import Nearest, nearest, occurrences
from qa.library import check_question

_NUMBERED = re.compile(r"(.*?)(\d{1,18})", re.DOTALL)
_SHOWN = 5
_SEARCHED = 50


def add_question(
    path: Path,
    question: str,
    quotes: Sequence[tuple[str, str]],
    articles: Sequence[Article],
    kind: str = "",
    note: str = "",
    question_id: str | None = None,
) -> GoldQuestion:
    """Adds a question to a gold set, which is begun if it is not there; its lines stay byte for byte.

    `quotes` are the words that answer, each with its source or its article's id; none for a question that the articles
    do not answer. Without `question_id` it gets the next number of the last id that has one ("g041" after "g040").

    Raises QuestionError for a question that cannot be asked, and GoldError for a question (whatever its case and
    white space) or an id that the gold set has, a source that is not there, and a quote that does not stand in it
    exactly once, and for a file in a folder that is not there; then the file is left as it was.
    """
    check_question(question)
    check_target(path, force=True)
    known = read_gold(path) if _has_lines(path) else []
    _check_new(path, question, question_id, known)
    texts = Texts(articles)
    spans = tuple(dict.fromkeys(_find(source, quote, texts) for source, quote in quotes))
    added = GoldQuestion(question_id or _next_id([each.id for each in known]), question, kind, spans, bool(spans), note)
    before = path.read_bytes() if path.exists() else b""
    end = b"\n" if before and not before.endswith(b"\n") else b""
    write_bytes(path, before + end + json_line(gold_record(added)).encode())
    return added


def _has_lines(path: Path) -> bool:
    try:
        return path.exists() and bool(path.read_bytes().strip())
    except OSError as error:
        raise GoldError(f"{path}: cannot be read ({error.strerror}): name a gold set, one JSON object a line") from None


def _check_new(path: Path, question: str, question_id: str | None, known: Sequence[GoldQuestion]) -> None:
    if question_id is not None and not question_id.strip():
        raise GoldError("the id is empty: name one, or leave it out to get the next")
    for other in known:
        if _plain(other.question) == _plain(question):
            raise GoldError(f"{path}: the question is there already, as {other.id}: change that line, or ask another")
        if other.id == question_id:
            raise GoldError(f"{path}: the id {question_id!r} is taken: name another, or leave it out to get the next")


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _next_id(known: Sequence[str]) -> str:
    """The id after the last that ends in a number, free and as wide."""
    numbered = [match for match in map(_NUMBERED.fullmatch, known) if match]
    prefix, last = numbered[-1].groups() if numbered else ("g", "000")
    number = max((int(match[2]) for match in numbered if match[1] == prefix), default=0)
    return f"{prefix}{number + 1:0{len(last)}d}"


def _find(name: str, quote: str, texts: Texts) -> GoldSpan:
    """A quote as a span of the one place where it stands in a source, or in the article of that id."""
    parts = _parts(name, texts)
    if not parts:
        raise GoldError(f"no source or article {name!r}: {_meant(name, texts.names)}")
    if not quote.strip():
        raise GoldError(f"the quote from {name} is empty: give the words that answer")
    places = [
        (article, start)
        for article, (low, high) in parts
        for start in occurrences(quote, article.text)
        if low <= start and start + len(quote) <= high
    ]
    if not places:
        raise GoldError(f"{_short(quote)} does not stand in {name}: {_nearest(quote, parts)}")
    if len(places) > 1:
        shown = ", ".join(f"{article.id} at {start}" for article, start in places[:_SHOWN])
        shown += ", …" if len(places) > _SHOWN else ""
        raise GoldError(f"{_short(quote)} stands {len(places)} times in {name} ({shown}): quote more of the words around it")
    article, start = places[0]
    span = GoldSpan(article.source, article.id, start, start + len(quote), quote)
    return replace(span, article=(texts.article(span) or article).id)


def _parts(name: str, texts: Texts) -> list[tuple[Article, Span]]:
    """Where to look: every text of a source, or an article's part of its text."""
    parts = []
    for article in texts.named(name):
        sharing = texts.sharing(GoldSpan(article.source, article.id, 0, 0, ""))
        if article.source != name and len(sharing) > 1:
            parts.append((article, article.extent))
        elif article.source != name or sharing[0] is article:
            parts.append((article, (0, len(article.text))))
    return parts


def _nearest(quote: str, parts: Sequence[tuple[Article, Span]]) -> str:
    if len(parts) > _SEARCHED:
        return f"it has {len(parts):,} articles, so name the one that is meant by its id"
    found = [(nearest(quote, article.text[low:high]), article, low) for article, (low, high) in parts]
    alike = [(best.similarity, best, article, low) for best, article, low in found if best]
    similarity, best, article, low = max(alike, key=lambda each: each[0], default=(0.0, Nearest(0, 0, 0.0), None, 0))
    if article is None or similarity < 0.5:
        return "nor does anything like it, so check the source"
    start, end = low + best.start, low + best.end
    words = f"{_short(article.text[start:end], 300)} from {start} to {end} in {article.id}"
    return f"the nearest, {similarity:.0%} alike, is {words}: quote it as it stands"


def _meant(name: str, names: Sequence[str]) -> str:
    found = process.extractOne(name, names, scorer=fuzz.ratio, score_cutoff=60)
    if found:
        return f"did you mean {found[0]!r}?"
    return f"expected one like {names[0]!r}" if names else "the index is empty"


def _short(text: str, most: int = 60) -> str:
    return repr(text if len(text) <= most else f"{text[: most - 1]}…")
