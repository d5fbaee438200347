"""Misspelt words of a question: which word of the passages each was meant to be."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from conftest import ToyEncoder, ToyTokenEncoder
from hypothesis import example, given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

import qa
from index.analyzer import analyze
from index.article import Article, Passage
from index.lexical import LexicalSearcher
from index.spelling import meant

MakeLibrary = Callable[..., qa.Library]

TEXTS = (
    "The annual output of white liquor in Xinghuacun.",
    "Annual output in 2019: 20.15. Workers came into the halls, into one after the other.",
    "Industries in liquid form.",
    "A farm forms bark.",
)


def read_as(word: str, texts: Sequence[str] = TEXTS) -> str | None:
    article = Article("a", "", "", "a.txt", (0, 0))
    passages = [Passage(article, ((0, len(text)),), "paragraph", text, "", n) for n, text in enumerate(texts, 1)]
    return meant(word, LexicalSearcher.build([analyze(text) for text in texts]), passages)


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("anual", "annual"),
        ("outptu", "output"),
        ("likuor", "liquor"),
        ("xinghucun", "Xinghuacun"),
        ("Xinghaucunn", "Xinghuacun"),
        ("Xinghucun's", "Xinghuacun"),
        ("industires", "Industries"),
    ],
)
def test_a_typo_finds_its_word_as_a_passage_spells_it(typed: str, word: str) -> None:
    assert (read_as(typed) or "").lower() == word.lower()


@pytest.mark.parametrize(
    "word", ["2018", "20.16", "output", "Outputs", "pineapple", "lik", "nnual", "山西省长", "unknown", ""]
)
def test_numbers_known_words_and_words_without_a_near_one_stay(word: str) -> None:
    assert read_as(word) is None


def test_what_two_words_have_in_common_but_their_endings_is_no_spelling() -> None:
    assert analyze("intoxicated") == ["intox"]
    assert read_as("intoxicated") is None


def test_of_near_words_the_nearest_then_the_most_frequent_is_meant() -> None:
    assert read_as("carx", ["cart card", "cart"]) == "cart"
    assert read_as("carx", ["cart card"]) == "card"
    assert read_as("particel", ["particular party", "particle"]) == "particle"


def test_a_near_word_is_found_among_many_that_begin_with_another_letter() -> None:
    others = " ".join(f"{letter}ork" for letter in "abcdefghijklmnopqrstuvxyz")
    assert read_as("wozt", [f"{others} wort"]) == "wort"


def test_no_vocabulary_knows_no_word() -> None:
    assert read_as("apple", [""]) is None


WORDS = st.text("abens", min_size=3, max_size=9)


@given(WORDS, st.lists(WORDS, min_size=1, max_size=12))
@example("needless", ["seedless", "needles", "needed"])
def test_the_word_is_one_of_the_nearest_of_all(typed: str, words: list[str]) -> None:
    (term,) = analyze(typed) or [""]
    edits = 1 if len(typed) < 8 else 2
    near = {
        word: OSA.distance(word, typed)
        for word in words
        for other in analyze(word)
        if other[0] == term[:1] and OSA.distance(other, term) <= edits and OSA.distance(word, typed) <= edits
    }
    known = any(term in analyze(word) for word in words) or len(typed) < 4
    found = read_as(typed, [" ".join(words)])
    if known or not near:
        assert found is None
    else:
        assert found is not None
        assert near[found] == min(near.values())


class InPieces(ToyTokenEncoder):
    """An encoder that has no word of more than three letters whole."""

    piece = r"\w{1,3}"


@pytest.mark.parametrize("encoder", [ToyEncoder(), InPieces()])
def test_a_misspelt_question_is_searched_as_the_one_that_was_meant(make_library: MakeLibrary, encoder: ToyEncoder) -> None:
    index = make_library({"a.txt": "\n\n".join(TEXTS)}, encoder).index
    typed = "anual outptu of likuor"
    wrong, right = index.queries([typed, "annual output of liquor"])
    assert (wrong.terms, wrong.words.lower()) == (right.terms, right.words)
    assert [word for word, _ in wrong.corrected] == ["anual", "outptu", "likuor"]
    assert wrong.text == typed
    assert right.corrected == ()
    encoded = wrong.words if isinstance(encoder, InPieces) else typed
    assert np.allclose(wrong.vector, encoder.encode_query([encoded])[0])


@pytest.mark.model
def test_a_misspelt_question_scores_as_the_one_that_was_meant(seeds: qa.Library) -> None:
    wrong, right = (
        [(hit.passage.id, hit.score) for hit in seeds.search(question, k=5)]
        for question in ("anual outptu of white likuor in Xinghucun", "annual output of white liquor in Xinghuacun")
    )
    assert [name for name, _ in wrong] == [name for name, _ in right]
    assert [score for _, score in wrong] == pytest.approx([score for _, score in right], abs=1e-3)
