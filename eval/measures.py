"""What is measured, by ir-measures, a figure for every question."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import ir_measures

from index.errors import UserError

MEASURES = ("nDCG@10", "MRR@10", "Recall@1", "Recall@5", "Recall@10", "Success@1")

Qrels: TypeAlias = Mapping[str, Mapping[str, int]]
"""Question id to what is judged (a passage's or an article's id) to its grade; 1 or more is relevant."""

Run: TypeAlias = Mapping[str, Sequence[str]]
"""Question id to what was returned, best first."""

Figures: TypeAlias = dict[str, dict[str, float]]
"""Measure to question id to figure."""


def parse_measures(text: str) -> tuple[str, ...]:
    """The measures of a list like "nDCG@10,RR@10,R@5,AP", as ir-measures spells them (MRR and Recall serve too).

    Raises UserError for one that it does not know.
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        _measure(name)
    if not names:
        raise UserError(f"no measure named, expected some like {', '.join(MEASURES[:3])}")
    return names


def cutoff(measures: Sequence[str]) -> int:
    """How many results the measures look at: the largest of their cutoffs, at least 10, 100 for one without."""
    cutoffs = [int(match[1]) if (match := re.search(r"@(\d+)$", name)) else 100 for name in measures]
    return max(10, *cutoffs)


def measure(qrels: Qrels, run: Run, measures: Sequence[str] = MEASURES) -> Figures:
    """Every measure for every question of `qrels`.

    Three rules, since libraries differ in them. The order of `run` is what counts: nothing is left to how equal
    scores are sorted. A question without results, or missing from the run, has 0. A result listed
    twice counts where it stands first. Raises UserError if there is no question to measure.
    """
    if not qrels:
        raise UserError("no answerable question to measure: expected at least one with something relevant")
    judged = [ir_measures.Qrel(question, name, grade) for question, found in qrels.items() for name, grade in found.items()]
    scored = [
        ir_measures.ScoredDoc(question, name, float(-place))
        for question, names in run.items()
        if question in qrels
        for place, name in enumerate(dict.fromkeys(names))
    ]
    parsed = {str(_measure(name)): name for name in measures}
    figures: Figures = {name: dict.fromkeys(qrels, 0.0) for name in measures}
    for metric in ir_measures.iter_calc([_measure(name) for name in measures], judged, scored):
        figures[parsed[str(metric.measure)]][metric.query_id] = float(metric.value)
    return figures


def _measure(name: str) -> Any:
    try:
        return ir_measures.parse_measure(re.sub(r"^Recall\b", "R", name))
    except (NameError, ValueError, TypeError, AssertionError, SyntaxError):
        raise UserError(
            f"no measure {name!r}, expected one that ir-measures knows: nDCG@10, RR@10, R@5, Success@1, AP, P@5, Judged@10"
        ) from None
