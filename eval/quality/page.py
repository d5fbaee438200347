"""docs/quality.md: every figure with its interval, and what it was measured on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval.calibration import area_under_roc, expected_calibration_error, risk_coverage
from eval.quality.ablation import ARMS, BASELINE, DEFAULT, MEASURES, Figures
from eval.quality.abstention import REFUSED
from eval.statistics import bootstrap_interval, compare
from eval.words import number, p_words, signed, signed_bounds, with_bounds
from qa.confidence import fitted

ABSTENTION = "## Saying that the articles do not answer"
_COVERAGES = (0.5, 0.7, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Measured:
    """One collection's figures: `holds` is what its library holds, `held` which questions they are of."""

    name: str
    holds: str
    held: str
    arms: Figures


@dataclass(frozen=True, slots=True)
class Refusals:
    """Confidences of questions that the articles answer, and of those that they do not."""

    name: str
    answered: Sequence[float]
    unanswered: Sequence[float]


def retrieval(collections: Sequence[Measured]) -> str:
    """The tables of arms, and the default against RRF."""
    parts = ["## Retrieval\n", "| collection | articles | questions |\n| --- | --- | --- |"]
    parts += [f"| {each.name} | {each.holds} | {each.held} |" for each in collections]
    for measure in MEASURES:
        heading = " | ".join(each.name for each in collections)
        parts.append(f"\n{measure}, with 95% bootstrap intervals:\n\n| arm | {heading} | mean |")
        parts.append("| --- |" + " --- |" * (len(collections) + 1))
        for arm in ARMS:
            cells, means = [], []
            for each in collections:
                interval = bootstrap_interval(each.arms[arm.name][measure])
                means.append(interval.mean)
                cells.append(with_bounds(interval))
            parts.append(f"| {arm.name} | {' | '.join(cells)} | {number(float(np.mean(means)))} |")
    parts.append(f"\n{DEFAULT} against {BASELINE} of the same two legs, over the same passages, nDCG@10:\n")
    parts.append("| collection | ratio | difference | p (paired randomisation) |\n| --- | --- | --- | --- |")
    totals = []
    for each in collections:
        ours, theirs = each.arms[DEFAULT]["nDCG@10"], each.arms[BASELINE]["nDCG@10"]
        found = compare(ours, theirs)
        totals.append((float(np.mean(ours)), float(np.mean(theirs))))
        parts.append(
            f"| {each.name} | {totals[-1][0] / totals[-1][1]:.3f} | {signed(found.difference.mean)} "
            f"({signed_bounds(found.difference)}) | {p_words(found.p_value)} |"
        )
    ours, theirs = np.mean(totals, axis=0)
    parts.append(f"| mean | {ours / theirs:.3f} | {signed(float(ours - theirs))} | |")
    parts.append(
        "\nWhat is learned in it is reading. A fusion learned over the scores of the stages was no better than fixed "
        "weights on questions that it was not fitted on (docs/log.md), and is no arm."
    )
    return "\n".join(parts) + "\n"


def across(each: Measured) -> str:
    """The arms on questions in another language than the articles."""
    parts = [
        "## Chinese questions of English articles\n",
        f"{each.name}, {each.holds} English articles: {each.held}. Chinese is put into English word by word "
        "(index/chinese.py). 95% bootstrap intervals:\n",
        f"| arm | {' | '.join(MEASURES)} |\n| --- |{' --- |' * len(MEASURES)}",
    ]
    for arm in ARMS:
        if arm.context:
            intervals = [bootstrap_interval(each.arms[arm.name][measure]) for measure in MEASURES]
            parts.append(f"| {arm.name} | {' | '.join(map(with_bounds, intervals))} |")
    return "\n".join(parts) + "\n"


def highlighting(figures: Sequence[float]) -> str:
    """How often the marked sentence holds an annotated answer."""
    interval = bootstrap_interval(figures)
    return (
        "## The marked sentence\n\n"
        f"On the gold paragraphs of {len(figures):,} answerable questions of squad_v2_dev that served no development, the "
        f"marked sentence holds an annotated answer in a share of {with_bounds(interval)}.\n"
    )


def abstention(sets: Sequence[Refusals], trained_on: Mapping[str, int]) -> str:
    """How well confidence tells the answerable from the others; where the threshold stands."""
    parts = [f"{ABSTENTION}\n"]
    trained = "; ".join(f"{count:,} {name}" for name, count in trained_on.items())
    parts.append(
        f"The model of confidence was fitted on {trained}. None of these is below, and of SQuAD's own questions only "
        "those on articles that the reader was not trained on (index/reader.safetensors says which).\n"
    )
    parts.append(
        "| questions | answered | not answered | AUROC | calibration error | risk at coverage "
        + " / ".join(f"{coverage:.0%}" for coverage in _COVERAGES)
        + " | refused of answered | refused of the others |"
    )
    parts.append("| --- |" + " --- |" * 7)
    threshold = fitted().found_from
    for each in sets:
        sure = [*each.answered, *each.unanswered]
        right = [1.0] * len(each.answered) + [0.0] * len(each.unanswered)
        coverage, risk = risk_coverage(sure, [1 - value for value in right])
        risks = " / ".join(number(float(np.interp(wanted, coverage, risk))) for wanted in _COVERAGES)
        refused = [sum(value < threshold for value in values) for values in (each.answered, each.unanswered)]
        parts.append(
            f"| {each.name} | {len(each.answered):,} | {len(each.unanswered):,} "
            f"| {number(area_under_roc(each.answered, each.unanswered))} "
            f"| {number(expected_calibration_error(sure, right))} | {risks} "
            f"| {refused[0]:,} ({refused[0] / len(each.answered):.1%}) "
            f"| {refused[1]:,} ({refused[1] / len(each.unanswered):.1%}) |"
        )
    parts.append(
        f"\nThe threshold, {threshold:.2f}, refuses at most {100 * REFUSED:.0f} in 100 of the answerable training "
        "questions, whose groups weigh alike: a passage with its source does less harm to someone whom it does not answer "
        "than silence to someone whom it would have. Risk is the share of answers that should have been refused, when "
        "the surest so many are given."
    )
    return "\n".join(parts) + "\n"
