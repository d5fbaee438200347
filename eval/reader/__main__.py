"""`python -m eval.reader FOLDER`: fits the reader on SQuAD 2.0 in FOLDER and writes index/reader.safetensors."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from random import Random
from typing import Annotated

import typer
from safetensors.torch import save_file
from tokenizers import Tokenizer

from eval.calibration import area_under_roc
from eval.reader.examples import Example, Squad
from eval.reader.training import train
from index.minilm import NAME, MiniLM
from index.reader import WEIGHTS
from qa.console import error_console, say
from qa.progress import progress_bar

_ROUNDS, _TOLD = 3, 400

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def main(
    squad: Annotated[Path, typer.Argument(help="The folder of SQuAD 2.0 in the layout of BEIR.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="The file to write.")] = WEIGHTS,
    rounds: Annotated[int, typer.Option("--rounds", help="How often every question is looked at.", min=1)] = _ROUNDS,
) -> None:
    """Train the reader: half an hour on two cores. Prints what it is worth on articles that it has not seen."""
    if not (squad / "queries.jsonl").is_file():
        say(f"{squad}: no queries.jsonl: name the folder of SQuAD 2.0's development set in the layout of BEIR")
        raise typer.Exit(2)
    seen, kept = Squad.read(squad).divided()
    encoder = MiniLM()
    with progress_bar(error_console()) as progress:
        change = train(encoder.folder, tokenizer_of(encoder), seen.examples, rounds, progress)
    told = {
        "encoder": f"{NAME} {encoder.weights}",
        "fitted": date.today().isoformat(),  # noqa: DTZ011 - the day where it was fitted
        "trained_on": f"{len(seen.asked):,} questions of SQuAD 2.0's development set (CC BY-SA 4.0), all articles but "
        + ", ".join(sorted({paragraph.title for paragraph in kept.paragraphs.values()})),
    }
    save_file(change, out, metadata=told)
    say(f"{out}: written, {out.stat().st_size:,} bytes")
    for name, figure in _worth(kept).items():
        say(f"{name}: AUROC {figure:.3f}")


def tokenizer_of(encoder: MiniLM) -> Tokenizer:
    """The encoder's tokenizer, cutting and padding nothing."""
    tokenizer = Tokenizer.from_file(str(encoder.folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _worth(kept: Squad) -> dict[str, float]:
    """How well reading tells answerable questions beside their paragraph from others: on articles kept from training."""
    random = Random(1)
    asked = list(kept.asked)
    random.shuffle(asked)
    answerable = [each for each in asked if each.answers][:_TOLD]
    adversarial = [each for each in asked if not each.answers][:_TOLD]
    beside = _read([kept.beside_its_paragraph(each, random) for each in answerable])
    without = [example for each in answerable if (example := kept.without_its_answer(each, random))]
    return {
        "SQuAD's adversarial questions": area_under_roc(
            beside, _read([kept.beside_its_paragraph(each, random) for each in adversarial])
        ),
        "paragraphs without the sentences that answer": area_under_roc(beside, _read(without)),
    }


def _read(examples: Sequence[Example]) -> list[float]:
    encoder = MiniLM()
    return [float(encoder.read(example.question, [example.excerpt])[0]) for example in examples]


if __name__ == "__main__":
    app()
