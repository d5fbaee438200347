"""A gate for continuous integration: whether a figure dropped by more than is allowed, and not by chance."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.difference import Difference, Differences, Measured
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
    """A rule applied to one system's difference. `failed` only where the drop is larger than allowed and significant."""

    rule: Rule
    difference: Difference

    @property
    def failed(self) -> bool:
        comparison = self.difference.comparison
        return comparison.difference.mean < -self.rule.drop and comparison.p_value < _SIGNIFICANCE


def parse_rule(text: str) -> Rule:
    """A rule like "nDCG@10:-0.01". Raises UserError for anything else."""
    match = _RULE.match(text.strip())
    if not match:
        raise UserError(f"no gate {text!r}, expected a measure and the drop that it may have: nDCG@10:-0.01")
    return Rule(match["measure"].strip(), float(match["drop"]))


def read_baseline(path: Path) -> Measured:
    """What an earlier evaluation measured, from its JSON. Raises UserError."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        figures = {
            str(system): {
                str(name): {str(question): float(value) for question, value in values.items()} for name, values in by.items()
            }
            for system, by in record["figures"].items()
        }
        asked = {str(question): str(digest) for question, digest in record.get("asked", {}).items()}
        level = str(record.get("level", ""))
    except OSError as error:
        raise UserError(
            f"{path}: cannot be read ({error.strerror}): name the JSON of an evaluation, as qa eval --report writes"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{path}: no evaluation's JSON: name one that qa eval --json or --report wrote") from None
    if not asked:
        raise UserError(f"{path}: does not say which questions it asked: write it again with qa eval --json or --report")
    return Measured(figures, asked, level)


def judge(found: Differences, rules: Sequence[Rule]) -> list[Verdict]:
    """Every rule for every system and measure that it names."""
    return [Verdict(rule, each) for each in found for rule in rules if rule.measure == each.measure]
