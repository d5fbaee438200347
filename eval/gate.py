"""A gate for continuous integration: whether a figure dropped by more than is allowed, and not by chance."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.statistics import Comparison, compare
from index.errors import UserError

_RULE = re.compile(r"^(?P<measure>[^:]+):-(?P<drop>\d*\.?\d+)$")
_SIGNIFICANCE = 0.05


@dataclass(frozen=True, slots=True)
class Rule:
    """How much a measure's mean may drop."""

    measure: str
    drop: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule applied to one system. `failed` only where the drop is larger than allowed and significant.

    `moved` are the questions whose figure changed, question id to (before, now), the largest drop first.
    """

    system: str
    rule: Rule
    comparison: Comparison
    moved: Mapping[str, tuple[float, float]]

    @property
    def failed(self) -> bool:
        return self.comparison.difference.mean < -self.rule.drop and self.comparison.p_value < _SIGNIFICANCE


def parse_rule(text: str) -> Rule:
    """A rule like "nDCG@10:-0.01". Raises UserError for anything else."""
    match = _RULE.match(text.strip())
    if not match:
        raise UserError(f"no gate {text!r}, expected a measure and the drop that it may have: nDCG@10:-0.01")
    return Rule(match["measure"].strip(), float(match["drop"]))


def read_baseline(path: Path) -> dict[str, dict[str, dict[str, float]]]:
    """System to measure to question id to figure, from the JSON of an evaluation. Raises UserError."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        figures = record["figures"]
        return {
            str(system): {
                str(name): {str(question): float(value) for question, value in values.items()} for name, values in by.items()
            }
            for system, by in figures.items()
        }
    except OSError as error:
        raise UserError(
            f"{path}: cannot be read ({error.strerror}): name the JSON of an evaluation, as qa eval --report writes"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{path}: no evaluation's JSON: name one that qa eval --json or --report wrote") from None


def judge(
    baseline: Mapping[str, Mapping[str, Mapping[str, float]]],
    current: Mapping[str, Mapping[str, Mapping[str, float]]],
    rules: Sequence[Rule],
) -> list[Verdict]:
    """Every rule for every system that both have, over the questions that both have.

    Raises UserError if they have no system, a rule's measure or no question in common.
    """
    systems = [system for system in current if system in baseline]
    if not systems:
        raise UserError(
            f"the baseline has {', '.join(baseline) or 'no system'}, this evaluation {', '.join(current)}: evaluate the same"
        )
    verdicts = []
    for system in systems:
        for rule in rules:
            if rule.measure not in baseline[system] or rule.measure not in current[system]:
                where = "the baseline" if rule.measure not in baseline[system] else "this evaluation"
                raise UserError(f"{where} has no {rule.measure} for {system}: name a measure that both have")
            before, now = baseline[system][rule.measure], current[system][rule.measure]
            shared = sorted(set(before) & set(now))
            if not shared:
                raise UserError("the baseline and this evaluation share no question: evaluate the same gold set")
            comparison = compare([now[question] for question in shared], [before[question] for question in shared])
            changed = {
                question: (before[question], now[question]) for question in shared if before[question] != now[question]
            }
            moved = dict(sorted(changed.items(), key=lambda item: item[1][1] - item[1][0]))
            verdicts.append(Verdict(system, rule, comparison, moved))
    return verdicts
