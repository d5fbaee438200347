"""An evaluation as tables and sentences for a terminal."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from eval.answers import CITED, Cost, cost, qualities
from eval.attribution import attribute, count_stages
from eval.difference import comparison_words
from eval.evaluation import Evaluation
from eval.gate import Verdict
from eval.statistics import detectable_difference, detectable_in_words
from eval.tuning import IN_USE, Tuning
from qa.library import Library
from qa.retriever import SYSTEMS

_MOVED = 10


def print_evaluation(evaluation: Evaluation, library: Library, console: Console) -> None:
    """Prints the measures overall with their uncertainty and by kind, the answers, and where misses were lost."""
    answerable, unanswerable = len(evaluation.answerable), len(evaluation.unanswerable)
    console.print(
        f"{answerable:,} answerable questions, {unanswerable:,} that the articles do not answer; {evaluation.library}; "
        f"relevant {evaluation.level}s are counted"
    )
    console.print(_measures(evaluation))
    for line in comparison_lines(evaluation, evaluation.measures[0]):
        console.print(line)
    console.print("\nThe same by other units, what one reads for it, and the answers:")
    console.print(_answers(evaluation, library))
    for result in evaluation.results:
        if result.outcomes:
            right, wrong = evaluation.refused(result)
            console.print(
                f"{result.system}: refused {right} of {unanswerable} unanswerable questions "
                f"and {wrong} of {answerable} answerable ones"
            )
    last = next((result for result in reversed(evaluation.results) if result.outcomes), None)
    system = next((known for known in SYSTEMS if last and known == last.system), None)
    spans = sum(len(question.relevant) for question in evaluation.questions)
    if last and system and spans:
        misses = attribute(library, evaluation.questions, last.found, system=system)
        counted = ", ".join(f"{count} {stage}" for stage, count in count_stages(misses).items())
        console.print(f"Of {spans} gold spans {system} misses or refuses {len(misses)}: {counted or 'none'}")
    if evaluation.broken:
        console.print(f"Gold spans that no longer stand in their source and count as missed: {len(evaluation.broken)}")


def comparison_lines(evaluation: Evaluation, measure: str) -> Iterator[str]:
    """A line for every pair of systems, and one on what this many questions can show."""
    comparisons = evaluation.comparisons(measure)
    for (system, other), comparison in comparisons.items():
        yield f"{measure}, {system} against {other}: {comparison_words(comparison)}"
    if comparisons:
        first, *_, last = (result.figures[measure] for result in evaluation.results)
        differences = [last.get(question, 0.0) - first.get(question, 0.0) for question in evaluation.answerable]
        words = detectable_in_words(len(differences), detectable_difference(differences))
        yield f"{words[0].upper()}{words[1:]} in {measure} (power 80%)"


def verdict_lines(verdict: Verdict, evaluation: Evaluation) -> Iterator[str]:
    """What a gate found: one line, and the questions that moved, those that dropped most first."""
    rule, difference = verdict.rule, verdict.difference
    yield f"gate :-{rule.drop:g} {'FAILED' if verdict.failed else 'passed'}: {difference}"
    texts = {question.id: question.question for question in evaluation.questions}
    for question, (before, now) in list(difference.moved.items())[:_MOVED]:
        yield f"  {question}: {before:.3f} to {now:.3f}: {texts.get(question, '')}"


def _measures(evaluation: Evaluation) -> Table:
    table = _table(("kind", "questions", "system", *evaluation.measures), left={"kind", "system"})
    kinds = evaluation.kinds if len(evaluation.kinds) > 1 else {}
    for kind, ids in {"all": evaluation.answerable, **kinds}.items():
        for row, result in enumerate(evaluation.results):
            first = (kind, f"{len(ids):,}") if row == 0 else ("", "")
            table.add_row(*first, result.system, *(f"{result.mean(name, ids):.3f}" for name in evaluation.measures))
            if kind == "all":
                intervals = [result.interval(name, ids) for name in evaluation.measures]
                table.add_row("", "", "", *(f"{each.low:.3f}–{each.high:.3f}" for each in intervals), style="dim")
    return table


def _answers(evaluation: Evaluation, library: Library) -> Table:
    headings = (
        "system", "passages R@10", "articles R@10", "spans R@10", "characters", "marked right", f"citations P@{CITED}",
        f"citations R@{CITED}", "AUROC", "ECE", "p50", "p95", "index",
    )  # fmt: skip
    table = _table(headings, left={"system"})
    found = qualities(evaluation)
    for result in evaluation.results:
        quality = found.get(result.system)
        if not quality:
            continue
        recalls = [result.recalls.get(unit) for unit in ("passages", "articles", "spans")]
        took = _cost(evaluation, library, result.system)
        table.add_row(
            result.system,
            *(_figure(sum(values.values()) / len(values) if values else None) for values in recalls),
            f"{result.characters(evaluation.answerable):,.0f}",
            _figure(quality.highlight),
            _figure(quality.citation_precision),
            _figure(quality.citation_recall),
            _figure(quality.separation),
            _figure(quality.calibration_error),
            f"{took.p50 * 1000:.0f} ms",
            f"{took.p95 * 1000:.0f} ms",
            f"{took.index_bytes / 1e6:.1f} MB",
        )
    return table


def _cost(evaluation: Evaluation, library: Library, system: str) -> Cost:
    return cost(library, evaluation.questions, next(known for known in SYSTEMS if known == system))


def _table(headings: Sequence[str], left: set[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="left" if heading in left else "right", no_wrap=True)
    return table


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def print_tuning(tuning: Tuning, console: Console) -> None:
    """Prints the dense weight's curve with its uncertainty, what the folds chose, and whether to change anything."""
    table = _table(("dense weight", tuning.measure, "95% interval", ""), left={""})
    for weight, interval in tuning.curve.items():
        bar = "█" * round(40 * interval.mean)
        table.add_row(f"{weight:g}", f"{interval.mean:.3f}", f"{interval.low:.3f}–{interval.high:.3f}", bar)
    console.print(f"{tuning.questions:,} questions; in use: {IN_USE}")
    console.print(table)
    for number, settings in enumerate(tuning.chosen, 1):
        console.print(f"Fold {number}: the other folds chose {settings}")
    console.print(f"Settings chosen so, on questions that had no say, against those in use: {comparison_words(tuning.gain)}")
    if tuning.recommended:
        console.print(f"Recommended: {tuning.recommended}")
    else:
        console.print("Recommended: no change; nothing was significantly better than what is in use")
