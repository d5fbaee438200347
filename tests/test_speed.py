"""The measurement beside our peers: what is prepared, run, stopped, left out and written. No test asserts a time."""

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from typer.testing import CliRunner

from eval.speed.__main__ import app
from eval.speed.collection import Collection, prepare
from eval.speed.contender import CONTENDERS, contender_class, versions
from eval.speed.figures import Figures, Floor, Outcome, Times
from eval.speed.page import page, plot
from eval.speed.runs import measure
from index.progress import no_progress

ANIMALS = ["otter", "heron", "badger", "falcon", "lizard", "salmon", "beetle", "marten", "weasel", "pigeon"]
PLACES = ("the harbour", "the orchard")
PATIENT = 300.0

_STUBS = """
import threading, time

class Stub:
    title, packages = "Stub", ()
    def build(self, collection, folder): (folder / "index").write_text("done")
    def open(self, folder): assert (folder / "index").is_file()
    def hand(self, collection): pass
    def search(self, question, k): return []

class Missing(Stub):
    packages = ("numpy", "no-such-package")

class Slow(Stub):
    def build(self, collection, folder): time.sleep(600)

class Broken(Stub):
    def build(self, collection, folder): raise ValueError("no room")

class Alone(Stub):
    def search(self, question, k):
        if threading.active_count() > 4: raise RuntimeError("one at a time")
        time.sleep(0.001)
        return []
"""
_ASK = """
import json, sys
from pathlib import Path
from eval.speed.collection import Collection
from eval.speed.contender import Varied, contender_class
place, prepared, folder = sys.argv[1:]
collection = Collection(Path(prepared))
contender_class(place)().build(collection, Path(folder))
contender = contender_class(place)()
contender.hand(collection)
contender.open(Path(folder))
searches = [contender.search, *(contender.variants.values() if isinstance(contender, Varied) else [])]
print()
print(json.dumps([[search(question, 10) for question in collection.questions] for search in searches]))
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """20 passages, and a question for each, in the layout of books_100k."""
    folder = tmp_path / "books_100k"
    folder.mkdir()
    names = [(animal, place) for animal in ANIMALS for place in PLACES]
    passages = [
        {
            "_id": f"p{number}",
            "title": "Walks",
            "text": f"We met a {animal} near {place}. It looked at us and went its way, and so ended walk {number}.",
        }
        for number, (animal, place) in enumerate(names)
    ]
    questions = [
        {"_id": f"q{n}", "text": f'Who met the "{animal}" near -{place}?'} for n, (animal, place) in enumerate(names)
    ]
    for name, records in (("corpus.jsonl", passages), ("queries.jsonl", questions)):
        (folder / name).write_text("".join(json.dumps(each) + "\n" for each in records), encoding="utf-8")
    return folder


@pytest.fixture
def prepared(source: Path, tmp_path: Path) -> Collection:
    return prepare(source, 20, tmp_path / "prepared", no_progress)


@pytest.fixture
def stubs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of contenders made for the tests, which measuring processes find too."""
    (tmp_path / "speed_stubs.py").write_text(_STUBS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "speed_stubs"


def test_everyone_is_given_the_same(source: Path, prepared: Collection) -> None:
    assert [passage.id for passage in prepared.passages] == [f"p{number}" for number in range(20)]
    assert prepared.passages[0].searchable.startswith("Walks\nWe met a otter")
    assert prepared.vectors.shape == (20, 384)
    assert np.linalg.norm(prepared.vectors, axis=1) == pytest.approx(1)
    # No marks that only some would read as an instruction.
    assert prepared.questions[0] == "Who met the otter near the harbour?"
    assert prepared.asked.shape == (20, 384)


def test_what_is_prepared_is_taken_as_it_is(source: Path, prepared: Collection) -> None:
    written = prepared.corpus.stat().st_mtime_ns
    prepare(source, 20, prepared.folder, no_progress)
    assert prepared.corpus.stat().st_mtime_ns == written
    assert len(prepare(source, 5, prepared.folder, no_progress).vectors) == 5


def test_a_collection_is_made_larger_without_twins(source: Path, tmp_path: Path) -> None:
    passages = prepare(source, 50, tmp_path / "larger", no_progress).passages
    assert len({passage.id for passage in passages}) == 50
    halves = passages[20].text.split()
    assert halves[:5] == passages[0].text.split()[:5]
    assert halves != passages[0].text.split()


@pytest.mark.parametrize("name", CONTENDERS)
def test_every_contender_finds_the_obvious_passage(name: str, prepared: Collection, tmp_path: Path) -> None:
    missing = [package for package, found in versions(contender_class(CONTENDERS[name]).packages).items() if not found]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed")
    folder = tmp_path / "index"
    folder.mkdir()
    # In a process of its own: peers warn of much, and want sockets.
    arguments = [CONTENDERS[name], str(prepared.folder), str(folder)]
    done = subprocess.run([sys.executable, "-c", _ASK, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ways = json.loads(done.stdout.splitlines()[-1])
    for answers in ways:
        assert all(0 < len(ids) <= 10 and len(set(ids)) == len(ids) for ids in answers)
        firsts = sum(ids[0] == f"p{number}" for number, ids in enumerate(answers))
        # The animal's other place comes first at times where words are weighed roughly.
        assert firsts >= 15
        assert all(f"p{number}" in ids[:2] for number, ids in enumerate(answers))


@pytest.mark.model
def test_ours_is_measured_in_processes_of_its_own(prepared: Collection) -> None:
    outcome = measure("ours", CONTENDERS["ours"], 20, prepared.folder, PATIENT)
    figures = outcome.figures
    assert (outcome.name, outcome.size, outcome.why) == ("ours", 20, "")
    assert figures is not None
    for times in (figures.retrieval, figures.end_to_end, *figures.variants.values()):
        assert 0 < times.p50 <= times.p95 <= times.p99
        assert times.count == 20
    assert len(figures.variants) == 2
    assert figures.build_seconds > 0
    assert figures.open_seconds > 0
    assert figures.rate > 0
    assert figures.shared_rate is not None
    assert figures.shared_rate > 0
    assert min(figures.build_peak, figures.serve_peak, figures.disk) > 1_000
    assert Figures.read(json.loads(json.dumps(asdict(figures)))) == figures
    # Nothing of the index is left.
    assert not list(prepared.folder.parent.glob("speed-*"))


def test_a_missing_peer_is_left_out(stubs: str, prepared: Collection) -> None:
    outcome = measure("stub", f"{stubs}:Missing", 20, prepared.folder)
    assert outcome == Outcome("stub", "Stub", 20, None, "left out: no-such-package not installed")


def test_who_takes_too_long_is_stopped(stubs: str, prepared: Collection) -> None:
    outcome = measure("stub", f"{stubs}:Slow", 20, prepared.folder, limit=0.5)
    assert outcome.why == "stopped in `build`: over the time limit"


def test_who_fails_says_why(stubs: str, prepared: Collection) -> None:
    outcome = measure("stub", f"{stubs}:Broken", 20, prepared.folder, PATIENT)
    assert outcome.why == "`build` failed: ValueError: no room"


@pytest.mark.model
def test_who_fails_with_threads_keeps_its_other_figures(stubs: str, prepared: Collection) -> None:
    figures = measure("stub", f"{stubs}:Alone", 20, prepared.folder, PATIENT).figures
    assert figures is not None
    assert figures.rate > 0
    assert figures.disk == len("done")
    assert (figures.shared_rate, figures.shared_why) == (None, "`share` failed: RuntimeError: one at a time")


@pytest.mark.model
def test_the_command_measures_once_and_tries_no_larger_size_after_a_stop(
    stubs: str, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CONTENDERS, "ours", f"{stubs}:Broken")
    monkeypatch.setitem(CONTENDERS, "haystack", f"{stubs}:Slow")
    monkeypatch.setitem(CONTENDERS, "txtai", f"{stubs}:Missing")
    pages, cache = tmp_path / "docs", tmp_path / "cache"
    options = ["--data", str(source.parent), "--sizes", "20,10", "--peers", "haystack,txtai", "--limit", "0.5"]
    for _ in range(2):
        done = CliRunner().invoke(app, [*options, "--pages", str(pages), "--cache", str(cache)])
        assert done.exit_code == 0, done.output
    text = (pages / "speed.md").read_text(encoding="utf-8")
    assert text.index("## 10 passages") < text.index("## 20 passages")
    assert "* Stub: stopped in `build`: over the time limit." in text
    assert "* Stub: not tried: stopped at 10 passages." in text
    # Ours is tried at every size, whatever became of it at another.
    assert text.count("* Stub: `build` failed: ValueError: no room.") == 2
    assert text.count("left out: no-such-package not installed") == 2
    names = {"floor-10", "floor-20", "ours-10", "ours-20", "haystack-10", "txtai-10", "txtai-20"}
    assert {path.stem for path in cache.glob("*.json")} == names


@pytest.mark.parametrize(("option", "value"), [("--peers", "nobody"), ("--data", "nowhere"), ("--sizes", "ten")])
def test_a_wrong_option_is_told_in_a_line(option: str, value: str, source: Path, tmp_path: Path) -> None:
    given = {"--data": str(source.parent), "--cache": str(tmp_path / "cache"), "--pages": str(tmp_path), option: value}
    done = CliRunner().invoke(app, [word for pair in given.items() for word in pair])
    assert done.exit_code == 2
    told = {
        "--peers": "qa: no contender 'nobody'",
        "--data": "qa: nowhere: no books_100k",
        "--sizes": "qa: --sizes ten: expected",
    }
    assert done.stderr.startswith(told[option])
    assert option in done.stderr
    assert done.stderr.count("\n") == 1


FAST = Figures(
    build_seconds=1.5,
    build_peak=200_000_000,
    disk=30_000_000,
    open_seconds=0.25,
    serve_peak=100_000_000,
    retrieval=Times(4.0, 8.0, 16.0, 3.5, 200),
    end_to_end=Times(10.0, 12.0, 20.0, 9.0, 200),
    variants={"both legs alone": Times(2.0, 3.0, 4.0, 1.0, 150)},
    rate=240.0,
    load=1.2,
    shared_rate=480.0,
    encoder_peak=300_000_000,
    agreement={"the 10 best": 0.9951, "the end": 1.0},
)
SLOW = replace(
    FAST,
    retrieval=Times(1000.0, 1200.0, 1234.5, 990.0, 60),
    end_to_end=Times(1010.0, 1210.0, 1240.0, 999.0, 60),
    variants={},
    agreement={},
    rate=1.0,
    shared_rate=None,
    shared_why="`share` crashed (SIGSEGV)",
)
OUTCOMES = [
    Outcome("ours", "article-qa", 1_000, FAST, measured="2026-01-02 03:04"),
    Outcome("slow", "Slow", 1_000, SLOW),
    Outcome("gone", "Gone", 1_000, None, "left out: gone not installed"),
]
FLOORS = {1_000: Floor(0.125, 0.0625, 1_536_000, Times(6.0, 7.0, 8.0, 9.0, 200), 50_000_000)}


def test_the_page_has_a_row_for_each_contender_and_a_line_for_what_is_missing() -> None:
    text = page(OUTCOMES, FLOORS, ["a machine"], {"slow": "1.0", "numpy": "2.4"}, 600, plotted=True)
    for line in (
        "* a machine",
        "* numpy 2.4, slow 1.0",
        "## 1,000 passages",
        "| article-qa | 1.5 | 0.25 | 4.0 / 8.0 / 16.0 | 3.5 | 200 | 10.0 / 12.0 / 20.0 | 240 | 480 "
        "| 200 / 100 / 300 | 30 | 1.2 | 2026-01-02 03:04 |",
        "| … both legs alone | | | 2.0 / 3.0 / 4.0 | 1.0 | 150 | | | | | | | |",
        "| Slow | 1.5 | 0.25 | 1,000 / 1,200 / 1,234 | 990 | 60 | 1,010 / 1,210 / 1,240 | 1 | – "
        "| 200 / 100 / 300 | 30 | 1.2 |  |",
        "The floor: all vectors (2 MB) are read in 0.12 ms, a bit a component in 0.06; "
        "the encoder takes 6.0 / 7.0 / 8.0 ms (p50 / p95 / p99) for a question.",
        "* Slow's median divided by ours: 250; end to end 101; both legs alone 500.",
        "* article-qa, approximate search against exact: the 10 best 0.9951 the same, the end 1.0000 the same.",
        "* Gone: left out: gone not installed.",
        "* Slow, eight threads: `share` crashed (SIGSEGV).",
    ):
        assert line in text.splitlines()
    assert "](speed.png)" in text
    assert "600 seconds" in text
    assert "](speed.png)" not in page(OUTCOMES, FLOORS, [], {}, 600, plotted=False)
    widths = {line.count("|") for line in text.splitlines() if line.startswith("|")}
    assert len(widths) == 1


def test_growth_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eval.speed.page.find_spec", lambda _: None)
    assert not plot(OUTCOMES, FLOORS, tmp_path / "speed.png")
    assert not list(tmp_path.iterdir())
    monkeypatch.undo()
    pytest.importorskip("matplotlib")
    assert plot(OUTCOMES, FLOORS, tmp_path / "speed.png")
    assert [path.name for path in tmp_path.iterdir()] == ["speed.png"]
    assert (tmp_path / "speed.png").read_bytes().startswith(b"\x89PNG")
