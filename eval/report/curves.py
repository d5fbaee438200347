"""What confidence is worth, drawn: what refusing would spare, and whether a confidence of 0.8 is right 8 times in 10."""

from dataclasses import dataclass

from markupsafe import Markup

from eval import words
from eval.answers import confidences_and_successes
from eval.calibration import risk_coverage
from eval.evaluation import SystemResult
from eval.findings import Findings
from eval.report import charts
from qa.confidence import fitted

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The questions with a confidence from `low` to below `high`."""

    low: float
    high: float
    questions: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Both plots, in words and as SVG, and the figures that they show."""

    risk: Markup
    risk_words: str
    calibration: Markup
    calibration_words: str
    bins: tuple[Bin, ...]
    threshold: float


def figures(findings: Findings) -> Figures | None:
    """Both plots of the systems that were asked; None if there is none."""
    if not findings.asked:
        return None
    risk, risk_words = _risk_coverage(findings, findings.asked)
    bins = calibration_bins(*confidences_and_successes(findings.evaluation, findings.asked))
    calibration, calibration_words = _calibration(findings.asked.system, bins)
    return Figures(risk, risk_words, calibration, calibration_words, bins, fitted().found_from)


def calibration_bins(confidences: list[float], right: list[float]) -> tuple[Bin, ...]:
    """Questions by confidence, in the bins of the expected calibration error; empty ones are left out."""
    found = []
    for place in range(BINS):
        low, high = place / BINS, (place + 1) / BINS
        inside = [
            (sure, hit)
            for sure, hit in zip(confidences, right, strict=True)
            if low <= sure < high or (sure == 1 and place == BINS - 1)
        ]
        if inside:
            sums = [sum(each) / len(inside) for each in zip(*inside, strict=True)]
            found.append(Bin(low, high, len(inside), *sums))
    return tuple(found)


def first_is_relevant(findings: Findings, result: SystemResult) -> float:
    """How many questions have something relevant in the first place."""
    return sum(confidences_and_successes(findings.evaluation, result)[1])


def _risk_coverage(findings: Findings, asked: SystemResult) -> tuple[Markup, str]:
    lines, dots, highest, told = [], [], 0.0, ""
    for place, result in enumerate(findings.evaluation.results):
        if not result.outcomes:
            continue
        confidences, right = confidences_and_successes(findings.evaluation, result)
        coverage, risk = risk_coverage(confidences, [1 - each for each in right])
        points = charts.thinned(list(zip(coverage.tolist(), risk.tolist(), strict=True)))
        highest = max(highest, *(risk for _, risk in points))
        lines.append(charts.Curve(charts.style(place) + (" main" if result is asked else ""), points))
        asked_of = [question.id for question in findings.evaluation.questions if question.id in result.outcomes]
        answered = [hit for question, hit in zip(asked_of, right, strict=True) if question in result.found]
        if answered:
            x, y = len(answered) / len(right), 1 - sum(answered) / len(answered)
            says = f"{result.system} answers {words.percent(x)} of the questions, and {words.percent(y)} of those wrongly"
            dots.append(charts.Dot(x, y, 6 if result is asked else 4, f"dot {charts.style(place)}", says))
            told = says if result is asked else told
    x_scale, y_scale = charts.Scale(0, 1, (0, 0.2, 0.4, 0.6, 0.8, 1)), charts.scale_for([0, highest or 0.1])
    told = told or f"{asked.system} answers none of the questions"
    return charts.plot(lines, dots, x_scale, y_scale, f"Risk against coverage. At the threshold {told}"), told


def _calibration(system: str, bins: tuple[Bin, ...]) -> tuple[Markup, str]:
    scale = charts.Scale(0, 1, (0, 0.2, 0.4, 0.6, 0.8, 1))
    most = max(each.questions for each in bins)
    dots = [
        charts.Dot(
            each.confidence,
            each.right,
            4 + 8 * (each.questions / most) ** 0.5,
            "dot main" if each.questions >= 5 else "dot few",
            f"confidence {each.confidence:.2f}, right {each.right:.2f}, {words.count(each.questions, 'question')}",
        )
        for each in bins
    ]
    told = "; ".join(dot.words for dot in dots)
    even = charts.Curve("even", [(0, 0), (1, 1)])
    return charts.plot([even], dots, scale, scale, f"Calibration of {system}: {told}"), told
