"""What changed between two evaluations, in a notebook's manners."""

from collections.abc import Callable
from dataclasses import replace

import pytest

import qa
from eval.difference import Measured, differences
from eval.evaluation import Evaluation, evaluate
from eval.gold import GoldQuestion, GoldSpan
from index.errors import UserError

MakeLibrary = Callable[[dict[str, str]], qa.Library]

TEXT = "Parks <b>\n\nThe park opened early.\n\nApples grow in orchards.\n\nTrains run at night."


def question(name: str, text: str, quote: str) -> GoldQuestion:
    start = TEXT.index(quote)
    return GoldQuestion(name, text, "fact", (GoldSpan("a.txt", "a.txt", start, start + len(quote), quote),), answerable=True)


QUESTIONS = [
    question("park", "When did the park open?", "The park opened early."),
    question("apples", "apples in orchards", "Apples grow in orchards."),
    question("odd", "apples in orchards again", "Trains run at night."),
]


@pytest.fixture
def evaluation(make_library: MakeLibrary) -> Evaluation:
    return evaluate(make_library({"a.txt": TEXT}), QUESTIONS, ["bm25", "hybrid"])


def test_a_frame_has_a_row_a_system_question_and_measure(evaluation: Evaluation) -> None:
    frame = evaluation.to_frame()
    assert len(frame) == 2 * 3 * 6
    chosen = frame[(frame.system == "bm25") & (frame.question == "park") & (frame.measure == "MRR@10")]
    assert chosen.figure.tolist() == [1.0]
    assert set(frame.kind) == {"fact"}


def test_reprs_tell_the_means(evaluation: Evaluation) -> None:
    assert repr(evaluation).startswith(
        "Evaluation(3 questions, Library(1 article, 3 passages, toy))\n  bm25: nDCG@10 0.667, "
    )
    html = evaluation._repr_html_()
    assert "0.667" in html
    assert "<table" in html


def test_nothing_changed_to_itself(evaluation: Evaluation) -> None:
    same = evaluation.diff(evaluation)
    assert len(same) == 2 * 6
    assert all(each.comparison.difference.mean == 0 and not each.moved for each in same)
    assert same[0].comparison.p_value == 1
    assert len(same.to_frame()) == 12
    assert "nDCG@10, bm25: 0.000" in repr(same)
    assert "<table" in same._repr_html_()
    assert len(same[:3]) == 3


def measured(figures: dict[str, float], level: str = "passage", **asked: str) -> Measured:
    return Measured({"x": {"AP": figures}}, {**dict.fromkeys(figures, "the same"), **asked}, level)


def test_what_moved_is_named_the_largest_drop_first() -> None:
    (difference,) = differences(measured({"a": 1.0, "b": 0.5, "c": 0.2}), measured({"a": 0.9, "b": 0.0, "c": 0.4, "d": 1.0}))
    assert difference.moved == {"b": (0.5, 0.0), "a": (1.0, 0.9), "c": (0.2, 0.4)}
    assert list(difference.moved) == ["b", "a", "c"]
    assert difference.comparison.difference.mean == pytest.approx((-0.1 - 0.5 + 0.2) / 3)
    assert (difference.comparison.wins, difference.comparison.losses) == (1, 2)


def test_only_the_same_questions_are_compared_and_the_others_counted() -> None:
    found = differences(measured({"a": 1.0, "b": 0.5, "c": 0.2}, b="otherwise"), measured({"a": 0.5, "b": 0.0, "d": 1.0}))
    assert found[0].moved == {"a": (1.0, 0.5)}
    assert found.remark == (
        "1 question the same in both, and only these are compared; left out: 1 asked or answered otherwise, "
        "1 only in the baseline, 1 only in this evaluation"
    )
    assert repr(found).startswith(found.remark)
    assert found.remark in found._repr_html_()
    assert differences(measured({"a": 1.0}), measured({"a": 0.5})).remark == ""


def test_questions_are_the_same_by_their_words_and_answers(evaluation: Evaluation) -> None:
    def asking(*questions: GoldQuestion) -> Evaluation:
        return replace(evaluation, questions=questions)

    park, apples, odd = evaluation.questions
    moved = replace(park, relevant=(replace(park.relevant[0], start=0, end=22),), note="another", kind="another")
    assert evaluation.diff(asking(moved, apples, odd)).remark == ""
    answered = replace(park, relevant=odd.relevant)
    assert evaluation.diff(asking(answered, replace(apples, question="pears?"), odd))[0].comparison.questions == 1
    with pytest.raises(UserError, match="share 3 ids, but no question: evaluate the same gold set"):
        evaluation.diff(asking(*(replace(each, question=f"{each.question}?") for each in evaluation.questions)))


def test_nothing_in_common_is_said() -> None:
    with pytest.raises(UserError, match="evaluate the same systems"):
        differences(Measured({"x": {}}, {}), Measured({"y": {}}, {}))
    with pytest.raises(UserError, match="evaluate with the same --measures"):
        differences(Measured({"x": {"AP": {}}}, {"a": "the same"}), Measured({"x": {"RR": {}}}, {"a": "the same"}))
    with pytest.raises(UserError, match="counts relevant articles, this evaluation passages"):
        differences(measured({"a": 1.0}, "article"), measured({"a": 1.0}))
