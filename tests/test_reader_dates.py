"""What the reader is taught of years: that an article's date tells of one that its words do not name."""

import re
from collections import Counter
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.reader.dated import as_dated
from eval.reader.examples import Example
from index.minilm import MiniLM
from index.reader import Excerpt, pair

HARVEST = "Anna Weber grows apples. In 2021, she picked 40 tons. It rained in 2021, as in 1998. Her cellar is cold."
CELLAR = Example("How cold is the cellar of Anna Weber?", Excerpt("Apples", "Her cellar is cold.", (0, 5)), (14, 18))


def drawn(example: Example, times: int = 600) -> list[Example]:
    random = Random(4)
    return [as_dated(example, random) for _ in range(times)]


def harvest(question: str, answer: str | None) -> Example:
    place = HARVEST.index(answer or "Her")
    return Example(question, Excerpt("Apples", HARVEST, (25, 53)), (place, place + len(answer)) if answer else None)


@given(seed=st.integers(0, 10_000), answer=st.sampled_from(["40 tons", "cold", "It rained in 2021", None]))
def test_an_answer_stays_the_same_words(seed: int, answer: str | None) -> None:
    example = harvest("How many apples were picked in 2021?", answer)
    dated = as_dated(example, Random(seed))
    assert (dated.answer is None) == (answer is None)
    assert answer is None or dated.excerpt.text[slice(*dated.answer or (0, 0))] == answer
    assert "she picked 40 tons." in dated.excerpt.text[slice(*dated.excerpt.around)]
    assert dated.question == example.question
    assert dated.excerpt.title == "Apples"


def test_the_year_that_is_asked_for_is_told_by_the_date() -> None:
    seen = {(each.excerpt.published, each.excerpt.text) for each in drawn(harvest("Picked in 2021?", "40 tons"))}
    assert {(published.year if published else None, text) for published, text in seen} == {
        (None, HARVEST),
        (2021, HARVEST),
        (2022, HARVEST),
        (2021, HARVEST.replace("In 2021", "This year").replace("in 2021", "this year")),
        (2021, HARVEST.replace("In 2021", "This year").replace(" in 2021", "")),
        (2022, HARVEST.replace("In 2021", "Last year").replace(" in 2021", "")),
        (2022, HARVEST.replace("In 2021", "Last year").replace("in 2021", "last year")),
    }


def test_a_year_stays_where_it_is_the_answer() -> None:
    place = HARVEST.index("in 2021, as")
    example = Example("When did it rain, in 2021?", Excerpt("", HARVEST, (0, 5)), (place, place + 7))
    assert {each.excerpt.text for each in drawn(example)} == {HARVEST}


def test_what_asks_for_no_year_is_asked_of_the_one_it_tells_of_and_of_others() -> None:
    """Only the year that the article is of has the answer, or early in a year the one before."""
    counts: Counter[bool] = Counter()
    for each in drawn(CELLAR):
        asked = re.search(r"\d{4}", each.question)
        if asked:
            assert each.excerpt.published
            later = each.excerpt.published.year - int(asked[0])
            right = later == 0 or (later == 1 and each.excerpt.published.month <= 3)
            assert (each.answer is not None) == right
            counts[right] += 1
        else:
            assert each.question == CELLAR.question
            assert each.answer == CELLAR.answer
    assert min(counts[True], counts[False]) > 20
    silent = Example(CELLAR.question, CELLAR.excerpt, None)
    assert all(each.answer is None for each in drawn(silent))
    assert {bool(re.search(r"\d{4}", each.question)) for each in drawn(silent)} == {True, False}


def test_last_year_is_the_one_before() -> None:
    text = "Last year her cellar was cold."
    example = Example("How cold was the cellar?", Excerpt("", text, (0, 5)), (25, 29))
    right = [each for each in drawn(example) if each.answer and re.search(r"\d{4}", each.question)]
    assert right
    for each in right:
        assert each.excerpt.published
        assert str(each.excerpt.published.year - 1) in each.question


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("When was the cellar cold?", "Her cellar was cold."),
        ("How cold was the cellar?", "In 1998 her cellar was cold."),
        ("How cold is the cellar?", "Next year her cellar will be cold."),
    ],
)
def test_no_year_is_asked_of_what_tells_another_time(question: str, text: str) -> None:
    start = text.index("cold")
    example = Example(question, Excerpt("", text, (0, 5)), (start, start + 4))
    assert {each.question for each in drawn(example)} == {question}


@pytest.mark.model
def test_an_articles_date_is_read_between_its_title_and_its_text() -> None:
    from eval.reader.__main__ import tokenizer_of

    tokenizer = tokenizer_of(MiniLM())
    dated = pair(tokenizer, "How cold?", Excerpt("Apples", "It is cold.", (0, 5), date(2022, 2, 10)))
    assert tokenizer.decode(dated.ids, skip_special_tokens=False).replace(" ", "") == (
        "[CLS]howcold?[SEP]apples.2022-02-10.itiscold.[SEP]"
    )
    assert [tokenizer.id_to_token(number) for number in dated.ids[dated.start :]] == ["it", "is", "cold", ".", "[SEP]"]
    assert len(dated.segments) == len(dated.ids)
    undated = pair(tokenizer, "How cold?", Excerpt("Apples", "It is cold.", (0, 5)))
    assert tokenizer.decode(undated.ids, skip_special_tokens=False).replace(" ", "") == (
        "[CLS]howcold?[SEP]apples.itiscold.[SEP]"
    )
