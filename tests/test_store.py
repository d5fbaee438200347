"""The index on disk: whole or refused, old or new, and never somebody else's folder."""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from conftest import ROOT
from conftest import ToyTokenEncoder as ToyEncoder

from index.build import build_index
from index.errors import IndexFolderError
from index.index import Index
from index.store import MANIFEST, SEAL, WRITER, Manifest, check_folder, find_damage, locked, read_manifest

ARTICLES = {
    "one.txt": "The harbour\n\nBy Jane Doe\n\nJuly 13, 2021\n\nBoats come and go.\n\nThe pier is old.",
    "two.md": "# The market\n\n## Fruit\n\nApples are red.\n\nPears are green.",
}
QUESTION = "red apples on the pier"


def open_index(folder: Path) -> Index:
    return Index.open(folder, ToyEncoder())


def build(folder: Path, articles: Path) -> None:
    build_index([articles], folder, ToyEncoder())


def hits(opened: Index) -> list[Any]:
    (query,) = opened.queries([QUESTION])
    rankings = [leg.search(query, len(opened)) for leg in (opened.dense, opened.lexical)]
    return [
        [(opened.passages[row], score) for row, score in zip(ranking.rows.tolist(), ranking.scores.tolist(), strict=True)]
        for ranking in rankings
    ]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("articles")
    for name, text in ARTICLES.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, articles: Path) -> Path:
    """An index that is only copied."""
    folder = tmp_path_factory.mktemp("built") / "index"
    build(folder, articles)
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    return shutil.copytree(built, tmp_path / "index")


@pytest.fixture
def expected(built: Path) -> list[Any]:
    return hits(open_index(built))


# --- what is written


def test_an_opened_index_has_the_articles_and_passages_that_were_built(built: Path) -> None:
    opened = open_index(built)
    assert [(a.id, a.title, a.byline, str(a.published), a.source) for a in opened.articles] == [
        ("one.txt", "The harbour", "Jane Doe", "2021-07-13", "one.txt"),
        ("two.md", "The market", "", "None", "two.md"),
    ]
    assert [a.text for a in opened.articles] == list(ARTICLES.values())
    assert [(p.id, p.text, p.section) for p in opened.passages] == [
        ("one.txt@41", "Boats come and go.", ""),
        ("one.txt@61", "The pier is old.", ""),
        ("two.md@24", "Apples are red.", "Fruit"),
        ("two.md@41", "Pears are green.", "Fruit"),
    ]
    assert [opened.passages[-1], *opened.passages[1:3]] == [opened.passages[3], opened.passages[1], opened.passages[2]]
    assert repr(opened) == "Index(2 articles, 4 passages, toy)"
    with pytest.raises(IndexError):
        opened.passages[4]


def test_hits_are_equal_in_every_copy_of_an_index(folder: Path, expected: list[Any]) -> None:
    assert hits(open_index(folder)) == expected


def test_the_manifest_tells_what_the_index_is_made_of(built: Path, articles: Path) -> None:
    manifest = read_manifest(built)
    assert (manifest.articles, manifest.passages, manifest.truncated_tokens) == (2, 4, 0)
    assert (manifest.encoder, manifest.weights, manifest.dimensions) == ("toy", "toy-weights", 64)
    assert manifest.published == ("2021-07-13", "2021-07-13")
    assert manifest.paths == (str(articles.resolve()),)
    assert [len(manifest.segments), manifest.build] == [1, manifest.state[0]]
    assert sorted(path.name for path in built.iterdir()) == sorted(
        [".lock", MANIFEST, manifest.segments[0][0], manifest.build]
    )


def test_nothing_on_disk_is_a_pickle(built: Path) -> None:
    for name, data in contents(built).items():
        # Pickles of protocol 2 and up begin so; arrays of objects hold one.
        assert not data.startswith(b"\x80"), name
        if name.endswith(".npy"):
            assert np.load(built / name, allow_pickle=False).dtype != object


def test_no_module_can_read_a_pickle() -> None:
    for path in sorted((ROOT / "index").glob("*.py")):
        source = path.read_text()
        assert "pickle" not in source.replace("allow_pickle=False", ""), path
        for call in re.findall(r"np\.(?:load|save)\(.*", source):
            assert "allow_pickle=False" in call, path


# --- damage


RECORDS = [f"{name}.{kind}" for name in ("articles", "passages", "texts") for kind in ("jsonl", "offsets.npy")]
KEYS = [f"{name}.{kind}.npy" for name in ("entries", "articles") for kind in ("keys", "starts")]
POSTINGS = ["terms.txt", *(f"postings.{name}.npy" for name in ("starts", "rows", "counts", "lengths"))]
TOKENS = ["tokens.codes.u1", "tokens.starts.i4", "tokens.ends.npy"]
FILES = [
    *RECORDS,
    *KEYS,
    *POSTINGS,
    *TOKENS,
    "passages.keys.npy",
    "articles.published.npy",
    "articles.sources.npy",
    "passages.kinds.npy",
    "source.names.jsonl",
    "source.names.offsets.npy",
    "vectors.faiss",
    "order.npy",
    "sources.jsonl",
    "sources.offsets.npy",
    SEAL,
]


def _find(folder: Path, name: str) -> Path:
    """A file of an index; of the seals the segment's."""
    manifest = read_manifest(folder)
    return next(folder / part / name for part, _ in manifest.folders if (folder / part / name).exists())


def test_every_file_of_an_index_is_damaged_below(built: Path) -> None:
    manifest = read_manifest(built)
    assert sorted(FILES) == sorted({path.name for part, _ in manifest.folders for path in (built / part).iterdir()})


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", [0.0, 0.3, 0.7, 1.0])
def test_a_flipped_byte_is_refused_by_name(folder: Path, name: str, place: float) -> None:
    path = _find(folder, name)
    data = bytearray(path.read_bytes())
    data[round(place * (len(data) - 1))] ^= 0x10
    path.write_bytes(data)
    with pytest.raises(IndexFolderError, match=rf"{re.escape(name)}: damaged \(sha256 .*, expected .*\): .* qa index"):
        open_index(folder)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("how", ["missing", "cut short", "empty", "longer", "a folder"])
def test_a_file_that_is_missing_or_of_another_length_is_refused_by_name(folder: Path, name: str, how: str) -> None:
    path = _find(folder, name)
    data = path.read_bytes()
    path.unlink()
    if how == "a folder":
        path.mkdir()
    elif how != "missing":
        path.write_bytes({"cut short": data[:-1], "empty": b"", "longer": data + b"\0"}[how])
    with pytest.raises(
        IndexFolderError, match=rf"{re.escape(name)}: .*build the index again with qa index PATH --index"
    ) as raised:
        open_index(folder)
    assert "\n" not in str(raised.value)


def test_a_large_file_is_read_only_if_its_time_is_another(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.store.READ_WHOLE", 10)
    path = _find(folder, "texts.jsonl")
    status, data = path.stat(), bytearray(path.read_bytes())
    data[1] ^= 1
    path.write_bytes(data)
    with pytest.raises(IndexFolderError, match=r"texts\.jsonl: damaged"):
        open_index(folder)
    # Rot on the disk leaves the time as it is: opening a large file does not see it, a check of all does.
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    open_index(folder)
    manifest = read_manifest(folder)
    assert not list(find_damage(folder, manifest.folders))
    assert ["texts.jsonl: damaged" in line for line in find_damage(folder, manifest.folders, read_all=True)] == [True]


def _read(folder: Path) -> Manifest | str:
    try:
        return read_manifest(folder)
    except IndexFolderError as error:
        return str(error)


@pytest.mark.parametrize("mask", [0x01, 0x10, 0x20, 0x80])
def test_a_manifest_with_any_byte_flipped_is_refused_or_says_the_same(folder: Path, mask: int) -> None:
    path = folder / MANIFEST
    whole, manifest = path.read_bytes(), read_manifest(folder)
    for position in range(0, len(whole), 7):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ mask]) + whole[position + 1 :])
        outcome = _read(folder)
        # A space that became a tab is JSON that says the same.
        assert outcome == manifest or re.match(
            r".*manifest\.json: damaged \(.*\): build the index again with qa index", str(outcome)
        )


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"null", b"1", b'"x"', b"\x00\x01", b'{"checksum": 1}', b'{"checksum": "x"}', b"[" * 100_000]
)
def test_a_manifest_that_is_none_is_refused(folder: Path, data: bytes) -> None:
    (folder / MANIFEST).write_bytes(data)
    with pytest.raises(IndexFolderError, match=r"manifest\.json: damaged .*build the index again"):
        open_index(folder)


def test_a_manifest_cut_short_anywhere_is_refused(folder: Path) -> None:
    whole = (folder / MANIFEST).read_bytes().rstrip()
    for length in range(0, len(whole), 50):
        (folder / MANIFEST).write_bytes(whole[:length])
        with pytest.raises(IndexFolderError, match="damaged"):
            read_manifest(folder)


def _rewrite(folder: Path, **changes: Any) -> None:
    """Writes the manifest with other values, under a checksum that is right."""
    from index import store

    store.write_manifest(folder, replace(read_manifest(folder), **changes))


def test_a_manifest_of_another_format_is_refused_with_both_numbers(folder: Path) -> None:
    _rewrite(folder, format=99)
    with pytest.raises(IndexFolderError, match=r"an index of format 99, expected 7: build it again with qa index"):
        open_index(folder)


@pytest.mark.parametrize("what", ["analyzer", "chunker"])
def test_another_version_is_refused_with_both_values(folder: Path, what: str) -> None:
    now = getattr(read_manifest(folder), what)
    _rewrite(folder, **{what: "0-old"})
    with pytest.raises(IndexFolderError, match=rf"built with {what} 0-old, this is {what} {re.escape(now)}: build it again"):
        open_index(folder)


def test_another_encoder_is_refused_with_both_names(folder: Path) -> None:
    with pytest.raises(
        IndexFolderError, match=r"built with toy \(weights toy-weights\), opened with other \(others\): run qa index"
    ):
        Index.open(folder, ToyEncoder("other", "others"))


def test_the_same_weights_under_another_name_are_the_same_encoder(folder: Path, expected: list[Any]) -> None:
    assert hits(Index.open(folder, ToyEncoder("renamed"))) == expected


def test_an_encoder_that_shows_no_weights_is_known_by_its_name(folder: Path, expected: list[Any]) -> None:
    assert hits(Index.open(folder, ToyEncoder(weights=""))) == expected
    with pytest.raises(IndexFolderError, match="built with toy"):
        Index.open(folder, ToyEncoder("other", weights=""))


def test_questions_of_another_dimension_are_refused_with_both_numbers(folder: Path) -> None:
    small = ToyEncoder()
    small.dimensions = 32
    with pytest.raises(IndexFolderError, match="vectors of 64 dimensions, toy gives 32: build it again"):
        Index.open(folder, small).queries(["apple"])


def test_no_index_and_no_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(IndexFolderError, match="no index here: build one with qa index PATH --index"):
        open_index(tmp_path / "nowhere")
    (tmp_path / "file").write_text("x")
    with pytest.raises(IndexFolderError, match="a file, expected an index folder"):
        open_index(tmp_path / "file")


# --- failing writes


def _disk_full(*_: Any, **__: Any) -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _after(calls: int, real: Callable[..., Any], fail: Callable[..., NoReturn]) -> Callable[..., Any]:
    """The real function for so many calls, then failure."""
    left = [calls]

    def call(*args: Any, **kwargs: Any) -> Any:
        left[0] -= 1
        return real(*args, **kwargs) if left[0] >= 0 else fail()

    return call


@pytest.fixture
def more_articles(articles: Path, tmp_path: Path) -> Path:
    folder = shutil.copytree(articles, tmp_path / "more")
    (folder / "three.txt").write_text("The library\n\nBooks are on the shelf.")
    return folder


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _whole(folder: Path) -> list[str]:
    """What stands in the folder of an index, and nothing else."""
    return sorted([".lock", MANIFEST, *(name for name, _ in read_manifest(folder).folders)])


# How often an update asks for each.
_CALLS = {"mkdir": 4, "rename": 3, "replace": 1, "write_text": 4}


@pytest.mark.parametrize(
    ("module", "name", "calls"),
    [(os, "fsync", n) for n in range(0, 36, 3)]
    + [(np, "save", n) for n in (0, 3, 7)]
    + [(Path, name, n) for name in ("mkdir", "rename", "replace", "write_text") for n in range(_CALLS[name])],
)
def test_a_full_disk_is_one_line_and_leaves_the_old_index(
    folder: Path,
    more_articles: Path,
    expected: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
    calls: int,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, name, _after(calls, getattr(module, name), _disk_full))
        with pytest.raises(
            IndexFolderError, match=r"index: cannot be written \(No space left on device\): free space or name"
        ):
            build(folder, more_articles)
    assert hits(open_index(folder)) == expected
    build(folder, more_articles)
    assert len(open_index(folder)) == 5
    assert _names(folder) == _whole(folder)


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_a_folder_that_may_only_be_read_is_one_line_and_can_still_be_asked(
    folder: Path, more_articles: Path, expected: list[Any], monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    real = os.open

    def read_only(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and Path(path).is_relative_to(folder):
            raise OSError(code, os.strerror(code), path)
        return real(path, flags, *args, **kwargs)

    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", read_only)
        with pytest.raises(IndexFolderError) as raised:
            build(folder, more_articles)
        assert hits(open_index(folder)) == expected
    assert str(raised.value) == (
        f"{folder}: cannot be written ({os.strerror(code)}): free space or name another with --index"
    )
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_two_writers_at_once_are_one_and_a_line(folder: Path, more_articles: Path, expected: list[Any]) -> None:
    with (
        locked(folder),
        pytest.raises(IndexFolderError, match=rf"index: process {os.getpid()} is writing it: wait until it is done"),
    ):
        build(folder, more_articles)
    assert hits(open_index(folder)) == expected
    build(folder, more_articles)
    assert len(open_index(folder)) == 5


def test_the_lock_of_a_process_that_died_holds_nobody_up(folder: Path, more_articles: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from index.store import locked\n"
        "with locked(Path(sys.argv[1])): os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(folder)], check=False, cwd=ROOT).returncode == 9
    assert (folder / WRITER).is_file()
    build(folder, more_articles)
    assert _names(folder) == _whole(folder)


def test_a_damaged_index_is_built_anew(folder: Path, articles: Path, expected: list[Any]) -> None:
    (folder / MANIFEST).write_text("damaged")
    build(folder, articles)
    assert hits(open_index(folder)) == expected


def test_an_index_that_is_open_stays_readable_while_it_is_replaced(
    folder: Path, more_articles: Path, expected: list[Any]
) -> None:
    opened = open_index(folder)
    build(folder, more_articles)
    assert hits(opened) == expected


# --- other people's folders


@pytest.mark.parametrize(
    "files",
    [
        {"notes.txt": "mine"},
        {"manifest.json": '{"name": "my web app"}'},
        {"manifest.json": '{"name": "my web app"}', "index.html": "<p>"},
        {"build-output/app.js": "mine"},
        {"build-output/app.js": "mine", "manifest.json": "{}"},
        {".hidden": "mine"},
    ],
)
def test_a_folder_with_other_files_is_refused_before_any_work_and_left_alone(
    tmp_path: Path, articles: Path, files: dict[str, str]
) -> None:
    folder = tmp_path / "mine"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    before, encoder = contents(folder), ToyEncoder()
    with pytest.raises(IndexFolderError, match=r"mine: holds other files and no index: name an empty or a new folder"):
        build_index([articles], folder, encoder)
    assert contents(folder) == before
    assert encoder.encoded == []


def test_other_files_beside_an_index_are_left_alone(folder: Path, more_articles: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    (folder / "build-notes").mkdir()
    (folder / "build-notes" / "a.txt").write_text("mine too")
    build(folder, more_articles)
    assert (folder / "notes.txt").read_text() == "mine"
    assert (folder / "build-notes" / "a.txt").read_text() == "mine too"


def test_a_folder_that_holds_only_indexes_can_hold_its_own(built: Path, tmp_path: Path, articles: Path) -> None:
    shutil.copytree(built, tmp_path / "store" / "one")
    check_folder(tmp_path / "store")
    build(tmp_path / "store", articles)
    assert len(open_index(tmp_path / "store")) == len(open_index(tmp_path / "store" / "one"))


def test_an_index_where_a_file_is_cannot_be_written(tmp_path: Path, articles: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(IndexFolderError, match="file"):
        build(tmp_path / "file", articles)
    assert (tmp_path / "file").read_text() == "mine"


def test_the_manifest_is_json_that_a_person_can_read(built: Path) -> None:
    text = (built / MANIFEST).read_text(encoding="utf-8")
    assert json.loads(text)["encoder"] == "toy"
    assert len(text.splitlines()) > 15
