"""The page of a report: one HTML file that loads nothing and works without its script."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from eval import words
from eval.attribution import count_stages
from eval.findings import Findings
from eval.report import charts, curves, sentences
from eval.report.questions import SAMPLED, SHOWN, WORST, follow
from eval.slices import Slice
from eval.statistics import Interval
from qa.html import title

FEW = 5
"""Slices of fewer questions are shown grey."""

_WORST_LISTED = 10
_SLICES_SHOWN = 12
_TRACES_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Panel:
    """A measure's plot: a strip for each system over one axis."""

    measure: str
    meaning: str
    rows: tuple[tuple[str, Markup, Interval], ...]
    axis: Markup


@dataclass(frozen=True, slots=True)
class Row:
    """A slice as a row: its name, its questions, each system's interval, and the plot of them."""

    name: str
    note: str
    questions: int
    means: tuple[Interval, ...]
    strip: Markup


def page(findings: Findings) -> str:
    """The page as HTML."""
    followed = follow(findings)
    by_id = {each.question.id: each for each in followed}
    evaluation = findings.evaluation
    style, script = _asset("report.css"), _asset("report.js")
    context: dict[str, Any] = {
        "findings": findings,
        "evaluation": evaluation,
        "words": words,
        "sentences": sentences,
        "style": style,
        "script": script,
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        "styles": {result.system: charts.style(place) for place, result in enumerate(evaluation.results)},
        "places": {result.system: place for place, result in enumerate(evaluation.results)},
        "tiles": _tiles(findings),
        "panels": _panels(findings),
        "cuts": _cuts(findings),
        "few": FEW,
        "stages": _stages(findings),
        "spans": findings.spans,
        "traces": findings.misses[:_TRACES_SHOWN],
        "curves": curves.figures(findings),
        "followed": followed,
        "by_id": by_id,
        "worst": [by_id[question.id] for question in findings.worst(_WORST_LISTED)],
        "kinds": sorted({each.question.kind or "-" for each in followed}),
        "limits": {"worst": WORST, "sampled": SAMPLED, "shown": SHOWN},
    }
    return _environment().get_template("page.html").render(context)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    loader = PackageLoader("eval.report", "page")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def _asset(name: str) -> Markup:
    """A file of ours, to stand in the page as it is."""
    return Markup(files("eval.report").joinpath("page", name).read_text(encoding="utf-8"))  # noqa: S704


def _tiles(findings: Findings) -> list[tuple[str, str, str]]:
    """The figures to remember: what, how much, and what that is of."""
    evaluation, best = findings.evaluation, findings.ranking[0]
    interval = findings.intervals[best.system][findings.measure]
    tiles = [(f"{findings.measure}, {best.system}", words.number(interval.mean), f"95% interval {words.bounds(interval)}")]
    asked = findings.asked
    if asked:
        answerable, unanswerable = len(evaluation.answerable), len(evaluation.unanswerable)
        unit = "passage" if any(question.relevant for question in evaluation.questions) else "article"
        right = round(curves.first_is_relevant(findings, asked))
        tiles.append((f"Right {unit} first", words.percent(right / answerable), f"{right:,} of {answerable:,} answerable"))
        refused, wrongly = evaluation.refused(asked)
        if unanswerable:
            share = words.percent(refused / unanswerable)
            tiles.append(("Rightly refused", share, f"{refused:,} of {unanswerable:,} not answerable"))
        tiles.append(("Wrongly refused", words.percent(wrongly / answerable), f"{wrongly:,} of {answerable:,} answerable"))
        if cost := findings.costs.get(asked.system):
            size = words.size(cost.index_bytes)
            tiles.append(("Time a question", words.milliseconds(cost.p50), f"half take less; the index is {size}"))
    return tiles


def _panels(findings: Findings) -> list[Panel]:
    """A plot for each measure, on one scale as far as they go from 0 to 1."""
    intervals = findings.intervals
    ends = {
        name: [end for each in intervals.values() for end in (each[name].low, each[name].high)]
        for name in findings.evaluation.measures
    }
    shared = charts.scale_for([end for both in ends.values() if _is_share(both) for end in both])
    panels = []
    for name, both in ends.items():
        scale = shared if _is_share(both) else charts.scale_for(both)
        rows = tuple(
            (system, _strip([(charts.style(place), system, each[name])], scale, name), each[name])
            for place, (system, each) in enumerate(intervals.items())
        )
        panels.append(Panel(name, words.measure_words(name, findings.evaluation.level), rows, charts.axis(scale)))
    return panels


def _is_share(values: Sequence[float]) -> bool:
    return min(values) >= 0 and max(values) <= 1


def _strip(lanes: Sequence[tuple[str, str, Interval]], scale: charts.Scale, measure: str) -> Markup:
    told = "; ".join(f"{system} {words.number(each.mean)}, interval {words.bounds(each)}" for _, system, each in lanes)
    return charts.strip([(style, each) for style, _, each in lanes], scale, f"{measure}: {told}")


def _cuts(findings: Findings) -> list[tuple[str, list[Row], int, Markup]]:
    """The slices by what they cut: name, the largest as rows, how many more there are, the axis."""
    titles = {article.id: title(article) for article in findings.library.articles}
    scale = charts.scale_for(
        [end for each in findings.slices for mean in each.means.values() for end in (mean.low, mean.high)]
    )
    cuts = []
    for by in dict.fromkeys(each.by for each in findings.slices):
        members = [each for each in findings.slices if each.by == by]
        # One slice of all questions tells nothing that the table of measures has not.
        if len(members) > 1:
            rows = [_row(each, titles, scale, findings.measure) for each in members[:_SLICES_SHOWN]]
            cuts.append((by, rows, len(members) - len(rows), charts.axis(scale)))
    return cuts


def _row(part: Slice, titles: Mapping[str, str], scale: charts.Scale, measure: str) -> Row:
    lanes = [(charts.style(place), system, each) for place, (system, each) in enumerate(part.means.items())]
    name = titles.get(part.value, part.value) if part.by == "article" else part.value
    note = part.value if name != part.value else ""
    strip = _strip(lanes, scale, f"{name}, {measure}")
    return Row(name, note, len(part.questions), tuple(part.means.values()), strip)


def _stages(findings: Findings) -> list[tuple[str, int, Markup]]:
    """Stages with the spans that they lost, and a bar for each."""
    counts = count_stages(findings.misses)
    most = max(counts.values(), default=1)
    return [
        (stage, many, charts.bar(many / most, f"{stage}: {words.count(many, 'span')}")) for stage, many in counts.items()
    ]
