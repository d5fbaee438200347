"""Figures and findings in plain words."""

import re

from eval.report.findings import SIGNIFICANT, Findings
from eval.statistics import Comparison, Interval
from qa.words import count_of

NOTHING = "–"

_MEASURES = {
    "nDCG": "how much of what is relevant comes{top}, and how near the top: 1 if all of it comes first",
    "RR": "1 divided by the rank of the first relevant {unit}{top}: 1 if it is first, 0.5 if second, 0 if not there",
    "R": "the share of a question's relevant {unit}s that come{top}",
    "P": "the share of the {unit}s{top} that are relevant",
    "Success": "the share of questions with a relevant {unit}{top}",
    "AP": "the precision at the rank of each relevant {unit}{top}, on average",
    "Judged": "the share of the {unit}s{top} that someone has judged",
}
_ALIASES = {"MRR": "RR", "Recall": "R", "MAP": "AP"}


count = count_of
"""A number of things in words."""


def measure_words(name: str, unit: str) -> str:
    """What a measure says, in a line."""
    kind, _, depth = re.sub(r"\(.*?\)", "", name).partition("@")
    top = {"": "", "1": " at rank 1"}.get(depth, f" in the first {depth}")
    return _MEASURES.get(_ALIASES.get(kind, kind), "as ir-measures defines it").format(unit=unit, top=top)


def number(value: float | None) -> str:
    """Three decimals, and a true minus."""
    return NOTHING if value is None else f"{value:.3f}".replace("-", "−")


def signed(value: float | None, decimals: int = 3) -> str:
    """A difference, with its sign."""
    return NOTHING if value is None else f"{value:+.{decimals}f}".replace("-", "−")


def bounds(interval: Interval) -> str:
    """The ends of an interval."""
    return f"{number(interval.low)}–{number(interval.high)}"


def signed_bounds(interval: Interval) -> str:
    """The ends of the interval of a difference."""
    return f"[{signed(interval.low)}, {signed(interval.high)}]"


def p_words(p_value: float) -> str:
    """A p-value as it is printed: p = 0.004, p < 0.001."""
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"


def percent(share: float) -> str:
    return f"{share:.0%}"


def megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms" if seconds >= 0.0095 else f"{seconds * 1000:.1f} ms"


def best_sentence(findings: Findings) -> str:
    """Which system is best, with its interval; and whether that is sure."""
    best, *others = findings.ranking
    interval = findings.intervals[best.system][findings.measure]
    figure = f"{findings.measure} {number(interval.mean)} [{number(interval.low)}, {number(interval.high)}]"
    if not others:
        return f"{best.system} reaches {figure}"
    sure = findings.comparisons[findings.measure][best.system, others[0].system].adjusted_p_value < SIGNIFICANT
    return f"{best.system} {'is best' if sure else 'is ahead, but not clearly'}: {figure}"


def comparison_sentence(findings: Findings) -> str:
    """The best system against the second, honestly; or that there is nothing to compare."""
    if len(findings.ranking) < 2:
        return "One system was measured: there is nothing to compare it with"
    best, second = (result.system for result in findings.ranking[:2])
    words = versus(best, second, findings.measure, findings.comparisons[findings.measure][best, second])
    return f"{words}; {findings.detectable(best, second)}"


def other_sentences(findings: Findings) -> list[str]:
    """The other pairs of systems in words."""
    pairs = list(findings.comparisons[findings.measure].items())
    best = tuple(result.system for result in findings.ranking[:2])
    return [versus(*pair, findings.measure, each) for pair, each in pairs if pair != best]


def versus(system: str, other: str, measure: str, comparison: Comparison) -> str:
    """A comparison in words: "hybrid beats bm25 by +0.060 nDCG@10 [+0.022, +0.098], p = 0.004"."""
    interval, p_value = comparison.difference, comparison.adjusted_p_value
    figures = f"{signed(interval.mean)} {measure} {signed_bounds(interval)}, {p_words(p_value)}"
    if comparison.wins == comparison.losses == 0:
        return f"{system} and {other} are equal in {measure} on every question"
    if p_value >= SIGNIFICANT:
        return f"{system} and {other} cannot be told apart: {figures}"
    return f"{system} {'beats' if interval.mean > 0 else 'loses to'} {other} by {figures}"


def subject(findings: Findings) -> str:
    """What was asked of what."""
    evaluation, manifest = findings.evaluation, findings.library.index.manifest
    asked = count_of(len(evaluation.questions), "question")
    none = len(evaluation.unanswerable)
    kinds = (
        f"{len(evaluation.answerable):,} that the articles answer, {none:,} that they do not" if none else "all answerable"
    )
    return (
        f"{asked} ({kinds}) asked of {count_of(manifest.articles, 'article')}, {count_of(manifest.passages, 'passage')}, "
        f"encoded by {manifest.encoder}"
    )
