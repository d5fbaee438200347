"""How good the answers are, not only the passages: marked sentences, citations, refusals, time and size."""

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.calibration import area_under_risk_coverage, area_under_roc, expected_calibration_error
from eval.evaluation import Evaluation, SystemResult
from eval.gold import GoldQuestion
from eval.outcomes import MARKED, Outcome
from index.store import sizes
from qa.library import Library
from qa.retriever import System

CITED = 3
"""How many citations an answer card shows."""

FEWEST = 5
"""Of fewer answerable, or unanswerable, questions it cannot be told how well confidence parts them."""


@dataclass(frozen=True, slots=True)
class AnswerQuality:
    """What a system's answers are worth; None where the gold set cannot tell.

    `highlight`: of the first passages that hold a gold span, where they are among the first ten, the share whose marked
    words meet it. Of the answers that are found, `citation_precision` is the share of the first three citations that
    meet a gold span, and `citation_recall` the share of gold spans that one of them meets. `separation` is the area
    under the ROC curve of confidence, answerable against unanswerable questions, five of each or more;
    `calibration_error` and `risk_coverage_area` are of confidence against whether the first passage is relevant.
    """

    highlight: float | None
    citation_precision: float | None
    citation_recall: float | None
    separation: float | None
    calibration_error: float | None
    risk_coverage_area: float | None


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds to answer one question, encoding included, and the bytes of the index on disk."""

    p50: float
    p95: float
    index_bytes: int


def answer_quality(evaluation: Evaluation, result: SystemResult) -> AnswerQuality:
    """Measures a system's answers from its outcomes."""
    asked = [(question, result.outcomes[question.id]) for question in evaluation.questions if question.id in result.outcomes]
    spanned = [(question, outcome) for question, outcome in asked if outcome.span_ranks]
    found = [(question, outcome) for question, outcome in spanned if outcome.found]
    confidences, right = confidences_and_successes(evaluation, result)
    answerable = [outcome.confidence for question, outcome in asked if question.answerable]
    unanswerable = [outcome.confidence for question, outcome in asked if not question.answerable]
    return AnswerQuality(
        highlight=_mean(
            [float(outcome.marked[first - 1]) for _, outcome in spanned if 0 < (first := _first_holding(outcome)) <= MARKED]
        ),
        citation_precision=_mean([sum(outcome.marked[:CITED]) / len(outcome.marked[:CITED]) for _, outcome in found]),
        citation_recall=_mean([_cited_spans(outcome) for _, outcome in found]),
        separation=area_under_roc(answerable, unanswerable) if min(len(answerable), len(unanswerable)) >= FEWEST else None,
        calibration_error=expected_calibration_error(confidences, right) if confidences else None,
        risk_coverage_area=area_under_risk_coverage(confidences, [1 - each for each in right]) if confidences else None,
    )


def confidences_and_successes(evaluation: Evaluation, result: SystemResult) -> tuple[list[float], list[float]]:
    """Every question's confidence, and 1 where its first passage is relevant, else 0: always 0 for an unanswerable one."""
    confidences, right = [], []
    for question in evaluation.questions:
        outcome = result.outcomes.get(question.id)
        if outcome:
            confidences.append(outcome.confidence)
            right.append(float(_succeeds(question, outcome)))
    return confidences, right


def cost(library: Library, questions: Sequence[GoldQuestion], system: System, sample: int = 100) -> Cost:
    """Asks up to `sample` questions one at a time, spread over the set, and takes the time of each."""
    library.warm_up()
    times = []
    for question in questions[:: max(1, len(questions) // sample)][:sample]:
        start = time.perf_counter()
        library.ask(question.question, system=system)
        times.append(time.perf_counter() - start)
    size = sum(sizes(library.index.folder, library.index.manifest).values())
    cuts = statistics.quantiles(times, n=20, method="inclusive") if len(times) > 1 else times * 19
    return Cost(cuts[9], cuts[18], size)


def _succeeds(question: GoldQuestion, outcome: Outcome) -> bool:
    if outcome.span_ranks:
        return 1 in outcome.span_ranks
    return bool(outcome.articles) and question.articles.get(outcome.articles[0], 0) > 0


def _first_holding(outcome: Outcome) -> int:
    """The rank of the first passage that holds a gold span; 0 if none does."""
    return min((rank for rank in outcome.span_ranks if rank), default=0)


def _cited_spans(outcome: Outcome) -> float:
    cited = [0 < rank <= CITED and outcome.marked[rank - 1] for rank in outcome.span_ranks]
    return sum(cited) / len(cited)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def qualities(evaluation: Evaluation) -> Mapping[str, AnswerQuality]:
    """System to the quality of its answers, for the systems that were asked here."""
    return {result.system: answer_quality(evaluation, result) for result in evaluation.results if result.outcomes}
