"""Collections in BEIR's layout: read as they are, written for others."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import DATA, SEEDS

from eval.beir import is_beir, read_answers, read_beir, write_beir
from eval.gold import GOLD, GoldQuestion, GoldSpan, read_gold
from index import Article, GoldError, UserError, find_sources, read_sources

CORPUS = [
    {"_id": "d1", "title": "One", "text": "Apples grow on trees."},
    {"_id": "d2", "text": "Pears do\r\ntoo, they say."},
]
QUERIES = [
    {"_id": "q1", "text": "Where do apples grow?"},
    {"_id": "q2", "text": "What else?", "metadata": {"kind": "fact", "question_type": "other", "note": "hm"}},
    {"_id": 3, "text": "Who knows?", "metadata": {"answerable": False, "question_type": ["Factoid"]}},
    {"_id": "q4", "text": "And who judged?"},
]
HEADER = "query-id\tcorpus-id\tscore\n"
QRELS = HEADER + "q2\td1\t0\nq2\td2\t2\nq1\td1\t1\n"


def lines(records: list[Any]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "fruit"
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text(lines(CORPUS))
    (folder / "queries.jsonl").write_text(lines(QUERIES))
    (folder / "qrels" / "test.tsv").write_text(QRELS)
    return folder


def test_judged_questions_are_read_in_their_order(folder: Path) -> None:
    collection = read_beir(folder)
    assert collection.questions == [
        GoldQuestion("q1", "Where do apples grow?", "", (), True, articles={"d1": 1}),
        GoldQuestion("q2", "What else?", "fact", (), True, "hm", articles={"d1": 0, "d2": 2}),
        GoldQuestion("3", "Who knows?", "", (), False),
    ]
    assert (collection.name, collection.corpus, collection.unjudged) == ("fruit", folder / "corpus.jsonl", 1)


def test_splits_are_files_of_either_layout(folder: Path) -> None:
    (folder / "qrels" / "dev.tsv").write_text(HEADER + "q4\td1\t1\n")
    (folder / "qrels_train.tsv").write_text(HEADER + "q1\td2\t1\n")
    assert [question.id for question in read_beir(folder, "dev").questions] == ["3", "q4"]
    train = read_beir(folder, "train")
    assert (train.name, train.questions[0].articles) == ("fruit-train", {"d2": 1})
    with pytest.raises(GoldError, match="no judgements of the split 'nope', expected one of dev, test, train"):
        read_beir(folder, "nope")
    (folder / "qrels" / "test.tsv").rename(folder / "qrels.tsv")
    assert len(read_beir(folder, "test").questions) == 3


def test_what_is_a_collection(folder: Path) -> None:
    assert is_beir(folder)
    (folder / "queries.jsonl").unlink()
    assert is_beir(folder)
    (folder / "qrels" / "test.tsv").unlink()
    assert not is_beir(folder)
    assert not is_beir(SEEDS)
    assert not is_beir(folder / "corpus.jsonl")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("qrels/test.tsv", QRELS + "q9\td1\t1\n", "qrels/test.tsv:5: no question 'q9' in queries.jsonl"),
        ("qrels/test.tsv", QRELS + "\nq1\td9\t1\n", "qrels/test.tsv:6: no document 'd9' in corpus.jsonl"),
        ("qrels/test.tsv", QRELS + "q1\td2\t0.5\n", "qrels/test.tsv:5: score is '0.5', expected a whole number"),
        ("qrels/test.tsv", QRELS + "q1\td1\t2\n", "qrels/test.tsv:5: another grade of 'd1' for 'q1' than in line 4"),
        ("qrels/test.tsv", QRELS + "q1\td1\n", "qrels/test.tsv:5: 2 columns, expected 3"),
        ("qrels/test.tsv", "q1\td1\t1\n", "qrels/test.tsv:1: expected the header query-id, corpus-id, score"),
        ("qrels/test.tsv", HEADER.replace("\t", ","), "qrels/test.tsv:1: expected the header"),
        ("qrels/test.tsv", HEADER, "qrels/test.tsv: no judgements"),
        (
            "qrels/test.tsv",
            "",
            "qrels/test.tsv:1: expected the header query-id, corpus-id, score between tabs, found nothing",
        ),
        ("queries.jsonl", lines([*QUERIES, QUERIES[0]]), "queries.jsonl:5: two questions with the id 'q1', the other in "),
        ("queries.jsonl", lines([{"text": "Why?"}]), "queries.jsonl:1: expected an _id, found fields ['text']"),
        ("queries.jsonl", lines([{"_id": "q", "text": " "}]), "queries.jsonl:1: expected the question as text, found ' '"),
        ("queries.jsonl", lines([[1]]), "queries.jsonl:1: expected a JSON object, found list"),
        ("queries.jsonl", lines(QUERIES) + "{broken\n", "queries.jsonl:5: not JSON"),
        ("queries.jsonl", "[" * 100_000, "queries.jsonl:1: not JSON"),
        ("corpus.jsonl", lines(CORPUS) + '{"text": ""}', "corpus.jsonl:3: expected an _id, found fields ['text']"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(folder: Path, name: str, text: str, says: str) -> None:
    (folder / name).write_text(text)
    with pytest.raises(UserError) as caught:
        read_beir(folder)
    assert str(caught.value).startswith(f"{folder}/{says}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"])
def test_files_that_are_missing_or_not_utf_8_are_named(folder: Path, name: str) -> None:
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data + b'{"_id": "\xe9"}\n')
    with pytest.raises(GoldError, match=rf"{name}:{data.count(10) + 1}: not UTF-8 at byte"):
        read_beir(folder)
    (folder / name).unlink()
    with pytest.raises(GoldError, match=r"cannot be read|no judgements, expected qrels\.tsv or qrels/test\.tsv"):
        read_beir(folder)
    with pytest.raises(GoldError, match="no such folder"):
        read_beir(folder / "nowhere")


def test_answers_that_stand_in_the_one_relevant_document(folder: Path) -> None:
    def asked(question: str, *answers: Any) -> dict[str, Any]:
        return {"_id": question, "text": "?", "metadata": {"answers": list(answers)}}

    queries = [
        asked("q1", {"text": "trees", "start": 15}, {"text": "trees", "start": 14}, {"text": "Apples", "start": -1}),
        asked("q2", {"text": "do\r\ntoo", "start": 6}, {"text": "too, they", "start": 10}, "too", {"text": "too"}),
        asked("q4", {"text": "Apples", "start": 0}, {"text": "Pears", "start": 0, "document": "d2"}),
    ]
    (folder / "queries.jsonl").write_text(lines(queries))
    (folder / "qrels" / "test.tsv").write_text(QRELS + "q4\td1\t1\nq4\td2\t1\n")
    answers = read_answers(folder)
    assert answers.spans == {
        "q1": [GoldSpan("corpus.jsonl", "d1", 15, 20, "trees")],
        # As the index counts: a line end is one character.
        "q2": [GoldSpan("corpus.jsonl", "d2", 6, 12, "do\ntoo"), GoldSpan("corpus.jsonl", "d2", 9, 18, "too, they")],
        "q4": [GoldSpan("corpus.jsonl", "d2", 0, 5, "Pears")],
    }
    assert answers.dropped == 4
    articles = {draft.article.id: draft.article for draft in read_sources(find_sources([folder])).drafts}
    for span in (span for spans in answers.spans.values() for span in spans):
        assert articles[span.article].source == span.source
        assert articles[span.article].text[span.start : span.end] == span.quote


def test_the_seeds_gold_goes_out_and_comes_back(tmp_path: Path) -> None:
    articles = [draft.article for draft in read_sources(find_sources([SEEDS])).drafts]
    texts, gold = {article.id: article for article in articles}, read_gold(GOLD)
    write_beir(tmp_path / "out", gold, articles)
    back = read_beir(tmp_path / "out")
    assert back.unjudged == 0
    for before, after in zip(gold, back.questions, strict=True):
        assert (after.id, after.question, after.kind, after.note) == (before.id, before.question, before.kind, before.note)
        assert after.answerable == before.answerable
        assert after.articles == {span.article: 1 for span in before.relevant}
    answers = read_answers(tmp_path / "out")
    assert answers.dropped == 0
    assert {name: [span.quote for span in spans] for name, spans in answers.spans.items()} == {
        question.id: [span.quote for span in question.relevant] for question in gold if question.relevant
    }
    reread = [draft.article for draft in read_sources(find_sources([tmp_path / "out"])).drafts]
    assert [(article.id, article.title) for article in reread] == [(article.id, article.title) for article in articles]
    # A page's stories are documents of their own.
    assert all(article.text in texts[article.id].text for article in reread)
    assert len({article.text for article in reread}) == len(articles)


def test_ids_with_tabs_and_quotation_marks_come_back(tmp_path: Path) -> None:
    names = ["a\tb", '"Weird" d', "d\ne", " d"]
    articles = [Article(name, "", "Yes.", "c.jsonl", (0, 4)) for name in names]
    questions = [GoldQuestion(name, "?", "", (GoldSpan("c.jsonl", name, 0, 3, "Yes"),), True) for name in names]
    write_beir(tmp_path / "out", questions, articles)
    assert [question.articles for question in read_beir(tmp_path / "out").questions] == [{name: 1} for name in names]


def test_what_cannot_be_written_as_a_collection(tmp_path: Path, folder: Path) -> None:
    article = Article("a.txt", "", "Yes.", "a.txt", (0, 4))
    question = GoldQuestion("q", "?", "", (GoldSpan("a.txt", "a.txt", 0, 3, "Yes"),), True)
    with pytest.raises(GoldError, match=r"fruit: there is a corpus\.jsonl already: name a new folder"):
        write_beir(folder, [question], [article])
    with pytest.raises(GoldError, match="no questions to write"):
        write_beir(tmp_path / "out", [], [article])
    with pytest.raises(GoldError, match=r"q: its source a\.txt is not among the articles: run qa gold check"):
        write_beir(tmp_path / "out", [question], [])
    with pytest.raises(GoldError, match="q: its article 'd1' is not among the articles"):
        write_beir(tmp_path / "out", [GoldQuestion("q", "?", "", (), True, articles={"d1": 1})], [article])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "split", "answerable", "unanswerable", "unjudged"),
    [
        ("scifact", None, 300, 0, 809),
        ("scifact", "train", 809, 0, 300),
        ("squad_v2_dev", None, 5928, 5945, 0),
        ("mtrag_clapnq", None, 208, 0, 16),
    ],
)
def test_public_collections(name: str, split: str | None, answerable: int, unanswerable: int, unjudged: int) -> None:
    if not (DATA / name).is_dir():
        pytest.skip(f"needs the public collection {name} in {DATA}")
    collection = read_beir(DATA / name, split)
    found = [sum(question.answerable is said for question in collection.questions) for said in (True, False)]
    assert (found, collection.unjudged) == ([answerable, unanswerable], unjudged)


def test_the_answers_of_a_public_collection() -> None:
    if not (DATA / "squad_v2_dev").is_dir():
        pytest.skip(f"needs the public collection squad_v2_dev in {DATA}")
    answers = read_answers(DATA / "squad_v2_dev")
    assert (len(answers.spans), answers.dropped) == (5928, 0)
    assert answers.spans["5725b33f6a3fe71400b8952d"][0] == GoldSpan(
        "corpus.jsonl", "1973_oil_crisis#0", 29, 41, "October 1973"
    )
