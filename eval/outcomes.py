"""What systems return to questions, kept small: what the figures need, a line a question, resumable."""

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import index
import qa
from eval import relevance
from eval.files import append_text, make_folder, read_text, write_text
from eval.gold import GoldQuestion, GoldSpan
from eval.relevance import holds, shared_characters
from index.article import Article, Span
from index.progress import Progress, no_progress
from qa.answer import Answer
from qa.library import Library
from qa.retriever import System

_ASKED_AT_ONCE = 64
MARKED = 10
"""In so many first passages a sentence is marked; further down nobody looks for it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one system returned to one question, best first, and how that meets the question's gold spans.

    `passages` and `articles` are ids, `lengths` characters; `span_ranks` the rank of the first passage that holds
    each gold span (0: none), `marked` whether each passage's marked words meet a gold span.
    """

    question: str
    passages: tuple[str, ...]
    articles: tuple[str, ...]
    scores: tuple[float, ...]
    lengths: tuple[int, ...]
    span_ranks: tuple[int, ...]
    marked: tuple[bool, ...]
    found: bool
    confidence: float


Outcomes = dict[str, dict[str, Outcome]]
"""System to question id to outcome."""


def ask_all(
    library: Library,
    questions: Sequence[GoldQuestion],
    systems: Sequence[System],
    k: int,
    log: Path | None = None,
    progress: Progress = no_progress,
) -> Outcomes:
    """Every system's outcome for every question, each with the k best passages.

    With `log` outcomes are appended to that file as soon as they are known, and those already in it, of the same
    index, questions, k and code, are taken over: an evaluation that was stopped goes on where it was. Raises
    GoldError if the log cannot be read or written.
    """
    header = {"index": library.index.manifest.build, "questions": questions_digest(questions), "k": k, "code": code_digest()}
    known = _read_log(log, header) if log else {}
    missing = [question for question in questions if any((system, question.id) not in known for system in systems)]
    for start in range(0, len(missing), _ASKED_AT_ONCE):
        progress("Asking questions", len(questions) - len(missing) + start, len(questions))
        batch = missing[start : start + _ASKED_AT_ONCE]
        asked = library.ask_systems([question.question for question in batch], systems, k, marked=MARKED)
        new: dict[tuple[str, str], Outcome] = {
            (system, question.id): observe(question, answer)
            for question, answers in zip(batch, asked, strict=True)
            for system, answer in answers.items()
        }
        known.update(new)
        if log:
            append_text(log, "".join(_line(system, each) for (system, _), each in new.items()))
    progress("Asking questions", len(questions), len(questions))
    return {system: {question.id: known[system, question.id] for question in questions} for system in systems}


def observe(question: GoldQuestion, answer: Answer) -> Outcome:
    """An answer as an outcome of its gold question."""
    hits = answer.hits.listed
    span_ranks = [
        next((rank for rank, hit in enumerate(hits, 1) if holds(hit.passage, span)), 0) for span in question.relevant
    ]
    marked = []
    for hit in hits:
        citation = hit.citation
        meets = any(_meets(citation.article, citation.spans, span) for span in question.relevant)
        marked.append(bool(hit.highlight) and meets)
    return Outcome(
        question=question.id,
        # The same few names come back for thousands of questions: each is kept once.
        passages=tuple(sys.intern(hit.passage.id) for hit in hits),
        articles=tuple(sys.intern(hit.passage.article.id) for hit in hits),
        scores=tuple(hit.score for hit in hits),
        lengths=tuple(len(hit.passage.text) for hit in hits),
        span_ranks=tuple(span_ranks),
        marked=tuple(marked),
        found=answer.found,
        confidence=answer.confidence,
    )


def _meets(article: Article, spans: Sequence[Span], gold: GoldSpan) -> bool:
    """Whether marked words hold the larger part of a gold span, or lie in it with their larger part."""
    shorter = min(gold.end - gold.start, sum(end - start for start, end in spans))
    return shared_characters(article, spans, gold) > shorter / 2


def questions_digest(questions: Sequence[GoldQuestion]) -> str:
    """A digest of questions, of their gold too."""
    return hashlib.sha256("".join(map(repr, questions)).encode()).hexdigest()


@lru_cache(maxsize=1)
def code_digest() -> str:
    """A digest of the code that answers come from, and of its figures: those of other code are not reused.

    The page and its guard, in folders within `qa`, only show answers.
    """
    indexing, answering = (Path(str(package.__file__)).parent for package in (index, qa))
    code = [*indexing.rglob("*.py"), *indexing.glob("*.safetensors"), *answering.glob("*.py"), *answering.glob("*.json")]
    files = sorted([*code, Path(__file__), Path(str(relevance.__file__))])
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


def _line(system: str, outcome: Outcome) -> str:
    return json.dumps({"system": system, **asdict(outcome)}) + "\n"


def _read_log(path: Path, header: dict[str, object]) -> dict[tuple[str, str], Outcome]:
    """The outcomes of an earlier evaluation with the same header; otherwise begins the file anew."""
    known: dict[tuple[str, str], Outcome] = {}
    if path.is_file():
        first, *lines = read_text(path).splitlines() or [""]
        if first == json.dumps(header):
            for line in lines:
                try:
                    record = json.loads(line)
                except json.JSONDecodeError:
                    break  # the line that the earlier evaluation was stopped in
                fields: dict[str, Any] = {
                    name: tuple(value) if isinstance(value, list) else value for name, value in record.items()
                }
                system = fields.pop("system")
                for names in ("passages", "articles"):
                    fields[names] = tuple(map(sys.intern, fields[names]))
                known[system, fields["question"]] = Outcome(**fields)
    make_folder(path.parent)
    # Written anew, so that a line cut short is not in the way of those to come.
    records = [_line(system, each) for (system, _), each in known.items()]
    write_text(path, "".join([json.dumps(header) + "\n", *records]))
    return known
