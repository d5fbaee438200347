"""From files to an index: what is encoded, what is taken over, and what is refused."""

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from threading import Condition
from typing import Any

import numpy as np
import pytest
from conftest import ToyEncoder
from forging import write_json

import qa
from index.arrays import Vectors
from index.build import BadSourcesError, Built, build_index, has_changed, is_current, segments_to_merge
from index.dense import DenseSearcher
from index.doctor import examine
from index.errors import EncoderError, IndexFolderError, SourceError, UserError
from index.index import Index
from index.store import MANIFEST, read_manifest, write_manifest

Write = Callable[[dict[str, str | None]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes articles, given as name and text, into one folder; None removes one."""

    def write_files(files: dict[str, str | None]) -> Path:
        folder = tmp_path / "articles"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            if text is None:
                (folder / name).unlink()
            else:
                (folder / name).write_text(text)
        return folder

    return write_files


def build(articles: Path, encoder: ToyEncoder | None = None, **options: Any) -> Built:
    return build_index([articles], articles.parent / "index", encoder or ToyEncoder(), **options)


def open_index(articles: Path, encoder: ToyEncoder | None = None) -> Index:
    return Index.open(articles.parent / "index", encoder or ToyEncoder())


def found(opened: Index, question: str) -> list[list[tuple[str, float]]]:
    """What each leg finds: passages by their text, with scores."""
    (query,) = opened.queries([question])
    rankings = [leg.search(query, len(opened)) for leg in (opened.dense, opened.lexical)]
    return [
        [
            (opened.passages[row].text, score)
            for row, score in zip(ranking.rows.tolist(), ranking.scores.tolist(), strict=True)
        ]
        for ranking in rankings
    ]


ONE, TWO = "One\n\nBoats come and go.\n\nThe pier is old.", "Two\n\nApples are red.\n\nPears are green."


# --- what is encoded


def test_what_is_encoded_is_the_passage_with_its_title(write: Write) -> None:
    encoder = ToyEncoder()
    built = build(write({"a.txt": ONE}), encoder)
    assert encoder.encoded == ["One\nBoats come and go.", "One\nThe pier is old."]
    assert (built.reused, built.warnings, built.skipped) == (0, (), ())
    assert (built.manifest.articles, built.manifest.passages, built.manifest.truncated_tokens) == (1, 2, 0)


def test_an_unchanged_article_is_not_encoded_again(write: Write) -> None:
    articles = write({"a.txt": ONE, "b.txt": TWO})
    build(articles)
    encoder = ToyEncoder()
    built = build(articles, encoder)
    assert encoder.encoded == []
    assert built.reused == 4


def test_of_a_changed_article_only_the_changed_passage_is_encoded(write: Write) -> None:
    articles = write({"a.txt": ONE, "b.txt": TWO})
    build(articles)
    write({"b.txt": TWO.replace("red", "yellow")})
    encoder = ToyEncoder()
    assert build(articles, encoder).reused == 3
    assert encoder.encoded == ["Two\nApples are yellow."]


def test_equal_texts_are_encoded_once(write: Write) -> None:
    encoder = ToyEncoder()
    articles = write({"a.txt": ONE, "b.txt": ONE, "c.txt": "One\n\nThe pier is old."})
    build(articles, encoder)
    assert sorted(encoder.encoded) == ["One\nBoats come and go.", "One\nThe pier is old."]
    assert len(open_index(articles)) == 5


def test_another_encoder_encodes_all(write: Write) -> None:
    articles = write({"a.txt": ONE})
    build(articles)
    encoder = ToyEncoder("other", "others")
    assert build(articles, encoder).reused == 0
    assert len(encoder.encoded) == 2
    assert read_manifest(articles.parent / "index").encoder == "other"


def test_an_encoder_of_another_length_encodes_all_though_it_shows_no_weights(write: Write) -> None:
    articles = write({"a.txt": ONE})
    build(articles, ToyEncoder(weights=""))
    write({"b.txt": TWO})
    small = ToyEncoder(weights="")
    small.dimensions = 32
    built = build(articles, small)
    assert (built.reused, built.manifest.dimensions) == (0, 32)
    # One more text tells the length.
    assert set(small.encoded) - {"a text"} == {
        "One\nBoats come and go.",
        "One\nThe pier is old.",
        "Two\nApples are red.",
        "Two\nPears are green.",
    }


def test_a_damaged_index_is_encoded_anew(write: Write) -> None:
    articles = write({"a.txt": ONE})
    built = build(articles)
    (articles.parent / "index" / built.manifest.segments[0][0] / DenseSearcher.FILE).write_bytes(b"damaged")
    encoder = ToyEncoder()
    assert build(articles, encoder).reused == 0
    assert len(encoder.encoded) == 2


def test_many_passages_are_encoded_in_batches_with_their_progress(write: Write) -> None:
    calls: list[tuple[str, int, int]] = []
    articles = write({"a.txt": "Title\n\n" + "\n\n".join(f"Sentence number {number}." for number in range(600))})
    build(articles, progress=lambda *call: calls.append(call))
    assert calls[0] == ("Embedding passages", 0, 600)
    assert calls[-1] == ("Embedding passages", 600, 600)
    assert [done for _, done, _ in calls] == sorted({done for _, done, _ in calls})


def test_texts_of_like_length_share_a_batch(write: Write) -> None:
    sizes = list[list[int]]()

    class Watched(ToyEncoder):
        def encode_document(self, inputs: Sequence[str], /) -> Vectors:
            sizes.append(self.count_tokens(inputs))
            return super().encode_document(inputs)

    words = ["boats", "come", "and", "go", "beside", "the", "old", "pier", "where", "herons", "wait"]
    texts = [f"Number {number} {' '.join(words[: number % 12])}." for number in np.random.default_rng(5).permutation(960)]
    build(write({"a.txt": "Title\n\n" + "\n\n".join(texts)}), Watched())
    assert sum(map(len, sizes)) == 960
    padded = sum(max(batch) * len(batch) for batch in sizes)
    assert padded < 1.05 * sum(map(sum, sizes))


def test_texts_beyond_the_encoders_limit_are_split(write: Write) -> None:
    articles = write({"a.txt": "Title\n\n" + "Six words are in this sentence. " * 40})
    built = build(articles)
    assert built.manifest.truncated_tokens == 0
    assert built.manifest.passages > 3


def test_an_encoder_that_does_not_tell_its_limit_reads_paragraphs_whole(write: Write) -> None:
    class Plain:
        def encode_query(self, inputs: list[str], /) -> Any:
            return [[1.0, len(text)] for text in inputs]

        encode_document = encode_query

    articles = write({"a.txt": "Title\n\n" + "Six words are in this sentence. " * 400})
    assert build_index([articles], articles.parent / "index", Plain()).manifest.passages == 1


# --- batches side by side


class Watched(ToyEncoder):
    """Counts the calls that it is in at once: each stays until another has come, or a while."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = self.most = 0
        self.changed = Condition()

    def encode_document(self, inputs: Sequence[str], /) -> Vectors:
        with self.changed:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.most > 1, timeout=0.2)
        vectors = super().encode_document(inputs)
        with self.changed:
            self.inside -= 1
        return vectors


class SideBySide(Watched):
    """The same, said to keep to one thread each."""

    def single_threaded(self) -> AbstractContextManager[None]:
        return nullcontext()


def test_an_encoder_is_asked_by_one_thread_unless_it_says_that_several_may(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.embedding._ENCODED_AT_ONCE", 2)
    articles = write({"a.txt": "Title\n\n" + "\n\n".join(f"Paragraph {number}." for number in range(9))})
    alone, beside = Watched(), SideBySide()
    build_index([articles], tmp_path / "alone", alone)
    build_index([articles], tmp_path / "beside", beside)
    assert (alone.most, alone.inside) == (1, 0)
    assert beside.most > 1
    one, other = Index.open(tmp_path / "alone", alone), Index.open(tmp_path / "beside", beside)
    rows = np.arange(9)
    assert np.array_equal(one.dense.vectors(rows), other.dense.vectors(rows))


# --- the same as from scratch


def test_an_update_of_many_passages_finds_what_a_build_from_scratch_finds(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Above so many passages candidates are found by a stand-in: of each segment by one, or of all by one.
    monkeypatch.setattr("index.dense.EXACT_UP_TO", 200)
    words = [f"word{number}" for number in range(60)]
    random = np.random.default_rng(6)
    texts = {f"{number}.txt": f"{number}\n\n{' '.join(random.choice(words, 12))}." for number in range(1200)}
    articles = write(dict(list(texts.items())[:800]))
    build(articles)
    write(dict.fromkeys(list(texts)[:200]) | dict(list(texts.items())[800:]))
    build(articles)
    monkeypatch.setattr("index.build._REWRITTEN", 0)
    write({"more.txt": "More\n\nBoats."})
    build(articles)
    build_index([articles], tmp_path / "scratch", ToyEncoder())
    updated, scratch = (qa.Library.open(tmp_path / name, ToyEncoder()) for name in ("index", "scratch"))
    assert len(updated.index.dense.recalls) > len(scratch.index.dense.recalls) == 1
    shares = []
    for _ in range(50):
        question = " ".join(random.choice(words, 5))
        kept, made = ({hit.passage.id for hit in library.search(question, 10)} for library in (updated, scratch))
        shares.append(len(kept & made) / len(made))
    assert np.mean(shares) >= 0.98


def test_an_article_more_has_little_written_again_however_often_and_segments_stay_few() -> None:
    segments, again = [100_000], []
    for _ in range(20_000):
        merged = segments_to_merge(segments, segments, 1)
        again.append(sum(segments[number] for number in merged))
        segments = [size for number, size in enumerate(segments) if number not in merged] + [again[-1] + 1]
    assert sum(segments) == 120_000
    assert max(again) <= 2048
    assert len(segments) <= 25
    # Each passage some four times: the last hundreds with every article.
    assert sum(again) / 20_000 < 200


def test_many_new_passages_take_what_is_small_beside_them_along() -> None:
    assert segments_to_merge([100_000, 3_000, 900, 20], [100_000, 3_000, 900, 20], 5_000) == {1, 2, 3}
    # No more is written again than is new.
    assert segments_to_merge([100_000, 4_900, 900, 20], [100_000, 4_900, 900, 20], 5_000) == {2, 3}
    assert segments_to_merge([100_000, 4_900, 900, 20], [100_000, 4_900, 900, 20], 0) == set()
    # Half of its passages are gone.
    assert segments_to_merge([100_000, 900], [200_001, 900], 0) == {0}


def test_an_update_is_the_same_as_a_build_from_scratch(write: Write, tmp_path: Path) -> None:
    articles = write({"a.txt": ONE, "b.txt": TWO, "c.txt": "Three\n\nA red boat.\n\nBy the pier."})
    build(articles)
    write({"a.txt": None, "b.txt": TWO + "\n\nPlums are blue.", "d.txt": "Four\n\nRed apples on boats."})
    build(articles)
    build_index([articles], tmp_path / "scratch", ToyEncoder())
    updated, scratch = open_index(articles), Index.open(tmp_path / "scratch", ToyEncoder())
    assert list(updated.passages) == list(scratch.passages)
    assert list(updated.articles) == list(scratch.articles)
    rows = np.arange(len(scratch))
    assert np.array_equal(updated.dense.vectors(rows), scratch.dense.vectors(rows))
    for question in ("red boats", "pier", "apples", "nothing at all"):
        assert found(updated, question) == found(scratch, question)


def test_a_removed_article_is_gone_from_both_legs(write: Write) -> None:
    articles = write({"a.txt": ONE, "b.txt": TWO})
    build(articles)
    write({"b.txt": None})
    build(articles)
    opened = open_index(articles)
    dense, lexical = found(opened, "red apples")
    assert {text for text, _ in dense} == {"Boats come and go.", "The pier is old."}
    assert lexical == []
    assert [article.id for article in opened.articles] == ["a.txt"]


def test_half_a_character_in_a_corpus_can_be_indexed(write: Write) -> None:
    articles = write({"corpus.jsonl": '{"_id": "a\\ud83d", "title": "T\\ud83d", "text": "Boats\\ud83d come."}'})
    build(articles)
    (passage,) = open_index(articles).passages
    assert (passage.article.id, passage.article.title, passage.text) == ("a\ufffd", "T\ufffd", "Boats\ufffd come.")


# --- whether it is current


def test_an_index_is_current_until_articles_paths_or_encoder_change(write: Write, tmp_path: Path) -> None:
    articles, folder = write({"a.txt": ONE, "b.txt": TWO}), tmp_path / "index"
    assert not is_current(folder, [articles], ToyEncoder())
    build(articles)
    assert is_current(folder, [articles], ToyEncoder())
    assert not is_current(folder, [articles / "a.txt"], ToyEncoder())
    assert not is_current(folder, [articles], ToyEncoder("other", "others"))
    write({"b.txt": TWO + "\n\nMore."})
    assert not is_current(folder, [articles], ToyEncoder())
    build(articles)
    assert is_current(folder, [articles], ToyEncoder())
    write({"c.txt": ONE})
    assert not is_current(folder, [articles], ToyEncoder())
    (folder / MANIFEST).write_text("damaged")
    assert not is_current(folder, [articles], ToyEncoder())


# --- what is refused


def test_all_bad_files_are_named_and_the_old_index_stays(write: Write) -> None:
    articles = write({"a.txt": ONE})
    build(articles)
    write({"b.txt": "", "c.md": "---\n[\n---\nText."})
    with pytest.raises(BadSourcesError) as raised:
        build(articles)
    assert [problem.split(":")[0] for problem in raised.value.problems] == ["b.txt", "c.md"]
    assert str(raised.value) == "\n".join(raised.value.problems)
    assert isinstance(raised.value, UserError)
    assert len(open_index(articles)) == 2


def test_bad_files_can_be_skipped_but_not_all_of_them(write: Write) -> None:
    articles = write({"a.txt": ONE, "b.txt": ""})
    built = build(articles, skip_bad=True)
    assert [line.split(":")[0] for line in built.skipped] == ["b.txt"]
    assert [article.id for article in open_index(articles).articles] == ["a.txt"]
    write({"a.txt": ""})
    with pytest.raises(BadSourcesError):
        build(articles, skip_bad=True)


def test_a_warning_names_the_file_that_was_read_with_replacements(write: Write) -> None:
    articles = write({})
    (articles / "a.txt").write_bytes(b"A caf\xe9.")
    (warning,) = build(articles).warnings
    assert warning.startswith("a.txt: not valid UTF-8")


def test_articles_without_text_are_refused(write: Write) -> None:
    with pytest.raises(SourceError, match=r"articles: the articles have no text: expected paragraphs\Z"):
        build(write({"corpus.jsonl": '{"_id": "1", "title": "A", "text": ""}'}))


def test_an_encoder_without_room_for_a_passage_is_refused(write: Write) -> None:
    encoder = ToyEncoder()
    encoder.max_seq_length = 1
    encoder.count_tokens = lambda texts: [len(text.split()) + 2 for text in texts]  # type: ignore[method-assign]
    with pytest.raises(EncoderError, match="toy: an encoder that reads 1 tokens has no room for a passage: use another"):
        build(write({"a.txt": ONE}), encoder)


def test_an_encoder_that_fails_leaves_the_old_index(write: Write) -> None:
    articles = write({"a.txt": ONE})
    build(articles)
    write({"b.txt": TWO})
    encoder = ToyEncoder()
    encoder.encode_document = lambda texts: np.zeros((len(texts), 64))  # type: ignore[method-assign]
    with pytest.raises(EncoderError, match="zero or not finite"):
        build(articles, encoder)
    assert len(open_index(articles)) == 2
    with pytest.raises(IndexFolderError, match="no index here"):
        Index.open(articles, ToyEncoder())


@pytest.mark.parametrize("count", [400, 3_000])
def test_a_build_that_is_stopped_at_60_percent_goes_on_at_about_60_percent(write: Write, count: int) -> None:
    articles = write({f"{number}.txt": f"Boat {number}\n\nBoat number {number} comes and goes." for number in range(count)})

    def stop(_: str, done: int, total: int) -> None:
        if total == count and done >= 0.6 * total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(articles, progress=stop)
    encoder = ToyEncoder()
    build(articles, encoder)
    # A batch of 32 and a part of 32 may be lost.
    assert 0.4 * count - 32 <= len(encoder.encoded) <= 0.4 * count + 32 + count / 32


def test_how_vectors_are_searched_stays_until_it_is_said_otherwise(write: Write) -> None:
    articles = write({"one.txt": ONE})
    for said, found_exact, reused in ((None, False, 0), (True, True, 2), (None, True, 2), (False, False, 2)):
        built = build(articles, exact=said)
        assert (built.manifest.exact, built.reused, built.encoded) == (found_exact, reused, 2 - reused)
        assert is_current(articles.parent / "index", [articles], ToyEncoder())
    write({"two.txt": TWO})
    build(articles, exact=True)
    write({"two.txt": None})
    assert build(articles).manifest.exact


def test_an_encoder_that_reads_another_number_of_tokens_finds_no_current_index(write: Write) -> None:
    short = ToyEncoder()
    short.max_seq_length = 20
    articles = write({"one.txt": ONE})
    build(articles)
    assert is_current(articles.parent / "index", [articles], ToyEncoder())
    assert not is_current(articles.parent / "index", [articles], short)


def test_an_index_without_a_file_that_its_seal_does_not_name_is_built_again(write: Write) -> None:
    articles = write({"one.txt": ONE})
    index = articles.parent / "index"
    build(articles)
    (segment,) = index.glob("segment-*")
    seal = json.loads((segment / "seal.json").read_bytes())
    del seal["files"]["passages.kinds.npy"]
    (segment / "passages.kinds.npy").unlink()
    write_json(segment / "seal.json", seal)
    manifest = read_manifest(index)
    sha256 = hashlib.sha256((segment / "seal.json").read_bytes()).hexdigest()
    write_manifest(index, replace(manifest, segments=((segment.name, sha256),)))
    with pytest.raises(IndexFolderError, match=r"passages\.kinds\.npy: damaged \(missing\)"):
        open_index(articles)
    assert build(articles).encoded == 0
    assert len(open_index(articles)) == 2


def test_an_index_may_be_empty_where_that_is_said_and_is_filled_and_emptied(write: Write) -> None:
    articles = write({})
    with pytest.raises(SourceError, match=r"no articles found.*--empty"):
        build(articles)
    assert build(articles, may_be_empty=True).manifest.passages == 0
    opened = open_index(articles)
    assert (len(opened), len(opened.articles), found(opened, "Where do otters swim?")) == (0, 0, [[], []])
    assert not qa.Library.open(opened.folder, ToyEncoder()).ask("Where do otters swim?").found
    assert examine(opened.folder) == []
    assert not has_changed(opened.folder)
    assert build(write({"otters.txt": "Otters swim in rivers."})).added == 1
    assert [text for text, _ in found(open_index(articles), "Where do otters swim?")[1]] == ["Otters swim in rivers."]
    write({"otters.txt": None})
    with pytest.raises(SourceError, match="no articles found"):
        build(articles)
    assert len(open_index(articles)) == 1
    assert has_changed(articles.parent / "index")
    assert build(articles, may_be_empty=True).removed == 1
    assert len(open_index(articles)) == 0
