"""Gold sets out of and into files that people and other tools edit: JSONL and CSV."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from eval.files import json_line, read_table, write_table, write_text
from eval.gold import GoldQuestion, GoldSpan
from index.errors import GoldError

COLUMNS = ("id", "question", "kind", "answerable", "note", "source", "article", "start", "end", "quote", "grade")
_NEEDED = ("id", "question", "source", "start", "end", "quote")
_ANSWERABLE = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
# What a spreadsheet takes for the beginning of a formula, full-width forms too, after any apostrophes.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def gold_record(question: GoldQuestion) -> dict[str, Any]:
    """A question as the JSON object of a gold set's line; `articles` only where it has some."""
    record = {
        "id": question.id,
        "question": question.question,
        "kind": question.kind,
        "relevant": [asdict(span) for span in question.relevant],
        "answerable": question.answerable,
        "note": question.note,
    }
    return {**record, "articles": dict(question.articles)} if question.articles else record


def write_gold(path: Path, questions: Iterable[GoldQuestion]) -> None:
    """Writes a gold set as JSONL, what `read_gold` reads. Raises GoldError if it cannot be written."""
    write_text(path, "".join(json_line(gold_record(question)) for question in questions))


def write_gold_csv(path: Path, questions: Iterable[GoldQuestion]) -> None:
    """Writes a gold set as CSV, one row a gold span, for spreadsheets (UTF-8 with a byte order mark).

    A judged article has a row with its `grade` and neither source nor span; a question with nothing relevant has one
    row without either. A cell that a spreadsheet would take for a formula gets an apostrophe in front, which
    `read_gold_csv` takes off. Raises GoldError if it cannot be written.
    """
    rows = [[_guard(str(cell)) for cell in row] for question in questions for row in _rows(question)]
    write_table(path, [COLUMNS, *rows], mark="\ufeff")


def read_gold_csv(path: Path) -> list[GoldQuestion]:
    """The questions of a gold set as CSV, in the order of their first rows. Delimiter: comma, semicolon or tab.

    Rows of the same id are one question's. `kind`, `answerable`, `note`, `article` and `grade` may be left out, and
    further columns are passed over. Raises GoldError, naming file and line, for what cannot be used.
    """
    table = read_table(path)
    _, header = next(table, (1, []))
    names = [name.strip().lower() for name in header]
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise GoldError(
            f"{path}:1: no column {', '.join(missing)} among {_short(', '.join(names)) or 'none'}: name it in the first row"
        )
    gathered: dict[str, _Gathered] = {}
    for line, row in table:
        place = f"{path}:{line}"
        if len(row) > len(names) and any(row[len(names) :]):
            raise GoldError(f"{place}: {len(row)} cells, expected {len(names)}: put text with commas in quotation marks")
        _gather(dict(zip(names, map(_unguard, row), strict=False)), place, gathered)
    if not gathered:
        raise GoldError(f"{path}: no questions: expected one row a gold span under the names of the columns")
    return [_question(question_id, found) for question_id, found in gathered.items()]


@dataclass(slots=True)
class _Gathered:
    """What the rows of one question say so far."""

    place: str
    question: str
    kind: str
    note: str
    answerable: str
    relevant: list[GoldSpan] = field(default_factory=list)
    articles: dict[str, int] = field(default_factory=dict)


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _rows(question: GoldQuestion) -> list[tuple[object, ...]]:
    about = (question.id, question.question, question.kind, "yes" if question.answerable else "no", question.note)
    rows: list[tuple[object, ...]] = [
        (*about, span.source, span.article, span.start, span.end, span.quote, "") for span in question.relevant
    ]
    rows += [(*about, "", article, "", "", "", grade) for article, grade in question.articles.items()]
    return rows or [(*about, "", "", "", "", "", "")]


def _guard(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _unguard(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _gather(row: dict[str, str], place: str, gathered: dict[str, _Gathered]) -> None:
    question_id, text = row.get("id", ""), row.get("question", "")
    if not question_id.strip() or not text.strip():
        raise GoldError(f"{place}: expected an id and a question in every row, found {question_id!r} and {text!r}")
    said = _Gathered(place, text, row.get("kind", ""), row.get("note", ""), row.get("answerable", "").strip().lower())
    found = gathered.setdefault(question_id, said)
    for name in ("question", "kind", "note", "answerable"):
        before, now = getattr(found, name), getattr(said, name)
        if before != now:
            raise GoldError(f"{place}: {question_id} has the {name} {now!r}, but {before!r} in {found.place}: make them one")
    if said.answerable not in {"", *_ANSWERABLE}:
        raise GoldError(f"{place}: answerable is {said.answerable!r}, expected yes or no")
    span = [row.get(name, "") for name in ("source", "start", "end", "quote")]
    grade = row.get("grade", "")
    if any(span) and grade:
        what = f"{place}: a grade, {grade[:60]!r}, beside a span"
        raise GoldError(f"{what}: grades are for whole articles, and text with commas needs quotation marks")
    if any(span):
        found.relevant.append(_span(row, place))
    elif grade or row.get("article", ""):
        found.articles[row.get("article", "")] = _whole(grade, "grade", place)


def _span(row: dict[str, str], place: str) -> GoldSpan:
    source, quote = row.get("source", ""), row.get("quote", "")
    start, end = _whole(row.get("start", ""), "start", place), _whole(row.get("end", ""), "end", place)
    if not source or not quote or not 0 <= start < end:
        raise GoldError(
            f"{place}: source {source!r}, a span from {start} to {end}, quote {quote[:60]!r}: expected a source, words, "
            "and where they stand"
        )
    return GoldSpan(source, row.get("article") or source, start, end, quote)


def _whole(text: str, name: str, place: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise GoldError(f"{place}: {name} is {text!r}, expected a whole number") from None


def _question(question_id: str, found: _Gathered) -> GoldQuestion:
    relevant = bool(found.relevant) or any(grade > 0 for grade in found.articles.values())
    answerable = _ANSWERABLE.get(found.answerable, relevant)
    # Articles that were judged and do not answer say nothing of those that were not judged.
    if answerable != relevant and (relevant or not found.articles):
        state = "answerable" if answerable else "not answerable"
        raise GoldError(
            f"{found.place}: {question_id} is said to be {state} with {len(found.relevant)} spans and "
            f"{len(found.articles)} articles: correct one of the two"
        )
    return GoldQuestion(
        question_id, found.question, found.kind, tuple(found.relevant), answerable, found.note, found.articles
    )
