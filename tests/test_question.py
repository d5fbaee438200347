"""Questions with phrases in quotation marks and words to leave out."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import qa
from index.errors import QuestionError
from index.question import Asked, read_question, says

MakeLibrary = Callable[..., qa.Library]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("plain well-known words - and a dash", Asked("plain well-known words - and a dash", (), ())),
        ('the "apple  orchards" of Yuncheng', Asked("the apple orchards of Yuncheng", ("apple orchards",), ())),
        ("“curly ” quotes", Asked("curly quotes", ("curly",), ())),
        ("“阳泉”的工业", Asked("“阳泉”的工业", (), ())),
        ('"阳泉"的工业', Asked("阳泉的工业", ("阳泉",), ())),
        ("apples -pears -Snow's", Asked("apples", (), ("pears", "Snow's"))),
        ("it fell to -5 degrees", Asked("it fell to -5 degrees", (), ())),
        ('"a -b" -c', Asked("a -b", ("a -b",), ("c",))),
        ('an "unclosed phrase', Asked('an "unclosed phrase', (), ())),
        ('""', Asked('""', (), ())),
        ("-only -this", Asked("", (), ("only", "this"))),
    ],
)
def test_phrases_and_words_to_leave_out(text: str, asked: Asked) -> None:
    assert read_question(text) == asked


@given(st.text(max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    asked = read_question(text)
    assert all(phrase.strip() for phrase in asked.phrases)
    if not asked.phrases and not asked.excluded:
        assert asked.words == text


@pytest.mark.parametrize(
    ("text", "phrase", "said"),
    [
        ("The Apple\nOrchards grow.", "apple orchards", True),
        ("pineapple orchards", "apple orchards", False),
        ("apple orchardsman", "apple orchards", False),
        ("山西省阳泉市", "阳泉", True),
        ("C++ (1998)", "C++", True),
        ("worth 20.15 billion", "20.15 billion", True),
    ],
)
def test_a_phrase_is_said_letter_by_letter(text: str, phrase: str, said: bool) -> None:
    assert says(text, phrase) is said


FILES = {
    "orchard.txt": "Fruit\n\nThe orchard grows red apples.\n\nThe orchard grows green pears.\n\nApples that are red fall.",
    "trains.txt": "Trains\n\nTrains carry coal and apples.",
}


@pytest.mark.parametrize("system", ["hybrid", "convex", "rrf", "dense", "bm25"])
def test_every_hit_says_the_phrase_and_none_an_excluded_word(make_library: MakeLibrary, system: str) -> None:
    library = make_library(FILES)

    def texts(question: str) -> set[str]:
        return {hit.passage.text for hit in library.search(question, k=9, system=system)}  # type: ignore[arg-type]

    assert texts('"red apples"') == {"The orchard grows red apples."}
    assert texts("apples -coal") <= {hit.passage.text for hit in library.search("apples", k=9)} - {
        "Trains carry coal and apples."
    }
    assert texts("apples -coal")
    assert texts('"the orchard" -apple') == ({"The orchard grows green pears."})
    assert texts('"red apples" -orchard') == set()


def test_a_phrase_that_nothing_says_is_not_found(make_library: MakeLibrary) -> None:
    answer = make_library(FILES).ask('"red pears"')
    assert (answer.found, len(answer.hits)) == (False, 0)


def test_a_phrase_of_the_title_counts(make_library: MakeLibrary) -> None:
    hits = make_library(FILES).search('"trains" coal', k=9)
    assert {hit.passage.article.title for hit in hits} == {"Trains"}


def test_only_words_to_leave_out_is_no_question(make_library: MakeLibrary) -> None:
    with pytest.raises(QuestionError, match="only says what to leave out, '-apples': ask for something as well"):
        make_library(FILES).ask("-apples")


def test_a_corrected_word_is_told(make_library: MakeLibrary) -> None:
    hit = make_library(FILES).search("orchrad pears")[0]
    assert hit.why.corrected == (("orchrad", "orchard"),)
    assert make_library(FILES).search("orchard pears")[0].why.corrected == ()


@pytest.mark.model
@pytest.mark.parametrize(
    ("word", "read"), [("likuor", "liquor"), ("Xinghucun", "Xinghuacun"), ("came", None), ("spent", None), ("prevent", None)]
)
def test_a_word_of_the_language_is_no_misspelling(seeds: qa.Library, word: str, read: str | None) -> None:
    (query,) = seeds.index.queries([f"the {word} of the province"])
    assert query.corrected == (((word, read),) if read else ())
