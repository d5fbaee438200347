"""Saved answers: what `qa ask --json` and `qa search --json` printed, read again as the citations that it holds."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.article import Span
from index.errors import UserError
from index.sources import decode, read_record

_EXPECTED = "expected what qa ask --json or qa search --json prints"


@dataclass(frozen=True, slots=True)
class Cited:
    """A hit's words and where they stood: `highlight` in the passage's text, the passage at `passage_spans` of the source.

    `spans` are the quote's in the source. `exact` is False where they are only the passage's that it is part of, since the
    hit was saved without a citation.
    """

    article: str
    source: str
    passage: str
    passage_spans: tuple[Span, ...]
    highlight: tuple[Span, ...]
    quote: str
    spans: tuple[Span, ...]
    exact: bool


@dataclass(frozen=True, slots=True)
class SavedCitation:
    """What was cited for which question, at which rank."""

    id: str | None
    question: str
    rank: int
    cited: Cited


def read_saved(path: Path) -> list[SavedCitation]:
    """The citations of a file of saved answers, in order: JSON objects, one a line, or one on several lines.

    Raises UserError, naming file and line, for a file that cannot be read, and for a line that is no saved answer.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}): name a file of saved answers") from None
    text = decode(data, str(path), [])
    citations = [citation for place, record in _records(path, text) for citation in _citations(record, place)]
    if not text.strip():
        raise UserError(f"{path}: no answers: {_EXPECTED}")
    return citations


def _records(path: Path, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each object with the place to name in an error."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        whole = None
    if isinstance(whole, dict):
        # One object, which other tools may have spread over several lines.
        yield f"{path}:1", whole
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield f"{path}:{number}", read_record(line, f"{path}:{number}")


def _citations(record: Mapping[str, Any], place: str) -> Iterator[SavedCitation]:
    question, hits, question_id = record.get("question"), record.get("hits"), record.get("id")
    if not isinstance(question, str) or not isinstance(hits, list):
        found = ", ".join(sorted(record)[:8]) or "no field"
        raise UserError(f"{place}: not a saved answer (no question with hits, found {found}): {_EXPECTED}")
    for number, hit in enumerate(hits, 1):
        try:
            cited = _cited(hit)
        except ValueError as error:
            raise UserError(f"{place}: not a saved answer (hit {number}: {error}): {_EXPECTED}") from None
        rank = hit.get("rank")
        yield SavedCitation(
            None if question_id is None else str(question_id), question, rank if isinstance(rank, int) else number, cited
        )


def _cited(hit: object) -> Cited:
    """Raises ValueError, saying what is wrong, if it is no hit."""
    if not isinstance(hit, dict):
        raise ValueError(f"{type(hit).__name__} instead of an object")
    for name in ("article", "source", "text"):
        if not isinstance(hit.get(name), str):
            raise ValueError(f"no {name}")
    text = hit["text"]
    passage_spans = _spans(hit.get("spans"), "spans")
    highlight = _spans(hit.get("highlight"), "highlight")
    citation = hit.get("citation")
    if citation is not None and not isinstance(citation, dict):
        raise ValueError("a citation that is no object")
    spans = passage_spans if citation is None else _spans(citation.get("spans"), "the citation's spans")
    quote = " ".join(text[start:end] for start, end in highlight) if highlight else text
    if highlight and highlight[-1][1] > len(text):
        raise ValueError("highlight beyond its text")
    if not quote.strip() or not passage_spans or not spans:
        raise ValueError("no words that are cited")
    exact = citation is not None or not highlight
    return Cited(hit["article"], hit["source"], text, passage_spans, highlight, quote, spans, exact)


def _spans(value: object, name: str) -> tuple[Span, ...]:
    """Pairs of numbers, in order. Raises ValueError, naming them, if they are none."""
    wrong = f"{name} are no pairs of a start and an end, in order"
    if not isinstance(value, list):
        raise ValueError(wrong)
    spans: list[Span] = []
    for pair in value:
        if not isinstance(pair, list) or len(pair) != 2 or any(type(number) is not int for number in pair):
            raise ValueError(wrong)
        start, end = pair
        if not (spans[-1][1] if spans else 0) <= start < end:
            raise ValueError(wrong)
        spans.append((start, end))
    return tuple(spans)
