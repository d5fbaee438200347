"""What confidence is told from: similarity, and reading where the encoder reads."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np
import pytest
from conftest import ToyTokenEncoder

import qa
from index.arrays import Scores
from index.reader import Excerpt
from qa.answer import Answer
from qa.confidence import confidence
from qa.export import answer_record
from qa.html import why_words
from qa.retriever import SYSTEMS, System

MakeLibrary = Callable[..., qa.Library]
FILES = {
    "a.txt": "Coal of Yangquan\n\nThe mine produced 68 tons of coal. It is old.\n\nThe mine has a manager.\n\n"
    "The mine is deep.\n\nThe mine is closed on Sunday."
}


# The log-odds that a passage answers, and the probabilities that are shown of them.
YES, NO = 3.0, -3.0
SURE, UNSURE = pytest.approx(0.9526, abs=1e-4), pytest.approx(0.0474, abs=1e-4)


class ToyReader(ToyTokenEncoder):
    """Reads: a passage answers if it has the word tons. Remembers what it read."""

    def __init__(self) -> None:
        super().__init__()
        self.read_excerpts: list[Excerpt] = []

    def read(self, _question: str, excerpts: Sequence[Excerpt], /) -> Scores:
        self.read_excerpts += excerpts
        return np.array([YES if "tons" in each.text else NO for each in excerpts])


@pytest.mark.parametrize(
    ("question", "read", "reading"),
    [("How many tons of coal?", 1, YES), ("Is the mine old, in tons of coal?", 1, YES), ("Who is the manager?", 3, NO)],
)
@pytest.mark.parametrize("k", [1, 2, 10])
def test_passages_are_read_as_long_as_the_next_could_come_first(
    make_library: MakeLibrary, question: str, read: int, reading: Any, k: int
) -> None:
    encoder = ToyReader()
    library = make_library(FILES, encoder)
    answer = library.ask(question, k)
    # Also those that are read for the order of the first ones, not to be shown.
    before = [hit.passage.text for hit in library.search(question, 10, reading=False)]
    assert [each.text for each in encoder.read_excerpts] == before[:read]
    assert len(answer.hits) == min(k, len(before))
    assert answer.evidence
    assert answer.evidence.reading == reading


def test_a_later_passage_that_answers_comes_first(make_library: MakeLibrary) -> None:
    encoder = ToyReader()
    text = "Coal\n\nThe mine has a manager.\n\nThe mine has a manager of tons.\n\nIt is deep."
    library = make_library({"a.txt": text}, encoder)
    before = library.search("Has the mine a manager?", reading=False)
    assert ["tons" in hit.passage.text for hit in before] == [False, True, False]
    assert encoder.read_excerpts == []
    assert all(hit.why.reading is None for hit in before)
    answer = library.ask("Has the mine a manager?")
    assert ["tons" in hit.passage.text for hit in answer.hits] == [True, False, False]
    assert [hit.why.reading and (hit.why.reading.rank, hit.why.reading.score) for hit in answer.hits] == [
        (1, SURE),
        (2, UNSURE),
        None,
    ]
    assert answer.evidence
    assert answer.evidence.reading == YES
    assert library.search("Has the mine a manager?") == answer.hits


def test_a_statement_is_not_read(make_library: MakeLibrary) -> None:
    encoder = ToyReader()
    answer = make_library(FILES, encoder).ask("The mine produced tons of coal.")
    assert encoder.read_excerpts == []
    assert answer.evidence
    assert answer.evidence.reading is None


@pytest.mark.parametrize("system", [system for system in SYSTEMS if system != "hybrid"])
def test_other_systems_read_nothing(make_library: MakeLibrary, system: System) -> None:
    encoder = ToyReader()
    answer = make_library(FILES, encoder).ask("How many tons of coal?", system=system)
    assert encoder.read_excerpts == []
    assert answer.evidence
    assert answer.evidence.reading is None


def test_a_passage_is_read_with_its_title_and_date_around_its_marked_sentence(make_library: MakeLibrary) -> None:
    encoder = ToyReader()
    dated = {"a.txt": FILES["a.txt"].replace("Yangquan\n", "Yangquan\n\nJuly 13, 2021\n")}
    first = make_library(dated, encoder).ask("How many tons of coal did the mine produce?").hits[0]
    [read] = [each for each in encoder.read_excerpts if each.text == first.passage.text]
    assert read == Excerpt("Coal of Yangquan", first.passage.text, first.highlight[0], date(2021, 7, 13))
    assert first.passage.text[slice(*read.around)] == "The mine produced 68 tons of coal."


def test_what_was_read_is_told_wherever_a_passage_says_why(make_library: MakeLibrary) -> None:
    hits = make_library(FILES, ToyReader()).ask("How many tons of coal?").hits
    first, *_, last = answer_record(Answer("", True, 1.0, hits))["hits"]
    assert first["why"]["reading"] == {"rank": 1, "score": round(1 / (1 + np.exp(-3)), 6)}
    assert "reading" not in last["why"]
    assert "Read: 1st, 0.95." in why_words(hits[0])
    assert "Read" not in why_words(hits[-1])
    assert hits.to_frame()["reading_score"].notna().tolist() == [hit.why.reading is not None for hit in hits]


def test_reading_moves_confidence(make_library: MakeLibrary) -> None:
    said, silent = (
        make_library({"a.txt": f"Coal\n\nThe mine produced 68 {unit} of coal."}, ToyReader()).ask(
            "How much coal was produced?"
        )
        for unit in ("tons", "sacks")
    )
    assert said.evidence
    assert silent.evidence
    assert (said.evidence.reading, silent.evidence.reading) == (YES, NO)
    assert said.confidence > silent.confidence


def test_an_encoder_that_does_not_read_is_told_from_similarity(make_library: MakeLibrary) -> None:
    answer = make_library(FILES).ask("How old is the mine?")
    assert answer.evidence
    assert answer.evidence.reading is None
    assert answer.confidence == confidence(answer.evidence)


@pytest.mark.model
def test_a_language_that_the_encoder_does_not_know_is_not_read(make_library: MakeLibrary) -> None:
    from index.minilm import MiniLM

    library = make_library(FILES, MiniLM())
    read = [
        library.ask(question).evidence.reading for question in ("How old is the mine?", "鉱山は何歳ですか。どこにありますか")
    ]  # type: ignore[union-attr]
    assert read[0] is not None
    assert read[1] is None


@pytest.mark.model
def test_misspelt_words_are_read_as_passages_spell_them(make_library: MakeLibrary) -> None:
    from index.minilm import MiniLM

    class Asked(MiniLM):
        def __init__(self) -> None:
            super().__init__()
            self.questions: list[str] = []

        def read(self, question: str, excerpts: Sequence[Excerpt], /) -> Scores:
            self.questions.append(question)
            return np.zeros(len(excerpts)) - 9

    text = "Coal\n\nThe Colliery is old.\n\nOld collieries are deep.\n\nA third paragraph says little."
    encoder = Asked()
    make_library({"a.txt": text}, encoder).ask("Is the coliery old?")
    assert set(encoder.questions) == {"Is the Colliery old?"}


def test_the_page_leaves_reading_out_while_others_wait(make_library: MakeLibrary) -> None:
    from threading import Event, Thread

    from index.threads import ASKING
    from qa.page.answers import Answers

    answers = Answers(make_library(FILES, ToyReader()))
    taken, done = [Event() for _ in range(ASKING.at_once - 1)], Event()

    def hold(mine: Event | None = None) -> None:
        with ASKING.take():
            if mine:
                mine.set()
                done.wait()

    holding = [Thread(target=hold, args=(each,)) for each in taken]
    with ASKING.take():
        alone, _ = answers.ask("How many tons of coal?")
        for thread, each in zip(holding, taken, strict=True):
            thread.start()
            each.wait()
        waiting = Thread(target=hold)
        waiting.start()
        while not ASKING.waited_for:
            pass
        crowded, _ = answers.ask("How many tons of coal are there?")
        done.set()
    for thread in (*holding, waiting):
        thread.join()
    assert alone.evidence
    assert alone.evidence.reading is not None
    assert crowded.evidence
    assert crowded.evidence.reading is None
