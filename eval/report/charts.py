"""Plots as inline SVG: sizes in per cent, so that they fill any width and their text stays as large as the page's."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from eval.statistics import Interval

_STEPS = (1, 2, 2.5, 5, 10)
_LEFT, _WIDTH = 9.0, 88.0  # per cent: room for the labels of the vertical axis
_TOP, _HEIGHT, _BELOW = 12, 220, 24  # pixels
_MOST_POINTS = 300


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from `low` to `high` with its ticks."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Where a value stands, 0 to 1."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def place(self, value: float) -> str:
        """Where a value stands in a strip, leaving room for a dot at either end."""
        return f"{2 + 96 * self.share(value):.2f}%"


@dataclass(frozen=True, slots=True)
class Curve:
    """A line through points, with the style class it is drawn in."""

    style: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Dot:
    """A point that stands out: its place, its radius in pixels, what it says when pointed at."""

    x: float
    y: float
    radius: float
    style: str
    words: str


def style(place: int) -> str:
    """The style class of the system in that place: colours come round after six."""
    return f"s{place % 6}"


def scale_for(values: Sequence[float], ticks: int = 5) -> Scale:
    """An axis that just holds the values, with at most `ticks` round steps."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if high - low <= 1e-6 * max(1.0, abs(low), abs(high)):
        low, high = low - 0.05, high + 0.05
    size = 10.0 ** math.floor(math.log10((high - low) / ticks))
    step = next(size * factor for factor in _STEPS if (high - low) / (size * factor) <= ticks)
    places = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    return Scale(low, high, tuple(round(step * place, 10) for place in places))


def strip(lanes: Sequence[tuple[str, Interval]], scale: Scale, words: str) -> Markup:
    """A dot and whiskers for each lane (its style class and interval), one under the other."""
    height = 10 * len(lanes) + 10
    shapes = [_line(scale.place(tick), 0, scale.place(tick), height, "grid") for tick in scale.ticks]
    for lane, (style, interval) in enumerate(lanes):
        middle = 10 + 10 * lane
        shapes.append(_line(scale.place(interval.low), middle, scale.place(interval.high), middle, f"whisker {style}"))
        shapes.append(_tag("circle", cx=scale.place(interval.mean), cy=middle, r=4, class_=f"dot {style}"))
    return _svg(shapes, height, words)


def axis(scale: Scale) -> Markup:
    """The numbers under strips of the same scale."""
    labels = [_text(scale.place(tick), 13, _short(tick), "middle") for tick in scale.ticks]
    return _tag("svg", *labels, width="100%", height=18, class_="axis", aria_hidden="true")


def bar(share: float, words: str) -> Markup:
    """A bar of a share of the width."""
    filled = _tag("rect", x=0, y=3, width=f"{100 * share:.2f}%", height=14, rx=2, class_="bar")
    return _svg([filled], 20, words)


def plot(curves: Sequence[Curve], dots: Sequence[Dot], x: Scale, y: Scale, words: str) -> Markup:
    """Curves and dots over both axes."""
    shapes: list[Markup] = []
    for tick in y.ticks:
        height = _down(y, tick)
        shapes += [_line(f"{_LEFT}%", height, f"{_LEFT + _WIDTH}%", height, "grid")]
        shapes += [_text(f"{_LEFT - 1}%", f"{float(height) + 4:.1f}", _short(tick), "end")]
    shapes += [_text(_across(x, tick), _TOP + _HEIGHT + 18, _short(tick), "middle") for tick in x.ticks]
    paths = [_tag("path", d=_path(curve.points, x, y), class_=f"curve {curve.style}") for curve in curves]
    inner = {"x": f"{_LEFT}%", "y": _TOP, "width": f"{_WIDTH}%", "height": _HEIGHT}
    shapes.append(_tag("svg", *paths, **inner, viewBox="0 0 100 100", preserveAspectRatio="none"))
    for dot in dots:
        title = _tag("title", escape(dot.words))
        shapes.append(
            _tag("circle", title, cx=_across(x, dot.x), cy=_down(y, dot.y), r=f"{dot.radius:.1f}", class_=dot.style)
        )
    return _svg(shapes, _TOP + _HEIGHT + _BELOW, words)


def thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points, some of them left out where there are too many to be seen; the first and the last stay."""
    if len(points) <= _MOST_POINTS:
        return list(points)
    last = len(points) - 1
    return [points[round(place * last / (_MOST_POINTS - 1))] for place in range(_MOST_POINTS)]


def _short(tick: float) -> str:
    return f"{tick:g}".replace("-", "−")


def _across(scale: Scale, value: float) -> str:
    return f"{_LEFT + _WIDTH * scale.share(value):.2f}%"


def _down(scale: Scale, value: float) -> str:
    return f"{_TOP + _HEIGHT * (1 - scale.share(value)):.1f}"


def _path(points: Sequence[tuple[float, float]], x: Scale, y: Scale) -> str:
    return "M" + " ".join(f"{100 * x.share(across):.2f},{100 * (1 - y.share(up)):.2f}" for across, up in points)


def _svg(shapes: Sequence[Markup], height: int, words: str) -> Markup:
    title = _tag("title", escape(words))
    return _tag("svg", title, *shapes, width="100%", height=height, role="img", aria_label=words)


def _line(x1: object, y1: object, x2: object, y2: object, style: str) -> Markup:
    return _tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=style)


def _text(x: object, y: object, words: str, anchor: str) -> Markup:
    return _tag("text", escape(words), x=x, y=y, text_anchor=anchor)


def _tag(name: str, *children: Markup, **attributes: object) -> Markup:
    """An element; `_` in an attribute's name is `-`, and a last one is dropped. Attributes are escaped."""
    pairs = (f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"' for key, value in attributes.items())
    return Markup(f"<{name}{''.join(pairs)}>{''.join(children)}</{name}>")  # noqa: S704  escaped above
