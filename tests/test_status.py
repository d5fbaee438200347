"""qa status: an index card that tells the truth, as a table and as JSON, without a model."""

import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from conftest import ROOT, ToyEncoder, ToyTokenEncoder
from forging import find, write_articles

from index.build import build_index
from index.errors import IndexFolderError
from index.index import Index
from index.store import read_manifest
from qa.__main__ import main
from qa.status import read_status, status_rows

KEYS = [
    *("index", "encoder", "weights", "dimensions", "token_dimensions", "format", "analyzer", "chunker", "created", "paths"),
    *("changed", "articles", "dated", "published", "passages", "kinds", "writing_systems", "languages", "looked_at"),
    *("truncated_tokens", "duplicates", "segments", "approximate", "recall", "disk", "memory"),
]


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    return write_articles(tmp_path / "articles")


@pytest.fixture
def folder(articles: Path, tmp_path: Path) -> Path:
    build_index([articles], tmp_path / "index", ToyTokenEncoder())
    return tmp_path / "index"


def test_the_card_counts_what_is_there(folder: Path, articles: Path) -> None:
    status, manifest = read_status(folder), read_manifest(folder)
    assert (status.encoder, status.weights, status.dimensions, status.token_dimensions) == ("toy", "toy-weights", 64, 24)
    assert (status.format, status.analyzer, status.chunker) == (manifest.format, manifest.analyzer, manifest.chunker)
    assert (status.created, status.paths) == (manifest.created, (str(articles),))
    assert (status.articles, status.dated, status.published) == (3, 1, ("2021-07-13", "2021-07-13"))
    assert (status.passages, status.kinds, status.segments) == (6, {"paragraph": 6}, 1)
    assert status.writing_systems == {"Latin": 5, "Cyrillic": 1}
    assert (status.truncated_tokens, status.duplicates) == (0, 1)
    assert (status.languages, status.looked_at) == ({"en": 2, "ru": 1}, 3)
    assert (status.approximate, status.recall) == (0, 1.0)


def test_the_card_tells_what_a_stand_in_of_many_vectors_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    articles = write_articles(tmp_path / "articles")
    monkeypatch.setattr("index.dense.EXACT_UP_TO", 4)
    monkeypatch.setattr("index.dense._MEASURED", 2)
    build_index([articles], tmp_path / "index", ToyTokenEncoder())
    status, opened = read_status(tmp_path / "index"), Index.open(tmp_path / "index", ToyTokenEncoder())
    assert (status.approximate, [status.recall]) == (6, opened.dense.recalls)
    assert dict(status_rows(status))["search"] == (
        f"of 6 passages the candidates by a stand-in, a bit a component: recall@10 {status.recall:.3f} when it was made"
    )
    build_index([articles], tmp_path / "index", ToyTokenEncoder(), exact=True)
    status = read_status(tmp_path / "index")
    assert (status.approximate, status.recall) == (0, 1.0)
    assert dict(status_rows(status))["search"] == "every vector is compared"


def test_languages_are_told_apart_and_of_many_articles_a_sample_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {
        "en": "The boat came into the harbour in the morning, and the crew waited for three days on the pier.",
        "fr": "Le bateau est arrivé au port le matin, et l'équipage a attendu trois jours sur le quai.",
        "de": "Das Schiff kam am Morgen in den Hafen, und die Mannschaft wartete drei Tage lang auf dem Kai.",
        "zh": "船在早上到达港口，船员们在码头上等了三天，然后才继续航行。",
        "und": "1 2 3",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    build_index([tmp_path], tmp_path / "index", ToyEncoder())
    status = read_status(tmp_path / "index")
    assert (status.languages, status.looked_at) == (dict.fromkeys(sorted(texts), 1), 5)
    assert dict(status_rows(status))["languages"] == "de 1, en 1, fr 1, und 1, zh 1"
    monkeypatch.setattr("qa.status._LOOKED_AT", 2)
    status = read_status(tmp_path / "index")
    assert (status.languages, status.looked_at) == ({"de": 1, "zh": 1}, 2)
    assert dict(status_rows(status))["languages"] == "de 1, zh 1, of 2 articles looked at"


def test_kinds_and_writing_systems_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "# Ports\n\nA boat.\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n```\ncode = here\n```\n", encoding="utf-8"
    )
    for name, text in {
        "zh": "我们在船上等了三天。",
        "ko": "배가 왔습니다.",
        "ja": "わたしはふねにのりました。",
        "el": "Το πλοίο έφυγε.",
    }.items():
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "corpus.jsonl").write_text('{"_id": "1", "title": "2020", "text": "2021 20.15"}')
    build_index([tmp_path], tmp_path / "index", ToyEncoder())
    status = read_status(tmp_path / "index")
    assert set(status.kinds) >= {"paragraph", "table", "code"}
    assert sum(status.kinds.values()) == sum(status.writing_systems.values()) == status.passages
    assert set(status.writing_systems) == {"Latin", "Han", "Hangul", "Hiragana", "Greek", "no letters"}
    assert status.token_dimensions == status.disk["token_vectors"] == 0


def test_only_what_the_index_still_has_is_counted(folder: Path, articles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.build._SMALL", 0)
    (articles / "three.txt").unlink()
    (articles / "four.txt").write_text("Birds\n\nA heron.")
    build_index([articles], folder, ToyTokenEncoder())
    status = read_status(folder)
    assert (status.articles, status.passages, status.segments, status.duplicates) == (3, 6, 2, 1)
    assert status.writing_systems == {"Latin": 6}
    assert sum(status.kinds.values()) == 6


def test_it_tells_whether_the_files_have_changed(folder: Path, articles: Path) -> None:
    assert read_status(folder).changed is False
    (articles / "one.txt").write_text("Another\n\nOne.")
    assert read_status(folder).changed is True
    for path in articles.iterdir():
        path.unlink()
    articles.rmdir()
    assert read_status(folder).changed is None


def test_sizes_add_up(folder: Path) -> None:
    status = read_status(folder)
    assert list(status.disk) == ["vectors", "token_vectors", "postings", "texts", "other"]
    assert all(status.disk.values())
    on_disk = [path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
    assert sum(status.disk.values()) == sum(on_disk)
    assert status.disk["vectors"] == find(folder, "vectors.faiss").stat().st_size
    assert 0 < status.memory["mapped"] < sum(on_disk)


def test_what_is_held_is_near_what_opening_takes(tmp_path: Path) -> None:
    lines = [{"_id": str(number), "text": f"Boat number{number} lies at pier{number}."} for number in range(5_000)]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, lines)))
    build_index([tmp_path / "corpus.jsonl"], tmp_path / "index", ToyEncoder())
    Index.open(tmp_path / "index", ToyEncoder())
    tracemalloc.start()
    opened = Index.open(tmp_path / "index", ToyEncoder())
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(opened) == 5_000
    assert taken == pytest.approx(read_status(tmp_path / "index").memory["held"], rel=0.25)


def test_a_damaged_index_is_refused(folder: Path) -> None:
    path = find(folder, "passages.jsonl")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(IndexFolderError, match=r"passages\.jsonl: damaged"):
        read_status(folder)


# --- the command


def _run(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    captured = capfd.readouterr()
    return ended.value.code, captured.out, captured.err


def test_json_has_these_keys_in_this_order(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = _run(capfd, "status", "--json", "--index", folder)
    assert (code, err, out.count("\n")) == (0, "", 1)
    record = json.loads(out)
    assert list(record) == KEYS
    assert list(record["memory"]) == ["held", "mapped"]
    assert (record["index"], record["truncated_tokens"], record["changed"]) == (str(folder), 0, False)


def test_the_table_says_what_brings_an_index_up_to_date(
    folder: Path, articles: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    next(articles.glob("*.txt")).write_text("Other\n\nWords.")
    _, out, _ = _run(capfd, "status", "--index", folder)
    assert f"changed since: run qa index {articles} --index {folder}" in " ".join(out.split())


def test_the_table_of_an_empty_index_leaves_nothing_open(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "none").mkdir()
    build_index([tmp_path / "none"], tmp_path / "empty", ToyTokenEncoder(), may_be_empty=True)
    code, out, err = _run(capfd, "status", "--index", tmp_path / "empty")
    assert (code, err) == (0, "")
    shown = {line[:17].strip(): line[17:].strip() for line in out.splitlines()}
    assert (shown["passages"], shown["writing systems"]) == ("0 in 1 segment", "none")


def test_the_table_says_the_same_in_words(folder: Path, articles: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = _run(capfd, "status", "--index", folder)
    assert (code, err) == (0, "")
    shown = {line[:17].strip(): line[17:].strip() for line in out.splitlines()}
    assert shown["index"] == str(folder)
    assert shown["encoder"] == "toy, weights toy-weights"
    assert shown["vectors"] == "64 dimensions, token vectors of 24"
    assert shown["paths"] == str(articles)
    assert shown["files"] == "as they were"
    assert shown["articles"] == "3, 1 with a date: 2021-07-13"
    assert shown["passages"] == "6 in 1 segment: paragraph 6"
    assert shown["writing systems"] == "Latin 5, Cyrillic 1"
    assert shown["truncated"] == "0 tokens"
    assert shown["duplicates"] == "1 passage"
    assert "token vectors" in shown["on disk"]
    assert "mapped" in shown["in memory"]


def test_no_index_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = _run(capfd, "status", "--index", tmp_path)
    assert (code, out) == (2, "")
    assert "no index here" in err


@pytest.mark.parametrize("command", ["status", "doctor"])
def test_no_model_is_loaded(folder: Path, command: str) -> None:
    code = (
        "import sys; from qa.__main__ import main\n"
        f"try: main(['{command}', '--index', sys.argv[1]])\n"
        "finally: assert not {'torch', 'transformers', 'sentence_transformers', 'tokenizers'} & set(sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, env=environment, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
