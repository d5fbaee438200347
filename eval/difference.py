"""What changed between two evaluations of the same questions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, overload

from eval.statistics import Comparison, compare
from eval.words import comparison_words
from index.errors import UserError
from qa.words import count_of

if TYPE_CHECKING:
    import pandas as pd

AllFigures: TypeAlias = Mapping[str, Mapping[str, Mapping[str, float]]]
"""System to measure to question id to figure."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What an evaluation measured, and of what: each answerable question's id to the digest of what it asks."""

    figures: AllFigures
    asked: Mapping[str, str]
    level: str = "passage"


@dataclass(frozen=True, slots=True)
class Difference:
    """How a system's figures for a measure changed, over the questions that are the same in both evaluations.

    `moved` are the questions whose figure changed, to (before, now), the largest drop first.
    """

    system: str
    measure: str
    comparison: Comparison
    moved: Mapping[str, tuple[float, float]]

    def __str__(self) -> str:
        return f"{self.measure}, {self.system}: {comparison_words(self.comparison)}"


class Differences(Sequence[Difference]):
    """Every system's and measure's difference; prints as lines, shows as a table in a notebook.

    `remark` says how many questions were left out, since they are not the same in both; empty if all are.
    """

    def __init__(self, differences: Sequence[Difference], remark: str = "") -> None:
        self._differences, self.remark = tuple(differences), remark

    @overload
    def __getitem__(self, position: int) -> Difference: ...
    @overload
    def __getitem__(self, position: slice) -> "Differences": ...
    def __getitem__(self, position: int | slice) -> "Difference | Differences":
        if isinstance(position, slice):
            return Differences(self._differences[position], self.remark)
        return self._differences[position]

    def __len__(self) -> int:
        return len(self._differences)

    def __iter__(self) -> Iterator[Difference]:
        return iter(self._differences)

    def to_frame(self) -> "pd.DataFrame":
        """A pandas DataFrame, one row a system and measure."""
        import pandas as pd

        rows = [
            {
                "system": each.system,
                "measure": each.measure,
                "difference": each.comparison.difference.mean,
                "low": each.comparison.difference.low,
                "high": each.comparison.difference.high,
                "p": each.comparison.p_value,
                "better": each.comparison.wins,
                "equal": each.comparison.ties,
                "worse": each.comparison.losses,
            }
            for each in self
        ]
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        return "\n".join(filter(None, [self.remark, *map(str, self)]))

    def _repr_html_(self) -> str:
        remark = f"<p>{self.remark}</p>" if self.remark else ""
        return f"{remark}{self.to_frame().to_html(index=False, float_format='{:.3f}'.format)}"


def differences(before: Measured, now: Measured, measures: Sequence[str] | None = None) -> Differences:
    """What changed in every system that both have, by the measures named, or all that both have.

    Only questions that ask the same and have the same answers are compared, whatever their ids; the others are
    counted. Raises UserError if the evaluations have no system, a named measure or no question in common, or
    count other things.
    """
    systems = [system for system in now.figures if system in before.figures]
    if not systems:
        raise UserError(
            f"the baseline has {', '.join(before.figures) or 'no system'}, this evaluation {', '.join(now.figures)}: "
            "evaluate the same systems"
        )
    if before.level != now.level:
        raise UserError(
            f"the baseline counts relevant {before.level}s, this evaluation {now.level}s: evaluate with the same --level"
        )
    same, remark = _same(before.asked, now.asked)
    found = []
    for system in systems:
        earlier, later = before.figures[system], now.figures[system]
        for measure in measures or [name for name in later if name in earlier]:
            if measure not in earlier or measure not in later:
                where = "the baseline" if measure not in earlier else "this evaluation"
                raise UserError(f"{where} has no {measure} for {system}: name a measure that both have")
            found.append(_difference(system, measure, earlier[measure], later[measure], same))
    if not found:
        raise UserError("the baseline and this evaluation share no measure: evaluate with the same --measures")
    return Differences(found, remark)


def _same(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[list[str], str]:
    """The ids of the questions that are the same in both, and what to say of the others."""
    shared = sorted(set(before) & set(now))
    same = [question for question in shared if before[question] == now[question]]
    if not same:
        what = f"share {count_of(len(shared), 'id')}, but no question" if shared else "share no question"
        raise UserError(f"the baseline and this evaluation {what}: evaluate the same gold set")
    counts = {
        "asked or answered otherwise": len(shared) - len(same),
        "only in the baseline": len(before) - len(shared),
        "only in this evaluation": len(now) - len(shared),
    }
    others = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
    remark = f"{count_of(len(same), 'question')} the same in both, and only these are compared; left out: {others}"
    return same, remark if others else ""


def _difference(
    system: str, measure: str, before: Mapping[str, float], now: Mapping[str, float], questions: Sequence[str]
) -> Difference:
    # A question that was not measured counts as 0, as in the means.
    figures = {question: (before.get(question, 0.0), now.get(question, 0.0)) for question in questions}
    earlier, later = zip(*figures.values(), strict=True)
    changed = {question: pair for question, pair in figures.items() if pair[0] != pair[1]}
    moved = dict(sorted(changed.items(), key=lambda item: item[1][1] - item[1][0]))
    return Difference(system, measure, compare(later, earlier), moved)
