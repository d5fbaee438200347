"""Tuning finds what is planted, and recommends nothing where there is nothing."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from conftest import ToyEncoder
from rich.console import Console

import qa
from eval.gold import GoldQuestion, GoldSpan
from eval.tables import print_tuning
from eval.tuning import IN_USE, Settings, tune
from index.arrays import Vectors
from index.errors import UserError

MakeLibrary = Callable[[dict[str, str]], qa.Library]

ANIMALS = [
    f"{first}{second}" for first in ("blue", "red", "green", "grey", "gold") for second in ("wolf", "bear", "hawk", "seal")
]


class Misled(ToyEncoder):
    """Reads every question as if it were about something else: the dense leg can only harm."""

    def encode_query(self, inputs: list[str], /) -> Vectors:
        return super().encode_query([f"{ANIMALS[(ANIMALS.index(text.split()[-1]) + 7) % len(ANIMALS)]}" for text in inputs])


@pytest.fixture
def questions_and_folder(tmp_path: Path) -> tuple[list[GoldQuestion], Path]:
    body = [f"The {animal} eats the {number}th apple of the {ANIMALS[number - 1]}." for number, animal in enumerate(ANIMALS)]
    text = "Animals\n\n" + "\n\n".join(body)
    path = tmp_path / "a.txt"
    path.write_text(text)
    questions = []
    for number, animal in enumerate(ANIMALS):
        start = text.index(body[number])
        span = GoldSpan("a.txt", "a.txt", start, start + len(body[number]), body[number])
        questions.append(GoldQuestion(f"q{number}", f"what eats {animal}", "", (span,), answerable=True))
    return questions, path


def test_a_leg_that_harms_loses_its_weight(questions_and_folder: tuple[list[GoldQuestion], Path], tmp_path: Path) -> None:
    questions, path = questions_and_folder
    library = qa.load(path, index=tmp_path / "index", encoder=Misled())
    seen: list[tuple[int, int]] = []
    tuning = tune(library, questions, "MRR@10", folds=4, progress=lambda _, done, total: seen.append((done, total)))
    assert tuning.best.dense_weight < IN_USE.dense_weight
    assert tuning.gain.difference.mean > 0
    assert tuning.recommended == tuning.best
    assert tuning.curve[0.0].mean > tuning.curve[1.0].mean
    assert len(tuning.chosen) == 4
    assert seen[-1][0] == seen[-1][1]


def test_nothing_better_is_not_recommended(questions_and_folder: tuple[list[GoldQuestion], Path], tmp_path: Path) -> None:
    questions, path = questions_and_folder
    library = qa.load(path, index=tmp_path / "index", encoder=ToyEncoder())
    tuning = tune(library, questions, "Recall@10", folds=4)
    assert tuning.recommended is None
    output = StringIO()
    print_tuning(tuning, Console(file=output, width=80))
    assert "…" not in output.getvalue()
    assert all(f"{each.low:.3f}–{each.high:.3f}" in output.getvalue() for each in tuning.curve.values())
    assert "Recommended: no change" in output.getvalue()


def test_too_few_questions_are_refused(make_library: MakeLibrary) -> None:
    library = make_library({"a.txt": "Parks\n\nThe park opened."})
    with pytest.raises(UserError, match="1 answerable questions for 5 folds"):
        tune(library, [GoldQuestion("q", "?", "", (GoldSpan("a.txt", "a.txt", 7, 15, "The park"),), answerable=True)])


def test_settings_read_as_words() -> None:
    assert str(Settings(0.4, 200, 1.5, 0.75)) == "dense weight 0.4, depth 200, k1 1.5, b 0.75"
