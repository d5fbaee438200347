"""`python -m eval.reader FOLDER`: fits the reader on SQuAD 2.0 in FOLDER and writes index/reader.safetensors.

With `--further` it goes on from that file, with questions that were written for it: eval/reader/articles.jsonl,
folders.jsonl and questions.jsonl.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from random import Random
from typing import Annotated

import typer
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from eval.calibration import area_under_roc
from eval.reader.examples import ARTICLES, FOLDERS, KEPT_FOLDERS, Asked, Example, Questions
from eval.reader.training import train
from index.bert import Network
from index.minilm import NAME, MiniLM
from index.reader import WEIGHTS, Reader
from qa.console import error_console, say
from qa.progress import progress_bar

_ROUNDS, _FURTHER_ROUNDS, _ASKED = 3, 1, 400
# In the second part, which changes less; so many of its examples are new for one of those that it has learnt from.
_FURTHER_RATE, _NEW_TO_OLD = 1.5e-4, 4

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def main(
    squad: Annotated[Path, typer.Argument(help="The folder of SQuAD 2.0 in the layout of BEIR.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="The file to write.")] = WEIGHTS,
    rounds: Annotated[
        int | None,
        typer.Option("--rounds", help="How often all is looked at: 3 times, with --further once.", min=1),
    ] = None,
    further: Annotated[bool, typer.Option("--further", help="Go on from the present one, with written questions.")] = False,
) -> None:
    """Train the reader: half an hour on two cores, --further an hour. Prints what it is worth on articles it has not seen.

    On SQuAD's questions first, then, with --further, on those that were written for it, and on some of SQuAD's.
    """
    if not (squad / "queries.jsonl").is_file():
        say(f"{squad}: no queries.jsonl: name the folder of SQuAD 2.0's development set in the layout of BEIR")
        raise typer.Exit(2)
    seen, kept = Questions.of_squad(squad).divided()
    written = [Questions.written(ARTICLES), Questions.written(FOLDERS), seen.more()]

    def further_examples(random: Random) -> Iterator[Example]:
        new, old = [example for each in written for example in each.examples(random)], list(seen.examples(random))
        return iter(new + random.sample(old, min(len(new) // _NEW_TO_OLD, len(old))))

    encoder = MiniLM()
    tokenizer = tokenizer_of(encoder)
    told = {
        "encoder": f"{NAME} {encoder.weights}",
        "fitted": date.today().isoformat(),  # noqa: DTZ011 - the day where it was fitted
        "trained_on": f"{len(seen.asked):,} questions of SQuAD 2.0's development set (CC BY-SA 4.0), all articles but "
        + ", ".join(sorted({paragraph.title for paragraph in kept.paragraphs.values()})),
    }
    with progress_bar(error_console()) as progress:
        if further:
            told["then"] = f"{sum(len(each.asked) for each in written):,} questions written for it (eval/reader)"
            present = load_file(WEIGHTS)
            change = train(
                encoder.folder, tokenizer, further_examples, rounds or _FURTHER_ROUNDS, progress, present, _FURTHER_RATE
            )
        else:
            change = train(encoder.folder, tokenizer, seen.examples, rounds or _ROUNDS, progress)
    save_file(change, out, metadata=told)
    say(f"{out}: written, {out.stat().st_size:,} bytes")
    config = json.loads((encoder.folder / "config.json").read_text(encoding="utf-8"))
    reader = Reader(tokenizer, Network(load_file(encoder.folder / "model.safetensors"), config), change)
    for name, figure in _worth(reader, kept, Questions.written(KEPT_FOLDERS)).items():
        say(f"{name}: AUROC {figure:.3f}")


def tokenizer_of(encoder: MiniLM) -> Tokenizer:
    """The encoder's tokenizer, cutting and padding nothing."""
    tokenizer = Tokenizer.from_file(str(encoder.folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _worth(reader: Reader, squad: Questions, written: Questions) -> dict[str, float]:
    """How well reading tells answerable questions beside their paragraph from others: on articles kept from training."""
    random = Random(1)

    def odds(examples: Sequence[Example]) -> list[float]:
        return [float(reader.read(example.question, [example.excerpt])[0]) for example in examples]

    def read(kept: Questions, asked: Sequence[Asked]) -> list[float]:
        return odds([kept.beside_its_paragraph(each, random) for each in asked])

    answerable, adversarial = _some_of(squad, random)
    beside = read(squad, answerable)
    without = [example for each in answerable if (example := squad.without_its_answer(each, random))]
    answered, unanswered = _some_of(written, random)
    told = [(each, each.told) for each in written.asked if each.told]
    beside_told = odds([written.beside_what_is_told(each, sentence, random) for each, sentence in told])
    another = [
        written.beside_what_is_told(each, random.choice(others), random)
        for each, _ in told
        if (others := written.told_another(each))
    ]
    return {
        "SQuAD's adversarial questions": area_under_roc(beside, read(squad, adversarial)),
        "paragraphs without the sentences that answer": area_under_roc(beside, odds(without)),
        "questions on written folders": area_under_roc(read(written, answered), read(written, unanswered)),
        "what they leave open, beside a sentence that answers and without": area_under_roc(
            beside_told, read(written, [each for each, _ in told])
        ),
        "… beside it and beside one that answers another question": area_under_roc(beside_told, odds(another)),
    }


def _some_of(kept: Questions, random: Random) -> tuple[list[Asked], list[Asked]]:
    """Some answerable questions, and some that are not."""
    asked = list(kept.asked)
    random.shuffle(asked)
    return [each for each in asked if each.answers][:_ASKED], [each for each in asked if not each.answers][:_ASKED]


if __name__ == "__main__":
    app()
