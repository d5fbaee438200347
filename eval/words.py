"""Figures in plain words, the same in the terminal and in reports."""

import re

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
    """Three decimals, and a true minus; 0.000 has none."""
    return NOTHING if value is None else _plain(f"{value:.3f}")


def signed(value: float | None, decimals: int = 3) -> str:
    """A difference, with its sign; what is 0 as far as it is shown has none."""
    return NOTHING if value is None else _plain(f"{value:+.{decimals}f}")


def bounds(interval: Interval) -> str:
    """The ends of an interval."""
    return f"{number(interval.low)}–{number(interval.high)}"


def with_bounds(interval: Interval) -> str:
    """A mean and the ends of its interval: 0.750 (0.708–0.789)."""
    return f"{number(interval.mean)} ({bounds(interval)})"


def signed_bounds(interval: Interval) -> str:
    """The ends of the interval of a difference."""
    return f"[{signed(interval.low)}, {signed(interval.high)}]"


def p_words(p_value: float) -> str:
    """A p-value as it is printed: p = 0.004, p < 0.001."""
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"


def percent(share: float) -> str:
    """A share of a hundred."""
    return f"{share:.0%}"


def size(count: int) -> str:
    """A number of bytes."""
    return f"{count / 1e6:,.1f} MB" if count >= 1e6 else f"{count / 1e3:,.0f} kB"


def milliseconds(seconds: float) -> str:
    """A time."""
    return f"{seconds * 1000:,.0f} ms" if seconds >= 0.0095 else f"{seconds * 1000:.1f} ms"


def comparison_words(comparison: Comparison) -> str:
    """A comparison in one line: difference with interval, p, effect size, wins, ties and losses."""
    interval = comparison.difference
    return (
        f"{signed(interval.mean)} {signed_bounds(interval)}, {p_words(comparison.adjusted_p_value)}, "
        f"d = {signed(comparison.effect_size, 2)}; "
        f"{comparison.wins:,} better, {comparison.ties:,} equal, {comparison.losses:,} worse"
    )


def _plain(text: str) -> str:
    return text.replace("-", "−") if float(text) else text.lstrip("+-")
