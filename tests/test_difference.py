"""What changed between two evaluations, in a notebook's manners."""

from collections.abc import Callable

import pytest

import qa
from eval.difference import differences
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
    assert "nDCG@10, bm25: +0.000" in repr(same)
    assert "<table" in same._repr_html_()
    assert len(same[:3]) == 3


def test_what_moved_is_named_the_largest_drop_first() -> None:
    before = {"x": {"AP": {"a": 1.0, "b": 0.5, "c": 0.2}}}
    now = {"x": {"AP": {"a": 0.9, "b": 0.0, "c": 0.4, "d": 1.0}}}
    (difference,) = differences(before, now)
    assert difference.moved == {"b": (0.5, 0.0), "a": (1.0, 0.9), "c": (0.2, 0.4)}
    assert list(difference.moved) == ["b", "a", "c"]
    assert difference.comparison.difference.mean == pytest.approx((-0.1 - 0.5 + 0.2) / 3)
    assert (difference.comparison.wins, difference.comparison.losses) == (1, 2)


def test_nothing_in_common_is_said() -> None:
    with pytest.raises(UserError, match="evaluate the same systems"):
        differences({"x": {}}, {"y": {}})
