"""Damaged files: refused by name; and where the checksums were made right again, still refused, or read, but no crash."""

import math
import random
import resource
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import ROOT, ToyTokenEncoder
from forging import find, forge, write_articles
from hypothesis import example, given, settings
from hypothesis import strategies as st

import qa
from index.build import build_index, has_changed
from index.doctor import examine
from index.errors import IndexFolderError, UserError
from index.store import MANIFEST, SEAL, read_manifest, read_seal, unfinished
from qa.status import read_status

NAMES = [
    *(f"{name}.{kind}" for name in ("articles", "passages", "texts", "sources") for kind in ("jsonl", "offsets.npy")),
    *(f"{name}.{kind}.npy" for name in ("entries", "articles") for kind in ("keys", "starts")),
    *(
        "passages.keys.npy",
        "articles.published.npy",
        "articles.sources.npy",
        "passages.kinds.npy",
        "source.names.jsonl",
        "source.names.offsets.npy",
        "order.npy",
    ),
    *("terms.txt", *(f"postings.{name}.npy" for name in ("starts", "rows", "counts", "lengths"))),
    *("tokens.codes.u1", "tokens.starts.i4", "tokens.ends.npy", "vectors.coarse.json"),
]
# What FAISS reads, in C++.
_FAISS = ["vectors.faiss", "vectors.coarse.faiss"]
# What the head of a file can say of its size, and a reader believe.
_NUMBERS = [number.to_bytes(8, "little", signed=True) for number in (-(2**63), -1, 0, 1, 2, 2**31, 2**40, 2**62, 2**63 - 1)]
_QUESTIONS = ("red apples on the pier", '"apples are" -boats', "harbuor 2021")

Edit = tuple[str, float, bytes]
_EDITS = st.lists(
    st.tuples(
        st.sampled_from(["overwrite", "insert", "cut out", "cut off"]),
        st.floats(0, 1),
        st.binary(min_size=1, max_size=8) | st.sampled_from(_NUMBERS),
    ),
    min_size=1,
    max_size=4,
)


def _edited(data: bytes, edits: Sequence[Edit]) -> bytes:
    for how, place, written in edits:
        at = round(place * len(data))
        match how:
            case "overwrite":
                data = data[:at] + written + data[at + len(written) :]
            case "insert":
                data = data[:at] + written + data[at:]
            case "cut out":
                data = data[:at] + data[at + len(written) :]
            case _:
                data = data[:at]
    return data


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("damage")
    with pytest.MonkeyPatch.context() as patch:
        # Few vectors, and a stand-in for them all the same.
        patch.setattr("index.dense.EXACT_UP_TO", 0)
        patch.setattr("index.dense._MEASURED", 1)
        build_index([write_articles(root / "articles")], root / "index", ToyTokenEncoder())
    return root / "index"


@pytest.fixture(scope="module")
def folder(built: Path) -> Path:
    """A copy, mended after every example: hypothesis has many in one test."""
    return built.with_name("copy")


def _mend(folder: Path, built: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(built, folder)


def _use(folder: Path) -> None:
    """Opens an index, asks it, shows the answers, and reads all that it holds."""
    library = qa.Library.open(folder, ToyTokenEncoder())
    for system in ("hybrid", "dense", "bm25"):
        for answer in library.ask_many(_QUESTIONS, 10, system):
            assert answer._repr_html_()
            assert all(math.isfinite(hit.score) and hit.citation.spans for hit in answer.hits.listed)
    list(library.articles)
    list(library.passages)


def test_every_file_is_fuzzed(built: Path) -> None:
    found = {path.name for part, _ in read_manifest(built).folders for path in (built / part).iterdir()}
    assert found == {*NAMES, *_FAISS, SEAL}


@given(name=st.sampled_from([*NAMES, *_FAISS, SEAL, MANIFEST]), edits=_EDITS)
@settings(max_examples=200)
def test_plain_damage_is_refused_by_name(built: Path, folder: Path, name: str, edits: list[Edit]) -> None:
    _mend(folder, built)
    path = find(folder, name)
    whole = path.read_bytes()
    path.write_bytes(_edited(whole, edits))
    if path.read_bytes() == whole:
        return
    if name == MANIFEST:
        try:
            # White space can change in JSON that says the same.
            assert read_manifest(folder) == read_manifest(built)
        except IndexFolderError as error:
            assert MANIFEST in str(error)  # noqa: PT017
    else:
        for use in (_use, read_status):
            with pytest.raises(IndexFolderError, match=rf"{name}: .*qa index PATH"):
                use(folder)
    problems = examine(folder)
    assert [name in line for line in problems] == [True] * len(problems)
    assert problems or name == MANIFEST


@pytest.fixture(scope="module")
def stopped(built: Path) -> Path:
    """The folder of a build of the same articles that was stopped when all was encoded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.build.write_segment", _stop)
        with pytest.raises(KeyboardInterrupt):
            build_index([built.with_name("articles")], built.with_name("stopped"), ToyTokenEncoder())
    return built.with_name("stopped")


def _stop(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


_LEFT = ["passages.keys.npy", "vectors.faiss", "tokens.codes.u1", "tokens.starts.i4", "tokens.ends.npy", SEAL]


def test_every_file_that_a_stopped_build_leaves_is_fuzzed(stopped: Path) -> None:
    (left,) = unfinished(stopped)
    assert {path.name for path in left.iterdir()} == set(_LEFT)


@given(name=st.sampled_from(_LEFT), edits=_EDITS)
@settings(max_examples=60)
@example(name=SEAL, edits=[("cut out", 0.4375, b" ")])
def test_what_a_stopped_build_has_left_is_taken_whole_or_not_at_all(
    built: Path, stopped: Path, folder: Path, name: str, edits: list[Edit]
) -> None:
    _mend(folder, stopped)
    (left,) = unfinished(folder)
    path = left / name
    whole, sealed = path.read_bytes(), read_seal(left)
    path.write_bytes(_edited(whole, edits))
    same = path.read_bytes() == whole
    with suppress(OSError, ValueError, KeyError):
        # White space can change in JSON that says the same.
        same |= name == SEAL and read_seal(left) == sealed
    encoder = ToyTokenEncoder()
    made = build_index([built.with_name("articles")], folder, encoder, exact=True)
    assert len(encoder.encoded) == made.encoded == (0 if same else 5)
    assert _answers(folder) == _answers(built)


def _answers(folder: Path) -> list[object]:
    library = qa.Library.open(folder, ToyTokenEncoder())
    return [[(hit.passage, hit.score, hit.highlight) for hit in answer.hits] for answer in library.ask_many(_QUESTIONS, 10)]


def _uses(folder: Path, *, values: bool = True) -> None:
    """All that reads an index does so, or refuses it in one line."""
    for use in (_use, read_status, has_changed, examine) if values else (_use, examine):
        try:
            use(folder)
        except UserError as error:
            assert "\n" not in str(error)  # noqa: PT017


@given(name=st.sampled_from(NAMES), edits=_EDITS)
@settings(max_examples=400)
@example(name="order.npy", edits=[("overwrite", 0.85, (-1).to_bytes(8, "little", signed=True))])
@example(name="articles.offsets.npy", edits=[("overwrite", 0.8125, b"\x00\x00\xfb\xff\xff\xff")])
def test_under_right_checksums_a_reader_refuses_or_reads(built: Path, folder: Path, name: str, edits: list[Edit]) -> None:
    _mend(folder, built)
    forge(folder, name, lambda data: _edited(data, edits))
    _uses(folder)


def fuzz_faiss(folder: Path, name: str, count: int) -> None:
    """In a process of its own: FAISS reads a file in C++."""
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    path, chance = find(folder, name), random.Random(7)
    whole = path.read_bytes()
    for _ in range(count):
        # The head, what stands behind a stand-in's centre, or anything.
        at = chance.choice([chance.randrange(80), chance.randrange(325, 370), chance.randrange(len(whole))])
        how = chance.choice(["overwrite", "insert", "cut out", "cut off", "number"])
        written = chance.choice(_NUMBERS) if how == "number" else chance.randbytes(chance.choice([1, 4]))
        data = _edited(whole, [("overwrite" if how == "number" else how, at / len(whole), written)])
        forge(folder, name, lambda _, data=data: data)  # type: ignore[misc]
        _uses(folder, values=False)
    print("survived")  # noqa: T201


@pytest.mark.parametrize("name", _FAISS)
def test_no_vectors_crash_faiss_or_take_the_memory(built: Path, folder: Path, name: str) -> None:
    _mend(folder, built)
    code = f"from pathlib import Path; from test_damage import fuzz_faiss; fuzz_faiss(Path({str(folder)!r}), {name!r}, 200)"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {[str(ROOT), str(ROOT / 'tests')]!r}; {code}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (done.returncode, done.stdout) == (0, "survived\n"), done.stderr
