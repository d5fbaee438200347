"""The figures of an evaluation as tables and a plot, from its record: for reports that have no page of their own."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from index import UserError
from qa.words import count_of

_WIDTH, _ROW, _LEFT = 640, 34, 120


def figures_html(record: Mapping[str, Any]) -> str:
    """Tables and a plot of what was measured, with 95% intervals. Raises UserError for a record that has other fields."""
    try:
        systems, measures = list(record["all"]), list(next(iter(record["all"].values())))
        questions = record["questions"]
        about = (
            f"{count_of(int(questions['answerable']), 'answerable question')}, {int(questions['unanswerable']):,} that the "
            f"articles do not answer. {_library(record)}. Small figures: 95% intervals."
        )
        return (
            f'<p class="soft">{escape(str(about))}</p>{_means(record, systems, measures)}'
            f"{_plot(record, systems, measures[0])}{_kinds(record, systems, measures[0])}{_comparisons(record, measures[0])}"
        )
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration):
        raise UserError(
            "the report's figures are of another version: write the report again with qa eval --report"
        ) from None


def _library(record: Mapping[str, Any]) -> str:
    """What the questions were asked of: "9 articles, 142 passages, all-MiniLM-L6-v2"."""
    return str(record["library"]).removeprefix("Library(").removesuffix(")")


def _means(record: Mapping[str, Any], systems: Sequence[str], measures: Sequence[str]) -> str:
    rows = []
    for system in systems:
        cells = []
        for measure in measures:
            low, high = map(float, record["intervals"][system][measure])
            mean = float(record["all"][system][measure])
            cells.append(f'<td class="number">{mean:.3f}<small>{low:.3f} to {high:.3f}</small></td>')
        rows.append([f'<th scope="row">{escape(system)}</th>', *cells])
    return _table("Systems and measures", ["System", *measures], rows)


def _plot(record: Mapping[str, Any], systems: Sequence[str], measure: str) -> str:
    """Each system's mean of a measure as a dot on its interval, 0 to 1."""
    lines = []
    told = []
    for place, system in enumerate(systems):
        low, high = (min(max(float(bound), 0.0), 1.0) for bound in record["intervals"][system][measure])
        mean = min(max(float(record["all"][system][measure]), 0.0), 1.0)
        height = _ROW * place + _ROW // 2
        told.append(f"{system} {mean:.3f}")
        lines.append(
            f'<text x="0" y="{height + 5}">{escape(system)}</text>'
            f'<line x1="{_x(low):.1f}" x2="{_x(high):.1f}" y1="{height}" y2="{height}" class="interval"/>'
            f'<circle cx="{_x(mean):.1f}" cy="{height}" r="5"/>'
        )
    bottom = _ROW * len(systems)
    ticks = "".join(
        f'<line x1="{_x(tick / 4):.1f}" x2="{_x(tick / 4):.1f}" y1="0" y2="{bottom}" class="tick"/>'
        f'<text x="{_x(tick / 4):.1f}" y="{bottom + 18}" text-anchor="middle" class="tick">{tick / 4:g}</text>'
        for tick in range(5)
    )
    return (
        f'<figure><figcaption>{escape(measure)}</figcaption><svg viewBox="0 0 {_WIDTH} {bottom + 26}" role="img" '
        f'aria-label="{escape(measure)}: {escape(", ".join(told))}">{ticks}{"".join(lines)}</svg></figure>'
    )


def _x(value: float) -> float:
    return _LEFT + value * (_WIDTH - _LEFT - 20)


def _kinds(record: Mapping[str, Any], systems: Sequence[str], measure: str) -> str:
    rows = [
        [
            f'<th scope="row">{escape(kind)}</th><td class="number">{int(means["questions"]):,}</td>',
            *(f'<td class="number">{float(means[system][measure]):.3f}</td>' for system in systems),
        ]
        for kind, means in record["kinds"].items()
    ]
    return _table(f"{measure} by kind of question", ["Kind", "Questions", *systems], rows)


def _comparisons(record: Mapping[str, Any], measure: str) -> str:
    rows = []
    for each in record["comparisons"]:
        if each["measure"] == measure:
            difference = {name: float(each["difference"][name]) for name in ("mean", "low", "high")}
            rows.append(
                [
                    f'<th scope="row">{escape(each["system"])} against {escape(each["against"])}</th>',
                    f'<td class="number">{difference["mean"]:+.3f}'
                    f"<small>{difference['low']:+.3f} to {difference['high']:+.3f}</small></td>",
                    f'<td class="number">{float(each["adjusted_p_value"]):.4f}</td>',
                ]
            )
    return _table(f"Comparisons by {measure}", ["Systems", "Difference", "p"], rows) if rows else ""


def _table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    first, *rest = heads
    named = "".join(f'<th scope="col" class="number">{escape(head)}</th>' for head in rest)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return (
        f'<h2>{escape(caption)}</h2><div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f'<thead><tr><th scope="col">{escape(first)}</th>{named}</tr></thead><tbody>{body}</tbody></table></div>'
    )
