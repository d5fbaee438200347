"""TREC's qrels and run files.

Ids stand between white space in these files, so an id's own white space is percent-encoded on writing and decoded on
reading, and so is the percent sign: "a file.txt#2@1187" is written a%20file.txt#2@1187, "50%" is written 50%25. Other
percent signs, of files from elsewhere, are left alone.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import numpy as np

from eval.files import read_lines, write_text
from eval.gold import GoldQuestion
from index.errors import GoldError

# White space as Unicode has it, since readers differ in which they split at. A byte order mark is lost at a file's start,
# and an id in C ends at a zero.
_SPACE = re.compile(r"[\s%\ufeff\0]")
_DECODED = {quote(character, safe=""): character for character in map(chr, range(0x10000)) if _SPACE.match(character)}
_PASSAGE = re.compile(r".+@\d+", re.DOTALL)
_ENCODED = re.compile("|".join(_DECODED))
_MOST = float(np.finfo(np.float32).max) / 2


def read_trec_qrels(path: Path) -> dict[str, dict[str, int]]:
    """qrels of a TREC file: lines of question, iteration (ignored), document and grade.

    A document judged twice alike counts once. Raises GoldError, naming file and line, for a line of another form, a
    document with two grades, and a file without judgements.
    """
    qrels: dict[str, dict[str, int]] = {}
    for place, (question, _, document, grade) in _columns(path, ("question", "0", "document", "grade")):
        known = qrels.setdefault(question, {}).setdefault(document, _number(grade, "grade", place))
        if known != int(grade):
            raise GoldError(f"{place}: {document!r} has grade {grade} for {question!r}, but {known} before: keep one")
    if not qrels:
        raise GoldError(f"{path}: no judgements, expected lines of question, 0, document and grade")
    return qrels


def judged_articles(qrels: Mapping[str, Mapping[str, int]], questions: Mapping[str, str]) -> list[GoldQuestion]:
    """Judgements of articles as a gold set; a question with no relevant article is unanswerable.

    `questions` are their texts by id. Raises GoldError for a judged question that has no text, and for judgements of
    passages, as `write_trec_qrels` is given them: they name no article.
    """
    documents = [document for grades in qrels.values() for document in grades]
    if all(map(_PASSAGE.fullmatch, documents)):
        raise GoldError(
            f"the qrels judge passages, like {documents[0]!r}, expected articles: a gold set goes out and comes back "
            "as .csv or as a BEIR folder"
        )
    missing = [question for question in qrels if question not in questions]
    if missing:
        raise GoldError(f"the qrels judge {missing[0]!r}, which is no question's id: name the questions that they judge")
    return [
        GoldQuestion(
            question, questions[question], "", (), any(grade > 0 for grade in grades.values()), articles=dict(grades)
        )
        for question, grades in qrels.items()
    ]


def write_trec_qrels(path: Path, qrels: Mapping[str, Mapping[str, int]]) -> None:
    """Writes qrels as TREC does. Raises GoldError for an empty id, and if the file cannot be written."""
    lines = [
        f"{_encode(question)} 0 {_encode(document)} {grade}\n"
        for question, judged in qrels.items()
        for document, grade in judged.items()
    ]
    write_text(path, "".join(lines))


def read_trec_run(path: Path) -> tuple[str, dict[str, list[str]]]:
    """The tag of a TREC run and, by question, the documents best first.

    They are ordered by score, the highest first; equal scores by the rank column, then by line. (Readers differ here:
    trec_eval breaks ties by document id, and never reads the rank.) A document listed twice for a question keeps its
    best place. A question without results has no line, and is not there; measured, it counts as 0. Raises GoldError,
    naming file and line, for a line of another form, a second tag, and a file without results.
    """
    tag: str | None = None
    found: dict[str, list[tuple[float, int, str]]] = {}
    columns = ("question", "Q0", "document", "rank", "score", "tag")
    for place, (question, _, document, rank, score, own) in _columns(path, columns):
        if tag is not None and own != tag:
            raise GoldError(f"{place}: the tag {own!r} after {tag!r}, expected one run a file: split it")
        tag = own
        found.setdefault(question, []).append((-_score(score, place), _number(rank, "rank", place), document))
    if tag is None:
        raise GoldError(f"{path}: no results, expected lines of question, Q0, document, rank, score and tag")
    run = {}
    for question, listed in found.items():
        listed.sort(key=lambda each: each[:2])
        run[question] = list(dict.fromkeys(document for _, _, document in listed))
    return tag, run


def write_trec_run(path: Path, tag: str, ranked: Mapping[str, Sequence[tuple[str, float]]]) -> None:
    """Writes a run: by question, document and score, best first, ranks from 1.

    The written order is the one given, for every reader: scores are written as single precision floats, which is what
    trec_eval keeps, and one that is not below the one before it is written a smallest step below. A document given
    twice is written once, at its best place. Raises GoldError for an empty id or tag, a score that is no finite number
    (or beyond 1e38), and if the file cannot be written.
    """
    lines = []
    for question, documents in ranked.items():
        best: dict[str, float] = {}
        for document, score in documents:
            best.setdefault(document, score)
        for rank, (document, written) in enumerate(zip(best, _falling(question, best), strict=True), 1):
            lines.append(f"{_encode(question)} Q0 {_encode(document)} {rank} {written} {_encode(tag)}\n")
    write_text(path, "".join(lines))


def _falling(question: str, scores: Mapping[str, float]) -> Iterator[str]:
    """Scores as single precision floats, each below the one before."""
    last = np.float32(np.inf)
    for document, score in scores.items():
        if not abs(score) < _MOST:
            raise GoldError(f"the score of {document!r} for {question!r} is {score}, expected a finite number")
        last = min(np.float32(score), np.nextafter(last, np.float32(-np.inf)))
        yield str(last)


def _columns(path: Path, names: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    for number, line in read_lines(path):
        # Only ASCII white space parts columns, as in trec_eval: an id of another tool may hold other.
        cells = [cell.decode() for cell in line.encode().split()]
        if len(cells) != len(names):
            raise GoldError(f"{path}:{number}: {len(cells)} columns, expected {len(names)}: {', '.join(names)}")
        yield f"{path}:{number}", [_ENCODED.sub(lambda match: _DECODED[match[0]], cell) for cell in cells]


def _encode(name: str) -> str:
    if not name:
        raise GoldError("an empty id or tag cannot be written in a TREC file: name it")
    return _SPACE.sub(lambda match: quote(match[0], safe=""), name)


def _number(text: str, name: str, place: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise GoldError(f"{place}: {name} is {text!r}, expected a whole number") from None


def _score(text: str, place: str) -> float:
    try:
        score = float(text)
    except ValueError:
        score = math.nan
    if math.isnan(score):
        raise GoldError(f"{place}: score is {text!r}, expected a number")
    return score
