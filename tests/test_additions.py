"""Articles added and removed while a library is asked: what stays when work stops or fails, and nothing outside a folder."""

import json
from pathlib import Path

import pytest
from conftest import ToyEncoder
from test_uploads import BEARS, OTTERS, MakeLibrary, files, send

import qa
from index import EncoderError, Index, SourceError
from index.arrays import Vectors
from index.progress import no_progress
from index.store import locked
from qa.additions import add, added_folder, removable, remove, update
from qa.uploads import FileThereError, Uploads
from qa.work import StoppedError


@pytest.fixture
def library(make_library: MakeLibrary) -> qa.Library:
    return make_library(OTTERS)


def stopping(stage: str, done: int, total: int) -> None:
    if stage == "Embedding passages":
        raise StoppedError


def sources(library: qa.Library) -> set[str]:
    return {article.source for article in library.articles}


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


def test_a_folder_that_leads_elsewhere_has_nothing_to_remove(library: qa.Library, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "private.txt").write_text("Private words of somebody.")
    added_folder(library).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SourceError, match="no file that was added"):
        remove(library, "private.txt", no_progress)
    assert (tmp_path / "elsewhere" / "private.txt").exists()


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
