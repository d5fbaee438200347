"""The gold set that ships, and the reading of any."""

import json
from collections import Counter
from pathlib import Path

import pytest
from conftest import SEEDS

import qa
from eval.gold import GOLD, read_gold
from index import GoldError

KINDS = {"fact", "paraphrase", "number", "person", "caption", "broken", "keyword", "typo", "multi", "chinese", "none"}
QUESTIONS = read_gold(GOLD)


def test_every_quote_stands_at_its_offsets_in_its_source() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in SEEDS.iterdir()}
    for question in QUESTIONS:
        for span in question.relevant:
            assert texts[span.source][span.start : span.end] == span.quote, question.id


def test_there_are_enough_questions_of_every_kind() -> None:
    kinds = Counter(question.kind for question in QUESTIONS)
    assert set(kinds) == KINDS
    assert sum(question.answerable for question in QUESTIONS) >= 120
    unanswerable = [question for question in QUESTIONS if not question.answerable]
    assert len(unanswerable) >= 30
    assert sum("near miss" in question.note for question in unanswerable) * 2 >= len(unanswerable)
    assert kinds["chinese"] >= 5
    assert all(len(question.relevant) >= 2 for question in QUESTIONS if question.kind == "multi")


def test_every_article_is_asked_about_and_named_as_the_index_names_it(seeds: qa.Library) -> None:
    extents = {article.id: article.extent for article in seeds.articles}
    asked = Counter(span.article for question in QUESTIONS for span in question.relevant)
    assert set(asked) == set(extents)
    for question in QUESTIONS:
        for span in question.relevant:
            start, end = extents[span.article]
            assert start <= span.start < span.end <= end, question.id


def test_no_question_is_asked_twice() -> None:
    assert len({question.question.casefold() for question in QUESTIONS}) == len(QUESTIONS)


GOOD = {"id": "1", "question": "Why?", "relevant": [{"source": "a.txt", "start": 0, "end": 3, "quote": "Yes"}]}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{broken", "not JSON"),
        ("[1]", "expected a JSON object, found list"),
        (json.dumps({**GOOD, "id": 7}), "expected 'id' as str, found int"),
        (json.dumps({**GOOD, "question": " "}), "the question is empty"),
        (json.dumps({**GOOD, "relevant": None}), "expected 'relevant' as list, found NoneType"),
        (json.dumps({**GOOD, "relevant": ["x"]}), "expected relevant spans as objects, found str"),
        (json.dumps({**GOOD, "answerable": False}), "said to be not answerable with 1 relevant spans"),
        (json.dumps({**GOOD, "relevant": [], "answerable": True}), "said to be answerable with 0 relevant spans"),
        (json.dumps({**GOOD, "relevant": [{"source": "a", "start": 0, "end": 3}]}), "expected 'quote' as str, found none"),
        (json.dumps({**GOOD, "relevant": [{"source": "a", "start": 3, "end": 3, "quote": "Yes"}]}), "a span from 3 to 3"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text(f"{json.dumps({**GOOD, 'id': 'first'})}\n\n{line}\n")
    with pytest.raises(GoldError) as caught:
        read_gold(path)
    assert str(caught.value).startswith(f"{path}:3: ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(GoldError, match="cannot be read"):
        read_gold(tmp_path / "nowhere.jsonl")
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(GoldError, match="no questions"):
        read_gold(tmp_path / "empty.jsonl")
    (tmp_path / "latin.jsonl").write_bytes('{"id": "é"}'.encode("latin-1"))
    with pytest.raises(GoldError, match=r"latin.jsonl:1: not UTF-8 at byte 8"):
        read_gold(tmp_path / "latin.jsonl")
    (tmp_path / "twice.jsonl").write_text(f"{json.dumps(GOOD)}\n{json.dumps(GOOD)}\n")
    with pytest.raises(GoldError, match=r"twice.jsonl:2: two questions with the id '1', the other in .*twice.jsonl:1"):
        read_gold(tmp_path / "twice.jsonl")


def test_a_question_may_be_judged_by_articles(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text('{"id": "1", "question": "Why?", "articles": {"d1": 2, "d2": 0}}')
    (question,) = read_gold(path)
    assert (question.answerable, question.relevant, question.articles) == (True, (), {"d1": 2, "d2": 0})
    path.write_text('{"id": "1", "question": "Why?", "articles": {"d1": "much"}}')
    with pytest.raises(GoldError, match=r"gold.jsonl:1: the article 'd1' is graded 'much', expected a whole number"):
        read_gold(path)
