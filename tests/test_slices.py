"""Slices: every answerable question in its place."""

from collections.abc import Callable

import pytest

import qa
from eval.evaluation import Evaluation, SystemResult, evaluate
from eval.gold import GoldQuestion, GoldSpan
from eval.slices import Slice, slices, worst_questions

MakeLibrary = Callable[[dict[str, str]], qa.Library]

TEXT = "Parks\n\nUpdated: 2021-05-06\n\nThe park opened early.\n\nApples grow in orchards."


def question(name: str, text: str, quote: str, kind: str = "fact") -> GoldQuestion:
    start = TEXT.index(quote)
    span = GoldSpan("a.txt", "a.txt", start, start + len(quote), quote)
    return GoldQuestion(name, text, kind, (span,), answerable=True)


QUESTIONS = [
    question("park", "When did the park open?", "The park opened early."),
    question("short", "apples", "Apples grow in orchards.", "keyword"),
    question(
        "long", "Where do the apples of which everybody speaks so often grow if they grow?", "Apples grow in orchards."
    ),
    question("chinese", "Oslo 的公园什么时候开放？", "The park opened early."),
    GoldQuestion("none", "Why?", "none", (), answerable=False),
]


@pytest.fixture
def found(make_library: MakeLibrary) -> dict[tuple[str, str], Slice]:
    library = make_library({"a.txt": TEXT})
    evaluation = evaluate(library, QUESTIONS, ["bm25", "hybrid"])
    return {(each.by, each.value): each for each in slices(evaluation, library.articles, "MRR@10")}


def test_every_cut_holds_every_answerable_question(found: dict[tuple[str, str], Slice]) -> None:
    for by in ("kind", "article", "date", "length", "script"):
        members = sorted(name for (cut, _), each in found.items() if cut == by for name in each.questions)
        assert members == ["chinese", "long", "park", "short"]


def test_questions_are_where_they_belong(found: dict[tuple[str, str], Slice]) -> None:
    assert found["kind", "keyword"].questions == ("short",)
    assert found["date", "2021-05"].questions == ("park", "short", "long", "chinese")
    assert found["length", "up to 5 words"].questions == ("park", "short", "chinese")
    assert found["length", "over 12 words"].questions == ("long",)
    assert found["script", "Chinese script"].questions == ("chinese",)
    assert found["script", "Latin script"].questions == ("park", "short", "long")


def test_means_are_over_the_slice_alone(found: dict[tuple[str, str], Slice]) -> None:
    assert found["kind", "keyword"].means["bm25"].mean == 1.0
    assert found["script", "Chinese script"].means["bm25"].mean == 0.0
    assert found["article", "a.txt"].means["bm25"].mean == pytest.approx(3 / 4)


def test_the_worst_come_first_the_surest_of_them_ahead() -> None:
    questions = tuple(GoldQuestion(name, name, "", (), answerable=True) for name in ("good", "bad", "worst"))
    result = SystemResult("x", {"nDCG@10": {"good": 1.0, "bad": 0.5, "worst": 0.0}})
    evaluation = Evaluation("", questions, (result,))
    assert [each.id for each in worst_questions(evaluation, result, "nDCG@10", 2)] == ["worst", "bad"]
