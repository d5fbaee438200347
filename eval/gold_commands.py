"""qa gold: checks, extends, pools, converts and compares gold sets."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from eval.anchor import Anchored
from eval.evaluation import SYSTEMS
from eval.files import check_parent, check_target, write_text
from eval.gold import GOLD, GoldQuestion, read_gold
from eval.options import OWN, ForceOption, IndexOption, SplitOption, parse_systems
from index.build import has_changed
from index.errors import SourceError, UserError
from qa.console import print_line, say
from qa.judged import gold_lines, gold_records
from qa.judgements import Judgements, is_judgements
from qa.library import DEFAULT_STORE, Library
from qa.status import update_command
from qa.words import count_of

BROKEN = 1

gold_app = typer.Typer(help="Check, extend, pool, convert and compare gold sets.", rich_markup_mode=None)


@gold_app.command("check")
def gold_check(
    gold: Annotated[Path, typer.Argument(metavar="[GOLD]", help="A gold set.", show_default=OWN)] = GOLD,
    index: IndexOption = DEFAULT_STORE,
    write: Annotated[
        bool,
        typer.Option("--write", help="Mend the file: quotes that moved or were edited become what stands now."),
    ] = False,
) -> None:
    """See whether every quote still stands in its source, as it was indexed. Exit code 1 if one is gone."""
    from eval.anchor import anchor_all, re_anchor
    from eval.exchange import write_gold

    questions, library = read_gold(gold), Library.open(index)
    if stale := _stale(library):
        say(f"warning: {stale}")
    articles = list(library.articles)
    anchored = anchor_all(questions, articles)
    for each in anchored:
        if each.status != "intact":
            print_line(f"{each.question}: {each.status}: {each.span.source}@{each.span.start}: {each.why}")
    counts = Counter(each.status for each in anchored)
    print_line(", ".join(f"{counts[status]} {status}" for status in ("intact", "moved", "edited", "gone")))
    if write:
        if counts["moved"] or counts["edited"]:
            write_gold(gold, re_anchor(questions, articles))
        for line in _mended(gold, anchored):
            print_line(line)
    if counts["gone"]:
        raise typer.Exit(BROKEN)


def _mended(gold: Path, anchored: Sequence[Anchored]) -> list[str]:
    """What was written into a gold set: every quote that reads another way now, and how many were moved."""
    mended = [(each, each.now) for each in anchored if each.now and each.status != "intact"]
    edited = [(each, now) for each, now in mended if each.status == "edited"]
    lines = [f"{each.question}: the quote {each.span.quote!r} is now {now.quote!r}" for each, now in edited]
    if not mended:
        return [f"{gold}: left as it is"]
    moved, replaced = count_of(len(mended) - len(edited), "span"), count_of(len(edited), "quote")
    return [*lines, f"{gold}: {moved} moved, {replaced} replaced by the words that stand there now"]


def _stale(library: Library) -> str:
    """What to say if the articles are no longer as they were indexed; empty if they are."""
    folder, paths = library.index.folder, library.index.manifest.paths
    try:
        changed = has_changed(folder)
    except SourceError:
        return f"the articles are no longer where they were indexed ({' '.join(paths)}): quotes are held against the index"
    again = update_command(paths, str(folder))
    return f"the articles have changed since they were indexed: run {again} first" if changed else ""


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
    questions: Annotated[
        Path, typer.Option("--questions", metavar="FILE", help="Questions, one JSON object a line; a gold set will do.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write what is to be judged.")] = Path(
        "pool.jsonl"
    ),
    systems: Annotated[str, typer.Option("--systems", metavar="A,B", help="Whose passages.")] = ",".join(SYSTEMS),
    k: Annotated[int, typer.Option("-k", metavar="N", help="How many of each system.")] = 10,
    seed: Annotated[int, typer.Option("--seed", help="Of the shuffling.")] = 0,
    index: IndexOption = DEFAULT_STORE,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there, with its judgements.")] = False,
) -> None:
    """Write the blind, shuffled union of the systems' passages, to be judged."""
    from eval.judging import check_unjudged, pool, write_pool
    from qa.questions import read_questions

    check_target(out, force=True)
    if out.exists() and not force:
        check_unjudged(out)
    items = pool(Library.open(index), read_questions(questions), parse_systems(systems), k, seed)
    write_pool(out, items)
    print_line(f"{count_of(len(items), 'passage')} to judge in {out}: set judgement to answers, partly or no")


@gold_app.command("judged")
def gold_judged(
    judged: Annotated[
        Path, typer.Argument(metavar="FILE", help="A pool with its judgements, or what the page wrote.", show_default=False)
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write the gold set.")],
    index: IndexOption = DEFAULT_STORE,
    force: ForceOption = False,
) -> None:
    """Turn a judged pool, or the judgements that were made on the page, into a gold set."""
    from eval.exchange import write_gold
    from eval.judging import judged_gold, read_pool, unjudged

    check_target(out, force)
    if is_judgements(judged):
        _write_judgements(judged, out)
        return
    items = read_pool(judged)
    questions = judged_gold(items, list(Library.open(index).articles))
    left = sum(unjudged(items).values())
    if not questions:
        raise UserError(f"{judged}: {left} passages not judged, and none judged: set judgement to answers, partly or no")
    write_gold(out, questions)
    print_line(f"{count_of(len(questions), 'question')} in {out}; {count_of(left, 'passage')} not judged")


def _write_judgements(judged: Path, out: Path) -> None:
    judgements = Judgements(judged)
    standing = judgements.standing()
    for line in judgements.warnings():
        say(f"warning: {line}")
    records = gold_records(standing)
    if not records:
        raise UserError(f"{judged}: no passage that answers, and no question of which all is judged: judge more first")
    write_text(out, gold_lines(records))
    left = len({each.question for each in standing}) - len(records)
    left_out = f"; {count_of(left, 'question')} left out, not judged whole" if left else ""
    print_line(f"{count_of(len(records), 'question')} in {out}{left_out}")


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
        f"{count_of(found.items, 'passage')} judged by both: agreed on {found.observed:.1%}, "
        f"{found.expected:.1%} expected by chance; kappa {found.kappa:.3f}, weighted {found.weighted_kappa:.3f}"
    )
    for one, other in found.disagreements:
        print_line(f"{one.question_id} {one.passage}: {one.judgement} against {other.judgement}: {one.question}")


@gold_app.command("export")
def gold_export(
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="A .csv or .qrels file, or a new folder for BEIR.", show_default=False)
    ],
    gold: Annotated[Path, typer.Option("--gold", metavar="FILE", help="The gold set.", show_default=OWN)] = GOLD,
    index: IndexOption = DEFAULT_STORE,
    force: ForceOption = False,
) -> None:
    """Write a gold set as CSV, as TREC qrels of this index's passages, or as a BEIR folder."""
    from eval.beir import write_beir
    from eval.exchange import write_gold_csv
    from eval.relevance import Holders, relevant_passages
    from eval.trec import write_trec_qrels

    if out.suffix not in {".csv", ".qrels", ""}:
        raise UserError(f"{out}: expected a name ending in .csv or .qrels, or a folder: name one of these")
    if out.suffix:
        check_target(out, force)
    else:
        check_parent(out)
    questions = read_gold(gold)
    written = len(questions)
    if out.suffix == ".csv":
        write_gold_csv(out, questions)
    elif out.suffix == ".qrels":
        qrels = relevant_passages(questions, Holders(Library.open(index).passages, questions))
        write_trec_qrels(out, qrels)
        written = len(qrels)
    else:
        write_beir(out, questions, list(Library.open(index).articles))
    left = len(questions) - written
    left_out = f"; {left:,} without gold spans left out, for which qrels have no line" if left else ""
    print_line(f"{count_of(written, 'question')} written to {out}{left_out}")


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
    force: ForceOption = False,
) -> None:
    """Write a gold set from CSV, from a BEIR folder, or from TREC qrels of articles with their questions."""
    from eval.exchange import write_gold

    check_target(out, force)
    gold, left = _imported(source, split, questions)
    write_gold(out, gold)
    left_out = f"; {left:,} without judgements left out" if left else ""
    print_line(f"{count_of(len(gold), 'question')} written to {out}{left_out}")


def _imported(source: Path, split: str | None, questions: Path | None) -> tuple[list[GoldQuestion], int]:
    """The questions, and how many more there are without judgements."""
    if source.is_dir():
        from eval.beir import read_beir

        collection = read_beir(source, split)
        return collection.questions, collection.unjudged
    if source.suffix == ".qrels":
        from eval.trec import judged_articles, read_trec_qrels
        from qa.questions import read_questions

        if questions is None:
            raise UserError(f"{source}: qrels hold no questions: name them too with --questions FILE")
        asked = dict(read_questions(questions))
        gold = judged_articles(read_trec_qrels(source), asked)
        return gold, len(asked) - len(gold)
    from eval.exchange import read_gold_csv

    return read_gold_csv(source), 0
