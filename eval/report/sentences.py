"""What a report says of its findings, in sentences."""

from eval.findings import SIGNIFICANT, Findings
from eval.statistics import Comparison
from eval.words import count, number, p_words, signed, signed_bounds


def best_sentence(findings: Findings) -> str:
    """Which system is best, with its interval, and whether that is sure; or which are level."""
    best, *others = findings.ranking
    interval = findings.intervals[best.system][findings.measure]
    figure = f"{findings.measure} {number(interval.mean)} [{number(interval.low)}, {number(interval.high)}]"
    if not others:
        return f"{best.system} reaches {figure}"
    if len(findings.level) > 1:
        return f"{' and '.join(findings.level)} are level: {findings.measure} {number(interval.mean)}"
    sure = findings.comparisons[findings.measure][best.system, others[0].system].adjusted_p_value < SIGNIFICANT
    return f"{best.system} {'is best' if sure else 'is ahead, but not clearly'}: {figure}"


def comparison_sentence(findings: Findings) -> str:
    """The best system against the second, honestly; or that there is nothing to compare."""
    if len(findings.ranking) < 2:
        return "One system was measured: there is nothing to compare it with"
    best, second = (result.system for result in findings.ranking[:2])
    said = [versus(best, second, findings.measure, findings.comparisons[findings.measure][best, second])]
    return "; ".join(filter(None, [*said, findings.detectable(best, second)]))


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
    asked = count(len(evaluation.questions), "question")
    none = len(evaluation.unanswerable)
    kinds = (
        f"{len(evaluation.answerable):,} that the articles answer, {none:,} that they do not" if none else "all answerable"
    )
    return (
        f"{asked} ({kinds}) asked of {count(manifest.articles, 'article')}, {count(manifest.passages, 'passage')}, "
        f"encoded by {manifest.encoder}"
    )


def worst_heading(worst: int, system: str) -> str:
    """The heading over the questions that went worst."""
    if not worst:
        return f"No question went wrong for {system}"
    return f"The {count(worst, 'question')} that {system} did worst on" if worst > 1 else f"What {system} did worst on"
