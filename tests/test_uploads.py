"""Files that people send: hostile names and pieces, what stays when work stops or fails, and nothing outside one folder."""

import json
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from conftest import ToyEncoder
from hypothesis import given
from hypothesis import strategies as st

import qa
from index import EncoderError, Index, SourceError
from index.arrays import Vectors
from index.catalogue import Catalogue
from index.progress import Progress, no_progress
from index.sources import SUFFIXES
from index.store import locked
from qa.additions import add, added_folder, removable, remove, update
from qa.uploads import MAX_BYTES, MAX_FILES, MAX_WAITING, PIECE, WAITING, FileThereError, Upload, Uploads, clean_name
from qa.work import BusyError, StoppedError, Work

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


def stopping(stage: str, done: int, total: int) -> None:
    if stage == "Embedding passages":
        raise StoppedError


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too, the index left out."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "index" not in path.relative_to(folder).parts
    }


def sources(library: qa.Library) -> set[str]:
    return {article.source for article in library.articles}


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
    with pytest.raises(SourceError, match="no file that was added"):
        remove(library, "private.txt", no_progress)
    assert files(tmp_path / "elsewhere") == {"private.txt": b"Private words of somebody."}


def test_the_next_question_is_asked_of_what_was_added(library: qa.Library) -> None:
    lines = add(library, [send(Uploads(), library, "bears.txt", BEARS)], no_progress)
    assert lines == ("Added bears.txt: 1 article added, 1 passage embedded.",)
    assert library.search("honey")[0].passage.article.source == "added/bears.txt"
    assert added_folder(library).joinpath("bears.txt").read_bytes() == BEARS
    assert removable(library) == {"added/bears.txt"}


def test_what_was_added_stays_with_whoever_indexes_the_folder(library: qa.Library, toy: ToyEncoder) -> None:
    add(library, [send(Uploads(), library, "bears.txt", BEARS)], no_progress)
    again = qa.load(added_folder(library).parent, index=library.index.folder, encoder=toy)
    assert sources(again) == {"otters.txt", "added/bears.txt"}
    assert toy.encoded == []


def test_good_files_go_on_and_bad_ones_have_a_line_each(library: qa.Library) -> None:
    uploads = Uploads()
    taken = json.dumps({"_id": "otters.txt", "text": "An article with an id that another has."}).encode()
    twice = json.dumps({"_id": "one", "text": "Bees make honey for the bears."}).encode()
    sent = [
        send(uploads, library, "clash.jsonl", taken),
        send(uploads, library, "bears.txt", BEARS),
        send(uploads, library, "one.jsonl", twice),
        send(uploads, library, "two.jsonl", twice),
        send(uploads, library, "Bears.txt", BEARS),
        send(uploads, library, "latin.txt", b"Caf\xe9 otters drink coffee in the morning."),
    ]
    lines = add(library, sent, no_progress)
    assert lines[0].startswith("Added bears.txt, one.jsonl, latin.txt: 3 articles added")
    assert lines[1] == "clash.jsonl: two articles with the id 'otters.txt', the other in otters.txt: give each its own"
    assert lines[2] == "two.jsonl: two articles with the id 'one', the other in one.jsonl: give each its own"
    assert lines[3].startswith("Bears.txt: a file of this name is there already")
    assert "not valid UTF-8 at byte 3" in lines[4]
    assert set(files(added_folder(library))) == {"bears.txt", "one.jsonl", "latin.txt"}


def test_a_file_is_replaced_only_if_somebody_said_so(library: qa.Library) -> None:
    uploads = Uploads()
    add(library, [send(uploads, library, "Bears.txt", BEARS)], no_progress)
    with pytest.raises(FileThereError, match="is there already"):
        uploads.begin(added_folder(library), "bears.TXT", 10)
    new = b"Bears fish for salmon when it climbs the river."
    lines = add(library, [send(uploads, library, "bears.txt", new, replaces=True)], no_progress)
    assert files(added_folder(library)) == {"bears.txt": new}
    assert lines[0].startswith("Added bears.txt: 1 article added, 1 article removed")
    assert sources(library) == {"otters.txt", "added/bears.txt"}


def test_a_corpus_may_be_replaced_by_one_with_the_same_ids(library: qa.Library) -> None:
    uploads = Uploads()
    old, new = ({"_id": "one", "text": f"Bears eat {what} in the forest."} for what in ("honey", "salmon"))
    add(library, [send(uploads, library, "bears.jsonl", json.dumps(old).encode())], no_progress)
    lines = add(library, [send(uploads, library, "bears.jsonl", json.dumps(new).encode(), replaces=True)], no_progress)
    assert lines == ("Added bears.jsonl: 1 article changed, 1 passage embedded.",)


def test_work_that_is_stopped_leaves_all_as_it_was(library: qa.Library) -> None:
    uploads = Uploads()
    add(library, [send(uploads, library, "bears.txt", BEARS)], no_progress)
    before, build = files(added_folder(library)), library.index.manifest.build
    sent = [
        send(uploads, library, "bears.txt", b"Bears fish for salmon in the river.", replaces=True),
        send(uploads, library, "wolves.txt", b"Wolves howl at the moon in winter."),
    ]
    with pytest.raises(StoppedError):
        add(library, sent, stopping)
    assert files(added_folder(library)) == before
    assert Index.open(library.index.folder, library.index.encoder).manifest.build == build
    assert library.search("honey")[0].passage.article.source == "added/bears.txt"

    def refuse(stage: str, done: int, total: int) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        remove(library, "bears.txt", refuse)
    assert files(added_folder(library)) == before


def test_what_stopped_work_has_encoded_is_kept_for_the_next(make_library: MakeLibrary) -> None:
    toy = ToyEncoder()
    library = make_library(OTTERS, toy)
    many = "\n\n".join(f"Paragraph number {number} tells of bears and of honey." for number in range(2_000)).encode()

    def stop_late(stage: str, done: int, total: int) -> None:
        if done > 1_500:
            raise StoppedError

    with pytest.raises(StoppedError):
        add(library, [send(Uploads(), library, "bears.txt", many)], stop_late)
    toy.encoded.clear()
    add(library, [send(Uploads(), library, "bears.txt", many)], no_progress)
    assert len(toy.encoded) < 1_000
    assert len(library.passages) == 2_001


def test_work_that_fails_leaves_all_as_it_was(make_library: MakeLibrary) -> None:
    class Failing(ToyEncoder):
        broken = False

        def encode_document(self, inputs: object, /) -> Vectors:
            if self.broken:
                raise EncoderError("the encoder broke")
            return super().encode_document(inputs)  # type: ignore[arg-type]

    encoder = Failing()
    library = make_library(OTTERS, encoder)
    upload = send(Uploads(), library, "bears.txt", BEARS)
    encoder.broken = True
    with pytest.raises(EncoderError, match="the encoder broke"):
        add(library, [upload], no_progress)
    assert files(added_folder(library)) == {}
    assert sources(library) == {"otters.txt"}


def test_another_process_that_writes_is_told_in_a_line(library: qa.Library) -> None:
    upload = send(Uploads(), library, "bears.txt", BEARS)
    with locked(library.index.folder), pytest.raises(qa.UserError, match="is writing it: wait until it is done"):
        add(library, [upload], no_progress)
    assert files(added_folder(library)) == {}


def test_a_file_of_others_that_went_bad_is_told_and_stops_nobody(library: qa.Library) -> None:
    (added_folder(library).parent / "broken.txt").write_bytes(b"\0")
    lines = add(library, [send(Uploads(), library, "bears.txt", BEARS)], no_progress)
    assert lines[1] == "left out: broken.txt: a binary file, expected UTF-8 text: convert it to text or leave it out"
    assert sources(library) == {"otters.txt", "added/bears.txt"}


def test_a_file_that_was_added_is_removed_with_its_articles(library: qa.Library) -> None:
    add(library, [send(Uploads(), library, "bears.txt", BEARS)], no_progress)
    lines = remove(library, "bears.txt", no_progress)
    assert lines == ("Removed bears.txt: 1 article removed, 0 passages embedded.",)
    assert sources(library) == {"otters.txt"}
    assert files(added_folder(library)) == {}


@pytest.mark.parametrize(
    "name", ["../otters.txt", "otters.txt", "/etc/hostname", "", ".", "..", "bears.txt/", "./bears.txt", "BEARS.txt"]
)
def test_only_what_was_added_can_be_removed(library: qa.Library, name: str) -> None:
    add(library, [send(Uploads(), library, "bears.txt", BEARS)], no_progress)
    before = files(added_folder(library).parent)
    with pytest.raises(SourceError, match="no file that was added here"):
        remove(library, name, no_progress)
    assert files(added_folder(library).parent) == before


def test_files_that_changed_are_read_again(library: qa.Library) -> None:
    (added_folder(library).parent / "wolves.txt").write_text("Wolves howl at the moon in winter.")
    assert update(library, no_progress) == ("Up to date: 1 article added, 1 passage embedded.",)
    assert sources(library) == {"otters.txt", "wolves.txt"}


def test_a_library_of_single_files_takes_none(tmp_path: Path) -> None:
    (tmp_path / "otters.txt").write_text(OTTERS["otters.txt"])
    library = qa.load(tmp_path / "otters.txt", index=tmp_path / "index", encoder=ToyEncoder())
    with pytest.raises(SourceError, match="index a folder"):
        added_folder(library)
    assert removable(library) == frozenset()


def test_one_works_and_the_other_is_told() -> None:
    work, may_end, lines = Work("busy"), Event(), ("done",)

    def wait(_: Progress) -> tuple[str, ...]:
        may_end.wait()
        return lines

    number = work.start("Waiting", wait)
    assert (work.standing.state, work.standing.stage) == ("running", "Waiting")
    with pytest.raises(BusyError, match="busy"):
        work.start("Other", wait)
    with pytest.raises(BusyError, match="busy"):
        work.check_free()
    may_end.set()
    settle(work)
    assert (work.standing.number, work.standing.state, work.standing.lines) == (number, "done", lines)
    assert work.start("Other", lambda _: ()) == number + 1
    settle(work)


def test_work_tells_how_far_it_is_and_stops_where_it_is_told() -> None:
    work, told, go_on = Work("busy"), Event(), Event()

    def count(progress: Progress) -> tuple[str, ...]:
        progress("Counting", 0, 4)
        progress("Counting", 1, 4)
        told.set()
        go_on.wait()
        progress("Counting", 2, 4)
        return ("never",)

    number = work.start("Beginning", count)
    told.wait()
    standing = work.standing
    assert (standing.stage, standing.done, standing.total) == ("Counting", 1, 4)
    assert standing.seconds_left is not None
    # Whoever means earlier work stops nothing.
    work.stop(number - 1)
    work.stop(number)
    go_on.set()
    settle(work)
    assert (work.standing.state, work.standing.lines) == ("stopped", ())


def test_work_that_fails_says_why_and_is_over() -> None:
    work = Work("busy")

    def fail(_: Progress) -> tuple[str, ...]:
        raise SourceError("one\ntwo")

    work.start("Failing", fail)
    settle(work)
    assert (work.standing.state, work.standing.lines) == ("failed", ("one", "two"))


def settle(work: Work) -> None:
    while work.goes_on:
        Event().wait(0.005)


def test_the_catalogue_sorts_and_searches(make_library: MakeLibrary) -> None:
    records = [
        {"_id": "b", "title": "Straße", "text": "One.\n\nTwo.\n\nThree.", "metadata": {"date": "2020-02-01"}},
        {"_id": "a", "title": "apples", "text": "One.\n\nTwo.", "metadata": {"date": "2021-02-01"}},
        {"_id": "c", "title": "Bears of the STRASSE", "text": "One."},
    ]
    library = make_library({"corpus.jsonl": "\n".join(map(json.dumps, records))})
    catalogue = Catalogue.open(library.index.folder)

    def titles(*wanted: str, descending: bool = False) -> list[str]:
        found = catalogue.find(*wanted, descending=descending)  # type: ignore[arg-type]
        return [catalogue.card(number).title for number in found.tolist()]

    assert titles() == ["Straße", "apples", "Bears of the STRASSE"]
    assert titles("", "title") == ["apples", "Bears of the STRASSE", "Straße"]
    assert titles("", "title", descending=True) == ["Straße", "Bears of the STRASSE", "apples"]
    assert titles("", "date") == ["Straße", "apples", "Bears of the STRASSE"]
    assert titles("", "date", descending=True) == ["apples", "Straße", "Bears of the STRASSE"]
    assert titles("", "passages") == ["Bears of the STRASSE", "apples", "Straße"]
    assert titles("", "source", descending=True) == titles()
    assert titles("strasse", "title") == ["Bears of the STRASSE", "Straße"]
    assert titles("of CORPUS strasse") == ["Bears of the STRASSE"]
    assert titles("wolves") == []
    assert catalogue.known(["a", "nothing"]) == {"a": "corpus.jsonl"}
    assert catalogue.of_source("corpus.jsonl") == 3


def test_the_catalogue_is_of_the_articles_that_are_left(library: qa.Library) -> None:
    add(library, [send(Uploads(), library, "bears.txt", BEARS)], no_progress)
    (added_folder(library).parent / "otters.txt").unlink()
    update(library, no_progress)
    catalogue = Catalogue.open(library.index.folder)
    assert [catalogue.card(number).source for number in catalogue.find().tolist()] == ["added/bears.txt"]
    assert catalogue.card(0).kinds == {"paragraph": 1}
    assert catalogue.known(["otters.txt"]) == {}
