"""Which sentence is marked."""

from collections.abc import Callable

import numpy as np
import pytest
from conftest import ToyTokenEncoder

import qa
from index.late import QueryTokens, StoredTokens, to_codes
from qa.highlight import best_sentence, claims, matched_terms

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


# --- by tokens

BODY = "Herons fish at dawn. The bridge is old. Nobody came."
SENTENCES = [(0, 20), (21, 39), (40, 52)]


def claimed(question: str, context: str = "") -> list[float]:
    """What each sentence of BODY claims of a question, both told by the toy encoder."""
    encoder, text = ToyTokenEncoder(), context + BODY
    (passage,), (asked,) = (encoder.encode_document_tokens([each]).tokens or [] for each in (text, question))
    stored = StoredTokens(to_codes(passage.vectors), (passage.spans[:, 0] - len(text)).astype(np.int32))
    query = QueryTokens(asked.vectors, np.full(len(asked.vectors), 1 / len(asked.vectors)))
    return claims(query, stored, len(BODY), SENTENCES).tolist()


@pytest.mark.parametrize(("question", "place"), [("herons fish", 0), ("the old bridge", 1), ("who came? nobody", 2)])
def test_the_sentence_with_the_nearest_tokens_claims_most(question: str, place: int) -> None:
    shares = claimed(question)
    assert sum(shares) == pytest.approx(1)
    assert min(shares) >= 0
    assert shares[place] == max(shares) > 0.5


def test_the_words_of_the_context_claim_nothing() -> None:
    # The toy encoder mixes words with those beside them: one that stands in neither keeps the first of BODY as it is.
    assert claimed("herons, the bridge", "Bridge bridge\n0 ") == pytest.approx(claimed("herons, the bridge", "0 "))


def test_no_token_claims_nothing() -> None:
    none = StoredTokens(np.empty((0, 2), np.uint8), np.empty(0, np.int32))
    assert claims(QueryTokens(np.ones((1, 4), np.float32) / 2, np.ones(1)), none, 10, [(0, 4), (5, 10)]).tolist() == [0, 0]


@pytest.mark.model
def test_a_sentence_that_says_it_in_other_words_is_marked(seeds: qa.Library) -> None:
    answer = seeds.ask("What is Dingxiang county known for?")
    assert answer.sentence.endswith("a county famous for the flange industry.")


def test_matched_terms_keep_the_questions_order() -> None:
    assert matched_terms("Apples grow on trees.", ("tree", "zebra", "appl", "tree")) == ("tree", "appl")
