"""qa doctor: a sound index has no problem, and whatever is wrong is found, named, and told how to mend."""

import io
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ToyEncoder, ToyTokenEncoder
from forging import find, forge, write_articles

import qa
from index.arrays import Vectors
from index.build import build_index
from index.dense import DenseSearcher
from index.doctor import examine
from index.errors import IndexFolderError
from index.files import map_vectors
from index.index import Index
from index.store import FORMAT, MANIFEST, read_manifest, write_manifest
from qa.__main__ import main


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of two segments, with a passage that is gone: only copied."""
    root = tmp_path_factory.mktemp("doctor")
    articles = write_articles(root / "articles")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.build._SMALL", 1)
        build_index([articles], root / "index", ToyTokenEncoder())
        (articles / "two.md").write_text("# The market\n\nPlums are blue.")
        build_index([articles], root / "index", ToyTokenEncoder())
    assert len(read_manifest(root / "index").segments) == 2
    return root / "index"


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    return shutil.copytree(built, tmp_path / "index")


def _problem(folder: Path) -> str:
    """The one problem of an index; its line says what to do."""
    (line,) = examine(folder)
    assert re.search(r"(delete .*manifest\.json and )?build (it|the index) again with qa index PATH --index ", line), line
    return line


# --- sound indexes


def test_a_sound_index_has_no_problem(built: Path, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    assert examine(built, lambda *each: told.append(each)) == []
    assert {stage for stage, _, _ in told} == {"Reading files", "Measuring vectors", "Reading passages"}
    assert all(done <= total for _, done, total in told)
    build_index([write_articles(tmp_path / "articles")], tmp_path / "index", ToyEncoder())
    assert examine(tmp_path / "index") == []


def test_the_seeds_index_has_no_problem(seeds_index: Path) -> None:
    assert examine(seeds_index) == []


def test_passages_are_checked_in_blocks(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.doctor._AT_ONCE", 2)
    assert examine(built) == []


def test_no_index_is_no_problem_of_one(tmp_path: Path) -> None:
    with pytest.raises(IndexFolderError, match="no index here"):
        examine(tmp_path)


# --- damage


@pytest.mark.parametrize("name", ["texts.jsonl", "vectors.faiss", "order.npy", "seal.json", "terms.txt"])
def test_a_flipped_byte_is_named_and_deleting_the_manifest_mends_it(folder: Path, name: str) -> None:
    path = find(folder, name)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    line = _problem(folder)
    assert line.startswith(f"{path}: damaged (sha256 ")
    assert f"delete {folder / MANIFEST} and build" in line
    (folder / MANIFEST).unlink()
    build_index(_articles(folder), folder, ToyTokenEncoder())
    assert examine(folder) == []


def _articles(folder: Path) -> list[Path]:
    return [write_articles(folder.parent / "articles")]


def test_every_damaged_file_is_named(folder: Path) -> None:
    for name in ("texts.jsonl", "terms.txt"):
        find(folder, name).unlink()
    assert [("texts.jsonl" in line or "terms.txt" in line) and "missing" in line for line in examine(folder)] == [True] * 2


def test_a_damaged_manifest_and_another_format_are_problems(folder: Path) -> None:
    whole = (folder / MANIFEST).read_bytes()
    (folder / MANIFEST).write_bytes(whole.replace(b'"toy"', b'"boy"'))
    assert f"{folder / MANIFEST}: damaged (checksum" in _problem(folder)
    (folder / MANIFEST).write_bytes(whole)
    write_manifest(folder, replace(read_manifest(folder), format=4))
    assert f"an index of format 4, expected {FORMAT}" in _problem(folder)


@pytest.mark.parametrize("what", ["analyzer", "chunker"])
def test_another_version_is_a_problem_and_its_contents_are_not_judged_by_this_one(folder: Path, what: str) -> None:
    write_manifest(folder, replace(read_manifest(folder), **{what: "0-old"}))
    assert f"built with {what} 0-old, this is {what} " in _problem(folder)


def test_other_weights_than_the_default_encoders_are_a_problem(folder: Path) -> None:
    write_manifest(folder, replace(read_manifest(folder), encoder="all-MiniLM-L6-v2", weights="0" * 64))
    (line,) = examine(folder)
    assert (
        "built with all-MiniLM-L6-v2 (weights 000000000000), opened with all-MiniLM-L6-v2 (53aa51172d14): run qa index"
        in line
    )


def test_a_file_that_was_never_sealed_is_a_problem(folder: Path) -> None:
    path = find(folder, "terms.txt").with_name("more.txt")
    path.write_text("more")
    assert _problem(folder).startswith(f"{path}: not in seal.json")


# --- wrong contents under checksums that are right


def _array(change: Callable[[Any], Any]) -> Callable[[bytes], bytes]:
    """A change of an array as one of the file that holds it."""

    def changed(data: bytes) -> bytes:
        array = np.load(io.BytesIO(data), allow_pickle=False)
        found = change(array)
        file = io.BytesIO()
        np.save(file, array if found is None else found, allow_pickle=False)
        return file.getvalue()

    return changed


def _at(place: Any, value: Any) -> Callable[[bytes], bytes]:
    def change(array: Any) -> None:
        array[place] = value

    return _array(change)


def _replaced(old: str, new: str) -> Callable[[bytes], bytes]:
    assert len(old.encode()) == len(new.encode())

    def changed(data: bytes) -> bytes:
        assert old.encode() in data
        return data.replace(old.encode(), new.encode(), 1)

    return changed


def _vector(values: Any) -> Callable[[bytes], bytes]:
    def changed(data: bytes) -> bytes:
        return data[:-256] + np.full(64, values, np.float32).tobytes()

    return changed


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("vectors.faiss", _vector(np.nan), "vectors.faiss: vectors not of unit length: 1, the first is number"),
        ("vectors.faiss", _vector(np.inf), "vectors not of unit length"),
        ("vectors.faiss", _vector(0.0), "length 0.0000"),
        ("vectors.faiss", _vector(0.13), "length 1.0400"),
        ("vectors.faiss", lambda data: data[:-4], "bytes of vectors, expected"),
        ("vectors.faiss", lambda data: b"IxF2" + data[4:], "not that of a flat index"),
        ("passages.jsonl", _replaced("Boats come", "Boots come"), "whose spans do not slice to their text: 1"),
        ("passages.jsonl", _replaced('"number":2', '"number":9'), "at another place than their article's: 1"),
        ("passages.jsonl", _replaced('"article":1', '"article":0'), "at another place than their article's"),
        ("passages.jsonl", _replaced('"kind":"paragraph"', '"kind":"poragraph"'), "kind is 'poragraph', expected one of"),
        ("passages.jsonl", _replaced("[[41,59]]", "[[41,99]]"), "expected two places in a text of"),
        ("passages.jsonl", _replaced('"text":', '"test":'), "passages.jsonl: damaged"),
        ("articles.jsonl", _replaced('"id":', '"di":'), "articles.jsonl: damaged"),
        ("articles.jsonl", _replaced("2021-07-13", "2021-07-14"), "articles of another day"),
        ("articles.keys.npy", _at((0, 0), 77), "whose key is not their id's digest: 1"),
        ("passages.keys.npy", _at((1, 3), 77), "whose key is not the digest of what is searched: 1"),
        ("passages.keys.npy", _array(lambda array: array[:-1]), "entries, expected"),
        ("passages.offsets.npy", _at(1, 3), "passages.jsonl: damaged"),
        ("articles.starts.npy", _at(-1, 2), "articles.starts.npy: damaged"),
        ("entries.starts.npy", _array(lambda array: array[::-1].copy()), "entries.starts.npy: damaged"),
        ("articles.published.npy", _at(0, -5), "articles.published.npy: damaged (no days)"),
        ("articles.sources.npy", _at(0, 1), "articles of another source than their record's: 1"),
        ("articles.sources.npy", _at(0, 99), "articles.sources.npy: damaged (other than"),
        ("source.names.jsonl", lambda data: data.replace(b"t", b"u"), "articles of another source than their record's"),
        ("passages.kinds.npy", _at(0, 1), "passages of another kind than their record's: 1"),
        ("passages.kinds.npy", _at(0, 99), "passages.kinds.npy: damaged (other than"),
        ("tokens.ends.npy", _at(0, 99), "tokens.ends.npy: damaged"),
        ("tokens.starts.i4", lambda data: (5).to_bytes(4, "little") + data[4:], "with tokens beyond their text: 1"),
        ("postings.lengths.npy", _at(0, 99), "99 terms, its text has"),
        ("postings.counts.npy", _at(0, 9), "passages with other terms than their text has"),
        ("postings.rows.npy", _at(0, 1), "passages with other terms than their text has"),
        ("postings.starts.npy", _at(1, 500), "postings.starts.npy: damaged"),
        ("postings.lengths.npy", _array(lambda array: np.append(array, array[:1])), "passages of the postings, expected"),
        (
            "terms.txt",
            lambda data: b"".join(data.splitlines(keepends=True)[:1] * (data.count(b"\n"))),
            "a term stands there twice",
        ),
        ("terms.txt", lambda data: b"\xff" + data[1:], "terms.txt: damaged"),
        ("order.npy", _at(0, 99), "names entries that no segment has"),
        ("order.npy", _array(lambda array: array[[0, 0, 1]]), "order.npy: entries that differ: 2, expected 3"),
        ("sources.jsonl", _replaced('"entries":1', '"entries":3'), "entries of the files: 5, expected 3"),
        ("sources.jsonl", _replaced('"settled":', '"unsettl":'), "sources.jsonl: damaged"),
    ],
)
def test_wrong_contents_are_found_whatever_the_checksums_say(
    folder: Path, name: str, change: Callable[[bytes], bytes], says: str
) -> None:
    forge(folder, name, change)
    lines = examine(folder)
    assert any(says in line for line in lines), lines
    assert all(f"delete {folder / MANIFEST} and build the index again" in line for line in lines)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"articles": 7}, "manifest.json: articles: 7, expected 3"),
        ({"passages": 7}, "manifest.json: passages: 7, expected 5"),
        ({"published": None}, "first and last day: None, expected ('2021-07-13', '2021-07-13')"),
    ],
)
def test_a_manifest_that_counts_wrong_is_found(folder: Path, changes: dict[str, Any], says: str) -> None:
    write_manifest(folder, replace(read_manifest(folder), **changes))
    assert says in _problem(folder)


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38, 0.0])
def test_vectors_of_no_unit_length_are_refused_by_name_and_not_asked(folder: Path, value: float) -> None:
    forge(folder, "vectors.faiss", _vector(value))
    with pytest.raises(IndexFolderError, match=r"vectors\.faiss: damaged \(vectors not of unit length: 1, the first is"):
        Index.open(folder, ToyTokenEncoder())


@pytest.mark.parametrize("change", [_replaced("Boats come", "Boots come"), _replaced("[[41,59]]", "[[42,59]]")])
def test_a_passage_that_its_spans_do_not_slice_to_is_refused_by_name(folder: Path, change: Callable[[bytes], bytes]) -> None:
    forge(folder, "passages.jsonl", change)
    library = qa.Library.open(folder, ToyTokenEncoder())
    assert library.passages[1].text == "The pier is old."
    with pytest.raises(IndexFolderError, match=r"passages\.jsonl: damaged \(the spans of one\.txt@4\d do not slice to its"):
        library.ask("boats come and go")


def test_vectors_of_another_shape_are_found(folder: Path) -> None:
    write_manifest(folder, replace(read_manifest(folder), dimensions=32, token_dimensions=16))
    lines = examine(folder)
    assert sum("64 dimensions, expected 32" in line for line in lines) == 2
    assert sum("24 dimensions of tokens, expected 16" in line for line in lines) == 2


def test_an_index_that_is_replaced_meanwhile_is_looked_at_again(folder: Path, tmp_path: Path) -> None:
    articles = write_articles(tmp_path / "articles")
    replaced: list[bool] = []

    def replace_once(stage: str, done: int, total: int) -> None:
        if not replaced:
            replaced.append(True)
            build_index([articles], folder, ToyTokenEncoder())

    assert examine(folder, replace_once) == []
    assert len(Index.open(folder, ToyTokenEncoder())) == 6


# --- the stand-in of many vectors


@pytest.fixture(scope="module")
def built_large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of more passages than are searched one by one."""
    root = tmp_path_factory.mktemp("large")
    (root / "articles.txt").write_text("\n\n".join(f"Ship {n} left pier {n * 7} for port {n * 13}." for n in range(400)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.dense.EXACT_UP_TO", 200)
        build_index([root / "articles.txt"], root / "index", ToyEncoder())
    return root / "index"


@pytest.fixture
def large(built_large: Path, tmp_path: Path) -> Path:
    return shutil.copytree(built_large, tmp_path / "large")


def _stand_in(folder: Path, vectors: Vectors, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """What is written as the stand-in of vectors."""
    monkeypatch.setattr("index.dense.EXACT_UP_TO", 200)
    DenseSearcher.build(vectors).save(folder)
    return (folder / "vectors.coarse.faiss").read_bytes()


def test_a_stand_in_has_no_problem(large: Path) -> None:
    assert find(large, "vectors.coarse.faiss").is_file()
    assert examine(large) == []


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        *(
            ("vectors.coarse.json", lambda _, said=said: said.encode(), says)
            for said, says in [
                ("[]", "other fields than asked, recall"),
                ('{"asked": 200}', "other fields than asked, recall"),
                ('{"asked": 200, "recall": 1.0, "more": 1}', "other fields than asked, recall"),
                ('{"asked": true, "recall": 1.0}', "asked is bool, expected int"),
                ('{"asked": 0, "recall": 1.0}', "expected rows to ask for"),
                (f'{{"asked": 1{"0" * 400}, "recall": 1.0}}', "damaged"),
                ('{"asked": 200, "recall": 1}', "recall is int, expected float"),
                ('{"asked": 200, "recall": 1.01}', "a share of 1"),
                ('{"asked": 200, "recall": NaN}', "a share of 1"),
                ("{", "damaged"),
            ]
        ),
        *(
            ("vectors.coarse.faiss", change, says)
            for change, says in [
                (lambda _: b"", "damaged"),
                (lambda data: data[:100], "damaged"),
                (lambda data: data[:-1], "bytes, expected"),
                (lambda data: data + b"1", "bytes, expected"),
                (lambda data: b"IxFI" + data[4:], "its head is not that of a stand-in for 400 vectors of 64 dimensions"),
                (lambda data: data[:8] + (401).to_bytes(8, "little") + data[16:], "its head is not that"),
                (lambda data: data[:65] + (1 << 40).to_bytes(8, "little") + data[73:], "its head is not that"),
                (lambda data: data[:73] + np.float32("nan").tobytes() + data[77:], "its centre is no vector"),
                (lambda data: data[:334] + (1 << 40).to_bytes(8, "little") + data[342:], "its codes are not those of"),
                (lambda data: data[:358] + (1 << 40).to_bytes(8, "little") + data[366:], "its codes are not those of"),
            ]
        ),
    ],
)
def test_a_stand_in_that_nobody_wrote_is_found_and_refused_by_name(
    large: Path, name: str, change: Callable[[bytes], bytes], says: str
) -> None:
    forge(large, name, change)
    line = _problem(large)
    assert line.startswith(f"{find(large, name)}: damaged")
    assert says in line
    with pytest.raises(IndexFolderError, match=re.escape(line)):
        Index.open(large, ToyEncoder())


@pytest.mark.parametrize("shape", [(399, 64), (440, 64), (400, 60), (400, 128)])
def test_a_stand_in_of_another_shape_is_found_and_refused_by_name(
    large: Path, tmp_path: Path, shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = np.random.default_rng(1).normal(size=shape)
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    other = _stand_in(tmp_path, unit, monkeypatch)
    forge(large, "vectors.coarse.faiss", lambda _: other)
    assert "vectors.coarse.faiss: damaged (its head is not that of a stand-in for 400 vectors of 64" in _problem(large)
    with pytest.raises(IndexFolderError, match=r"vectors\.coarse\.faiss: damaged"):
        Index.open(large, ToyEncoder())


@pytest.mark.parametrize("change", [lambda vectors: vectors[::-1], lambda vectors: -vectors])
def test_a_stand_in_of_other_vectors_is_found(
    large: Path, tmp_path: Path, change: Callable[[Vectors], Vectors], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = _stand_in(tmp_path, change(map_vectors(find(large, "vectors.faiss"))), monkeypatch)
    forge(large, "vectors.coarse.faiss", lambda _: other)
    line = _problem(large)
    assert re.search(r"vectors\.coarse\.faiss: finds 0\.\d\d of its vectors, expected 0\.99: ", line), line


def test_codes_that_are_no_numbers_are_found(large: Path) -> None:
    forge(large, "vectors.coarse.faiss", lambda data: data[:366] + b"\xff" * (len(data) - 366))
    assert "vectors.coarse.faiss: finds " in _problem(large)


def test_vectors_that_are_all_the_same_are_found_by_their_stand_in(tmp_path: Path) -> None:
    (tmp_path / "articles.txt").write_text("\n\n".join(["Boats come and go."] * 600))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.dense.EXACT_UP_TO", 200)
        build_index([tmp_path / "articles.txt"], tmp_path / "index", ToyEncoder())
    assert examine(tmp_path / "index") == []


# --- the command


def _run(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    captured = capfd.readouterr()
    return ended.value.code, captured.out, captured.err


def test_the_command_tells_a_sound_index_from_another_and_from_none(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    files = sum(path.is_file() and path.name != ".lock" for path in folder.rglob("*"))
    expected = f"no problem found: 3 articles, 5 passages, {files} files checked\n"
    assert _run(capfd, "doctor", "--index", folder) == (0, expected, "")
    path = find(folder, "texts.jsonl")
    path.write_bytes(path.read_bytes()[:-1])
    code, out, err = _run(capfd, "doctor", "--index", folder)
    assert (code, out.count("\n"), err) == (1, 1, "")
    assert out.startswith(f"{path}: damaged")
    code, out, err = _run(capfd, "doctor", "--index", tmp_path / "none")
    assert (code, out) == (2, "")
    assert "no index here" in err
