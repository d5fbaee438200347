"""Pools to judge, and what their judgements say."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import SEEDS, ToyEncoder
from hypothesis import given, settings
from hypothesis import strategies as st

import qa
from eval.anchor import anchor_all
from eval.judging import PoolItem, judged_gold, pool, read_pool, unjudged, write_pool
from index import Article, GoldError, QuestionError
from qa.retriever import System

FILES = {
    "a.txt": "Apples grow on trees in the old orchard.\n\nPears grow there too, says the gardener.\n\nPlums do not.",
    "b.txt": "The gardener counts apples on Monday.\n\nNobody counts the pears of the orchard.",
}
QUESTIONS = [("q1", "Where do apples grow?"), ("q2", "Who counts pears?")]
Make = Callable[[dict[str, str]], qa.Library]


@pytest.fixture
def library(make_library: Make) -> qa.Library:
    return make_library(FILES)


def test_a_pool_is_the_union_of_what_the_systems_find(library: qa.Library) -> None:
    items = pool(library, QUESTIONS, ["bm25", "dense"], k=2, seed=1)
    for question_id, text in QUESTIONS:
        found = {hit.passage.id for system in ("bm25", "dense") for hit in library.search(text, 2, system)}
        assert sorted(item.passage for item in items if item.question_id == question_id) == sorted(found)
    assert [item.question_id for item in items] == sorted(item.question_id for item in items)
    passages = {passage.id: passage for passage in library.passages}
    for item in items:
        passage = passages[item.passage]
        assert (item.source, item.article, item.spans) == (passage.article.source, passage.article.id, passage.spans)
        assert (item.text, item.judgement) == (passage.text, "")
        assert (item.start, item.end) == (passage.spans[0][0], passage.spans[-1][1])


def test_a_pool_tells_nothing_of_systems_and_ranks(library: qa.Library, tmp_path: Path) -> None:
    write_pool(tmp_path / "pool.jsonl", pool(library, QUESTIONS, ["bm25", "dense"], 5))
    for line in (tmp_path / "pool.jsonl").read_text().splitlines():
        assert sorted(json.loads(line)) == [
            "article", "judgement", "passage", "question", "question_id", "source", "spans", "text"
        ]  # fmt: skip


def test_the_order_depends_on_the_seed_and_on_nothing_else(library: qa.Library) -> None:
    def order(seed: int, systems: list[System], questions: list[tuple[str, str]] = QUESTIONS) -> list[str]:
        return [item.passage for item in pool(library, questions, systems, 5, seed) if item.question_id == "q1"]

    orders = {tuple(order(seed, ["bm25", "dense"])) for seed in range(20)}
    assert len(orders) > 5
    assert len({frozenset(each) for each in orders}) == 1
    assert order(3, ["bm25", "dense"]) == order(3, ["dense", "bm25"]) == order(3, ["bm25", "dense"], QUESTIONS[:1])


def test_questions_that_cannot_be_pooled(library: qa.Library) -> None:
    with pytest.raises(GoldError, match="two questions with the id 'q1'"):
        pool(library, [*QUESTIONS, QUESTIONS[0]], ["bm25"], 5)
    with pytest.raises(GoldError, match="question 'q3': the question is empty"):
        pool(library, [("q3", " ")], ["bm25"], 5)
    with pytest.raises(QuestionError, match="k is 0"):
        pool(library, QUESTIONS, ["bm25"], 0)
    assert pool(library, [], ["bm25"], 5) == []


@st.composite
def pools(draw: st.DrawFn) -> list[PoolItem]:
    words = st.text(min_size=1, max_size=9)
    items = []
    for question_id, question in draw(st.dictionaries(words, words, min_size=1, max_size=3)).items():
        for passage in draw(st.lists(words, unique=True, min_size=1, max_size=3)):
            cuts = sorted(draw(st.lists(st.integers(0, 999), unique=True, min_size=4, max_size=4)))
            spans = ((cuts[0], cuts[1]), (cuts[2], cuts[3]))[: draw(st.integers(1, 2))]
            judgement = draw(st.sampled_from(["", "answers", "partly", "no"]))
            items.append(PoolItem(question_id, question, passage, draw(words), draw(words), spans, draw(words), judgement))
    return items


@settings(max_examples=60, deadline=None)
@given(pools())
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, items: list[PoolItem]) -> None:
    path = tmp_path_factory.mktemp("pool") / "pool.jsonl"
    write_pool(path, items)
    assert read_pool(path) == items


ITEM = PoolItem("q1", "Where do apples grow?", "a.txt@0", "a.txt", "a.txt", ((0, 40),), FILES["a.txt"][:40])
GOOD: dict[str, object] = {
    "question_id": "q1",
    "question": "Why?",
    "passage": "a@0",
    "source": "a",
    "article": "a",
    "text": "Yes",
}
GOOD |= {"spans": [[0, 3]]}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{broken", "not JSON"),
        ("[]", "expected a JSON object, found list"),
        (json.dumps({**GOOD, "judgement": "yes"}), "the judgement is 'yes', expected 'answers', 'partly', 'no' or ''"),
        (json.dumps({**GOOD, "judgement": None}), "the judgement is None"),
        (json.dumps({**GOOD, "judgement": ["no"]}), "the judgement is ['no']"),
        (json.dumps({**GOOD, "passage": ""}), "expected 'passage' as text, found ''"),
        (json.dumps({**GOOD, "text": 1}), "expected 'text' as text, found 1"),
        (json.dumps({**GOOD, "spans": []}), "spans are [], expected [[start, end]]"),
        (json.dumps({**GOOD, "spans": [[0, 3], [2, 5]]}), "spans are [[0, 3], [2, 5]], expected"),
        (json.dumps({**GOOD, "spans": [[0, True]]}), "spans are [[0, True]], expected"),
        (json.dumps({**GOOD, "spans": [[0, 3], 4]}), "spans are [[0, 3], 4], expected"),
        (json.dumps({**GOOD, "spans": "0-3"}), "spans are 0-3, expected"),
        (json.dumps({**GOOD, "spans": [[-1, 3]]}), "spans are [[-1, 3]], expected"),
        (json.dumps(GOOD), "passage 'a@0' of question 'q1' again, before in"),
        (json.dumps({**GOOD, "passage": "a@9", "question": "Who?"}), "another question with the id 'q1' than in"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "pool.jsonl"
    path.write_text(f"{json.dumps(GOOD)}\n\n{line}\n")
    with pytest.raises(qa.UserError) as caught:
        read_pool(path)
    assert str(caught.value).startswith(f"{path}:3: {says}")
    assert "\n" not in str(caught.value)


def test_a_file_without_items(tmp_path: Path) -> None:
    (tmp_path / "pool.jsonl").write_text("\n")
    with pytest.raises(GoldError, match=r"pool\.jsonl: nothing to judge"):
        read_pool(tmp_path / "pool.jsonl")


def test_judgements_as_gold(library: qa.Library) -> None:
    items = pool(library, [("q0", "Who?"), *QUESTIONS, ("q3", "What of plums?")], ["bm25", "dense"], 5)
    said = {
        ("q0", "a.txt@0"): "no",
        ("q1", "a.txt@0"): "answers",
        ("q1", "a.txt@42"): "partly",
        ("q1", "b.txt@0"): "no",
    }
    judged = [
        replace(item, judgement="no" if item.question_id == "q2" else said.get((item.question_id, item.passage), ""))
        for item in items
    ]
    first, second = judged_gold(judged, library.articles)
    assert (first.id, first.question, first.answerable) == ("q1", "Where do apples grow?", True)
    assert {span.quote for span in first.relevant} == set(FILES["a.txt"].split("\n\n")[:2])
    waiting = sum(item.question_id == "q1" for item in items) - 3
    assert first.note == f"partly: a.txt@42; {waiting} passages not judged"
    assert (second.id, second.answerable, second.relevant, second.note) == ("q2", False, (), "")
    assert unjudged(judged)["q1"] == waiting
    assert unjudged(judged)["q2"] == 0
    assert set(unjudged(judged)) == {"q0", "q1", "q3"}
    assert {each.status for each in anchor_all([first, second], library.articles)} == {"intact"}


def test_a_passage_that_a_caption_cuts_gives_two_spans() -> None:
    text = "A sentence that is cut\n\nA caption.\n\nin two by a caption."
    article = Article("a.txt", "", text, "a.txt", (0, len(text)))
    item = PoolItem("q", "?", "a.txt@0", "a.txt", "a.txt", ((0, 22), (36, 56)), text[:22] + " " + text[36:], "answers")
    (question,) = judged_gold([item], [article])
    assert [span.quote for span in question.relevant] == ["A sentence that is cut", "in two by a caption."]


def test_every_passage_of_the_seeds_can_become_gold(toy: ToyEncoder, tmp_path: Path) -> None:
    seeds = qa.load(SEEDS, index=tmp_path / "index", encoder=toy)
    items = [
        PoolItem(
            passage.id, "?", passage.id, passage.article.source, passage.article.id, passage.spans, passage.text, "answers"
        )
        for passage in seeds.passages
    ]
    gold = judged_gold(items, seeds.articles)
    assert len(gold) == len(items)
    assert {each.status for each in anchor_all(gold, seeds.articles)} == {"intact"}


def test_a_passage_that_reads_another_way_now_is_refused(library: qa.Library) -> None:
    judged = replace(ITEM, judgement="answers")
    assert judged_gold([judged], library.articles)[0].relevant[0].quote == FILES["a.txt"][:40]
    with pytest.raises(GoldError, match=r"question 'q1', passage 'a\.txt@0': reads another way than when it was judged"):
        judged_gold([replace(judged, text="Apples")], library.articles)
    with pytest.raises(GoldError, match="reads another way"):
        judged_gold([replace(judged, spans=((0, 9999),))], library.articles)
    with pytest.raises(GoldError, match=r"its article 'c\.txt' is not in the index"):
        judged_gold([replace(judged, article="c.txt")], library.articles)
