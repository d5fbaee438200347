"""From articles to passages that the encoder reads whole."""

from itertools import pairwise

import pytest
from conftest import SEEDS
from hypothesis import given
from hypothesis import strategies as st

from index.article import Article, Passage, Span
from index.cleanup import clean_up
from index.encoder import TokenBudget, open_encoder, token_budget
from index.passages import Searchable, make_passages
from index.sentences import split_sentences
from index.sources import Draft, find_sources, read_sources
from index.stories import Block


def count_words(texts: list[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def count_characters(texts: list[str]) -> list[int]:
    return [len(text) for text in texts]


def draft(*paragraphs: str, title: str = "", section: str = "", article_id: str = "a") -> Draft:
    text = "\n\n".join(paragraphs)
    spans: list[Span] = []
    for paragraph in paragraphs:
        start = spans[-1][1] + 2 if spans else 0
        spans.append((start, start + len(paragraph)))
    article = Article(article_id, title, text, "a.txt", (0, len(text)))
    return Draft(article, tuple(Block("paragraph", (span,), section) for span in spans))


def texts(made: list[Searchable]) -> list[str]:
    return [each.passage.text for each in made]


def check(made: list[Searchable]) -> None:
    """What is true of all passages: their text stands at their spans, and their ids are their own."""
    for each in made:
        passage = each.passage
        assert passage.text == clean_up(passage.article.text, passage.spans).text
        assert passage.text
        assert each.text.endswith(passage.text)
    assert len({each.passage.id for each in made}) == len(made)


def test_a_paragraph_is_a_passage_with_title_and_section_as_its_context() -> None:
    made = make_passages([draft("One.", "Two.", title="Title", section="Part")])
    assert texts(made) == ["One.", "Two."]
    assert [each.text for each in made] == ["Title\nPart\nOne.", "Title\nPart\nTwo."]
    assert [each.passage.number for each in made] == [1, 2]
    assert [each.passage.id for each in made] == ["a@0", "a@6"]
    assert made[0].passage.section == "Part"
    check(made)


def test_a_passage_shows_what_it_is() -> None:
    article = Article("a", "Title", "word " * 20, "a.txt", (0, 100))
    passage = Passage(article, ((0, 99),), "caption", "word " * 20, "", 1)
    assert repr(article) == "Article('a', 'Title', undated)"
    assert repr(passage) == f"Passage('a@0', caption, '{'word ' * 11}word…')"


def test_passages_are_in_reading_order_whatever_order_their_blocks_have() -> None:
    given_draft = draft("One.", "Two.", "Three.")
    made = make_passages([Draft(given_draft.article, given_draft.blocks[::-1])])
    assert texts(made) == ["One.", "Two.", "Three."]


def test_a_paragraph_beyond_the_budget_is_split_at_sentences_into_like_parts() -> None:
    sentences = [f"Sentence number {number} has six words." for number in range(5)]
    # There is room for four of them, which would leave one alone.
    made = make_passages([draft(" ".join(sentences), title="T")], TokenBudget(25, count_words))
    assert texts(made) == [" ".join(sentences[:3]), " ".join(sentences[3:])]
    assert [each.text.split("\n")[0] for each in made] == ["T", "T"]
    check(made)


def test_a_sentence_beyond_the_budget_is_split_at_words_and_a_word_within() -> None:
    made = make_passages([draft("one two three four five six seven")], TokenBudget(3, count_words))
    assert all(len(text.split()) <= 3 for text in texts(made))
    assert " ".join(texts(made)) == "one two three four five six seven"
    made = make_passages([draft("x" * 25)], TokenBudget(10, count_characters))
    assert all(len(text) <= 10 for text in texts(made))
    assert "".join(texts(made)) == "x" * 25


def test_a_long_context_is_shortened_to_a_third_of_the_budget() -> None:
    made = make_passages([draft("one two three four five six", title="a b c d e f g h")], TokenBudget(9, count_words))
    assert {each.text.split("\n")[0] for each in made} == {"a b c"}
    assert all(len(each.text.split()) <= 9 for each in made)
    assert " ".join(texts(made)) == "one two three four five six"


def test_a_long_context_stays_where_the_passage_fits_with_it() -> None:
    (made,) = make_passages([draft("one two", title="a b c d e f")], TokenBudget(9, count_words))
    assert made.text == "a b c d e f\none two"


def test_a_part_begins_and_ends_where_the_markup_of_its_source_lets_it() -> None:
    source = "**One two three. Four five six.** Seven *eight nine. Ten eleven* twelve."
    made = make_passages([draft(source)], TokenBudget(4, count_words))
    check(made)
    assert all(len(each.text.split()) <= 4 for each in made)
    assert [text.strip("* ") for text in texts(made)][:2] == ["One two three.", "Four five six."]


def test_a_budget_without_room_for_a_word_is_refused() -> None:
    with pytest.raises(ValueError, match="an encoder that reads 0 tokens has no room for a passage"):
        make_passages([draft("one two")], TokenBudget(0, count_words))


def test_no_articles_make_no_passages() -> None:
    assert make_passages([], TokenBudget(8, count_words)) == []


_PARAGRAPHS = st.lists(
    st.sampled_from(
        ["alpha", "be", "gamma,", "d.", "Epsilon", "zeta!", "中文字。", "eta-\ntheta", "*iota*", "ka ppa", "x" * 30]
    ),
    min_size=1,
    max_size=40,
).map(" ".join)


@given(st.lists(_PARAGRAPHS, min_size=1, max_size=3), st.sampled_from(["", "Title of it"]), st.integers(2, 20))
def test_parts_fit_the_budget_and_together_are_their_paragraph(paragraphs: list[str], title: str, limit: int) -> None:
    source = draft(*paragraphs, title=title)
    made = make_passages([source], TokenBudget(limit, count_words))
    check(made)
    assert all(len(each.text.split()) <= limit for each in made)
    spans = [span for each in made for span in each.passage.spans]
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    # Nothing but white space and the marks of emphasis stands between the parts.
    covered = "".join(source.article.text[start:end] for start, end in spans)
    assert _bare(covered) == _bare(source.article.text)


def _bare(text: str) -> str:
    return "".join(text.split()).replace("*", "")


@given(_PARAGRAPHS, st.integers(12, 60))
def test_parts_fit_a_budget_of_characters_too(paragraph: str, limit: int) -> None:
    made = make_passages([draft(paragraph)], TokenBudget(limit, count_characters))
    check(made)
    assert all(len(each.text) <= limit for each in made)


@given(_PARAGRAPHS)
def test_a_split_never_falls_within_a_sentence_that_fits(paragraph: str) -> None:
    limit = 12
    made = make_passages([draft(paragraph.replace("*", ""))], TokenBudget(limit, count_words))
    text = clean_up(made[0].passage.article.text, [(0, len(made[0].passage.article.text))]).text
    for start, end in split_sentences(text):
        if len(text[start:end].split()) <= limit:
            assert any(text[start:end] in each.passage.text for each in made)


# --- the real tokenizer


@pytest.mark.model
def test_the_seeds_are_read_whole_by_the_default_encoder() -> None:
    budget = token_budget(open_encoder())
    assert budget is not None
    made = make_passages(read_sources(find_sources([SEEDS])).drafts, budget)
    check(made)
    assert budget.truncated([each.text for each in made]) == 0


@pytest.mark.model
@pytest.mark.parametrize(
    "text",
    [
        "A sentence of seven words stands here. " * 200,
        "ab," * 5000,
        "山西省阳泉市工业发展保持良好增长。" * 200,
        "😀," * 3000,
    ],
    ids=["sentences", "no spaces", "Chinese", "emoji"],
)
def test_long_texts_are_split_until_the_default_encoder_reads_them_whole(text: str) -> None:
    budget = token_budget(open_encoder())
    assert budget is not None
    assert not budget.fits(text)
    made = make_passages([draft(text.strip(), title="A title " * 200)], budget)
    check(made)
    assert budget.truncated([each.text for each in made]) == 0
    assert "".join("".join(texts(made)).split()) == "".join(text.split())
