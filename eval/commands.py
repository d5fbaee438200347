"""The evaluation's part of the command line: qa eval, qa gold, qa tune."""

import json
from collections import Counter
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

DROPPED = BROKEN = 1
OWN = "the seed articles' own"

app = typer.Typer(
    name="qa", add_completion=False, rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]}
)
gold_app = typer.Typer(help="Check, extend, pool, convert and compare gold sets.", rich_markup_mode=None)
app.add_typer(gold_app, name="gold")

IndexOption = Annotated[Path, typer.Option("--index", metavar="DIR", help="The folder of the index.")]
ModelOption = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="The encoder: a sentence-transformers name or folder.")
]
SplitOption = Annotated[str | None, typer.Option("--split", help="Which judgements of a BEIR folder.", show_default="test")]
GoldArgument = Annotated[
    Path,
    typer.Argument(metavar="[GOLD]", help="A gold set (JSONL) or a BEIR folder.", show_default=OWN),
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
    split: SplitOption = None,
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
    for line in (*evaluation.broken, *evaluation.anchored):
        say(f"warning: {line}")
    if as_json:
        print_line(json.dumps(evaluation_record(evaluation), ensure_ascii=False))
    else:
        _print(evaluation, library)
    if report:
        from eval.report import write_report

        write_report(report, evaluation, library)
        say(f"report: {report / 'index.html'}")
    verdicts = gate.judge(before, evaluation.figures, rules) if rules else []
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
    split: SplitOption = None,
) -> None:
    """Search the ranking's settings on a gold set; recommend a change only when it is significant."""
    from eval.tables import print_tuning
    from eval.tuning import tune

    (name,) = parse_measures(measure)
    questions, library = _open(gold, index, model, split)
    with progress_bar(error_console()) as progress:
        tuning = tune(library, questions, name, folds, progress)
    print_tuning(tuning, console())


@gold_app.command("check")
def gold_check(
    gold: Annotated[Path, typer.Argument(metavar="[GOLD]", help="A gold set.", show_default=OWN)] = GOLD,
    index: IndexOption = DEFAULT_STORE,
    write: Annotated[bool, typer.Option("--write", help="Move spans in the file to where their quotes stand.")] = False,
) -> None:
    """See whether every quote still stands in its source. Exit code 1 if one is gone."""
    from eval.anchor import anchor_all, re_anchor
    from eval.exchange import write_gold

    questions, library = read_gold(gold), Library.open(index)
    articles = list(library.articles)
    anchored = anchor_all(questions, articles)
    for each in anchored:
        if each.status != "intact":
            print_line(f"{each.question}: {each.status}: {each.span.source}@{each.span.start}: {each.why}")
    counts = Counter(each.status for each in anchored)
    print_line(", ".join(f"{counts[status]} {status}" for status in ("intact", "moved", "edited", "gone")))
    if write:
        write_gold(gold, re_anchor(questions, articles))
    if counts["gone"]:
        raise typer.Exit(BROKEN)


@gold_app.command("add")
def gold_add(
    gold: Annotated[Path, typer.Option("--gold", metavar="FILE", help="The gold set; begun if it is not there.")],
    question: Annotated[str, typer.Option("--question", help="What is asked.")],
    quotes: Annotated[
        list[str] | None, typer.Option("--quote", metavar="SOURCE: WORDS", help="Words that answer; none if nothing does.")
    ] = None,
    kind: Annotated[str, typer.Option("--kind", help="What sort of question it is.")] = "",
    note: Annotated[str, typer.Option("--note", help="A remark.")] = "",
    question_id: Annotated[str | None, typer.Option("--id", help="The question's id.", show_default="the next one")] = None,
    index: IndexOption = DEFAULT_STORE,
) -> None:
    """Add a question with the words that answer it; where they stand is found."""
    from eval.authoring import add_question

    pairs = []
    for quote in quotes or []:
        source, colon, words = quote.partition(": ")
        if not colon or not source.strip() or not words.strip():
            raise UserError(f"--quote {quote!r}: expected a source and words: --quote 'article.txt: the words'")
        pairs.append((source.strip(), words.strip()))
    added = add_question(gold, question, pairs, list(Library.open(index).articles), kind, note, question_id)
    where = ", ".join(f"{span.source} from {span.start} to {span.end}" for span in added.relevant)
    print_line(f"{added.id}: {where or 'not answered by the articles'}")


@gold_app.command("pool")
def gold_pool(
    questions: Annotated[Path, typer.Option("--questions", metavar="FILE", help="Questions, one JSON object a line.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write what is to be judged.")] = Path(
        "pool.jsonl"
    ),
    systems: Annotated[str, typer.Option("--systems", metavar="A,B", help="Whose passages.")] = ",".join(SYSTEMS),
    k: Annotated[int, typer.Option("-k", metavar="N", help="How many of each system.")] = 10,
    seed: Annotated[int, typer.Option("--seed", help="Of the shuffling.")] = 0,
    index: IndexOption = DEFAULT_STORE,
) -> None:
    """Write the blind, shuffled union of the systems' passages, to be judged."""
    from eval.judging import pool, write_pool
    from qa.questions import read_questions

    items = pool(Library.open(index), read_questions(questions), _systems(systems), k, seed)
    write_pool(out, items)
    print_line(f"{len(items):,} passages to judge in {out}: set judgement to answers, partly or no")


@gold_app.command("judged")
def gold_judged(
    judged: Annotated[Path, typer.Argument(metavar="POOL", help="A pool with its judgements.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write the gold set.")],
    index: IndexOption = DEFAULT_STORE,
) -> None:
    """Turn a judged pool into a gold set."""
    from eval.exchange import write_gold
    from eval.judging import judged_gold, read_pool, unjudged

    items = read_pool(judged)
    questions = judged_gold(items, list(Library.open(index).articles))
    write_gold(out, questions)
    left = sum(unjudged(items).values())
    print_line(f"{len(questions)} questions in {out}; {left} passages not judged")


@gold_app.command("agree")
def gold_agree(
    first: Annotated[Path, typer.Argument(metavar="POOL", help="One judge's file.", show_default=False)],
    second: Annotated[Path, typer.Argument(metavar="POOL", help="The other's.", show_default=False)],
) -> None:
    """How far two judges agree: Cohen's kappa, and where they do not."""
    from eval.agreement import agreement
    from eval.judging import read_pool

    found = agreement(read_pool(first), read_pool(second))
    print_line(
        f"{found.items} passages judged by both: agreed on {found.observed:.1%}, {found.expected:.1%} expected by chance; "
        f"kappa {found.kappa:.3f}, weighted {found.weighted_kappa:.3f}"
    )
    for one, other in found.disagreements:
        print_line(f"{one.question_id} {one.passage}: {one.judgement} against {other.judgement}: {one.question}")


@gold_app.command("export")
def gold_export(
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="A .csv or .qrels file, or a folder for BEIR.", show_default=False)
    ],
    gold: Annotated[Path, typer.Option("--gold", metavar="FILE", help="The gold set.", show_default=OWN)] = GOLD,
    index: IndexOption = DEFAULT_STORE,
) -> None:
    """Write a gold set as CSV, as TREC qrels of this index's passages, or as a BEIR folder."""
    from eval.beir import write_beir
    from eval.exchange import write_gold_csv
    from eval.relevance import Holders, relevant_passages
    from eval.trec import write_trec_qrels

    questions = read_gold(gold)
    if out.suffix == ".csv":
        write_gold_csv(out, questions)
    elif out.suffix == ".qrels":
        write_trec_qrels(out, relevant_passages(questions, Holders(Library.open(index).passages, questions)))
    elif not out.suffix:
        write_beir(out, questions, list(Library.open(index).articles))
    else:
        raise UserError(f"{out}: expected a name ending in .csv or .qrels, or a folder: name one of these")
    print_line(f"{len(questions)} questions written to {out}")


@gold_app.command("import")
def gold_import(
    source: Annotated[
        Path, typer.Argument(metavar="FROM", help="A .csv or .qrels file, or a BEIR folder.", show_default=False)
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The gold set to write.", show_default=False)],
    split: SplitOption = None,
    questions: Annotated[
        Path | None, typer.Option("--questions", metavar="FILE", help="The questions that qrels judge by their ids.")
    ] = None,
) -> None:
    """Write a gold set from CSV, from a BEIR folder, or from TREC qrels of articles with their questions."""
    from eval.exchange import write_gold

    gold = _imported(source, split, questions)
    write_gold(out, gold)
    print_line(f"{len(gold)} questions written to {out}")


def _imported(source: Path, split: str | None, questions: Path | None) -> list[GoldQuestion]:
    if source.is_dir():
        from eval.beir import read_beir

        return read_beir(source, split).questions
    if source.suffix == ".qrels":
        from eval.trec import judged_articles, read_trec_qrels
        from qa.questions import read_questions

        if questions is None:
            raise UserError(f"{source}: qrels hold no questions: name them too with --questions FILE")
        return judged_articles(read_trec_qrels(source), dict(read_questions(questions)))
    from eval.exchange import read_gold_csv

    return read_gold_csv(source)
