"""Asking is resumable, and keeps what the figures need."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import qa
from eval.gold import GoldQuestion, GoldSpan
from eval.outcomes import ask_all
from index.errors import UserError
from qa.library import Library

MakeLibrary = Callable[[dict[str, str]], qa.Library]

TEXT = "Parks\n\nThe park opened early. It was cold.\n\nApples grow in orchards.\n\nTrains run at night."


def question(name: str, text: str, quote: str) -> GoldQuestion:
    start = TEXT.index(quote)
    return GoldQuestion(name, text, "", (GoldSpan("a.txt", "a.txt", start, start + len(quote), quote),), answerable=True)


QUESTIONS = [
    question("park", "When did the park open?", "The park opened early."),
    question("apples", "apples in orchards", "Apples grow in orchards."),
    question("odd", "apples in orchards once more", "It was cold."),
]


@pytest.fixture
def library(make_library: MakeLibrary) -> qa.Library:
    return make_library({"a.txt": TEXT})


def test_an_outcome_tells_ranks_marks_and_lengths(library: qa.Library) -> None:
    outcomes = ask_all(library, QUESTIONS, ["hybrid", "bm25"], k=3)
    park = outcomes["hybrid"]["park"]
    assert park.passages[0] == "a.txt@7"
    assert park.articles == ("a.txt",) * 3
    assert park.span_ranks == (1,)
    assert park.marked[0] is True
    assert park.lengths[0] == len("The park opened early. It was cold.")
    odd = outcomes["hybrid"]["odd"]
    assert odd.span_ranks[0] > 1
    assert not odd.marked[odd.span_ranks[0] - 1] or odd.span_ranks[0] == 0


def test_goes_on_where_it_was_stopped(library: qa.Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "out" / "outcomes.jsonl"
    whole = ask_all(library, QUESTIONS, ["hybrid"], k=3)
    ask_all(library, QUESTIONS, ["hybrid"], k=3, log=log)
    lines = log.read_text().splitlines(keepends=True)
    # Stopped in the middle of its third line.
    log.write_text("".join(lines[:2]) + lines[2][:20])
    asked: list[str] = []
    ask = Library.ask_systems

    def counting(self: Library, questions: list[str], *rest: object, **options: object) -> object:
        asked.extend(questions)
        return ask(self, questions, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Library, "ask_systems", counting)
    assert ask_all(library, QUESTIONS, ["hybrid"], k=3, log=log) == whole
    assert asked == [each.question for each in QUESTIONS[1:]]
    asked.clear()
    assert ask_all(library, QUESTIONS, ["hybrid"], k=3, log=log) == whole
    assert asked == []


def test_answers_of_other_code_are_not_reused(library: qa.Library, tmp_path: Path) -> None:
    log = tmp_path / "outcomes.jsonl"
    ask_all(library, QUESTIONS, ["hybrid"], k=3, log=log)
    header, first, *others = log.read_text().splitlines(keepends=True)
    wrong = first.replace("a.txt@7", "a.txt@99")
    log.write_text("".join([header, wrong, *others]))
    assert ask_all(library, QUESTIONS, ["hybrid"], k=3, log=log)["hybrid"]["park"].passages[0] == "a.txt@99"
    log.write_text("".join([json.dumps({**json.loads(header), "code": "other"}) + "\n", wrong, *others]))
    assert ask_all(library, QUESTIONS, ["hybrid"], k=3, log=log)["hybrid"]["park"].passages[0] == "a.txt@7"


def test_a_log_that_cannot_be_used_is_one_line(library: qa.Library, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be made a folder"):
        ask_all(library, QUESTIONS, ["hybrid"], k=3, log=tmp_path / "file" / "outcomes.jsonl")
    (tmp_path / "outcomes.jsonl").write_bytes(b"\xff")
    with pytest.raises(UserError, match="not UTF-8"):
        ask_all(library, QUESTIONS, ["hybrid"], k=3, log=tmp_path / "outcomes.jsonl")


def test_another_gold_set_or_k_begins_anew(library: qa.Library, tmp_path: Path) -> None:
    log = tmp_path / "outcomes.jsonl"
    ask_all(library, QUESTIONS, ["hybrid"], k=3, log=log)
    header = log.read_text().splitlines()[0]
    ask_all(library, QUESTIONS[:2], ["hybrid"], k=3, log=log)
    assert log.read_text().splitlines()[0] != header
    assert len(log.read_text().splitlines()) == 3
    assert len(ask_all(library, QUESTIONS[:2], ["hybrid"], k=1, log=log)["hybrid"]["park"].passages) == 1
    assert json.loads(log.read_text().splitlines()[0])["k"] == 1
