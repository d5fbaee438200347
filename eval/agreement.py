"""How far two judges agree: Cohen's kappa."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from eval.judging import JUDGEMENTS, PoolItem
from index.errors import GoldError

Confusion: TypeAlias = tuple[tuple[int, ...], ...]
"""How often the first judge said one thing (row) and the second another (column), in the order of JUDGEMENTS."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two judges agree on the items that both judged.

    `observed` is the share they judged alike, `expected` the share that they would by chance, `kappa` Cohen's
    (observed - expected) / (1 - expected). `weighted_kappa` counts a disagreement between neighbours ("answers" and
    "partly", "partly" and "no") as half of one. Where both judges say one and the same of everything, chance
    expects full agreement and kappa is undefined: both are 1 then.

    `only_first` and `only_second` count the items that one judge alone judged; `disagreements` are the items judged
    differently, the farthest apart first.
    """

    items: int
    observed: float
    expected: float
    kappa: float
    weighted_kappa: float
    confusion: Confusion
    disagreements: tuple[tuple[PoolItem, PoolItem], ...]
    only_first: int
    only_second: int


def agreement(first: Iterable[PoolItem], second: Iterable[PoolItem]) -> Agreement:
    """How far two judges agree, matched by question and passage.

    Raises GoldError if there is nothing that both judged, and for an id that means another question or another
    passage to either.
    """
    ours = {item.key: item for item in first if item.judgement}
    theirs = {item.key: item for item in second if item.judgement}
    pairs = [(item, theirs[key]) for key, item in ours.items() if key in theirs]
    if not pairs:
        raise GoldError(
            f"no passage judged by both, of {len(ours)} and {len(theirs)} judged: compare files of the same pool"
        )
    for one, other in pairs:
        if (one.question, one.text) != (other.question, other.text):
            what = f"question {one.question_id!r}, passage {one.passage!r}"
            raise GoldError(f"{what}: the judges did not read the same words: compare files of the same pool")
    counts = Counter((_grade(one), _grade(other)) for one, other in pairs)
    grades = range(len(JUDGEMENTS))
    confusion = tuple(tuple(counts[row, column] for column in grades) for row in grades)
    observed, expected = _agreed(confusion, lambda row, column: float(row == column))
    near, near_expected = _agreed(confusion, lambda row, column: 1 - abs(row - column) / (len(JUDGEMENTS) - 1))
    differing = [(one, other) for one, other in pairs if one.judgement != other.judgement]
    differing.sort(key=lambda pair: -abs(_grade(pair[0]) - _grade(pair[1])))
    return Agreement(
        items=len(pairs),
        observed=observed,
        expected=expected,
        kappa=_kappa(observed, expected),
        weighted_kappa=_kappa(near, near_expected),
        confusion=confusion,
        disagreements=tuple(differing),
        only_first=len(ours) - len(pairs),
        only_second=len(theirs) - len(pairs),
    )


def _grade(item: PoolItem) -> int:
    return JUDGEMENTS.index(item.judgement)


def _agreed(confusion: Confusion, weight: Callable[[int, int], float]) -> tuple[float, float]:
    """The agreement observed, and that expected by chance: the sums of the weights of the cells, over all items."""
    rows, columns = [sum(row) for row in confusion], [sum(column) for column in zip(*confusion, strict=True)]
    items = sum(rows)
    cells = [(row, column, weight(row, column)) for row in range(len(rows)) for column in range(len(columns))]
    observed = sum(weight * confusion[row][column] for row, column, weight in cells) / items
    expected = sum(weight * rows[row] * columns[column] for row, column, weight in cells) / items**2
    return observed, expected


def _kappa(observed: float, expected: float) -> float:
    return 1.0 if expected == 1 else (observed - expected) / (1 - expected)
