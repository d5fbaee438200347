"""Files of questions, one JSON object a line."""

from pathlib import Path

from index.errors import QuestionError
from index.sources import decode, read_record
from qa.console import say
from qa.library import check_question


def read_questions(path: Path) -> list[tuple[str, str]]:
    """(id, question) of each line of a file of questions. Raises QuestionError, naming file and line."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise QuestionError(
            f"{path}: cannot be read ({error.strerror}): name a file of questions, one JSON object a line"
        ) from None
    replaced: list[str] = []
    asked = _questions(decode(data, str(path), replaced), f"{path}:")
    for line in replaced:
        say(f"warning: {line}")
    if not asked:
        raise QuestionError(f"{path}: no questions: expected one JSON object a line, with _id and text")
    return asked


def listed_questions(text: str) -> list[tuple[str, str]]:
    """(id, question) of each line of a list: JSON objects as in a file, or plain questions, whose ids are empty.

    A plain question that is there twice is taken once. Raises QuestionError, naming the line.
    """
    text = text.removeprefix("\ufeff")
    if text.lstrip().startswith("{"):
        return _questions(text, "line ")
    asked: dict[str, None] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if question := line.strip():
            _check(question, f"line {number}")
            asked[question] = None
    if not asked:
        raise QuestionError("no questions: expected one a line")
    return [("", question) for question in asked]


def _questions(text: str, named: str) -> list[tuple[str, str]]:
    asked: list[tuple[str, str]] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        place = f"{named}{number}"
        record = read_record(line, place)
        question_id, question = record.get("_id", record.get("id")), record.get("text", record.get("question"))
        if not isinstance(question_id, str | int) or not isinstance(question, str):
            raise QuestionError(
                f"{place}: expected _id or id, and text or question; found {', '.join(sorted(record)) or 'no field'}"
            )
        if str(question_id) in seen:
            raise QuestionError(
                f"{place}: two questions with the id {question_id!r}, the other in line {seen[str(question_id)]}"
            )
        _check(question, place)
        seen[str(question_id)] = number
        asked.append((str(question_id), question))
    return asked


def _check(question: str, place: str) -> None:
    try:
        check_question(question)
    except QuestionError as error:
        raise QuestionError(f"{place}: {error}") from None
