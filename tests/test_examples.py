"""The questions to begin with: made of the articles, and each answered."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import DATA

import qa
from index import open_encoder
from qa.page import example_questions, parts
from qa.page.examples import Examples
from qa.page.part import DEFAULTS

MakeLibrary = Callable[..., qa.Library]
FOREST = "The forest of Arden is wide and old, and foxes live in the forest of Arden."


def corpus(*articles: tuple[str, str]) -> dict[str, str]:
    records = ({"_id": str(number), "title": title, "text": text} for number, (title, text) in enumerate(articles))
    return {"corpus.jsonl": "\n".join(json.dumps(record) for record in records)}


def assert_answered(library: qa.Library, questions: list[str]) -> None:
    for question in questions:
        answer = library.ask(question)
        assert answer.found, question
        assert not answer.sentence.endswith("?"), question


@pytest.mark.model
def test_the_seeds_have_questions_of_their_own_and_answer_them(seeds: qa.Library) -> None:
    questions = example_questions(seeds)
    assert len(questions) == 4
    assert all(question.endswith("?") and "is said about" not in question for question in questions)
    assert_answered(seeds, questions)


@pytest.mark.model
@pytest.mark.parametrize("name", ["xquad_en", "cmrc2018_trial", "mtrag_govt"])
def test_other_articles_have_four_questions_that_they_answer(name: str, tmp_path: Path) -> None:
    if not DATA.is_dir():
        pytest.skip("shared/data is not here")
    lines = (DATA / name / "corpus.jsonl").read_text(encoding="utf-8").splitlines()[:60]
    (tmp_path / "corpus.jsonl").write_text("\n".join(lines), encoding="utf-8")
    library = qa.load(tmp_path, index=tmp_path / "index")
    questions = example_questions(library)
    assert len(questions) == 4
    assert all(question.endswith(("?", "？")) and "_" not in question for question in questions)
    assert_answered(library, questions)


def test_titles_are_made_questions(make_library: MakeLibrary) -> None:
    library = make_library(
        corpus(
            ("Forest_of\n  Arden", FOREST),
            ("A title that goes on and on " * 4, "Bears sleep in caves all winter, and nobody wakes them."),
        )
    )
    assert example_questions(library) == ["What is said about Forest of Arden?"]


def test_examples_are_from_all_over_the_library(make_library: MakeLibrary) -> None:
    stories = [
        (f"Otter {number} of the river", f"Otter {number} of the river swims there, they say.") for number in range(20)
    ]
    questions = example_questions(make_library(corpus(*stories)))
    assert questions == [f"What is said about Otter {number} of the river?" for number in (0, 5, 10, 15)]


def test_what_an_article_asks_comes_first(make_library: MakeLibrary) -> None:
    library = make_library(
        corpus(
            ("Foxes", f"{FOREST} Foxes are red."),
            ("Where do otters swim?", "Otters swim in cold rivers every day of the year."),
            ("Bears", "For visitors.\nWhere do the bears\nof Norway sleep?\n\nThe bears of Norway sleep in caves."),
        )
    )
    questions = example_questions(library)
    assert questions[0] == "Where do otters swim?"
    assert "What is said about Foxes?" in questions
    # Asked there, and answered by nothing but the question itself.
    assert not any("Norway sleep" in question and library.ask(question).sentence.endswith("?") for question in questions)


@pytest.mark.model
def test_an_article_without_a_title_is_asked_for_a_name_in_its_text(make_library: MakeLibrary) -> None:
    text = "In winter the people of Upper Arden walk to Upper Arden over the ice."
    library = make_library(corpus(("", text)), open_encoder())
    assert example_questions(library) == ["What is said about Upper Arden?"]


def test_what_cannot_be_asked_is_no_example(make_library: MakeLibrary) -> None:
    library = make_library(corpus(('"No such phrase', FOREST), ("-forest -Arden", FOREST), ("Why?", "Who? What? How?")))
    assert_answered(library, example_questions(library))


def test_examples_are_found_once_for_each_build(make_library: MakeLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    library = make_library(corpus(("Forest of Arden", FOREST)))
    asked: list[str] = []
    ask = qa.Library.ask
    monkeypatch.setattr(
        qa.Library, "ask", lambda self, question, **named: (asked.append(question), ask(self, question, **named))[1]
    )
    examples = Examples(library)
    assert examples.questions() == examples.questions()
    assert len(asked) == 1
    make_library(corpus(("Forest of Arden", FOREST), ("Otters", "Otters swim in cold rivers every day of the year.")))
    library.refresh()
    examples.questions()
    assert asked[1:] == ["What is said about Forest of Arden?", "What is said about Otters?"]


def test_the_page_shows_the_examples_as_text(make_library: MakeLibrary) -> None:
    library = make_library(corpus(("Arden <img src=x> & forest", FOREST)))
    html = parts(library, DEFAULTS)[0].html
    assert "said about Arden &lt;img src=x&gt; &amp; forest?" in html
    assert "<img" not in html
