"""Which sentence is marked."""

from collections.abc import Callable

import pytest

import qa
from qa.highlight import best_sentence, matched_terms

MakeLibrary = Callable[[dict[str, str]], qa.Library]

TEXT = "The park opened in 2019. Apples grow on 4,000 hectares there. Trains run at night."


@pytest.fixture
def library(make_library: MakeLibrary) -> qa.Library:
    return make_library({"a.txt": f"The park and the trains\n\n{TEXT}\n\nSomething else is said about the weather here."})


def marked(library: qa.Library, question: str, text: str = TEXT, *, by_meaning: bool = False) -> list[str]:
    query = library.index.queries([question])[0]
    return [text[slice(*span)] for span in best_sentence(text, query, library.index, by_meaning=by_meaning)]


def test_marks_the_sentence_with_the_questions_words(library: qa.Library) -> None:
    assert marked(library, "How many hectares of apples?") == ["Apples grow on 4,000 hectares there."]
    assert marked(library, "trains at night") == ["Trains run at night."]


def test_a_rare_word_counts_more_than_frequent_ones(library: qa.Library) -> None:
    assert marked(library, "the the park hectares in the") == ["The park opened in 2019."]
    assert marked(library, "the hectares") == ["Apples grow on 4,000 hectares there."]


def test_the_earlier_of_equal_sentences(library: qa.Library) -> None:
    text = "Apples grow here. Apples grow there."
    assert marked(library, "apples", text) == ["Apples grow here."]


def test_no_shared_word_marks_nothing_unless_by_meaning(library: qa.Library) -> None:
    assert marked(library, "zebra") == []
    assert marked(library, "zebra", by_meaning=True)[0] in TEXT


def test_a_single_sentence_is_the_sentence(library: qa.Library) -> None:
    assert marked(library, "zebra", "Only this.") == ["Only this."]
    assert marked(library, "zebra", "") == []


def test_matched_terms_keep_the_questions_order() -> None:
    assert matched_terms("Apples grow on trees.", ("tree", "zebra", "appl", "tree")) == ("tree", "appl")
