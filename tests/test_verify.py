"""Saved answers after their articles were edited: each citation intact, moved, edited or gone, and no traceback."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, SEEDS, ToyEncoder
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

import qa
from index.build import build_index
from index.cleanup import clean_up
from qa.__main__ import main
from qa.export import answer_json, answer_record
from qa.verify import checked_text, verify_file, word_diff

TEXT = (
    "Orchards\n\n"
    "Prices rose again this year. Nobody was glad of it.\n\n"
    "The council counted 219 apple trees in the old orchard on Monday. That is twelve more than last year.\n\n"
    "Pears were not counted."
)
QUOTE = "The council counted 219 apple trees in the old orchard on Monday."
QUESTION = "How many apple trees did the council count in the orchard?"


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Saved:
    """Answers that were saved, and the articles and the index that they are of."""

    file: Path
    articles: Path
    index: Path

    def check(self) -> list[dict[str, Any]]:
        """What `qa verify-citations --json` prints; its exit code says whether all are intact."""
        ran = run("verify-citations", self.file, "--index", self.index, "--json")
        assert ran.err == ""
        records = [json.loads(line) for line in ran.out.splitlines()]
        assert ran.code == int(any(record["state"] != "intact" for record in records))
        return records

    def write(self, text: str, name: str = "a.txt") -> dict[str, Any]:
        """What has become of the first citation once an article says something else."""
        (self.articles / name).write_text(text, encoding="utf-8")
        return self.check()[0]


def run(*arguments: str | Path) -> Ran:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert isinstance(ended.value.code, int)
    return Ran(ended.value.code, out.getvalue(), err.getvalue())


@pytest.fixture
def save(make_library: Callable[[dict[str, str]], qa.Library], tmp_path: Path) -> Callable[..., Saved]:
    def save(files: dict[str, str] | None = None, question: str = QUESTION, k: int = 1) -> Saved:
        library = make_library(files or {"a.txt": TEXT})
        file = tmp_path / "saved.json"
        file.write_text(answer_json(library.ask(question, k)) + "\n", encoding="utf-8")
        return Saved(file, tmp_path / "articles", tmp_path / "index")

    return save


Save = Callable[..., Saved]


def test_nothing_changed_and_all_is_intact(save: Save) -> None:
    saved = save(k=3)
    records = saved.check()
    assert len(records) == 3
    assert list(records[0]) == [
        "id", "question", "rank", "article", "source", "quote", "spans",
        "state", "why", "found_article", "found_spans", "same_passage", "similarity", "diff",
    ]  # fmt: skip
    assert [record["rank"] for record in records] == [1, 2, 3]
    for record in records:
        assert (record["question"], record["article"], record["source"]) == (QUESTION, "a.txt", "a.txt")
        assert (record["state"], record["why"], record["same_passage"], record["diff"]) == ("intact", "", True, [])
        assert record["found_spans"] == record["spans"]
        assert "".join(TEXT[start:end] for start, end in record["spans"]) == record["quote"]
    assert records[0]["quote"] == QUOTE


def test_words_further_down_are_moved_there(save: Save) -> None:
    start = TEXT.index(QUOTE)
    record = save().write(TEXT.replace("Prices", "Yes: prices"))
    assert (record["state"], record["found_article"], record["diff"]) == ("moved", "a.txt", [])
    assert record["same_passage"] is True
    assert record["spans"] == [[start, start + len(QUOTE)]]
    assert record["found_spans"] == [[start + 5, start + 5 + len(QUOTE)]]
    assert record["why"] == f"in a.txt from {start + 5} to {start + 5 + len(QUOTE)} now"


def test_of_several_places_the_nearest_counts(save: Save) -> None:
    record = save().write(f"Orchards\n\n{QUOTE}\n\n{QUOTE}\n\nNobody was glad of it, says the council.\n\n{QUOTE}")
    start = len(f"Orchards\n\n{QUOTE}\n\n")
    assert (record["state"], record["found_spans"]) == ("moved", [[start, start + len(QUOTE)]])


def test_an_edited_number_is_shown_word_by_word(save: Save) -> None:
    saved = save()
    record = saved.write(TEXT.replace("219", "220"))
    assert record["state"] == "edited"
    assert record["diff"] == [
        ["same", "The council counted "],
        ["removed", "219"],
        ["added", "220"],
        ["same", " apple trees in the old orchard on Monday."],
    ]
    assert 0.9 < record["similarity"] < 1
    shown = run("verify-citations", saved.file, "--index", saved.index)
    assert shown.code == 1
    assert shown.out.splitlines()[0] == QUESTION
    assert " 1. edited · a.txt" in shown.out
    assert "The council counted [-219-]{+220+} apple trees in the old orchard on Monday." in shown.out
    assert shown.out.splitlines()[-1] == "1 citation: 0 intact, 0 moved, 1 edited, 0 gone"


def test_of_words_that_are_equally_like_it_the_nearest_are_the_edited_ones(save: Save) -> None:
    filling = "\n\n".join(f"Rain fell on day {number}." for number in range(10))
    edited = QUOTE.replace("219", "220")
    record = save({"a.txt": f"Orchards\n\n{filling}\n\n{QUOTE}"}).write(f"Orchards\n\n{edited}\n\n{filling}\n\n{edited}")
    start = len(f"Orchards\n\n{edited}\n\n{filling}\n\n")
    assert (record["state"], record["found_spans"]) == ("edited", [[start, start + len(edited)]])


def test_words_that_were_taken_out_are_gone(save: Save) -> None:
    record = save().write(TEXT.replace(QUOTE, "Nothing new."))
    assert (record["state"], record["found_article"], record["found_spans"]) == ("gone", None, [])
    assert record["why"] == "nothing in a.txt is like it"


def test_a_change_beside_the_words_leaves_them_intact_and_is_told(save: Save) -> None:
    record = save().write(TEXT.replace("twelve more", "a dozen more"))
    assert (record["state"], record["same_passage"]) == ("intact", False)
    assert record["why"] == "the passage around it has changed"
    short = save({"a.txt": TEXT.replace("\n\nPears were not counted.", "")}).write(TEXT[: TEXT.index(" That is")])
    assert (short["state"], short["same_passage"]) == ("intact", False)


def test_line_ends_elsewhere_are_no_change_of_words(save: Save) -> None:
    record = save().write(TEXT.replace("219 apple", "219\napple").replace("old orchard", "old\norchard"))
    assert (record["state"], record["same_passage"]) == ("intact", True)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda articles: (articles / "a.txt").unlink(), "there is no file a.txt"),
        (lambda articles: (articles / "a.txt").write_text(" "), "a.txt: the file is empty"),
        (lambda articles: (articles / "a.txt").write_bytes(b"\0"), "a.txt: a binary file"),
        (lambda articles: [path.unlink() for path in articles.iterdir()], "no articles found"),
        (shutil.rmtree, "no such file or folder"),
    ],
)
def test_an_article_that_is_not_there_is_gone(save: Save, change: Callable[[Path], object], why: str) -> None:
    saved = save({"a.txt": TEXT, "b.txt": "Rain\n\nIt rains."})
    change(saved.articles)
    (record,) = saved.check()
    assert record["state"] == "gone"
    assert why in record["why"]


def test_citations_of_other_articles_lead_to_the_index_that_has_them(save: Save, tmp_path: Path) -> None:
    saved = save()
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "rain.txt").write_text("Rain\n\nIt rains.", encoding="utf-8")
    build_index([tmp_path / "others"], tmp_path / "other-index", ToyEncoder())
    wrong = run("verify-citations", saved.file, "--index", tmp_path / "other-index")
    assert "if another index answered, name it with --index" in wrong.err
    assert "--index" not in run("verify-citations", saved.file, "--index", saved.index).err


def test_one_missing_file_is_no_reason_to_leave_the_others_out(tmp_path: Path) -> None:
    paths = [tmp_path / "a.txt", tmp_path / "b.txt"]
    for path in paths:
        path.write_text(f"Orchards\n\n{QUOTE} {path.name}", encoding="utf-8")
    build_index(paths, tmp_path / "index", ToyEncoder())
    answer = qa.Library.open(tmp_path / "index", ToyEncoder()).ask(QUESTION)
    (tmp_path / "saved.json").write_text(answer_json(answer), encoding="utf-8")
    paths[0].unlink()
    checked = verify_file(tmp_path / "saved.json", tmp_path / "index")
    assert {each.saved.cited.source: each.found.state for each in checked} == {"a.txt": "gone", "b.txt": "intact"}


def test_a_part_of_a_paragraph_that_holds_half_of_its_markup_is_intact(save: Save) -> None:
    sentences = " ".join(f"In the year {number} the council counted {number} trees." for number in range(1990, 2010))
    emphasised = sentences.replace("1995 the", "1995 *the").replace("2005 trees", "2005 trees*")
    saved = save({"a.md": f"# Orchards\n\n{emphasised}"}, k=9)
    assert "1995 *the" in saved.file.read_text(encoding="utf-8")
    assert {(record["state"], record["same_passage"]) for record in saved.check()} == {("intact", True)}


def test_the_files_are_looked_at_and_not_the_index(save: Save) -> None:
    saved = save()
    for path in saved.index.glob("segment-*/*"):
        path.unlink()
    assert [record["state"] for record in saved.check()] == ["intact"]


def test_words_in_another_story_of_the_page_are_moved(save: Save, tmp_path: Path) -> None:
    name = "004_33f3439c0dfbbcc0.txt"
    page = (SEEDS / name).read_text(encoding="utf-8")
    saved = save({name: page}, "What did their combined industrial output value reach?")
    (before,) = saved.check()
    assert (before["state"], before["found_article"]) == ("intact", before["article"])
    record = saved.write(f"A new story\n\nBy Jane Doe\n\nIt begins the page.\n\n{page}", name)
    number = int(before["article"].removeprefix(f"{name}#"))
    assert (record["state"], record["found_article"]) == ("moved", f"{name}#{number + 1}")
    shift = len("A new story\n\nBy Jane Doe\n\nIt begins the page.\n\n")
    assert record["found_spans"] == [[start + shift, end + shift] for start, end in before["spans"]]


def corpus(*lines: tuple[str, str]) -> str:
    return "".join(json.dumps({"_id": name, "title": name, "text": text}) + "\n" for name, text in lines)


def test_a_line_of_a_corpus_is_told_by_its_id(save: Save) -> None:
    first, second = ("d1", "It rains today."), ("d2", TEXT.removeprefix("Orchards\n\n"))
    saved = save({"corpus.jsonl": corpus(first, second)})
    assert saved.check()[0]["article"] == "d2"
    assert saved.write(corpus(second, first), "corpus.jsonl")["state"] == "intact"
    renamed = saved.write(corpus(first, ("d3", second[1])), "corpus.jsonl")
    # At the very same offsets, but in another article.
    assert (renamed["state"], renamed["found_article"], renamed["found_spans"]) == ("moved", "d3", renamed["spans"])
    edited = saved.write(corpus(("d3", second[1]), ("d2", second[1].replace("219", "220"))), "corpus.jsonl")
    assert (edited["state"], edited["found_article"]) == ("edited", "d2")
    assert saved.write(corpus(first), "corpus.jsonl")["why"] == "there is no article d2"


def test_words_that_a_caption_cuts_in_two_are_found_in_both_places(save: Save) -> None:
    saved = save({"a.txt": TEXT})
    start = TEXT.index("219 apple")
    record = json.loads(saved.file.read_text(encoding="utf-8"))
    spans = [[TEXT.index(QUOTE), start - 1], [start, TEXT.index(" That is")]]
    hit = {**record["hits"][0], "spans": spans, "text": QUOTE, "highlight": [[0, len(QUOTE)]]}
    hit["citation"] = {"quote": QUOTE, "spans": spans}
    saved.file.write_text(json.dumps({**record, "hits": [hit]}), encoding="utf-8")
    (found,) = saved.check()
    assert (found["state"], found["found_spans"]) == ("intact", spans)


def test_markdown_is_read_as_it_was_cited(save: Save) -> None:
    text = "# Orchards\n\nPrices *rose*.\n\nThe council **counted 219** apple trees in the [old orchard](x) on Monday."
    saved = save({"a.md": text})
    assert saved.check()[0]["quote"] == QUOTE
    plain = saved.write(text.replace("**", ""), "a.md")
    assert (plain["state"], plain["similarity"]) == ("intact", 1.0)
    assert saved.write(text.replace("219", "319"), "a.md")["diff"][1:3] == [["removed", "219"], ["added", "319"]]


def test_answers_saved_without_citations_are_checked_too(save: Save) -> None:
    saved = save()
    record = json.loads(saved.file.read_text(encoding="utf-8"))
    del record["hits"][0]["citation"]
    record["hits"][0]["highlight"] = [[len(QUOTE) + 1, len(record["hits"][0]["text"])]]
    saved.file.write_text(json.dumps(record), encoding="utf-8")
    (found,) = saved.check()
    assert (found["state"], found["quote"]) == ("intact", "That is twelve more than last year.")
    assert saved.write(TEXT.replace("Prices", "So prices"))["state"] == "moved"
    record["hits"][0]["highlight"] = []
    saved.file.write_text(json.dumps(record), encoding="utf-8")
    assert saved.write(TEXT)["quote"] == record["hits"][0]["text"]
    assert saved.write(TEXT.replace("twelve", "eleven"))["state"] == "edited"


def test_one_object_may_be_spread_over_lines_and_many_stand_one_a_line(
    save: Save, make_library: Callable[[dict[str, str]], qa.Library]
) -> None:
    saved = save()
    answer = make_library({}).ask(QUESTION, 2)
    saved.file.write_text(json.dumps(answer_record(answer, "q"), indent=2), encoding="utf-8")
    assert [(record["id"], record["state"]) for record in saved.check()] == [("q", "intact")] * 2
    lines = [answer_json(answer, name) for name in ("q1", "q2")]
    saved.file.write_text("\ufeff" + "\r\n\r\n".join(lines), encoding="utf-8")
    assert [record["id"] for record in saved.check()] == ["q1", "q1", "q2", "q2"]


def test_an_answer_without_hits_has_nothing_to_check(save: Save) -> None:
    saved = save(question='"no such words" apple')
    assert saved.check() == []
    ran = run("verify-citations", saved.file, "--index", saved.index)
    assert (ran.code, ran.out) == (0, "0 citations: 0 intact, 0 moved, 0 edited, 0 gone\n")


HIT = {"article": "a", "source": "a", "text": "Words.", "spans": [[0, 6]], "highlight": []}


def hit(**changes: Any) -> str:
    """A line whose second hit is wrong in one way."""
    return json.dumps({"question": "?", "hits": [HIT, {**HIT, **changes}]})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ": no answers: expected what qa ask --json or qa search --json prints"),
        (" \n\n", ": no answers: expected"),
        ("{broken", ":1: not JSON"),
        (f"{hit()}\nThe answer is 42.", ":2: not JSON"),
        (f"{hit()}\n\n[1]", ":3: expected a JSON object, found list"),
        ("[" * 100_000, ":1: not JSON (nested too deeply)"),
        ('{"id": ' + "9" * 5_000 + "}", ":1: not JSON"),
        ('{"title": "No hits"}', ":1: not a saved answer (no question with hits, found title): expected what qa ask --json"),
        ("{}", ":1: not a saved answer (no question with hits, found no field)"),
        ('{"question": 1, "hits": []}', "no question with hits"),
        ('{"question": "?", "hits": {}}', "no question with hits"),
        ('{"question": "?", "hits": [7]}', "(hit 1: int instead of an object)"),
        (hit(article=None), "(hit 2: no article)"),
        (hit(source=1), "(hit 2: no source)"),
        (hit(text=[]), "(hit 2: no text)"),
        (hit(text=" "), "(hit 2: no words that are cited)"),
        (hit(spans=[]), "(hit 2: no words that are cited)"),
        (hit(spans=None), "(hit 2: spans are no pairs"),
        (hit(spans=[[0, 6, 7]]), "(hit 2: spans are no pairs"),
        (hit(spans=[[0, True]]), "(hit 2: spans are no pairs"),
        (hit(spans=[[0, 1e400]]), "(hit 2: spans are no pairs"),
        (hit(spans=[[-1, 6]]), "(hit 2: spans are no pairs"),
        (hit(spans=[[4, 4]]), "(hit 2: spans are no pairs"),
        (hit(spans=[[0, 4], [2, 6]]), "(hit 2: spans are no pairs"),
        (hit(highlight="0-6"), "(hit 2: highlight are no pairs"),
        (hit(highlight=[[0, 7]]), "(hit 2: highlight beyond its text)"),
        (hit(citation=[]), "(hit 2: a citation that is no object)"),
        (hit(citation={}), "(hit 2: the citation's spans are no pairs"),
    ],
)
def test_files_that_are_no_saved_answers(save: Save, text: str, says: str) -> None:
    saved = save()
    saved.file.write_text(text, encoding="utf-8")
    ran = run("verify-citations", saved.file, "--index", saved.index)
    assert (ran.code, ran.out) == (2, "")
    (line,) = ran.err.splitlines()
    assert line.startswith(f"qa: {saved.file}:")
    assert says in line


def test_other_mistakes_are_one_line_too(save: Save, tmp_path: Path) -> None:
    saved = save()
    (tmp_path / "binary").write_bytes(b"\x00\x01")
    for arguments, says in (
        (["nowhere.json", "--index", saved.index], "nowhere.json: cannot be read (No such file or directory)"),
        ([tmp_path, "--index", saved.index], f"{tmp_path}: cannot be read (Is a directory)"),
        ([tmp_path / "binary", "--index", saved.index], "a binary file"),
        ([saved.file, "--index", tmp_path / "none"], "no index here"),
        ([], "see qa verify-citations --help"),
    ):
        ran = run("verify-citations", *arguments)
        assert (ran.code, ran.out) == (2, "")
        (line,) = ran.err.splitlines()
        assert says in line


def test_text_of_documents_is_not_read_as_markup(save: Save) -> None:
    text = TEXT.replace("219", "[bold]219[/bold]")
    saved = save({"[red]a.txt": text}, f"[green]{QUESTION}")
    (saved.articles / "[red]a.txt").write_text(text.replace("apple", "[link=x]pear"), encoding="utf-8")
    out = run("verify-citations", saved.file, "--index", saved.index).out
    assert out.startswith("[green]How")
    assert "edited · [red]a.txt" in out
    assert "counted [bold]219[/bold] [-apple-]{+[link=x]pear+} trees" in out


def test_a_terminal_shows_the_diff_in_colours(save: Save) -> None:
    saved = save()
    (saved.articles / "a.txt").write_text(TEXT.replace("219", "220"), encoding="utf-8")
    terminal = Console(file=io.StringIO(), force_terminal=True, color_system="standard", width=200, markup=False)
    terminal.print(checked_text(verify_file(saved.file, saved.index)))
    assert isinstance(terminal.file, io.StringIO)
    assert "\x1b[31m[-219-]\x1b[0m\x1b[32m{+220+}\x1b[0m" in terminal.file.getvalue()


words = st.text(st.sampled_from("ab 1.,水é\n-_'"), max_size=30)


@given(words, words)
def test_a_diff_holds_both_texts(before: str, now: str) -> None:
    changes = word_diff(before, now)
    assert "".join(text for change, text in changes if change != "added") == before
    assert "".join(text for change, text in changes if change != "removed") == now
    assert all(text for _, text in changes)
    assert all(first[0] != second[0] for first, second in pairwise(changes))


def test_a_diff_keeps_numbers_whole_and_takes_chinese_apart() -> None:
    assert word_diff("20.15 tons", "20.51 tons") == [("removed", "20.15"), ("added", "20.51"), ("same", " tons")]
    long = " ".join(["the trees"] * 150)
    assert word_diff(long, f"Now {long}") == [("added", "Now "), ("same", long)]
    assert word_diff("春天来", "秋天来") == [("removed", "春"), ("added", "秋"), ("same", "天来")]


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """One saved answer, whose article is written anew by every example."""
    folder = tmp_path_factory.mktemp("edited")
    (folder / "articles").mkdir()
    (folder / "articles" / "a.txt").write_text(TEXT, encoding="utf-8")
    library = qa.load(folder / "articles", index=folder / "index", encoder=ToyEncoder())
    (folder / "saved.json").write_text(answer_json(library.ask(QUESTION, 3)), encoding="utf-8")
    return Saved(folder / "saved.json", folder / "articles", folder / "index")


@given(
    st.lists(
        st.tuples(st.integers(0, len(TEXT)), st.integers(0, 60), st.text(st.sampled_from("ab水 .,\n1"), max_size=20)),
        max_size=4,
    )
)
def test_whatever_is_edited_what_is_said_of_it_is_true(edited: Saved, edits: list[tuple[int, int, str]]) -> None:
    text = TEXT
    for start, length, put in edits:
        text = text[:start] + put + text[start + length :]
    (edited.articles / "a.txt").write_text(text, encoding="utf-8")
    for checked in verify_file(edited.file, edited.index):
        cited, found = checked.saved.cited, checked.found
        read = clean_up(text, found.spans).text
        if found.state == "intact":
            assert (read, found.spans[0][0]) == (cited.quote, cited.spans[0][0])
        elif found.state == "moved":
            assert read == cited.quote
            assert found.spans[0][0] != cited.spans[0][0]
        elif found.state == "edited":
            assert read == found.quote != cited.quote
            assert found.similarity >= 0.75
        else:
            assert found.spans == ()
        if found.same_passage:
            assert found.state in {"intact", "moved"}


def test_a_thousand_answers_are_checked_at_once(tmp_path: Path) -> None:
    shutil.copytree(SEEDS, tmp_path / "seeds")
    library = qa.load(tmp_path / "seeds", index=tmp_path / "index", encoder=ToyEncoder())
    questions = [passage.text[:60] for passage in library.passages]
    lines = [answer_json(answer, str(number)) for number, answer in enumerate(library.ask_many(questions))]
    (tmp_path / "saved.jsonl").write_text("\n".join((lines * 8)[:1000]), encoding="utf-8")
    for path in (tmp_path / "seeds").iterdir():
        path.write_text(path.read_text(encoding="utf-8").replace(" the ", " that "), encoding="utf-8")
    checked = verify_file(tmp_path / "saved.jsonl", tmp_path / "index")
    assert len(checked) > 9_000
    assert {each.found.state for each in checked} == {"intact", "moved", "edited"}


@pytest.mark.model
def test_the_readmes_commands_check_a_saved_answer(tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    (block,) = [block for block in blocks if "verify-citations" in block]
    shutil.copytree(SEEDS, tmp_path / "seeds")
    script = f'set -e; qa() {{ "{sys.executable}" -m qa "$@"; }}\nqa index seeds\n{block}'
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("10 citations: 10 intact, 0 moved, 0 edited, 0 gone\n")
