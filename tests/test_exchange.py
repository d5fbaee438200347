"""Gold sets as JSONL and CSV, and how their files are read and written."""

import csv
import io
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.exchange import gold_record, read_gold_csv, write_gold, write_gold_csv
from eval.files import read_lines, write_text
from eval.gold import GOLD, GoldQuestion, GoldSpan, read_gold
from index import GoldError

TEXTS = st.text(max_size=12)
WORDS = TEXTS.filter(str.strip)
SPANS = st.builds(
    lambda source, article, start, quote: GoldSpan(source, article, start, start + len(quote), quote),
    source=WORDS,
    article=WORDS,
    start=st.integers(0, 10**9),
    quote=WORDS,
)


@st.composite
def questions(draw: st.DrawFn, articles: bool = False) -> list[GoldQuestion]:
    """Gold questions of distinct ids, with spans, and with judged articles if wanted."""
    gold = []
    for question_id in draw(st.lists(WORDS, unique=True, min_size=1, max_size=4)):
        spans = tuple(draw(st.lists(SPANS, max_size=3)))
        grades = draw(st.dictionaries(WORDS, st.integers(0, 3), max_size=3)) if articles else {}
        answerable = bool(spans) or any(grades.values())
        gold.append(GoldQuestion(question_id, draw(WORDS), draw(TEXTS), spans, answerable, draw(TEXTS), grades))
    return gold


SPAN = GoldSpan("a.txt", "a.txt", 3, 6, "Yes")
QUESTION = GoldQuestion("q1", "Is it so?", "fact", (SPAN,), True, "a note")


def test_the_gold_set_that_ships_is_written_byte_for_byte(tmp_path: Path) -> None:
    write_gold(tmp_path / "gold.jsonl", read_gold(GOLD))
    assert (tmp_path / "gold.jsonl").read_bytes() == GOLD.read_bytes()


@settings(max_examples=60, deadline=None)
@given(questions())
def test_what_is_written_as_jsonl_is_read_again(tmp_path_factory: pytest.TempPathFactory, gold: list[GoldQuestion]) -> None:
    path = tmp_path_factory.mktemp("gold") / "gold.jsonl"
    write_gold(path, gold)
    assert read_gold(path) == gold


def test_half_a_character_is_read_as_in_articles(tmp_path: Path) -> None:
    half = GoldQuestion("q", "Why \ud83d?", "", (SPAN,), True)
    write_gold(tmp_path / "gold.jsonl", [half])
    assert read_gold(tmp_path / "gold.jsonl")[0].question == "Why \ufffd?"
    with pytest.raises(GoldError, match=r"gold\.csv: cannot be written: '\\ud83d' is half a character"):
        write_gold_csv(tmp_path / "gold.csv", [half])


def test_judged_articles_stand_on_the_line_only_where_there_are_some() -> None:
    assert "articles" not in gold_record(QUESTION)
    judged = GoldQuestion("q", "Why?", "", (), True, articles={"d1": 2, "d2": 0})
    assert gold_record(judged)["articles"] == {"d1": 2, "d2": 0}


@settings(max_examples=60, deadline=None)
@given(questions(articles=True))
def test_what_is_written_as_csv_is_read_again(tmp_path_factory: pytest.TempPathFactory, gold: list[GoldQuestion]) -> None:
    path = tmp_path_factory.mktemp("gold") / "gold.csv"
    write_gold_csv(path, gold)
    assert read_gold_csv(path) == gold


def test_the_gold_set_that_ships_goes_through_csv(tmp_path: Path) -> None:
    gold = read_gold(GOLD)
    write_gold_csv(tmp_path / "gold.csv", gold)
    assert read_gold_csv(tmp_path / "gold.csv") == gold


def test_the_rows_of_a_csv_are_the_gold_spans(tmp_path: Path) -> None:
    other = GoldSpan("b.txt", "b.txt#2", 0, 2, "So")
    none = GoldQuestion("q2", "Why?", "none", (), False)
    judged = GoldQuestion("q3", "Who?", "", (), True, articles={"d1": 2})
    write_gold_csv(tmp_path / "gold.csv", [GoldQuestion("q1", "A, or B?", "", (SPAN, other), True), none, judged])
    assert (tmp_path / "gold.csv").read_text(encoding="utf-8-sig").splitlines() == [
        "id,question,kind,answerable,note,source,article,start,end,quote,grade",
        'q1,"A, or B?",,yes,,a.txt,a.txt,3,6,Yes,',
        'q1,"A, or B?",,yes,,b.txt,b.txt#2,0,2,So,',
        "q2,Why?,none,no,,,,,,,",
        "q3,Who?,,yes,,,d1,,,,2",
    ]


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', "+1", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1", "''-1"])
def test_no_cell_is_a_formula_and_the_text_comes_back(tmp_path: Path, text: str) -> None:
    span = GoldSpan(text, text, 0, len(text), text)
    question = GoldQuestion(text, text, text, (span,), True, text)
    write_gold_csv(tmp_path / "gold.csv", [question])
    written = (tmp_path / "gold.csv").read_bytes().decode("utf-8-sig")
    _, row = csv.reader(io.StringIO(written, newline=""))
    assert [cell for cell in row if cell.startswith(text[0])] == [cell for cell in row if cell == f"'{text}"] * (
        text[0] == "'"
    )
    assert row.count(f"'{text}") == 7
    assert read_gold_csv(tmp_path / "gold.csv") == [question]


def test_an_apostrophe_before_a_word_is_the_texts_own(tmp_path: Path) -> None:
    question = GoldQuestion("q", "'tis so?", "", (), False)
    write_gold_csv(tmp_path / "gold.csv", [question])
    assert "'tis" in (tmp_path / "gold.csv").read_text(encoding="utf-8-sig")
    assert "''tis" not in (tmp_path / "gold.csv").read_text(encoding="utf-8-sig")
    assert read_gold_csv(tmp_path / "gold.csv") == [question]


def test_what_spreadsheets_make_of_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "gold.csv"
    path.write_text(
        "ID;Question;mine;source;start;end;quote\n\nq1;Is it so?;x;a.txt;3;6;Yes\n;;;;;;\nq2;Why?;;;;;\n", "utf-8-sig"
    )
    expected = [GoldQuestion("q1", "Is it so?", "", (SPAN,), True), GoldQuestion("q2", "Why?", "", (), False)]
    assert read_gold_csv(path) == expected
    path.write_text("id,question,source,start,end,quote,answerable\nq1,Is it so?,a.txt,3,6,Yes,TRUE\nq2,Why?,,,,,FALSE\n")
    assert read_gold_csv(path) == expected


HEADER = "id,question,kind,answerable,note,source,article,start,end,quote,grade\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ":1: no column id, question, source, start, end, quote among none"),
        (
            "x" * 99 + "\n",
            f":1: no column id, question, source, start, end, quote among {'x' * 59}…: name it in the first row",
        ),
        ("id,question\n", ":1: no column source, start, end, quote among id, question"),
        (HEADER, ": no questions"),
        (HEADER + "q,Why?,,,,a.txt,,x,6,Yes,\n", ":2: start is 'x', expected a whole number"),
        (HEADER + "q,Why?,,,,a.txt,,6,3,Yes,\n", ":2: source 'a.txt', a span from 6 to 3"),
        (HEADER + "q,Why?,,,,a.txt,,3,6,,\n", ":2: source 'a.txt', a span from 3 to 6, quote ''"),
        (HEADER + "q,Why?,,,,,,3,6,Yes,\n", ":2: source '', a span"),
        (HEADER + ",Why?,,,,a.txt,,3,6,Yes,\n", ":2: expected an id and a question in every row, found '' and 'Why?'"),
        (HEADER + "q, ,,,,a.txt,,3,6,Yes,\n", ":2: expected an id and a question"),
        (HEADER + "q,Why?,,maybe,,a.txt,,3,6,Yes,\n", ":2: answerable is 'maybe', expected yes or no"),
        (HEADER + "q,Why?,,no,,a.txt,,3,6,Yes,\n", ":2: q is said to be not answerable with 1 spans"),
        (HEADER + "q,Why?,,yes,,,,,,,\n", ":2: q is said to be answerable with 0 spans and 0 articles"),
        (HEADER + "q,Why?,,,,,d1,,,,much\n", ":2: grade is 'much', expected a whole number"),
        (HEADER + "q,Why?,,,,a.txt,,3,6,Yes, it, is\n", ":2: 12 cells, expected 11"),
        (HEADER + "q,Why?,,,,a.txt,,3,6,Yes, it is\n", ":2: a grade, ' it is', beside a span"),
        (HEADER + 'q,Why?,,,,a.txt,,3,6,"Yes\n', ":2: not a row of a table"),
        (HEADER + "q,Why?,,,,a.txt,,3,6,Yes,\nq,Who?,,,,a.txt,,3,6,Yes,\n", ":3: q has the question 'Who?', but 'Why?' in"),
    ],
)
def test_a_csv_that_cannot_be_used_is_named_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "gold.csv"
    path.write_text(text)
    with pytest.raises(GoldError) as caught:
        read_gold_csv(path)
    assert str(caught.value).startswith(f"{path}{says}")
    assert "\n" not in str(caught.value)


def test_files_that_are_not_utf_8_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "gold.csv"
    with pytest.raises(GoldError, match=r"gold\.csv: cannot be read \(No such file or directory\)"):
        read_gold_csv(path)
    with pytest.raises(GoldError, match="cannot be read"):
        list(read_lines(path))
    path.write_bytes(HEADER.encode() + "q,Où?".encode("latin-1"))
    with pytest.raises(GoldError, match=r"gold\.csv:2: not UTF-8 at byte 73 of the file"):
        read_gold_csv(path)
    with pytest.raises(GoldError, match=r"gold\.csv:2: not UTF-8 at byte 3 of the line"):
        list(read_lines(path))


def test_a_file_is_replaced_whole_with_its_mode_through_its_link(tmp_path: Path) -> None:
    path, link = tmp_path / "gold.jsonl", tmp_path / "link.jsonl"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_text(link, "new")
    assert (path.read_text(), link.is_symlink(), stat.S_IMODE(path.stat().st_mode)) == ("new", True, 0o640)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["gold.jsonl", "link.jsonl"]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GoldError, match=r"gold\.jsonl: cannot be written"):
        write_gold(tmp_path / "file" / "gold.jsonl", [QUESTION])
    for path in (tmp_path, tmp_path / "new" / "gold.jsonl"):
        with pytest.raises(GoldError, match="cannot be written"):
            write_gold(path, [QUESTION])
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
