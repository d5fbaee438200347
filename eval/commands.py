"""The evaluation's part of the command line: qa eval and qa tune, with qa gold beside them."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eval.evaluation import SYSTEMS, Evaluation, Level, evaluate
from eval.gold import GOLD, GoldQuestion, read_gold
from eval.gold_commands import gold_app
from eval.measures import MEASURES, Run, parse_measures
from eval.options import OWN, IndexOption, SplitOption, parse_systems
from index.encoder import open_encoder
from index.errors import UserError
from qa.console import console, error_console, print_line, say
from qa.library import DEFAULT_STORE, Library, load
from qa.progress import progress_bar
from qa.retriever import SYSTEMS as KNOWN_SYSTEMS
from qa.retriever import System

if TYPE_CHECKING:
    from eval.difference import Differences
    from eval.gate import Rule

DROPPED = 1

app = typer.Typer(
    name="qa", add_completion=False, rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]}
)
app.add_typer(gold_app, name="gold")

ModelOption = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="The encoder: a sentence-transformers name or folder.")
]
GoldArgument = Annotated[
    Path,
    typer.Argument(metavar="[GOLD]", help="A gold set (JSONL) or a BEIR folder.", show_default=OWN),
]


@app.command("eval")
def eval_command(
    gold: GoldArgument = GOLD,
    index: IndexOption = DEFAULT_STORE,
    model: ModelOption = None,
    systems: Annotated[
        str, typer.Option("--systems", metavar="A,B", help=f"Which of {', '.join(KNOWN_SYSTEMS)}.")
    ] = ",".join(SYSTEMS),
    measures: Annotated[
        str, typer.Option("--measures", metavar="A,B", help="As ir-measures spells them: nDCG@10,RR@10,R@5,AP,P@5.")
    ] = ",".join(MEASURES),
    level: Annotated[
        str | None,
        typer.Option(
            "--level",
            metavar="LEVEL",
            help="What counts: passage or article.",
            show_default="passage where the gold has spans",
        ),
    ] = None,
    split: SplitOption = None,
    runs: Annotated[
        list[Path] | None, typer.Option("--run", metavar="FILE", help="A TREC run of another system, measured beside ours.")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="DIR", help="Write an HTML report, JSON, Markdown and TREC runs there; resumes."),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option("--baseline", metavar="FILE", help="Compare with an earlier evaluation: its report.json, or --json."),
    ] = None,
    gates: Annotated[
        list[str] | None,
        typer.Option(
            "--gate",
            metavar="RULE",
            help="Exit 1 if a measure dropped by more, significantly: nDCG@10:-0.01.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure systems on a gold set: figures with their uncertainty, misses explained, a report, a gate."""
    from eval import gate
    from eval.difference import differences
    from eval.findings import Findings
    from eval.record import evaluation_record
    from eval.tables import print_evaluation, warning_lines

    named, wanted = parse_systems(systems), parse_measures(measures)
    rules = [gate.parse_rule(rule) for rule in gates or []]
    if rules and not baseline:
        raise UserError("--gate needs a baseline: qa eval --baseline out/report.json --gate 'nDCG@10:-0.01'")
    before = gate.read_baseline(baseline) if baseline else None
    log = _log(report) if report else None
    evaluation, library = _evaluate(gold, index, model, split, named, wanted, _level(level), _runs(runs or []), log)
    found = differences(before, evaluation.measured, [rule.measure for rule in rules] or None) if before else None
    findings = Findings(evaluation, library)
    for line in warning_lines(evaluation):
        say(f"warning: {line}")
    if as_json:
        print_line(json.dumps(evaluation_record(evaluation), ensure_ascii=False))
    else:
        print_evaluation(findings, console())
    if report:
        from eval.report import write_report

        write_report(report, findings)
        say(f"report: {report / 'index.html'}")
    if found:
        _compare(found, rules, evaluation, say if as_json else print_line)


def _compare(found: "Differences", rules: Sequence["Rule"], evaluation: Evaluation, show: Callable[[str], None]) -> None:
    """Says what changed since the baseline; with rules, whether it passes them."""
    from eval.gate import judge
    from eval.tables import difference_lines, verdict_lines

    if found.remark:
        say(f"warning: {found.remark}")
    for line in () if rules else difference_lines(found, evaluation):
        show(line)
    verdicts = judge(found, rules)
    for verdict in verdicts:
        for line in verdict_lines(verdict, evaluation):
            say(line)
    if any(verdict.failed for verdict in verdicts):
        raise typer.Exit(DROPPED)


def _log(report: Path) -> Path:
    """Where the answers are kept for a report, whose folder is checked first."""
    from eval.report.folder import LOG, check_folder

    check_folder(report)
    return report / LOG


def _evaluate(
    gold: Path,
    index: Path,
    model: str | None,
    split: str | None,
    systems: Sequence[System],
    measures: Sequence[str],
    level: Level | None,
    runs: dict[str, Run],
    log: Path | None,
) -> tuple[Evaluation, Library]:
    questions, library = _open(gold, index, model, split)
    try:
        with progress_bar(error_console()) as progress:
            evaluation = evaluate(library, questions, systems, progress, measures=measures, level=level, runs=runs, log=log)
    except KeyboardInterrupt:
        if log:
            say(f"the answers so far are kept in {log}: the same command goes on from there")
        raise
    return evaluation, library


def _open(gold: Path, index: Path, model: str | None, split: str | None) -> tuple[Sequence[GoldQuestion], Library]:
    """The questions, and the library to ask: of a BEIR folder its own corpus, indexed first if need be."""
    encoder = open_encoder(model) if model else None
    if gold.is_dir():
        from eval.beir import is_beir, read_beir

        if not is_beir(gold):
            raise UserError(
                f"{gold}: a folder without corpus.jsonl, queries.jsonl and qrels: name a gold set or a BEIR folder"
            )
        collection = read_beir(gold, split)
        with progress_bar(error_console()) as progress:
            library = load(gold, None if index == DEFAULT_STORE else index, encoder, progress=progress)
        return collection.questions, library
    return read_gold(gold), Library.open(index, encoder)


def _level(name: str | None) -> Level | None:
    levels: dict[str | None, Level | None] = {None: None, "passage": "passage", "article": "article"}
    if name not in levels:
        raise UserError(f"no level {name!r}, expected passage or article")
    return levels[name]


def _runs(paths: Sequence[Path]) -> dict[str, Run]:
    """The runs by their tags, or by their files' names where a tag is taken."""
    from eval.trec import read_trec_run

    runs: dict[str, Run] = {}
    for path in paths:
        tag, run = read_trec_run(path)
        runs[tag if tag not in runs and tag not in KNOWN_SYSTEMS else path.name] = run
    return runs


@app.command("tune")
def tune_command(
    gold: GoldArgument = GOLD,
    index: IndexOption = DEFAULT_STORE,
    model: ModelOption = None,
    measure: Annotated[str, typer.Option("--measure", help="What to raise.")] = "nDCG@10",
    folds: Annotated[int, typer.Option("--folds", min=2, help="How many folds of nested cross-validation.")] = 5,
    split: SplitOption = None,
) -> None:
    """Search the ranking's settings on a gold set; recommend a change only when it is significant."""
    from eval.tables import print_tuning
    from eval.tuning import tune

    names = parse_measures(measure)
    if len(names) > 1:
        raise UserError(f"{len(names)} measures to raise, expected one: qa tune --measure {names[0]}")
    questions, library = _open(gold, index, model, split)
    with progress_bar(error_console()) as progress:
        tuning = tune(library, questions, names[0], folds, progress)
    print_tuning(tuning, console())
