"""The evaluation's commands, and the page that teaches them, run as they are written."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT, SEEDS

from eval import GOLD, MEASURES
from qa.__main__ import main
from qa.library import Library

PAGE = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
QUOTE = "Yuncheng has a total of 219 such plants"
SOURCE = "004_33f3439c0dfbbcc0.txt"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str | Path) -> tuple[int, str, str]:
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, captured.out, captured.err

    return run


def judge(pool: Path) -> None:
    """Does a reader's part between two commands: judges a pool, and a colleague's copy of it."""
    items = [json.loads(line) for line in pool.read_text().splitlines()]
    for item in items:
        item["judgement"] = "answers" if QUOTE in item["text"] else "no"
    for path in (pool, pool.with_name("pool-other.jsonl")):
        path.write_text("".join(json.dumps(item) + "\n" for item in items))


@pytest.mark.model
def test_the_page_that_teaches_evaluation_works_as_it_is_written(tmp_path: Path, gold: Path) -> None:
    shutil.copytree(SEEDS, tmp_path / "seeds")
    # The packages here, as they come before those that are installed: the gold set within them is a twelfth of itself.
    for package in ("qa", "index", "eval"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("store", "__pycache__"))
    questions = gold.read_text(encoding="utf-8").splitlines(keepends=True)[::4]
    (tmp_path / "eval" / "gold.jsonl").write_text("".join(questions), encoding="utf-8")
    commands = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
    assert len(commands) >= 12
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", *shlex.split(command)], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        if "--out pool.jsonl" in command:
            judge(tmp_path / "pool.jsonl")
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    span = json.loads(example)["relevant"][0]
    text = (SEEDS / span["source"]).read_text(encoding="utf-8")
    assert text[span["start"] : span["end"]] == span["quote"]
    assert {"index.html", "report.json", "summary.md", "runs"} <= {path.name for path in (tmp_path / "out").iterdir()}
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    done = subprocess.run([sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_every_command_that_the_page_names_exists(run: Run) -> None:
    for command in sorted(set(re.findall(r"`qa ((?:gold )?[a-z]+)", PAGE))):
        assert run(*command.split(), "--help")[0] == 0


def test_adds_checks_and_mends_a_gold_set(run: Run, seeds_index: Path, tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    add = ["gold", "add", "--gold", gold, "--index", seeds_index]
    code, out, _ = run(*add, "--question", "How many plants?", "--quote", f"{SOURCE}: {QUOTE}", "--kind", "number")
    assert (code, out.split(":")[0]) == (0, "g001")
    assert run(*add, "--question", "How many ships?")[1] == "g002: not answered by the articles\n"
    assert run("gold", "check", gold, "--index", seeds_index)[:2] == (0, "1 intact, 0 moved, 0 edited, 0 gone\n")
    gold.write_text(gold.read_text().replace('"start": ', '"start": 1').replace('"end": ', '"end": 1'))
    code, out, _ = run("gold", "check", gold, "--index", seeds_index)
    assert code == 0
    assert "g001: moved" in out
    code, out, _ = run("gold", "check", gold, "--index", seeds_index, "--write")
    assert code == 0
    assert out.endswith(f"{gold}: 1 span moved, 0 quotes replaced by the words that stand there now\n")
    assert run("gold", "check", gold, "--index", seeds_index, "--write")[1].endswith(f"{gold}: left as it is\n")
    assert run("gold", "check", gold, "--index", seeds_index)[:2] == (0, "1 intact, 0 moved, 0 edited, 0 gone\n")
    gold.write_text(gold.read_text().replace(QUOTE, "Nobody has ever counted such things"))
    code, out, _ = run("gold", "check", gold, "--index", seeds_index)
    assert code == 1
    assert "g001: gone" in out


def test_a_check_says_what_it_writes_and_that_the_articles_have_changed(run: Run, tmp_path: Path) -> None:
    articles, index, gold = tmp_path / "articles", tmp_path / "index", tmp_path / "gold.jsonl"
    articles.mkdir()
    (articles / "a.txt").write_text("Plants\n\nYuncheng has a total of 219 such plants, and they offer jobs.")
    assert run("index", articles, "--index", index)[0] == 0
    run("gold", "add", "--gold", gold, "--index", index, "--question", "How many?", "--quote", f"a.txt: {QUOTE}")
    (articles / "a.txt").write_text("Plants\n\nYuncheng has a total of 230 such plants, and they offer jobs.")
    code, out, err = run("gold", "check", gold, "--index", index)
    assert (code, out) == (0, "1 intact, 0 moved, 0 edited, 0 gone\n")
    remedy = f"run qa index {articles} --index {index} first"
    assert err == f"qa: warning: the articles have changed since they were indexed: {remedy}\n"
    run("index", articles, "--index", index)
    code, out, err = run("gold", "check", gold, "--index", index, "--write")
    assert (code, err) == (0, "")
    assert out.splitlines()[1:] == [
        "0 intact, 0 moved, 1 edited, 0 gone",
        f"g001: the quote {QUOTE!r} is now {QUOTE.replace('219', '230')!r}",
        f"{gold}: 0 spans moved, 1 quote replaced by the words that stand there now",
    ]
    shutil.rmtree(articles)
    assert "the articles are no longer where they were indexed" in run("gold", "check", gold, "--index", index)[2]


def test_a_run_of_another_system_is_measured_beside_ours(run: Run, seeds_index: Path, gold: Path, tmp_path: Path) -> None:
    code, _, _ = run("eval", gold, "--index", seeds_index, "--systems", "bm25", "--report", tmp_path / "out")
    assert code == 0
    foreign = tmp_path / "foreign.trec"
    foreign.write_text((tmp_path / "out" / "runs" / "bm25.trec").read_text().replace(" bm25\n", " theirs\n"))
    record = json.loads(run("eval", gold, "--index", seeds_index, "--systems", "bm25", "--run", foreign, "--json")[1])
    assert record["all"]["theirs"] == pytest.approx(record["all"]["bm25"])


def test_a_beir_folder_evaluates_as_it_is(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    texts = {"d1": "Apples grow in orchards.", "d2": "Night trains run to Rome.", "d3": "The park opened early."}
    (folder / "corpus.jsonl").write_text(
        "\n".join(json.dumps({"_id": name, "title": "", "text": text}) for name, text in texts.items())
    )
    queries = {"q1": "Where do apples grow?", "q2": "Which trains run to Rome?"}
    (folder / "queries.jsonl").write_text(
        "\n".join(json.dumps({"_id": name, "text": text}) for name, text in queries.items())
    )
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\n")
    code, out, err = run("eval", folder, "--index", tmp_path / "index", "--json", "--measures", "nDCG@10,RR@10,Judged@10")
    assert (code, err) == (0, "")
    record = json.loads(out)
    assert record["level"] == "article"
    assert record["all"]["hybrid"]["RR@10"] == 1.0


def test_pools_judges_and_agrees(run: Run, seeds_index: Path, tmp_path: Path) -> None:
    questions, pool, gold = tmp_path / "questions.jsonl", tmp_path / "pool.jsonl", tmp_path / "gold.jsonl"
    questions.write_text('{"id": "a", "question": "How many plants offer jobs in Yuncheng?"}\n')
    code, out, _ = run("gold", "pool", "--questions", questions, "--out", pool, "-k", "3", "--index", seeds_index)
    assert code == 0
    items = [json.loads(line) for line in pool.read_text().splitlines()]
    assert 3 <= len(items) <= 9
    assert out.startswith(f"{len(items)} passages to judge")
    for item in items:
        item["judgement"] = "answers" if QUOTE in item["text"] else "no"
    again = ["gold", "pool", "--questions", questions, "-k", "3", "--index", seeds_index, "--out"]
    assert run(*again, pool)[0] == 0
    judged = "\n".join(map(json.dumps, items))
    pool.write_text(judged)
    code, _, err = run(*again, pool)
    held = f"{pool}: holds {len(items)} judgements"
    assert (code, err) == (2, f"qa: {held}: name another file with --out, or overwrite it with --force\n")
    assert pool.read_text() == judged
    assert "is there already, and is no pool" in run(*again, questions)[2]
    assert run("gold", "judged", pool, "--out", gold, "--index", seeds_index)[0] == 0
    assert "gold.jsonl: is there already" in run("gold", "judged", pool, "--out", gold, "--index", seeds_index)[2]
    assert run("eval", gold, "--index", seeds_index, "--systems", "hybrid")[0] == 0
    code, out, _ = run("gold", "agree", pool, pool)
    assert code == 0
    assert "kappa 1.000" in out


@pytest.mark.parametrize("name", ["gold.csv", "beir"])
def test_exports_and_imports(run: Run, seeds_index: Path, tmp_path: Path, name: str) -> None:
    back = tmp_path / "back.jsonl"
    assert run("gold", "export", tmp_path / name, "--index", seeds_index)[0] == 0
    assert run("gold", "import", tmp_path / name, back)[:2] == (0, f"210 questions written to {back}\n")
    back.write_text("hours of work")
    refusal = f"qa: {back}: is there already: name another file, or overwrite it with --force\n"
    assert run("gold", "import", tmp_path / name, back) == (2, "", refusal)
    assert back.read_text() == "hours of work"
    assert run("gold", "import", tmp_path / name, back, "--force")[0] == 0
    assert run("gold", "export", tmp_path / name, "--index", seeds_index)[0] == 2


def test_qrels_go_out_as_passages_and_say_what_they_leave_out(run: Run, seeds_index: Path, tmp_path: Path) -> None:
    qrels, gold = tmp_path / "x.qrels", tmp_path / "gold.jsonl"
    code, out, _ = run("gold", "export", qrels, "--index", seeds_index)
    left_out = "40 without gold spans left out, for which qrels have no line"
    assert (code, out) == (0, f"170 questions written to {qrels}; {left_out}\n")
    code, _, err = run("gold", "import", qrels, gold, "--questions", GOLD)
    assert code == 2
    assert "the qrels judge passages, like '000_671c52dbc03a6a6a.txt@1187', expected articles" in err
    assert not gold.exists()


def test_trec_qrels_come_in_with_their_questions(run: Run, tmp_path: Path) -> None:
    qrels, questions, gold = tmp_path / "x.qrels", tmp_path / "questions.jsonl", tmp_path / "gold.jsonl"
    qrels.write_text("q1 0 d1 2\nq1 0 d2 0\nq2 0 d1 0\n")
    questions.write_text('{"id": "q1", "question": "Why?"}\n{"id": "q2", "question": "Who?"}\n')
    assert run("gold", "import", qrels, gold, "--questions", questions)[:2] == (0, f"2 questions written to {gold}\n")
    first, second = map(json.loads, gold.read_text().splitlines())
    assert (first["articles"], first["answerable"]) == ({"d1": 2, "d2": 0}, True)
    assert second["answerable"] is False
    assert run("gold", "import", qrels, gold)[0] == 2
    again = ["gold", "import", qrels, gold, "--questions", questions, "--force"]
    with open(questions, "a") as file:
        file.write('{"id": "q3", "question": "When?"}\n')
    assert run(*again)[1] == f"2 questions written to {gold}; 1 without judgements left out\n"
    questions.write_text('{"id": "q1", "question": "Why?"}\n')
    assert "the qrels judge 'q2', which is no question's id" in run(*again)[2]


def test_a_gate_passes_on_itself_and_fails_on_a_drop(run: Run, seeds_index: Path, gold: Path, tmp_path: Path) -> None:
    base = tmp_path / "base.json"
    base.write_text(run("eval", gold, "--index", seeds_index, "--systems", "bm25", "--json")[1])
    gate = ["eval", gold, "--index", seeds_index, "--systems", "bm25", "--baseline", base, "--gate", "nDCG@10:-0.01"]
    code, _, err = run(*gate)
    assert code == 0
    assert "qa: gate nDCG@10:-0.01 passed: nDCG@10, bm25: 0.000 [" in err
    record = json.loads(base.read_text())
    figures = record["figures"]["bm25"]["nDCG@10"]
    record["figures"]["bm25"]["nDCG@10"] = {question: min(1.0, figure + 0.2) for question, figure in figures.items()}
    base.write_text(json.dumps(record))
    code, _, err = run(*gate)
    assert code == 1
    assert "qa: gate nDCG@10:-0.01 FAILED: nDCG@10, bm25: −0." in err
    assert re.search(r"g\d\d\d: [\d.]+ to [\d.]+: ", err)
    # Without a rule nothing can fail: every measure is told, and what moved.
    code, out, err = run(*gate[:-2])
    assert (code, err) == (0, "")
    compared = out.partition("Compared with the baseline, question by question:\n")[2].splitlines()
    assert [line.split(",")[0] for line in compared if not line.startswith(" ")] == list(MEASURES)
    assert re.fullmatch(r"  and \d+ more", compared[11])


def test_a_gate_notices_that_the_questions_are_others(run: Run, seeds_index: Path, gold: Path, tmp_path: Path) -> None:
    base, asked = tmp_path / "base.json", gold.read_text(encoding="utf-8")
    base.write_text(run("eval", gold, "--index", seeds_index, "--systems", "bm25", "--json")[1])
    gate = ["eval", gold, "--index", seeds_index, "--systems", "bm25", "--baseline", base, "--gate", "nDCG@10:-0.01"]
    gold.write_text(asked.replace("?", " ?", 1), encoding="utf-8")
    code, _, err = run(*gate)
    assert code == 0
    count = asked.count('"answerable": true')
    assert err.startswith(
        f"qa: warning: {count - 1} questions the same in both, and only these are compared; left out: 1 asked or"
    )
    gold.write_text(asked.replace('"question": "', '"question": "Say: '), encoding="utf-8")
    refusal = f"qa: the baseline and this evaluation share {count} ids, but no question: evaluate the same gold set\n"
    assert run(*gate) == (2, "", refusal)


def test_a_report_stands_in_no_folder_of_others(run: Run, seeds_index: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("mine")
    for folder, says in (
        ("file", "cannot be a report's folder (Not a directory)"),
        ("file/below", "cannot be made a folder (Not a directory)"),
        ("site", "holds index.html, which no report wrote"),
    ):
        code, out, err = run("eval", "--index", seeds_index, "--report", tmp_path / folder)
        assert (code, out) == (2, "")
        assert err.startswith(f"qa: {tmp_path / folder}: {says}")
        assert err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "index.html", "site"]


def test_what_is_stopped_says_where_its_answers_are(
    run: Run, seeds_index: Path, gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Library, "ask_systems", stop)
        code, _, err = run("eval", gold, "--index", seeds_index, "--systems", "bm25", "--report", tmp_path / "out")
    assert code == 130
    log = tmp_path / "out" / "outcomes.jsonl"
    assert f"qa: the answers so far are kept in {log}: the same command goes on from there\n" in err
    assert run("eval", gold, "--index", seeds_index, "--systems", "bm25", "--report", tmp_path / "out")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["eval", "--measures", "Quality@10"], "no measure 'Quality@10', expected one that ir-measures knows"),
        (["eval", "--measures", ","], "no measure named"),
        (["eval", "--level", "word"], "no level 'word', expected passage or article"),
        (["eval", "--gate", "nDCG@10:-0.01"], "--gate needs a baseline"),
        (["eval", "--baseline", "x.json", "--gate", "nDCG@10"], "expected a measure and the drop"),
        (["eval", "--baseline", "nowhere.json", "--gate", "nDCG@10:-0.1"], "nowhere.json: cannot be read"),
        (["eval", "--run", "nowhere.trec"], "nowhere.trec"),
        (["eval", "--baseline", "."], "cannot be read (Is a directory)"),
        (["eval", str(SEEDS)], "a folder without corpus.jsonl"),
        (["gold", "add", "--gold", "g.jsonl", "--question", "Why?", "--quote", "no colon"], "expected a source and words"),
        (["gold", "export", "x.docx"], "expected a name ending in .csv or .qrels"),
        (["gold", "add", "--gold", "nowhere/g.jsonl", "--question", "Why?"], "there is no folder nowhere: make it first"),
        (["gold", "add", "--gold", str(SEEDS), "--question", "Why?"], "a folder, expected a file"),
        (["gold", "export", "nowhere/x.csv"], "there is no folder nowhere"),
        (["gold", "export", "nowhere/beir"], "there is no folder nowhere"),
        (["gold", "pool", "--questions", str(GOLD), "--out", "nowhere/x.jsonl"], "there is no folder nowhere"),
        (["gold", "judged", "x.jsonl", "--out", "nowhere/x.jsonl"], "there is no folder nowhere"),
        (["gold", "dance"], "No such command 'dance'"),
        (["tune", "--measure", "Quality"], "no measure 'Quality'"),
        (["tune", "--measure", "AP,RR"], "2 measures to raise, expected one"),
    ],
)
def test_mistakes_get_one_line(run: Run, seeds_index: Path, arguments: list[str], says: str) -> None:
    index = [] if arguments[1] == "dance" else ["--index", str(seeds_index)]
    code, out, err = run(*arguments, *index)
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith("qa: ")
    assert says in line
