"""What changed between two evaluations of the same questions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, overload

from eval.statistics import Comparison, compare
from index.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

AllFigures: TypeAlias = Mapping[str, Mapping[str, Mapping[str, float]]]
"""System to measure to question id to figure."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How a system's figures for a measure changed, over the questions that both evaluations have.

    `moved` are the questions whose figure changed, to (before, now), the largest drop first.
    """

    system: str
    measure: str
    comparison: Comparison
    moved: Mapping[str, tuple[float, float]]

    def __str__(self) -> str:
        return f"{self.measure}, {self.system}: {comparison_words(self.comparison)}"


class Differences(Sequence[Difference]):
    """Every system's and measure's difference; prints as lines, shows as a table in a notebook."""

    def __init__(self, differences: Sequence[Difference]) -> None:
        self._differences = tuple(differences)

    @overload
    def __getitem__(self, position: int) -> Difference: ...
    @overload
    def __getitem__(self, position: slice) -> "Differences": ...
    def __getitem__(self, position: int | slice) -> "Difference | Differences":
        return Differences(self._differences[position]) if isinstance(position, slice) else self._differences[position]

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
        return "\n".join(str(each) for each in self) or "no system in common"

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False, float_format="{:.3f}".format))


def differences(before: AllFigures, now: AllFigures, measures: Sequence[str] | None = None) -> Differences:
    """What changed in every system that both have, by the measures named, or all that both have.

    Raises UserError if they have no system, a named measure or no question in common.
    """
    systems = [system for system in now if system in before]
    if not systems:
        raise UserError(
            f"the baseline has {', '.join(before) or 'no system'}, this evaluation {', '.join(now)}: "
            "evaluate the same systems"
        )
    found = []
    for system in systems:
        for measure in measures or [name for name in now[system] if name in before[system]]:
            if measure not in before[system] or measure not in now[system]:
                where = "the baseline" if measure not in before[system] else "this evaluation"
                raise UserError(f"{where} has no {measure} for {system}: name a measure that both have")
            earlier, later = before[system][measure], now[system][measure]
            shared = sorted(set(earlier) & set(later))
            if not shared:
                raise UserError("the baseline and this evaluation share no question: evaluate the same gold set")
            comparison = compare([later[question] for question in shared], [earlier[question] for question in shared])
            changed = {
                question: (earlier[question], later[question]) for question in shared if earlier[question] != later[question]
            }
            moved = dict(sorted(changed.items(), key=lambda item: item[1][1] - item[1][0]))
            found.append(Difference(system, measure, comparison, moved))
    return Differences(found)


def comparison_words(comparison: Comparison) -> str:
    """A comparison in one line: difference with interval, p, effect size, wins, ties and losses."""
    interval = comparison.difference
    effect = "–" if comparison.effect_size is None else f"{comparison.effect_size:+.2f}"
    return (
        f"{interval.mean:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}], p = {comparison.adjusted_p_value:.4f}, "
        f"d = {effect}; {comparison.wins} better, {comparison.ties} equal, {comparison.losses} worse"
    )
