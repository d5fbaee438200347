"""`python -m eval.quality DATA`: measures the pipeline on the collections in DATA and writes docs/quality.md."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer

from eval.beir import read_answers
from eval.gold import GoldQuestion
from eval.outcomes import code_digest, questions_digest
from eval.quality import abstention, highlights
from eval.quality.ablation import Figures, figures
from eval.quality.data import (
    Cache,
    Collection,
    Few,
    Written,
    development_folders,
    folders_of_few,
    open_collection,
    reported_folders,
    shuffled,
)
from eval.quality.page import ABSTENTION, Measured, Refusals, across, retrieval
from eval.quality.page import abstention as abstention_part
from eval.quality.page import highlighting as highlighting_part
from index.errors import UserError
from index.progress import Progress
from qa.confidence import MODEL
from qa.console import error_console, say
from qa.progress import progress_bar

NAMES = ("seeds", "squad_v2_dev", "scifact", "mtrag_clapnq", "mtrag_govt", "xquad_en")
# Chinese questions, for which XQuAD's English paragraphs are searched.
ACROSS = "xquad_zh2en"
PAGE = Path("docs/quality.md")
_HEAD = """# Quality

Written by `make ablation`, which reads public collections in the layout of BEIR and goes on where it was stopped. The
encoder is all-MiniLM-L6-v2 throughout. Weights and threshold were chosen on development questions, and are reported on
others; docs/log.md has what else was tried.

The reader (index/reader.py) was trained on SQuAD's questions of 27 articles, and on articles and questions that were
written for it (eval/reader). XQuAD asks of SQuAD's articles: both are reported by questions on the eight articles that it
was not trained on. Its ways to be trained were compared by how well they tell answers from tricks on these eight and on
written folders that it was not trained on, so that what it does for SQuAD may be somewhat flattered.
"""

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def main(
    data: Annotated[Path, typer.Argument(help="The folder of the collections.", show_default=False)],
    fit: Annotated[bool, typer.Option("--fit", help="Fit confidence, and measure it alone.")] = False,
    cache_folder: Annotated[Path, typer.Option("--cache", help="Where figures are kept.")] = Path(".cache/quality"),
) -> None:
    """Measure every arm, the marked sentences and the refusals; with --fit the refusals, the rest of the page stays."""
    missing = [name for name in (*NAMES, ACROSS) if name != "seeds" and not (data / name / "corpus.jsonl").is_file()]
    if missing:
        say(f"{data}: no {', '.join(missing)}: name the folder that holds the collections")
        raise typer.Exit(2)
    try:
        with progress_bar(error_console()) as progress:
            _measure(data, fit, Cache(cache_folder), progress)
    except UserError as error:
        say(str(error))
        raise typer.Exit(2) from None


def _measure(data: Path, fit: bool, known: Cache, progress: Progress) -> None:
    collection = cache(lambda name: open_collection(name, data, progress))
    if fit:
        few = folders_of_few("squad_v2_dev", data, known.folder, progress)
        written = development_folders(known.folder, progress)
        say(abstention.fit(_development(collection, few, written, progress)))

    def kept(part: str, name: str, work: Callable[[], object], model: str = "") -> Any:
        each = collection(name)
        key = f"{code_digest()} {model}{each.library.index.manifest.build} {questions_digest(each.reported)}"
        return known.get(f"{part}-{name}", key, work)

    def refusals() -> str:
        model = MODEL.read_text(encoding="utf-8")

        def work() -> object:
            return _refusals(collection, reported_folders(known.folder, progress), progress)

        sets = [Refusals(**record) for record in kept("refusals", "seeds", work, model)]
        return abstention_part(sets, json.loads(model)["trained_on"])

    if fit:
        before, heading, _ = PAGE.read_text(encoding="utf-8").partition(ABSTENTION)
        if not heading:
            raise UserError(f"{PAGE}: no part {ABSTENTION!r}: measure everything first, without --fit")
        PAGE.write_text(before + refusals(), encoding="utf-8")
        say(f"{PAGE}: {ABSTENTION.removeprefix('## ')!r} written")
        return

    def arms(name: str) -> Measured:
        each = collection(name)
        found: Figures = kept("arms", name, lambda: figures(each.library, each.reported, progress))
        return Measured(name, f"{len(each.library.articles):,}", each.held, found)

    measured = [arms(name) for name in NAMES]
    squad = collection("squad_v2_dev")
    right = kept(
        "marked",
        squad.name,
        lambda: highlights.marked_right(squad.library, squad.reported, read_answers(data / squad.name), progress),
    )
    parts = (_HEAD, retrieval(measured), across(arms(ACROSS)), highlighting_part(right), refusals())
    PAGE.write_text("\n".join(parts), encoding="utf-8")
    say(f"{PAGE}: written")


_Open = Callable[[str], Collection]
# So many questions are asked of each library of few articles.
_FEW_ASKED = 80


def _development(
    collection: _Open, small: Sequence[Few], written: Sequence[Written], progress: Progress
) -> dict[str, abstention.Asked]:
    """The groups of questions that confidence is fitted on, by what they are."""

    def ask(library: str, questions: Sequence[GoldQuestion], answerable: bool) -> abstention.Asked:
        return abstention.ask(collection(library).library, questions, answerable, progress)

    squad, govt, scifact = (collection(name) for name in ("squad_v2_dev", "mtrag_govt", "scifact"))
    asked = squad.unseen(squad.development, answerable=True)
    tricks = squad.unseen(squad.development, answerable=False)[:700]
    elsewhere = [
        ask(squad.name, [*govt.development, *scifact.development[:300]], False),
        ask(govt.name, [*asked[:250], *scifact.development[300:450]], False),
        ask(scifact.name, [*asked[250:400], *govt.development], False),
    ]
    # Where articles are few, an answerable question shares fewer words with them, and the nearest passage is farther; what
    # only articles beside them answer is asked in the same words.
    by_id = {question.id: question for question in asked}
    few_own, few_near, few_other = [], [], []
    for each in small:
        own = [question for question in asked if each.ids.intersection(question.articles)]
        near = [question for question in asked if each.left_out.intersection(question.articles)]
        around = each.ids | each.left_out
        others = [by_id[name] for name in shuffled(list(by_id)) if not around.intersection(by_id[name].articles)]
        few_own.append(abstention.ask(each.library, own[:_FEW_ASKED], True, progress))
        few_near.append(abstention.ask(each.library, near[:_FEW_ASKED], False, progress))
        few_other.append(abstention.ask(each.library, others[:60], False, progress))
    answered, left_open = _of_folders(written, progress)
    return {
        "questions of SQuAD 2.0's development set": ask(squad.name, asked[:700], True),
        "questions of MTRAG's govt": ask(govt.name, govt.development, True),
        "claims of SciFact's training split": ask(scifact.name, scifact.development[:300], True),
        "SQuAD's questions asked of paragraphs of four articles, theirs among them": abstention.together(few_own),
        "questions written for folders of eight articles": answered,
        "questions written to come near what such a folder tells": left_open,
        "SQuAD's questions asked of paragraphs of four articles, theirs left out": replace(
            abstention.together(few_near), near=True, left_out=True
        ),
        "SQuAD 2.0's adversarial questions": replace(ask(squad.name, tricks, False), near=True),
        "questions of these asked of another": abstention.together(elsewhere),
        "SQuAD's questions asked of paragraphs of four other articles": abstention.together(few_other),
    }


def _of_folders(written: Sequence[Written], progress: Progress) -> tuple[abstention.Asked, abstention.Asked]:
    """What written folders answer, and what they leave open, asked of each."""
    answered = [
        abstention.ask(library, questions, True, progress)
        for each in written
        for library, questions in ((each.library, each.answered), (each.fuller, each.told))
    ]
    left_open = [abstention.ask(each.library, each.left_open, False, progress) for each in written]
    return abstention.together(answered), replace(abstention.together(left_open), near=True)


def _refusals(collection: _Open, written: Sequence[Written], progress: Progress) -> list[dict[str, Any]]:
    def sure(library: str, questions: Sequence[GoldQuestion], answerable: bool) -> list[float]:
        return abstention.ask(collection(library).library, questions, answerable, progress).confidence

    seeds, squad, scifact, govt = (collection(name) for name in ("seeds", "squad_v2_dev", "scifact", "mtrag_govt"))
    answerable = {each.name: each.unseen(each.reported, answerable=True) for each in (seeds, squad, scifact, govt)}
    # Asked of other articles than theirs, it does not matter whether the reader knows where their answers are.
    of_squad = [question for question in squad.reported if question.answerable]
    elsewhere = {
        seeds.name: [*of_squad[:150], *answerable[scifact.name][:150]],
        squad.name: answerable[scifact.name],
        scifact.name: of_squad[150:450],
        govt.name: of_squad[450:750],
    }
    own = {name: sure(name, questions, True) for name, questions in answerable.items()}
    other = {name: sure(name, questions, False) for name, questions in elsewhere.items()}
    unanswered = seeds.unseen(seeds.reported, answerable=False)
    near = [question for question in unanswered if question.note.startswith("near miss")]
    tricks = squad.unseen(squad.reported, answerable=False)
    answered = abstention.first_answer(seeds.library, answerable[seeds.name])
    found = [value for value, first in zip(own[seeds.name], answered, strict=True) if first]
    missed = sure(seeds.name, near, False)
    of_folders, left_open = _of_folders(written, progress)
    pooled = [value for values in own.values() for value in values], [value for values in other.values() for value in values]
    sets = [
        ("questions of another collection, all four together", *pooled),
        *((f"… asked of {name}", own[name], other[name]) for name in elsewhere),
        ("near misses of the gold set", own[seeds.name], missed),
        ("… against those that one of the first three passages answers", found, missed),
        (f"near misses of {len(written)} written folders", of_folders.confidence, left_open.confidence),
        ("SQuAD 2.0's adversarial questions", own[squad.name], sure(squad.name, tricks, False)),
    ]
    return [{"name": name, "answered": answered, "unanswered": others} for name, answered, others in sets]


if __name__ == "__main__":
    app()
