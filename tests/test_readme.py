"""The README's commands, code and figures are compared with the real thing."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, SEEDS

import qa
from eval import GOLD, Evaluation, evaluate, read_gold

README = (ROOT / "README.md").read_text(encoding="utf-8")
# What a figure may differ by on another machine.
TOLERANCE = 0.012


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(SEEDS, tmp_path / "seeds")
    return tmp_path


def test_the_console_block_prints_what_it_says(folder: Path) -> None:
    (block,) = blocks("console")
    for step in block.split("$ ")[1:]:
        command, *expected = step.splitlines()
        words = shlex.split(command)
        assert words[0] == "qa"
        done = subprocess.run(
            [sys.executable, "-m", "qa", *words[1:]], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.stderr == ""
        shown = [line for line in expected if line != "…"]
        assert done.stdout.splitlines()[: len(shown)] == shown or not shown


def test_the_notebook_block_runs_and_prints_nothing(folder: Path) -> None:
    (block,) = blocks("python")
    assert len([line for line in block.splitlines() if line]) == 5
    done = subprocess.run([sys.executable, "-c", block], cwd=folder, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_the_set_up_commands_are_the_makefiles_and_cis() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {target for pair in re.findall(r"`make (\w+)`|^make (\w+)$", README, re.MULTILINE) for target in pair if target}
    assert named <= targets
    assert [block.strip() for block in blocks("sh")][:2] == ["make app", "make test"]
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_options_that_are_named_exist() -> None:
    for command, options in {
        "index": ["--skip-bad", "--model"],
        "search": ["--json", "--questions"],
        "ask": ["--json"],
    }.items():
        done = subprocess.run([sys.executable, "-m", "qa", command, "--help"], capture_output=True, text=True, check=True)
        assert all(option in README and option in done.stdout for option in options)


def test_the_tree_names_every_module_and_nothing_else() -> None:
    (tree,) = re.findall(r"## Where things are\n\n```\n(.*?)```", README, re.DOTALL)
    named: set[str] = set()
    parent = ""
    for line in tree.splitlines():
        name = line.split()[0]
        if not line.startswith(" "):
            parent = name if name.endswith("/") else ""
            named.add(name)
        else:
            named.add(parent + name)
    assert {name for name in named if not (ROOT / name).exists()} <= {"index/store/"}
    modules = {
        path.relative_to(ROOT).as_posix() for package in ("qa", "index", "eval") for path in (ROOT / package).glob("*.py")
    }
    assert {name for name in modules if not name.endswith("__init__.py")} <= named


@pytest.fixture(scope="module")
def evaluation(seeds: qa.Library) -> Evaluation:
    """The three systems on the gold set, as `qa eval` asks them."""
    return evaluate(seeds, read_gold(GOLD))


@pytest.mark.model
def test_the_table_is_what_qa_eval_measures(evaluation: Evaluation) -> None:
    assert evaluation.broken == ()
    table = evaluation.table(evaluation.answerable)
    for leg in ("bm25", "dense"):
        assert table["hybrid"]["nDCG@10"] > table[leg]["nDCG@10"]
    rows = re.findall(r"^\| (bm25|dense|hybrid) \| (.*) \|$", README, re.MULTILINE)
    assert [name for name, _ in rows] == list(table)
    for name, figures in rows:
        said = [float(figure) for figure in figures.split(" | ")]
        assert said == pytest.approx(list(table[name].values()), abs=TOLERANCE)


@pytest.mark.model
def test_the_weak_sides_are_told_as_they_are(evaluation: Evaluation) -> None:
    (hybrid,) = (result for result in evaluation.results if result.system == "hybrid")
    for kind, words in (("paraphrase", r"paraphrases \(nDCG@10 ([\d.]+)\)"), ("chinese", r"English text \(([\d.]+)\)")):
        (said,) = re.findall(words, README)
        found = evaluation.table(evaluation.kinds[kind])["hybrid"]["nDCG@10"]
        assert float(said) == pytest.approx(found, abs=2 * TOLERANCE)
    near = {question.id for question in evaluation.questions if "near miss" in question.note}
    far = set(evaluation.unanswerable) - near
    found_ids = hybrid.found
    right, wrong = evaluation.refused(hybrid)
    (said_counts,) = re.findall(
        r"hybrid refuses (\d+) of (\d+) \(all (\d+) far ones, (\d+) of (\d+) near\s+misses\), "
        r"and of the answerable ones (\d+) of (\d+)",
        README.replace("\n", " "),
    )
    expected = (right, 40, len(far - found_ids), len(near - found_ids), len(near), wrong, len(evaluation.answerable))
    assert [int(number) for number in said_counts] == pytest.approx(expected, abs=2)
