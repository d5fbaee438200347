"""The evaluation's part of the command line: qa eval, qa gold, qa tune."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from eval.evaluation import SYSTEMS, Evaluation, Level, evaluate
from eval.gold import GOLD, GoldQuestion, read_gold
from eval.measures import MEASURES, Run, parse_measures
from index.encoder import open_encoder
from index.errors import UserError
from qa.console import console, error_console, print_line, say
from qa.library import DEFAULT_STORE, Library, load
from qa.progress import progress_bar
from qa.retriever import SYSTEMS as KNOWN_SYSTEMS
from qa.retriever import System

DROPPED = 1

app = typer.Typer(
    name="qa", add_completion=False, rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]}
)
gold_app = typer.Typer(help="Check, extend, pool, convert and compare gold sets.", rich_markup_mode=None)
app.add_typer(gold_app, name="gold")

IndexOption = Annotated[Path, typer.Option("--index", metavar="DIR", help="The folder of the index.")]
ModelOption = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="The encoder: a sentence-transformers name or folder.")
]
GoldArgument = Annotated[
    Path,
    typer.Argument(metavar="[GOLD]", help="A gold set (JSONL) or a BEIR folder.", show_default="the seed articles' own"),
]


@app.command("eval")
def eval_command(
    gold: GoldArgument = GOLD,
    index: IndexOption = DEFAULT_STORE,
    model: ModelOption = None,
    systems: Annotated[str, typer.Option("--systems", metavar="A,B", help="Which of hybrid, rrf, dense, bm25.")] = ",".join(
        SYSTEMS
    ),
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
    split: Annotated[
        str | None, typer.Option("--split", help="Which judgements of a BEIR folder.", show_default="test")
    ] = None,
    runs: Annotated[
        list[Path] | None, typer.Option("--run", metavar="FILE", help="A TREC run of another system, measured beside ours.")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="DIR", help="Write an HTML report, JSON, Markdown and TREC runs there; resumes."),
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", metavar="FILE", help="An earlier evaluation's JSON.")
    ] = None,
    gates: Annotated[
        list[str] | None,
        typer.Option("--gate", metavar="RULE", help="Exit 1 if a measure dropped by more, significantly: nDCG@10:-0.01."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure systems on a gold set: figures with their uncertainty, misses explained, a report, a gate."""
    from eval import gate
    from eval.record import evaluation_record

    named, wanted = _systems(systems), parse_measures(measures)
    rules = [gate.parse_rule(rule) for rule in gates or []]
    if bool(rules) != bool(baseline):
        raise UserError("--gate and --baseline go together: qa eval --baseline base.json --gate 'nDCG@10:-0.01'")
    before = gate.read_baseline(baseline) if baseline else {}
    questions, library = _open(gold, index, model, split)
    with progress_bar(error_console()) as progress:
        evaluation = evaluate(
            library,
            questions,
            named,
            progress,
            measures=wanted,
            level=_level(level),
            runs=_runs(runs) if runs else None,
            log=report / "outcomes.jsonl" if report else None,
        )
    for line in evaluation.broken:
        say(f"warning: {line}")
    record = evaluation_record(evaluation)
    if as_json:
        print_line(json.dumps(record, ensure_ascii=False))
    else:
        _print(evaluation, library)
    if report:
        from eval.report import write_report

        write_report(report, evaluation, library)
        say(f"report: {report / 'index.html'}")
    verdicts = gate.judge(before, record["figures"], rules) if rules else []
    for verdict in verdicts:
        _print_verdict(verdict, evaluation)
    if any(verdict.failed for verdict in verdicts):
        raise typer.Exit(DROPPED)


def _print(evaluation: Evaluation, library: Library) -> None:
    from eval.tables import print_evaluation

    print_evaluation(evaluation, library, console())


def _print_verdict(verdict: Any, evaluation: Evaluation) -> None:
    from eval.tables import verdict_lines

    for line in verdict_lines(verdict, evaluation):
        say(line)


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


def _systems(text: str) -> tuple[System, ...]:
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    known: dict[str, System] = {system: system for system in KNOWN_SYSTEMS}
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise UserError(
            f"no system {', '.join(unknown) or 'named'}, expected some of {', '.join(known)}: qa eval --systems bm25,hybrid"
        )
    return tuple(known[name] for name in names)


def _level(name: str | None) -> Level | None:
    levels: dict[str | None, Level | None] = {None: None, "passage": "passage", "article": "article"}
    if name not in levels:
        raise UserError(f"no level {name!r}, expected passage or article")
    return levels[name]


def _runs(paths: Sequence[Path]) -> dict[str, Run]:
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
    split: Annotated[
        str | None, typer.Option("--split", help="Which judgements of a BEIR folder.", show_default="test")
    ] = None,
) -> None:
    """Search the ranking's settings on a gold set; recommend a change only when it is significant."""
    from eval.tables import print_tuning
    from eval.tuning import tune

    (name,) = parse_measures(measure)
    questions, library = _open(gold, index, model, split)
    with progress_bar(error_console()) as progress:
        tuning = tune(library, questions, name, folds, progress)
    print_tuning(tuning, console())
