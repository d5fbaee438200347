"""An evaluation as tables and sentences for a terminal, of any width: a column a system, a row a figure."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from eval import words
from eval.answers import CITED, FEWEST
from eval.attribution import count_stages
from eval.difference import Difference, Differences
from eval.evaluation import Evaluation, SystemResult
from eval.findings import Findings
from eval.gate import Verdict
from eval.tuning import IN_USE, Tuning

_MOVED = 10
_GAP = 2
_NAME = 16
_BAR = 24
_RECALLS = ("recall of passages", "recall of articles", "recall of spans")


@dataclass(frozen=True, slots=True)
class _Row:
    """A figure of every system; without cells, a heading."""

    label: str
    cells: Sequence[str] = ()
    style: str = ""


def print_evaluation(findings: Findings, console: Console) -> None:
    """Prints the measures with their uncertainty, comparisons, figures by kind, the answers, and where misses were lost."""
    evaluation = findings.evaluation
    answerable, unanswerable = len(evaluation.answerable), len(evaluation.unanswerable)
    console.print(
        f"{words.count(answerable, 'answerable question')}, {unanswerable:,} that the articles do not answer; "
        f"{evaluation.library}; relevant {evaluation.level}s are counted\n"
    )
    _print_rows(evaluation, list(_measures(findings)), console)
    for line in comparison_lines(findings, evaluation.measures[0]):
        console.print(line)
    rows = [*_kinds(evaluation), *_answers(findings)]
    if rows:
        console.print()
        _print_rows(evaluation, rows, console)
    if findings.qualities and unanswerable and all(each.separation is None for each in findings.qualities.values()):
        console.print(f"No AUROC: it takes {FEWEST} answerable and {FEWEST} unanswerable questions or more")
    if findings.asked and findings.spans:
        console.print(_missed(findings, findings.asked))
    if evaluation.broken:
        console.print(f"Gold spans that no longer stand in their source and count as missed: {len(evaluation.broken)}")


def comparison_lines(findings: Findings, measure: str) -> Iterator[str]:
    """A line for every pair of systems, and one on what this many questions can show."""
    for (system, other), comparison in findings.evaluation.comparisons(measure).items():
        yield f"{measure}, {system} against {other}: {words.comparison_words(comparison)}"
    if len(findings.evaluation.results) > 1:
        first, *_, last = (result.system for result in findings.evaluation.results)
        if seen := findings.detectable(last, first):
            yield f"In {measure}, {seen} (power 80%)"


def verdict_lines(verdict: Verdict, evaluation: Evaluation) -> Iterator[str]:
    """What a gate found: one line, and the questions that moved, those that dropped most first."""
    rule, difference = verdict.rule, verdict.difference
    yield f"gate {rule.measure}:-{rule.drop:g} {'FAILED' if verdict.failed else 'passed'}: {difference}"
    yield from _moved(difference, evaluation)


def difference_lines(found: Differences, evaluation: Evaluation) -> Iterator[str]:
    """What changed since a baseline: a line a system and measure, and the questions that moved in the main measure."""
    yield "Compared with the baseline, question by question:"
    for difference in found:
        yield str(difference)
        if difference.measure == evaluation.measures[0]:
            yield from _moved(difference, evaluation)


def warning_lines(evaluation: Evaluation, most: int = 5) -> Iterator[str]:
    """What to know of the gold and the runs: in all what is not there, of moved and lost quotes the first few."""
    yield from evaluation.remarks
    quotes = (*evaluation.broken, *evaluation.anchored)
    yield from quotes[:most]
    if len(quotes) > most:
        yield f"{len(quotes) - most:,} more gold spans do not stand where they did: qa gold check names them all"


def _moved(difference: Difference, evaluation: Evaluation) -> Iterator[str]:
    texts = {question.id: question.question for question in evaluation.questions}
    for question, (before, now) in list(difference.moved.items())[:_MOVED]:
        yield f"  {question}: {words.number(before)} to {words.number(now)}: {texts.get(question, '')}"
    if len(difference.moved) > _MOVED:
        yield f"  and {len(difference.moved) - _MOVED:,} more"


def _measures(findings: Findings) -> Iterator[_Row]:
    for measure in findings.evaluation.measures:
        intervals = [each[measure] for each in findings.intervals.values()]
        yield _Row(measure, [words.number(each.mean) for each in intervals])
        yield _Row("", [words.bounds(each) for each in intervals], "dim")


def _kinds(evaluation: Evaluation) -> Iterator[_Row]:
    measure = evaluation.measures[0]
    if len(evaluation.kinds) > 1:
        yield _Row(f"{measure} by kind")
        for kind, ids in evaluation.kinds.items():
            yield _Row(f"  {kind} ({len(ids):,})", [words.number(each.mean(measure, ids)) for each in evaluation.results])


def _answers(findings: Findings) -> Iterator[_Row]:
    """What the systems asked here are worth beyond the measures; – for what a system or the gold set does not tell."""
    if not findings.qualities:
        return
    of = {result.system: _figures(findings, result) for result in findings.evaluation.results}
    for heading, labels in {
        "In the first 10 passages": (*_RECALLS, "characters"),
        "Answers": ("marked right", f"citations P@{CITED}", f"citations R@{CITED}", "rightly refused", "wrongly refused"),
        "Confidence": ("AUROC", "ECE"),
        "Cost": ("time, p50", "time, p95", "index"),
    }.items():
        yield _Row(heading)
        yield from (_Row(f"  {label}", [figures.get(label, words.NOTHING) for figures in of.values()]) for label in labels)


def _figures(findings: Findings, result: SystemResult) -> Mapping[str, str]:
    """A system's figures by their label; none of a run from elsewhere."""
    evaluation, quality = findings.evaluation, findings.qualities.get(result.system)
    if not quality:
        return {}
    recalls = [result.recalls.get(unit) for unit in ("passages", "articles", "spans")]
    right, wrong = evaluation.refused(result)
    answerable, unanswerable = len(evaluation.answerable), len(evaluation.unanswerable)
    means = [words.number(sum(values.values()) / len(values) if values else None) for values in recalls]
    found = dict(zip(_RECALLS, means, strict=True)) | {
        "characters": f"{result.characters(evaluation.answerable):,.0f}",
        "marked right": words.number(quality.highlight),
        f"citations P@{CITED}": words.number(quality.citation_precision),
        f"citations R@{CITED}": words.number(quality.citation_recall),
        "rightly refused": f"{right:,} of {unanswerable:,}" if unanswerable else words.NOTHING,
        "wrongly refused": f"{wrong:,} of {answerable:,}",
        "AUROC": words.number(quality.separation),
        "ECE": words.number(quality.calibration_error),
    }
    if cost := findings.costs.get(result.system):
        found["time, p50"], found["time, p95"] = words.milliseconds(cost.p50), words.milliseconds(cost.p95)
        found["index"] = words.size(cost.index_bytes)
    return found


def _missed(findings: Findings, asked: SystemResult) -> str:
    spans = words.count(findings.spans, "gold span")
    if not findings.misses:
        return f"Of {spans} {asked.system} misses or refuses none"
    counted = "; ".join(f"{count:,} {stage}" for stage, count in count_stages(findings.misses).items())
    return f"Of {spans} {asked.system} misses or refuses {len(findings.misses):,}: {counted}"


def _print_rows(evaluation: Evaluation, rows: Sequence[_Row], console: Console) -> None:
    """Prints rows under the systems' names; under each other where the console is too narrow for all systems."""
    names = ["\n".join(textwrap.wrap(result.system, _NAME)) for result in evaluation.results]
    label = max(cell_len(row.label) for row in rows)
    cell = max(cell_len(line) for row in rows for text in (*row.cells, *names) for line in text.split("\n"))
    together = max(1, (console.width - min(label, console.width // 2)) // (cell + _GAP))
    for start in range(0, len(names), together):
        table = Table(box=None, pad_edge=False)
        table.add_column("", overflow="fold")
        for name in names[start : start + together]:
            table.add_column(name, justify="right", no_wrap=True, min_width=cell)
        for row in _known([replace(row, cells=row.cells[start : start + together]) for row in rows]):
            table.add_row(row.label, *row.cells, style=row.style)
        console.print(table)


def _known(rows: Sequence[_Row]) -> Iterator[_Row]:
    """The rows with a figure for one system at least, under their headings."""
    heading = None
    for row in rows:
        if not row.cells:
            heading = row
        elif set(row.cells) != {words.NOTHING}:
            if heading:
                yield heading
            heading = None
            yield row


def print_tuning(tuning: Tuning, console: Console) -> None:
    """Prints the dense weight's curve with its uncertainty, what the folds chose, and whether to change anything."""
    table = Table(box=None, pad_edge=False)
    for heading in ("dense weight", tuning.measure, "95% interval"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("")
    for weight, interval in tuning.curve.items():
        bar = "█" * round(_BAR * interval.mean)
        table.add_row(f"{weight:g}", words.number(interval.mean), words.bounds(interval), bar)
    console.print(f"{tuning.questions:,} questions; in use: {IN_USE}")
    console.print(table)
    for number, settings in enumerate(tuning.chosen, 1):
        console.print(f"Fold {number}: the other folds chose {settings}")
    console.print(
        f"Settings chosen so, on questions that had no say, against those in use: {words.comparison_words(tuning.gain)}"
    )
    if tuning.recommended:
        console.print(f"Recommended: {tuning.recommended}")
    else:
        console.print("Recommended: no change; nothing was significantly better than what is in use")
