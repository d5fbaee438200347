"""The measures, worked by hand, and against pytrec_eval."""

import math

import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from eval.measures import MEASURES, measure
from index import UserError


def test_worked_by_hand() -> None:
    figures = measure({"q": {"a": 1, "b": 1}}, {"q": ["x", "a", "y", "b"]})
    assert {name: values["q"] for name, values in figures.items()} == pytest.approx(
        {
            "nDCG@10": (1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3)),
            "MRR@10": 1 / 2,
            "Recall@1": 0,
            "Recall@5": 2 / 2,
            "Recall@10": 2 / 2,
            "Success@1": 0,
        }
    )


def test_a_question_without_hits_counts_as_0() -> None:
    figures = measure({"found": {"a": 1}, "empty": {"a": 1}, "missing": {"a": 1}}, {"found": ["a"], "empty": []})
    for name in MEASURES:
        assert figures[name] == {"found": 1.0, "empty": 0.0, "missing": 0.0}


def test_what_was_lost_before_retrieval_cannot_be_recalled() -> None:
    figures = measure({"q": {"a": 1, "lost:x@3": 1}}, {"q": ["a"]})
    assert figures["Recall@10"]["q"] == 1 / 2


def test_only_the_first_ten_count() -> None:
    figures = measure({"q": {"a": 1}}, {"q": [*"0123456789", "a"]})
    assert all(values["q"] == 0 for values in figures.values())


def test_a_question_that_is_not_judged_is_not_measured() -> None:
    assert set(measure({"q": {"a": 1}}, {"q": ["a"], "other": ["b"]})["nDCG@10"]) == {"q"}


def test_nothing_to_measure_is_said() -> None:
    with pytest.raises(UserError, match="no answerable question"):
        measure({}, {})


NAMES = st.sampled_from([f"p{number}" for number in range(15)])


@given(
    st.dictionaries(st.sampled_from(["q1", "q2", "q3"]), st.sets(NAMES, min_size=1), min_size=1),
    st.dictionaries(st.sampled_from(["q1", "q2", "q3"]), st.lists(NAMES, unique=True)),
)
def test_equals_pytrec_eval(relevant: dict[str, set[str]], run: dict[str, list[str]]) -> None:
    qrels = {question: dict.fromkeys(sorted(found), 1) for question, found in relevant.items()}
    figures = measure(qrels, run)
    evaluator = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut.10", "recall.5", "success.1"})
    scored = {question: {name: -float(rank) for rank, name in enumerate(found)} for question, found in run.items() if found}
    theirs = evaluator.evaluate({question: found for question, found in scored.items() if question in qrels})
    for question in qrels:
        expected = theirs.get(question, {"ndcg_cut_10": 0.0, "recall_5": 0.0, "success_1": 0.0})
        assert figures["nDCG@10"][question] == pytest.approx(expected["ndcg_cut_10"])
        assert figures["Recall@5"][question] == pytest.approx(expected["recall_5"])
        assert figures["Success@1"][question] == pytest.approx(expected["success_1"])
