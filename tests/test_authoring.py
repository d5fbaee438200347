"""A question is added to a gold set by hand."""

import json
from pathlib import Path

import pytest
from conftest import SEEDS

from eval.anchor import anchor_all
from eval.authoring import add_question
from eval.gold import GOLD, GoldSpan, read_gold
from index import Article, GoldError, QuestionError, find_sources, read_sources

TEXT = "Apples grow on trees.\n\nPears grow on trees too.\n\nThe council counted 219 trees."
ARTICLES = [
    Article("a.txt", "", TEXT, "a.txt", (0, len(TEXT))),
    Article("p.txt#1", "", TEXT, "p.txt", (0, 21)),
    Article("p.txt#2", "", TEXT, "p.txt", (23, len(TEXT))),
    Article("d1", "", "Yes, it is so.", "c.jsonl", (0, 14)),
    Article("d2", "", "Yes, it is so. Or not.", "c.jsonl", (0, 22)),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gold.jsonl"


def test_a_gold_set_is_begun_and_goes_on(path: Path) -> None:
    first = add_question(path, "How many trees?", [("a.txt", "counted 219 trees")], ARTICLES, "number", "by hand")
    assert first.relevant == (GoldSpan("a.txt", "a.txt", 61, 78, "counted 219 trees"),)
    assert (first.id, first.kind, first.note, first.answerable) == ("g001", "number", "by hand", True)
    second = add_question(path, "What of plums?", [], ARTICLES)
    assert (second.id, second.answerable) == ("g002", False)
    third = add_question(path, "What grows?", [("a.txt", "Apples grow"), ("d2", "Or not")], ARTICLES, question_id="own")
    assert [(span.source, span.article) for span in third.relevant] == [("a.txt", "a.txt"), ("c.jsonl", "d2")]
    assert add_question(path, "And now?", [], ARTICLES).id == "g003"
    assert read_gold(path)[:3] == [first, second, third]
    assert {each.status for each in anchor_all(read_gold(path), ARTICLES)} == {"intact"}


def test_the_lines_that_stand_stay_byte_for_byte(path: Path) -> None:
    line = '\ufeff{"id":"q-9",  "question":"Wh\\u00ff?", "mine": 1, "relevant":[]}\r\n\r\n'
    for before in (line, line.rstrip()):
        path.write_bytes(before.encode())
        assert add_question(path, "Who?", [("a.txt", "Pears")], ARTICLES).id == "q-10"
        assert path.read_bytes().startswith(before.encode())
        assert len(read_gold(path)) == 2
    assert [each.name for each in path.parent.iterdir()] == ["gold.jsonl"]


def test_the_gold_set_that_ships_can_be_added_to(path: Path) -> None:
    articles = [draft.article for draft in read_sources(find_sources([SEEDS])).drafts]
    path.write_bytes(GOLD.read_bytes())
    last = max(int(question.id.removeprefix("g")) for question in read_gold(GOLD))
    quote = read_gold(GOLD)[0].relevant[0].quote
    added = add_question(path, "A question nobody has asked?", [("000_671c52dbc03a6a6a.txt", quote)], articles)
    assert added.id == f"g{last + 1:03d}"
    assert added.relevant == read_gold(GOLD)[0].relevant
    assert path.read_bytes().startswith(GOLD.read_bytes())


def test_a_story_of_a_page_is_told_by_its_place_or_searched_alone(path: Path) -> None:
    def article(name: str, quote: str) -> str:
        return add_question(path, f"{name} {quote}?", [(name, quote)], ARTICLES).relevant[0].article

    assert article("p.txt", "Apples") == "p.txt#1"
    assert article("p.txt", "Pears") == "p.txt#2"
    assert article("p.txt#2", "grow on trees") == "p.txt#2"
    with pytest.raises(GoldError, match=r"'Pears' does not stand in p\.txt#1"):
        article("p.txt#1", "Pears")


@pytest.mark.parametrize(
    ("source", "quote", "says"),
    [
        ("a.txt", "grow on trees", "'grow on trees' stands 2 times in a.txt (a.txt at 7, a.txt at 29): quote more"),
        ("a.txt", "e", "'e' stands 10 times in a.txt (a.txt at 4, a.txt at 17, a.txt at 18, a.txt at 24, a.txt at 39, …)"),
        ("c.jsonl", "Yes, it", "'Yes, it' stands 2 times in c.jsonl (d1 at 0, d2 at 0)"),
        (
            "a.txt",
            "The council counted 220 trees.",
            "'The council counted 220 trees.' does not stand in a.txt: the nearest, 93% alike, is "
            "'The council counted 219 trees.' from 49 to 79 in a.txt: quote it as it stands",
        ),
        ("a.txt", "Something else entirely", "'Something else entirely' does not stand in a.txt: nor does anything like it"),
        ("a.txt", " ", "the quote from a.txt is empty"),
        ("b.txt", "Apples", "no source or article 'b.txt': did you mean 'a.txt'?"),
        ("elsewhere", "Apples", "no source or article 'elsewhere': expected one like 'a.txt'"),
    ],
)
def test_a_quote_that_is_not_there_exactly_once(path: Path, source: str, quote: str, says: str) -> None:
    with pytest.raises(GoldError) as caught:
        add_question(path, "Why?", [(source, quote)], ARTICLES)
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)
    assert not path.exists()


def test_a_quote_over_lines_is_shown_as_it_stands(path: Path) -> None:
    text = "The council had coun-\nted two hundred and nineteen\nold trees."
    article = Article("l.txt", "", text, "l.txt", (0, len(text)))
    with pytest.raises(
        GoldError, match=r"is 'The council had coun-\\nted two hundred and nineteen\\nold trees\.' from 0 to 61"
    ):
        add_question(path, "Why?", [("l.txt", "The council had counted two hundred and nineteen old trees.")], [article])


def test_a_corpus_of_many_articles_is_not_searched_for_what_is_like_a_quote(path: Path) -> None:
    articles = [Article(f"d{number}", "", f"Line {number}.", "c.jsonl", (0, 7)) for number in range(1000)]
    with pytest.raises(GoldError, match="it has 1,000 articles, so name the one that is meant by its id"):
        add_question(path, "Why?", [("c.jsonl", "Not there")], articles)


def test_questions_and_ids_that_are_there_already(path: Path) -> None:
    add_question(path, "How many trees?", [], ARTICLES, question_id="q1")
    before = path.read_bytes()
    for question, question_id, says in (
        ("how  many\ntrees?", None, r"gold\.jsonl: the question is there already, as q1"),
        ("Why?", "q1", r"gold\.jsonl: the id 'q1' is taken"),
        ("Why?", " ", "the id is empty"),
    ):
        with pytest.raises(GoldError, match=says):
            add_question(path, question, [], ARTICLES, question_id=question_id)
    with pytest.raises(QuestionError, match="the question is empty"):
        add_question(path, " ", [], ARTICLES)
    assert path.read_bytes() == before


def test_a_gold_set_that_cannot_be_read_is_left_alone(path: Path) -> None:
    path.write_text("{broken")
    with pytest.raises(GoldError, match=r"gold\.jsonl:1: not JSON"):
        add_question(path, "Why?", [], ARTICLES)
    assert path.read_text() == "{broken"
    with pytest.raises(GoldError, match="a folder, expected a file"):
        add_question(path.parent, "Why?", [], ARTICLES)
    path.write_text("\n")
    assert add_question(path, "Why?", [], ARTICLES).id == "g001"
    assert json.loads(path.read_text())["relevant"] == []


def test_a_gold_set_is_not_begun_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(GoldError, match=r"x\.jsonl: there is no folder nowhere: make it first"):
        add_question(tmp_path / "nowhere" / "x.jsonl", "Why?", [], ARTICLES)
    assert list(tmp_path.iterdir()) == []
