"""Confidence is a probability that grows with what speaks for an answer."""

import json
import math
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

import qa
from qa.confidence import MODEL, Evidence, confidence, fitted, is_found

MakeLibrary = Callable[..., qa.Library]
SHARES = st.floats(0, 1)


@given(st.floats(-1, 0.5), SHARES, SHARES, st.sampled_from([0.0, 1.0]), st.none() | st.floats(-5, 5))
def test_is_a_probability_and_grows(cosine: float, less: float, more: float, missing: float, reading: float | None) -> None:
    sure = confidence(Evidence(cosine, less, missing, reading))
    assert 0 < sure < 1
    assert sure < confidence(Evidence(cosine + 0.1, less, missing, reading))
    if reading is None and less < more - 0.01:
        assert sure < confidence(Evidence(cosine, more, missing))
    assert confidence(Evidence(cosine, less, 1.0, reading)) < confidence(Evidence(cosine, less, 0.0, reading))
    if reading is not None:
        assert sure < confidence(Evidence(cosine, less, missing, reading + 0.1))


def test_where_passages_are_read_being_near_counts_as_far_as_answers_mostly_are() -> None:
    read = [confidence(Evidence(cosine, 0.5, 0.0, 0.5)) for cosine in (0.5, 0.6, 0.9)]
    assert read[0] < read[1] == read[2]
    assert confidence(Evidence(0.6, 0.5, 0.0)) < confidence(Evidence(0.9, 0.5, 0.0))


@pytest.mark.parametrize("best_cosine", [0.4, 0.8])
@pytest.mark.parametrize("model", ["reading", "similarity"])
def test_the_stored_models_are_logistic_regressions_over_the_evidence(model: str, best_cosine: float) -> None:
    record = json.loads(MODEL.read_text(encoding="utf-8"))
    assert sum(record["trained_on"].values()) > 1000
    evidence = Evidence(best_cosine, 0.6, 1.0, 0.7 if model == "reading" else None)
    fit = record[model]
    assert 0.5 < fit["cross_validated"]["auroc"] <= 1
    logit = fit["intercept"] + sum(weight * getattr(evidence, name) for name, weight in fit["coefficients"].items())
    assert confidence(evidence) == pytest.approx(1 / (1 + math.exp(-logit)))


def test_found_is_a_stated_threshold() -> None:
    threshold = fitted().found_from
    assert 0 < threshold < 0.5
    assert is_found(threshold)
    assert not is_found(threshold - 1e-9)


def test_the_evidence_is_told_with_the_answer(make_library: MakeLibrary) -> None:
    library = make_library({"a.txt": "Coal\n\nThe mine produced 68 tons of coal.\n\nNothing else is said."})
    answer = library.ask("How much coal did the mine produce?")
    assert answer.evidence
    assert answer.confidence == confidence(answer.evidence)
    assert answer.evidence.best_cosine == max(hit.why.dense.score for hit in answer.hits)
    assert 0 < answer.evidence.coverage < 1


def test_another_year_than_the_passages_lowers_it(make_library: MakeLibrary) -> None:
    library = make_library({"a.txt": "Coal\n\nThe mine produced 68 tons of coal in 2021.\n\nNothing else is said."})
    right, wrong = (library.ask(f"How much coal did the mine produce in {year}?") for year in (2021, 2019))
    assert (right.evidence.missing_year, wrong.evidence.missing_year) == (0, 1)  # type: ignore[union-attr]
    assert right.confidence > wrong.confidence


@pytest.mark.parametrize(("year", "missing"), [(2019, 1), (2020, 0), (2021, 0), (2022, 1)])
def test_the_year_of_the_article_and_the_one_before_are_no_missing_years(
    make_library: MakeLibrary, year: int, missing: float
) -> None:
    library = make_library({"a.txt": "Coal\n\nJuly 13, 2021\n\nThe mine produced 68 tons of coal.\n\nNothing else is said."})
    answer = library.ask(f"How much coal did the mine produce in {year}?")
    assert answer.evidence
    assert answer.evidence.missing_year == missing


@pytest.mark.parametrize(
    ("question", "where", "missing"),
    [
        ("How much coal did the mine produce since 2020?", qa.Filter(since=date(2020, 1, 1)), 0),
        ("How much coal did the mine produce after 2019?", qa.Filter(since=date(2020, 1, 1)), 0),
        ("How much coal did the mine produce until 2023?", qa.Filter(until=date(2023, 12, 31)), 0),
        ("How much coal did the mine produce before 2024?", qa.Filter(until=date(2023, 12, 31)), 0),
        ("How much coal did the mine produce since 2019?", qa.Filter(), 1),
        ("How much coal did the mine produce in 2018?", qa.Filter(since=date(2020, 1, 1)), 1),
        ("How much coal did the mine produce?", qa.Filter(since=date.min, until=date.max), 0),
    ],
)
def test_a_year_that_the_question_is_confined_by_is_no_missing_year(
    make_library: MakeLibrary, question: str, where: qa.Filter, missing: float
) -> None:
    library = make_library({"a.txt": "Coal\n\nJuly 13, 2021\n\nThe mine produced 68 tons of coal.\n\nNothing else is said."})
    answer = library.ask(question, where=where)
    assert answer.evidence
    assert answer.evidence.missing_year == missing


def test_the_same_words_in_the_title_count(make_library: MakeLibrary) -> None:
    library = make_library({"a.txt": "Coal of Yangquan\n\nThe mine is old.\n\nThe town is new."})
    covered = [library.ask(f"{place} mine").evidence.coverage for place in ("Yangquan", "Oslo")]  # type: ignore[union-attr]
    assert covered[0] > covered[1]
