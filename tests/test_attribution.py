"""Every stage that can lose a gold span, made to lose one on purpose."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from conftest import ToyEncoder, ToyTokenEncoder

import qa
from eval.attribution import Miss, Stage, attribute, count_stages
from eval.gold import GoldQuestion, GoldSpan
from index.arrays import Encoded, Scores, TokenVectors, Vectors
from index.reader import Excerpt

MakeLibrary = Callable[..., qa.Library]

TEXT = (
    "Parks and trains\n\nBy Ann Lee\n\nThe park opened early in spring with music.\n\n"
    "Night trains run from Oslo to Rome.\n\nApples grow on many orchards here.\n\nNothing much is said in this one."
)


def ask_for(quote: str, question: str, source: str = "a.txt") -> GoldQuestion:
    start = TEXT.find(quote)
    return GoldQuestion(
        "q", question, "fact", (GoldSpan(source, source, start, start + len(quote), quote),), answerable=True
    )


@pytest.fixture
def library(make_library: MakeLibrary) -> qa.Library:
    return make_library({"a.txt": TEXT})


def only(library: qa.Library, question: GoldQuestion, k: int = 10, found: tuple[str, ...] = ("q",)) -> Miss:
    (miss,) = attribute(library, [question], found, k)
    return miss


def test_found_is_no_miss(library: qa.Library) -> None:
    assert attribute(library, [ask_for("Night trains run", "night trains")], {"q"}) == []


def test_a_source_that_is_not_indexed(library: qa.Library) -> None:
    assert only(library, ask_for("Night trains run", "night trains", "gone.txt")).stage == Stage.NOT_INDEXED


def test_a_quote_that_its_source_no_longer_says(library: qa.Library) -> None:
    span = GoldSpan("a.txt", "a.txt", 10**12, 10**12 + 9, "The whale")
    assert only(library, GoldQuestion("q", "Where?", "", (span,), answerable=True)).stage == Stage.GONE


def test_text_that_became_metadata_is_lost_in_extraction(library: qa.Library) -> None:
    assert only(library, ask_for("By Ann Lee", "Who wrote it?")).stage == Stage.EXTRACTION


def test_a_span_over_two_paragraphs_is_split(library: qa.Library) -> None:
    quote = "in spring with music.\n\nNight trains run from"
    assert only(library, ask_for(quote, "spring music night trains")).stage == Stage.SPLIT


def test_a_passage_longer_than_the_encoder_reads(tmp_path: Path) -> None:
    class Boundless(ToyEncoder):
        max_seq_length = 10_000

    class Short(ToyEncoder):
        max_seq_length = 6

    path = tmp_path / "a.txt"
    path.write_text(TEXT)
    qa.load(path, index=tmp_path / "index", encoder=Boundless())
    library = qa.Library.open(tmp_path / "index", Short())
    question = ask_for("The park opened early in spring with music.", "apples and trains in orchards")
    assert only(library, question, k=1).stage == Stage.TOKENS


def test_too_deep_in_both_legs(library: qa.Library) -> None:
    miss = only(library, ask_for("The park opened early", "night trains from Oslo"), k=1)
    assert miss.stage == Stage.TOO_DEEP
    assert miss.dense_rank > 1
    assert miss.fused_rank > 1


class Contrary(ToyEncoder):
    """Finds by meaning what speaks of apples, whatever is asked."""

    def encode_query(self, inputs: list[str], /) -> Vectors:
        return super().encode_query(["Apples grow on many orchards here." for _ in inputs])


def test_first_in_a_leg_and_lost_in_fusion(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(TEXT)
    library = qa.load(path, index=tmp_path / "index", encoder=Contrary())
    fused_first = library.search("night trains")[0].passage.text
    lost = {"Apples grow on many orchards here.", "Night trains run from Oslo to Rome."} - {fused_first}
    assert len(lost) == 1
    miss = only(library, ask_for(lost.pop(), "night trains"), k=1)
    assert miss.stage == Stage.FUSION
    assert 1 in (miss.dense_rank, miss.lexical_rank)
    assert miss.fused_rank > 1


def test_hidden_by_a_phrase_or_an_excluded_word(library: qa.Library) -> None:
    for question in ('night trains "apples"', "night trains -Rome"):
        assert only(library, ask_for("Night trains run", question)).stage == Stage.FILTER
    assert attribute(library, [ask_for("Night trains run", 'night "trains run" -apples')], {"q"}) == []


def test_pushed_down_by_late_interaction(make_library: MakeLibrary) -> None:
    class Astray(ToyTokenEncoder):
        """Reads every token of a question as "apples"."""

        def encode_query_tokens(self, inputs: Sequence[str], /) -> Encoded:
            tokens = super().encode_query_tokens(inputs).tokens or []
            (apples,) = super().encode_query_tokens(["apples"]).tokens or []
            astray = [TokenVectors(np.repeat(apples.vectors, len(each.spans), axis=0), each.spans) for each in tokens]
            return Encoded(self.encode_query(inputs), astray)

    library = make_library({"a.txt": TEXT}, Astray())
    question = ask_for("Night trains run", "trains of the night")
    assert attribute(library, [question], {"q"}, k=1, system="convex") == []
    assert only(library, question, k=1).stage == Stage.RERANK


def test_pushed_down_by_reading(make_library: MakeLibrary) -> None:
    class Contrary(ToyTokenEncoder):
        """Says of nothing but apples that it answers."""

        def read(self, _question: str, excerpts: Sequence[Excerpt], /) -> Scores:
            return np.array([9.0 if "Apples" in each.text else -9.0 for each in excerpts])

    library = make_library({"a.txt": "Trains\n\nNight trains run to Rome.\n\nApples and night trains."}, Contrary())
    start = library.articles[0].text.index("Night trains run")
    span = GoldSpan("a.txt", "a.txt", start, start + 16, "Night trains run")
    question = GoldQuestion("q", "Where do night trains run", "", (span,), answerable=True)
    assert library.search(question.question, reading=False)[0].passage.text == "Night trains run to Rome."
    assert only(library, question, k=1).stage == Stage.READING
    assert attribute(library, [question], {"q"}, k=2) == []


def test_had_and_refused(library: qa.Library) -> None:
    miss = only(library, ask_for("Night trains run", "night trains"), found=())
    assert miss.stage == Stage.THRESHOLD
    assert miss.fused_rank == 1
    assert str(miss) == "q: refused by the threshold (dense 1, lexical 1, fused 1): a.txt@75 'Night trains run'"


def test_counts_follow_the_pipeline(library: qa.Library) -> None:
    questions = [ask_for("Night trains run", "night trains"), ask_for("By Ann Lee", "Who?"), ask_for("By Ann Lee", "Whose?")]
    counts = count_stages(attribute(library, questions, ()))
    assert list(counts.items()) == [(Stage.EXTRACTION, 2), (Stage.THRESHOLD, 1)]
