"""The worth of answers, worked by hand from outcomes."""

from dataclasses import replace

import pytest

from eval.answers import answer_quality, confidences_and_successes
from eval.evaluation import Evaluation, SystemResult
from eval.gold import GoldQuestion, GoldSpan
from eval.outcomes import Outcome

SPAN = GoldSpan("a.txt", "a.txt", 0, 3, "Yes")
RIGHT = Outcome(
    question="right",
    passages=("p1", "p2", "p3", "p4"),
    articles=("a.txt",) * 4,
    scores=(0.9, 0.8, 0.7, 0.6),
    lengths=(10, 20, 30, 40),
    span_ranks=(1,),
    marked=(True, False, False, False),
    found=True,
    confidence=0.9,
)
# Its passage is second, and another sentence of it is marked.
SECOND = replace(RIGHT, question="second", span_ranks=(2,), marked=(False, False, False, False), confidence=0.6)
REFUSED = replace(
    RIGHT, question="refused", span_ranks=(1, 0), marked=(True, False, False, False), found=False, confidence=0.2
)
# Its passage comes too late for a sentence to be marked in it.
DEEP = replace(RIGHT, question="deep", span_ranks=(11,), marked=(False,) * 12, found=False)
NONE = replace(RIGHT, question="none", span_ranks=(), marked=(False,) * 4, found=True, confidence=0.4)

QUESTIONS = (
    GoldQuestion("right", "?", "", (SPAN,), answerable=True),
    GoldQuestion("second", "?", "", (SPAN,), answerable=True),
    GoldQuestion("refused", "?", "", (SPAN, SPAN), answerable=True),
    GoldQuestion("none", "?", "", (), answerable=False),
)
RESULT = SystemResult("hybrid", {}, {}, {outcome.question: outcome for outcome in (RIGHT, SECOND, REFUSED, NONE)})
EVALUATION = Evaluation("", QUESTIONS, (RESULT,))


def test_worked_by_hand() -> None:
    quality = answer_quality(EVALUATION, RESULT)
    assert quality.highlight == pytest.approx(2 / 3)  # right and refused, not second
    assert quality.citation_precision == pytest.approx((1 / 3 + 0) / 2)  # right and second were found
    assert quality.citation_recall == pytest.approx((1 + 0) / 2)
    assert quality.separation is None  # one unanswerable question tells too little


def test_confidence_is_held_against_five_questions_of_each_or_more() -> None:
    asked = [replace(RIGHT, question=f"a{place}", confidence=sure) for place, sure in enumerate((0.9, 0.6, 0.2, 0.9, 0.9))]
    none = [replace(NONE, question=f"n{place}") for place in range(5)]
    questions = (
        *(replace(QUESTIONS[0], id=outcome.question) for outcome in asked),
        *(replace(QUESTIONS[3], id=outcome.question) for outcome in none),
    )
    result = SystemResult("hybrid", {}, {}, {outcome.question: outcome for outcome in (*asked, *none)})
    assert answer_quality(Evaluation("", questions, (result,)), result).separation == pytest.approx(4 / 5)
    assert answer_quality(Evaluation("", questions[:-1], (result,)), result).separation is None


def test_marked_sentences_are_looked_for_in_the_first_ten_passages_however_many_were_asked_for() -> None:
    questions = (*QUESTIONS, GoldQuestion("deep", "?", "", (SPAN,), answerable=True))
    result = SystemResult("hybrid", {}, {}, {**RESULT.outcomes, "deep": DEEP})
    assert answer_quality(Evaluation("", questions, (result,)), result).highlight == pytest.approx(2 / 3)


def test_success_is_the_first_passage_and_nothing_for_the_unanswerable() -> None:
    confidences, right = confidences_and_successes(EVALUATION, RESULT)
    assert confidences == [0.9, 0.6, 0.2, 0.4]
    assert right == [1.0, 0.0, 1.0, 0.0]


def test_a_collection_judged_by_articles_has_no_spans_to_mark() -> None:
    question = GoldQuestion("right", "?", "", (), answerable=True, articles={"a.txt": 1})
    result = SystemResult("hybrid", {}, {}, {"right": replace(RIGHT, span_ranks=())})
    quality = answer_quality(Evaluation("", (question,), (result,)), result)
    assert (quality.highlight, quality.citation_precision, quality.separation) == (None, None, None)
    assert confidences_and_successes(Evaluation("", (question,), (result,)), result)[1] == [1.0]


def test_characters_are_those_of_the_first_passages() -> None:
    assert RESULT.characters(["right", "second"], k=2) == 30
    assert RESULT.characters([]) == 0
