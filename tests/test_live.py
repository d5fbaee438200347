"""An index that lives: after any changes it answers as one built from scratch, and a build that ends early loses nothing."""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from conftest import ROOT, ToyEncoder, ToyTokenEncoder
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import qa
from index.build import Built, build_index, is_current
from index.store import MANIFEST, read_manifest

_WORDS = st.sampled_from(["apple", "boat", "pier", "red", "green", "old", "harbour", "2021", "20.15", "market"])
_PARAGRAPHS = st.lists(st.lists(_WORDS, min_size=1, max_size=6).map(" ".join), min_size=1, max_size=3)
_NAMES = st.sampled_from(["a.txt", "b.md", "c.txt", "d/a.txt", "e.md"])
_IDS = st.sampled_from(["1", "2", "3", "4"])
_QUESTIONS = ("red apple", "old pier in the harbour", "20.15", "market 2021", "nothing of the sort")


def _text(paragraphs: list[str]) -> str:
    return "A headline here\n\n" + "\n\n".join(f"{paragraph.capitalize()}." for paragraph in paragraphs)


def _answers(library: qa.Library) -> list[object]:
    return [
        [
            (answer.found, answer.confidence, answer.evidence),
            [(hit.passage, hit.score, hit.why, hit.highlight, [twin.passage for twin in hit.twins]) for hit in answer.hits],
        ]
        for answer in library.ask_many(_QUESTIONS, k=20)
    ]


class LivingIndex(RuleBasedStateMachine):
    """Adds, edits, renames and removes articles, files and lines of a corpus; brings the index up to date in between."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.articles, self.index = self.root / "articles", self.root / "index"
        (self.articles / "corpus").mkdir(parents=True)
        self.lines: dict[str, str] = {}
        self.fresh = True

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    @initialize(paragraphs=_PARAGRAPHS)
    def begin(self, paragraphs: list[str]) -> None:
        self.write("first.txt", paragraphs)

    @rule(name=_NAMES, paragraphs=_PARAGRAPHS)
    def write(self, name: str, paragraphs: list[str]) -> None:
        (self.articles / name).parent.mkdir(exist_ok=True)
        (self.articles / name).write_text(_text(paragraphs))
        self.fresh = False

    @rule(name=_NAMES)
    def remove(self, name: str) -> None:
        (self.articles / name).unlink(missing_ok=True)
        self.fresh = False

    @rule(old=_NAMES, new=_NAMES)
    def rename(self, old: str, new: str) -> None:
        if (self.articles / old).exists():
            (self.articles / new).parent.mkdir(exist_ok=True)
            (self.articles / old).replace(self.articles / new)
            self.fresh = False

    @rule(article=_IDS, paragraphs=_PARAGRAPHS)
    def write_line(self, article: str, paragraphs: list[str]) -> None:
        # A line that is written again goes to the end: its order changes too.
        self.lines.pop(article, None)
        self.lines[article] = f'{{"_id": "{article}", "title": "Title {article}", "text": "{" ".join(paragraphs)}."}}'
        self._write_corpus()

    @rule(article=_IDS)
    def remove_line(self, article: str) -> None:
        self.lines.pop(article, None)
        self._write_corpus()

    def _write_corpus(self) -> None:
        path = self.articles / "corpus" / "corpus.jsonl"
        path.write_text("\n".join(self.lines.values()))
        if not self.lines:
            path.unlink()
        self.fresh = False

    @precondition(lambda self: not self.fresh)
    @rule()
    def update(self) -> None:
        encoder = ToyTokenEncoder()
        built = build_index([self.articles], self.index, encoder)
        assert len(encoder.encoded) == built.encoded
        assert built.added + built.changed + built.unchanged == built.manifest.articles
        self.fresh = True
        scratch = self.root / "scratch"
        build_index([self.articles], scratch, ToyTokenEncoder())
        updated, whole = (qa.Library.open(folder, ToyTokenEncoder()) for folder in (self.index, scratch))
        shutil.rmtree(scratch)
        assert list(updated.articles) == list(whole.articles)
        assert list(updated.passages) == list(whole.passages)
        assert _answers(updated) == _answers(whole)
        assert (updated.index.manifest.published, len(updated)) == (whole.index.manifest.published, len(whole))

    @precondition(lambda self: self.fresh)
    @rule()
    def update_nothing(self) -> None:
        encoder, before = ToyTokenEncoder(), read_manifest(self.index)
        built = build_index([self.articles], self.index, encoder)
        assert (built.encoded, built.added, built.changed, built.removed) == (0, 0, 0, 0)
        assert (built.manifest, encoder.encoded) == (before, [])

    @invariant()
    def what_is_there_is_whole(self) -> None:
        if (self.index / MANIFEST).exists():
            named = {name for name, _ in read_manifest(self.index).folders}
            assert {path.name for path in self.index.iterdir()} == {*named, MANIFEST, ".lock"}
            assert len(named) <= 12


# A segment is merged from two passages on, so that few articles make several.
TestLivingIndex = pytest.mark.usefixtures("small_segments")(LivingIndex.TestCase)
TestLivingIndex.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)


@pytest.fixture(scope="class")
def small_segments() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.build._SMALL", 1)
        yield


# --- what an update does


def _build(articles: Path, encoder: ToyEncoder | None = None) -> Built:
    return build_index([articles], articles.parent / "index", encoder or ToyEncoder())


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    for name in ("one", "two", "three"):
        (folder / f"{name}.txt").write_text(f"{name.title()}\n\nThe {name} boat.\n\nThe {name} pier.")
    return folder


def test_an_update_says_what_it_did(articles: Path) -> None:
    built = _build(articles)
    assert (built.added, built.changed, built.removed, built.unchanged, built.encoded, built.reused) == (3, 0, 0, 0, 6, 0)
    (articles / "one.txt").write_text("One\n\nThe one boat.\n\nA new pier.")
    (articles / "two.txt").unlink()
    (articles / "four.txt").write_text("Three\n\nThe three boat.")
    built = _build(articles)
    # The boat of four.txt reads as that of three.txt: its vector is known.
    assert (built.added, built.changed, built.removed, built.unchanged, built.encoded, built.reused) == (1, 1, 1, 1, 1, 4)


def test_a_renamed_article_is_not_encoded_again(articles: Path) -> None:
    _build(articles)
    (articles / "one.txt").rename(articles / "zero.txt")
    encoder = ToyEncoder()
    built = _build(articles, encoder)
    assert (built.added, built.removed, built.unchanged, encoder.encoded) == (1, 1, 2, [])


def test_of_a_corpus_only_the_new_line_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    lines = [f'{{"_id": "{number}", "text": "Boat number {number}."}}' for number in range(50)]
    (folder / "corpus.jsonl").write_text("\n".join(lines))
    _build(folder)
    (folder / "corpus.jsonl").write_text("\n".join([*lines[:20], '{"_id": "new", "text": "A heron."}', *lines[20:]]))
    encoder = ToyEncoder()
    built = _build(folder, encoder)
    assert (built.added, built.unchanged, encoder.encoded) == (1, 50, ["A heron."])
    library = qa.Library.open(tmp_path / "index", ToyEncoder())
    assert [article.id for article in library.articles][19:22] == ["19", "new", "20"]
    assert len(read_manifest(tmp_path / "index").segments) == 1


def test_an_id_that_an_unchanged_file_has_is_refused_with_both_places(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "corpus.jsonl").write_text('{"_id": "1", "text": "A boat."}')
    _build(folder)
    (folder / "b").mkdir()
    (folder / "b" / "corpus.jsonl").write_text('{"_id": "2", "text": "A pier."}\n{"_id": "1", "text": "A heron."}')
    with pytest.raises(qa.UserError, match=r"b/corpus.jsonl:2: two articles with the id '1', the other in a/corpus.jsonl"):
        _build(folder)
    assert is_current(tmp_path / "index", [folder], ToyEncoder()) is False


def test_a_change_within_the_same_tick_and_of_the_same_length_is_seen(articles: Path) -> None:
    _build(articles)
    path = articles / "one.txt"
    times = path.stat()
    path.write_text(path.read_text().replace("boat", "goat"))
    import os

    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert _build(articles).changed == 1


def test_passages_are_cut_again_for_an_encoder_that_reads_less(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.txt").write_text("A headline\n\n" + " ".join(f"Sentence number {number} is here." for number in range(10)))
    assert _build(folder).manifest.passages == 1
    short = ToyEncoder()
    short.max_seq_length = 20
    assert (_build(folder, short).manifest.passages, _build(folder, short).encoded) == (4, 0)


def test_an_article_without_text_can_be_added(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    lines = ['{"_id": "1", "text": "A heron."}', '{"_id": "2", "title": "Only a title", "text": ""}']
    for count in (1, 2):
        (folder / "corpus.jsonl").write_text("\n".join(lines[:count]))
        _build(folder, ToyTokenEncoder())
        library = qa.Library.open(tmp_path / "index", ToyTokenEncoder())
        assert (len(library.articles), len(library.passages)) == (count, 1)
        assert library.ask("heron").hits[0].passage.text == "A heron."


# --- killed


@pytest.mark.parametrize("what", ["first build", "update"])
def test_killed_anywhere_the_index_is_the_old_or_the_new_one_and_the_next_build_goes_on(what: str, tmp_path: Path) -> None:
    # In a process of its own, which forks one that is killed at the first file opened, fsync or rename, one at the second,
    # and so on; others are killed, or find the disk full, within a file. Every fifth of some 200 points from one that is
    # drawn, as each takes half a second; `make faults` tries them all.
    every = 1 if "EVERY_FAULT" in os.environ else 5
    script, first = ROOT / "tests" / "killed.py", random.randrange(every)
    tried = [sys.executable, str(script), what, str(tmp_path), str(first), str(every)]
    done = subprocess.run(tried, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, f"{tried[2:]}\n{done.stdout}{done.stderr}"
    points, sizes = map(int, done.stdout.split())
    assert points > 130
    assert sizes > 10
