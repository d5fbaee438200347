"""Files that people send: hostile names, pieces that nobody expected, and nothing written outside one folder."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import qa
from index import SourceError
from index.sources import SUFFIXES
from qa.additions import added_folder
from qa.uploads import MAX_BYTES, MAX_FILES, MAX_WAITING, PIECE, WAITING, Upload, Uploads, clean_name

OTTERS = {"otters.txt": "Otters swim in rivers every day of the year."}
BEARS = b"Bears eat honey in the forest, and sleep all winter."
MakeLibrary = Callable[..., qa.Library]


@pytest.fixture
def library(make_library: MakeLibrary) -> qa.Library:
    return make_library(OTTERS)


def send(uploads: Uploads, library: qa.Library, name: str, data: bytes, *, replaces: bool = False) -> Upload:
    """A file, sent whole and read."""
    token = uploads.begin(added_folder(library), name, len(data), replaces=replaces)
    for offset in range(0, len(data), PIECE):
        uploads.send(token, offset, data[offset : offset + PIECE])
    uploads.read(token, f"added/{name}")
    return uploads.take([token])[0]


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too, the index left out."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "index" not in path.relative_to(folder).parts
    }


@pytest.mark.parametrize(
    "name",
    [
        "../../x.txt",
        "..\\x.txt",
        "C:\\x.txt",
        "/etc/passwd.txt",
        "a/b.txt",
        "..",
        ".",
        "",
        ".hidden.txt",
        ".txt",
        " x.txt",
        "x.txt ",
        "x.txt.",
        "x\0.txt",
        "x.txt\0",
        "x\n.txt",
        "\u202etxt.exe.txt",
        "x\u2028y.txt",
        "half \ud800.txt",
        "CON.txt",
        "nul.md",
        "com1.anything.txt",
        "corpus.jsonl",
        "Corpus.JSONL",
        "x" * 200 + ".txt",
        "猫" * 100 + ".txt",
        "x.exe",
        "x",
        "x.txt:stream",
        "what?.txt",
        "x.html",
        7,
        None,
        ["x.txt"],
    ],
)
def test_a_hostile_name_is_refused_in_one_line(name: object) -> None:
    with pytest.raises(SourceError) as refused:
        clean_name(name)
    line = str(refused.value)
    assert "\n" not in line
    assert line.isprintable()


@pytest.mark.parametrize("name", ["x.zip", "x.tar.gz", "x.TGZ", "x.7z", "x.rar"])
def test_an_archive_is_refused_as_one(name: str) -> None:
    with pytest.raises(SourceError, match="an archive: unpack it"):
        clean_name(name)


@pytest.mark.parametrize("name", ["otters.txt", "Über Otter (2).md", "a.b.c.MARKDOWN", "水獭 报告.jsonl", "it's 5 %.txt"])
def test_a_good_name_stays(name: str) -> None:
    assert clean_name(name) == name


@given(st.text(max_size=300).map(lambda name: f"{name}.txt") | st.text(max_size=300))
def test_a_name_that_passes_stands_in_its_folder(name: str) -> None:
    try:
        clean = clean_name(name)
    except SourceError:
        return
    path = Path("/folder") / clean
    assert path.parent == Path("/folder")
    assert path.name == clean == clean_name(clean)
    assert not clean.startswith(".")
    assert path.suffix.lower() in SUFFIXES
    assert len(clean.encode()) < 255
    assert not set(clean) & set('/\\\0:*?"<>|\r\n')


@pytest.mark.parametrize("size", [-1, MAX_BYTES + 1, 1.5, "12", None, True])
def test_a_size_that_is_none_or_too_much_is_refused(library: qa.Library, size: object) -> None:
    with pytest.raises(SourceError, match="cut it into several files"):
        Uploads().begin(added_folder(library), "x.txt", size)
    assert not added_folder(library).exists()


def test_no_more_files_wait_than_may(library: qa.Library) -> None:
    uploads = Uploads()
    for number in range(MAX_FILES):
        uploads.begin(added_folder(library), f"{number}.txt", 10)
    with pytest.raises(SourceError, match="too much at once"):
        uploads.begin(added_folder(library), "one-more.txt", 10)


def test_no_more_bytes_wait_than_may(library: qa.Library) -> None:
    uploads = Uploads()
    for number in range(MAX_WAITING // MAX_BYTES):
        uploads.begin(added_folder(library), f"{number}.txt", MAX_BYTES)
    with pytest.raises(SourceError, match="too much at once"):
        uploads.begin(added_folder(library), "one-more.txt", 10)


@pytest.mark.parametrize(
    ("offset", "data"), [(1, b"x"), (-1, b"x"), (0, b"x" * 11), (0, b""), ("0", b"x"), (None, b"x"), (0.0, b"x" * 11)]
)
def test_a_piece_that_is_not_expected_ends_the_file(library: qa.Library, offset: object, data: bytes) -> None:
    uploads = Uploads()
    token = uploads.begin(added_folder(library), "x.txt", 10)
    with pytest.raises(SourceError, match="not the piece"):
        uploads.send(token, offset, data)
    with pytest.raises(SourceError, match="not awaited"):
        uploads.send(token, 0, b"x")
    assert files(added_folder(library)) == {}


def test_a_piece_whose_answer_was_lost_may_come_again(library: qa.Library) -> None:
    uploads = Uploads()
    data = BEARS + b"\n\n" + BEARS
    token = uploads.begin(added_folder(library), "bears.txt", len(data))
    assert uploads.send(token, 0, data[:50]) == len(data) - 50
    assert uploads.send(token, 0, data[:50]) == len(data) - 50
    assert uploads.send(token, 50, data[50:]) == 0
    assert uploads.send(token, 50, data[50:]) == 0
    uploads.read(token, "added/bears.txt")
    assert uploads.take([token])[0].path.read_bytes() == data


@pytest.mark.parametrize("token", ["", "nothing", None, 3, ["x"]])
def test_a_token_that_nobody_gave_is_refused(token: object) -> None:
    with pytest.raises(SourceError, match="not awaited"):
        Uploads().send(token, 0, b"x")


@pytest.mark.parametrize(
    ("name", "data", "line"),
    [
        ("empty.txt", b" \n ", "the file is empty"),
        ("zip.txt", b"PK\x03\x04\0\0", "a binary file"),
        ("bad.jsonl", b'{"_id": "a", "text": 3}', "expected a text"),
        ("bad.jsonl", b"not json", "not JSON"),
        ("long.txt", b"x" * 1_000_001, "a line of 1,000,001 characters"),
    ],
)
def test_a_bad_file_is_told_and_gone(library: qa.Library, name: str, data: bytes, line: str) -> None:
    with pytest.raises(SourceError, match=line):
        send(Uploads(), library, name, data)
    assert files(added_folder(library)) == {}


def test_a_file_that_has_not_come_whole_cannot_be_added(library: qa.Library) -> None:
    uploads = Uploads()
    token = uploads.begin(added_folder(library), "x.txt", 10)
    uploads.send(token, 0, b"half")
    with pytest.raises(SourceError, match="not come to its end"):
        uploads.read(token, "added/x.txt")
    assert uploads.take([token, "nothing"]) == []


def test_what_is_not_sent_to_its_end_is_forgotten(library: qa.Library, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr("qa.uploads.time.monotonic", lambda: now[0])
    uploads = Uploads()
    for number in range(MAX_FILES):
        uploads.begin(added_folder(library), f"{number}.txt", 10)
    now[0] += 601
    token = uploads.begin(added_folder(library), "one-more.txt", 10)
    assert [path.stem for path in (added_folder(library) / WAITING).iterdir()] == [token]


def test_what_an_earlier_process_left_is_removed(library: qa.Library) -> None:
    left = added_folder(library) / WAITING / "left.txt"
    left.parent.mkdir(parents=True)
    left.write_text("left")
    Uploads().begin(added_folder(library), "x.txt", 10)
    assert not left.exists()


def test_a_folder_that_leads_elsewhere_is_refused(library: qa.Library, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "private.txt").write_text("Private words of somebody.")
    added_folder(library).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SourceError, match="leads elsewhere"):
        Uploads().begin(added_folder(library), "x.txt", 10)
    assert files(tmp_path / "elsewhere") == {"private.txt": b"Private words of somebody."}
