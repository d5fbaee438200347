"""Reading articles: every kind of file, and one clear line for every kind of mistake."""

import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from index.errors import SourceError
from index.sources import Reading, find_sources, read_record, read_sources

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes files, given as name and contents, into one folder, and returns it."""

    def write_files(files: dict[str, str | bytes]) -> Path:
        folder = tmp_path / "articles"
        for name, contents in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(contents if isinstance(contents, bytes) else contents.encode())
        return folder

    return write_files


def read(*paths: Path) -> Reading:
    return read_sources(find_sources(paths))


def titles(reading: Reading) -> dict[str, str]:
    return {draft.article.id: draft.article.title for draft in reading.drafts}


def blocks(reading: Reading) -> list[str]:
    return [draft.article.text[slice(*span)] for draft in reading.drafts for block in draft.blocks for span in block.spans]


def problem(reading: Reading) -> str:
    """The one thing that is wrong, which is one line, and leaves no article."""
    (line,) = reading.problems
    assert reading.drafts == []
    assert "\n" not in line
    return line


# --- what is found


def test_articles_are_found_in_nested_folders_and_named_by_their_path(write: Write) -> None:
    folder = write({"b.txt": "B.", "a/c.md": "C.", "a/d/e.MARKDOWN": "E.", "f.pdf": "no", "G.TXT": "G."})
    assert [file.name for file in find_sources([folder])] == ["G.TXT", "a/c.md", "a/d/e.MARKDOWN", "b.txt"]


def test_hidden_files_and_folders_are_passed_over(write: Write) -> None:
    folder = write({"a.txt": "A.", ".b.txt": "B.", ".git/c.txt": "C."})
    assert [file.name for file in find_sources([folder])] == ["a.txt"]


def test_of_a_folder_with_a_corpus_only_that_is_read(write: Write) -> None:
    folder = write({"corpus.jsonl": '{"_id": "1", "text": "A."}', "queries.jsonl": '{"_id": "q"}', "README.md": "R."})
    assert [file.name for file in find_sources([folder])] == ["corpus.jsonl"]


def test_an_index_kept_among_the_articles_is_none_of_them(write: Write) -> None:
    folder = write({"a.txt": "A.", "index/manifest.json": "{}", "index/segment-0123456789abcdef/texts.jsonl": '"A."'})
    assert [file.name for file in find_sources([folder])] == ["a.txt"]


def test_a_folder_that_links_to_itself_is_walked_once(write: Write) -> None:
    folder = write({"a/a.txt": "A."})
    (folder / "a" / "loop").symlink_to(folder)
    assert [file.name for file in find_sources([folder])] == ["a/a.txt"]


def test_a_file_that_two_paths_lead_to_is_read_once(write: Write) -> None:
    folder = write({"a.txt": "A.", "b.txt": "B."})
    assert [file.name for file in find_sources([folder, folder / ".." / folder.name / "a.txt", folder])] == [
        "a.txt",
        "b.txt",
    ]


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nowhere: no such file or folder: name a folder of articles\Z"):
        find_sources([tmp_path / "nowhere"])


@pytest.mark.parametrize("name", ["a.pdf", "a"])
def test_an_unsupported_kind_of_file_is_named_with_what_is_expected(write: Write, name: str) -> None:
    path = write({name: "x"}) / name
    with pytest.raises(
        SourceError, match=rf"{name}: expected \.txt \(plain text\), \.md .* found (\.pdf|no suffix): convert"
    ):
        find_sources([path])


def test_a_folder_without_articles_is_named(write: Write) -> None:
    folder = write({"a.pdf": "x"})
    with pytest.raises(SourceError, match=r"articles: no articles found but 1 \.pdf: expected files of \.txt"):
        find_sources([folder])


# --- plain text and encodings


def test_plain_text_with_and_without_a_title(write: Write) -> None:
    reading = read(
        write({"a.txt": "The title\n\nThe text.\n", "no-title.txt": "The council voted on Monday.\n\nIt was close."})
    )
    assert titles(reading) == {"a.txt": "The title", "no-title.txt": "no-title"}
    assert blocks(reading) == ["The text.", "The council voted on Monday.", "It was close."]


def test_several_stories_of_a_file_are_numbered_articles_over_one_text(write: Write) -> None:
    page = "One\n\nBy Jane Doe\n\nText one.\n\nTwo\n\nBy John Roe\n\nText two."
    first, second = (draft.article for draft in read(write({"page.txt": page})).drafts)
    assert [(first.id, first.byline), (second.id, second.byline)] == [("page.txt#1", "Jane Doe"), ("page.txt#2", "John Roe")]
    assert first.text is second.text
    assert page[slice(*second.extent)].startswith("Two")


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [("utf-8", ""), ("utf-8-sig", ""), ("utf-16", ""), ("utf-16-le", "\ufeff"), ("utf-16-be", "\ufeff")],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_marks_and_line_ends_are_read_and_offsets_count_characters(write: Write, encoding: str, mark: str, end: str) -> None:
    text = f"{mark}Café 中文{end}{end}The first – one.{end}{end}The second 😀 one.{end}"
    reading = read(write({"a.txt": text.encode(encoding)}))
    assert reading.warnings == []
    (draft,) = reading.drafts
    assert draft.article.text == "Café 中文\n\nThe first – one.\n\nThe second 😀 one.\n"
    assert draft.article.title == "Café 中文"
    assert blocks(reading) == ["The first – one.", "The second 😀 one."]


def test_bytes_that_are_no_utf_8_are_replaced_with_a_warning_that_names_the_file(write: Write) -> None:
    reading = read(write({"a.txt": b"A caf\xe9 and a na\xefve one.", "b.txt": "Fine."}))
    assert reading.warnings == ["a.txt: not valid UTF-8 at byte 5: 2 characters read as U+FFFD"]
    assert blocks(reading) == ["A caf\ufffd and a na\ufffdve one.", "Fine."]


def test_half_of_utf_16_is_replaced_with_a_warning(write: Write) -> None:
    reading = read(write({"a.txt": "Text.".encode("utf-16") + b"\x00"}))
    (warning,) = reading.warnings
    assert warning.startswith("a.txt: not valid UTF-16")


# --- what is wrong


def test_a_binary_file_is_refused(write: Write) -> None:
    line = problem(read(write({"a.txt": b"\x89PNG\r\n\x00\x01"})))
    assert line == "a.txt: a binary file, expected UTF-8 text: convert it to text or leave it out"


@pytest.mark.parametrize("contents", ["", " \n\t\n", "\ufeff"])
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.jsonl"])
def test_an_empty_file_is_refused(write: Write, name: str, contents: str) -> None:
    assert problem(read(write({name: contents}))).startswith(f"{name}: the file is empty, expected an article: ")


def test_a_line_of_fifty_megabytes_is_refused(write: Write) -> None:
    line = problem(read(write({"a.txt": b"long words " * 5_000_000})))
    assert line.startswith(
        "a.txt: a line of 55,000,000 characters, expected at most 1,000,000: put each paragraph on a line"
    )


def test_a_file_of_nothing_but_metadata_is_refused(write: Write) -> None:
    assert problem(read(write({"a.txt": "By Jane Doe"}))).startswith("a.txt: no paragraph found, expected an article: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_a_problem_of_its_own(write: Write) -> None:
    folder = write({"a.txt": "A.", "b.txt": "B."})
    (folder / "a.txt").chmod(0)
    reading = read(folder)
    assert reading.problems == [f"{folder / 'a.txt'}: cannot be read (Permission denied): check its permissions"]
    assert list(titles(reading)) == ["b.txt"]


def test_a_link_to_nowhere_is_a_problem_of_its_own(write: Write) -> None:
    folder = write({"b.txt": "B."})
    (folder / "a.txt").symlink_to(folder / "gone.txt")
    reading = read(folder)
    assert reading.problems == [f"{folder / 'a.txt'}: cannot be read (No such file or directory): check its permissions"]
    assert list(titles(reading)) == ["b.txt"]


def test_files_of_one_name_are_told_apart_by_their_folders(write: Write) -> None:
    one, two = write({"one/a.txt": "A.", "one/b.txt": "C."}) / "one", write({"two/a.txt": "B."}) / "two"
    reading = read(one, two)
    assert reading.problems == []
    assert sorted(draft.article.source for draft in reading.drafts) == ["b.txt", "one/a.txt", "two/a.txt"]


def test_a_bad_file_takes_no_article_of_another_with_it(write: Write) -> None:
    folder = write({"a.jsonl": '{"_id": "1", "text": "A."}', "b.jsonl": '{"_id": "1", "text": "B."}'})
    reading = read(folder)
    assert reading.problems == ["b.jsonl:1: two articles with the id '1', the other in a.jsonl:1: give each its own"]
    assert blocks(reading) == ["A."]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_named(write: Write) -> None:
    folder = write({"a.txt": "A.", "sub/b.txt": "B."})
    (folder / "sub").chmod(0)
    with pytest.raises(SourceError, match=r"sub: cannot be read \(Permission denied\)"):
        read(folder)


def test_a_broken_front_matter_names_file_and_line(write: Write) -> None:
    line = problem(read(write({"a.md": "---\ntitle: x\nbroken: [\n---\nText."})))
    assert line.startswith("a.md:")
    assert "the front matter is not YAML" in line


def test_an_unprintable_name_is_cited_with_a_mark(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.txt"
    try:
        with open(path, "w") as file:
            file.write("A.")
    except OSError:
        pytest.skip("this file system has only Unicode names")
    assert titles(read(tmp_path)) == {"caf\ufffd.txt": "caf\ufffd"}


# --- corpora


def corpus(*records: object) -> dict[str, str | bytes]:
    return {"corpus.jsonl": "".join(json.dumps(record) + "\n" for record in records)}


def test_each_line_of_a_corpus_is_an_article(write: Write) -> None:
    metadata = {"url": "https://e.org", "author": "Jane Doe", "date": "2021-07-13"}
    records = (
        {"_id": "a", "title": "The A", "text": "First.\n\nSecond.", "metadata": metadata},
        {"id": 7, "text": "Without title.", "title": None, "section": "Sport", "authors": ["A B", "C D"]},
    )
    reading = read(write(corpus(*records)))
    first, second = (draft.article for draft in reading.drafts)
    assert (first.id, first.title, first.text, first.source) == ("a", "The A", "First.\n\nSecond.", "corpus.jsonl")
    assert (first.url, first.byline, first.published) == ("https://e.org", "Jane Doe", date(2021, 7, 13))
    assert (second.id, second.title, second.section, second.byline) == ("7", "", "Sport", "A B, C D")
    assert blocks(reading) == ["First.", "Second.", "Without title."]


def test_blank_lines_marks_and_carriage_returns_of_a_corpus_are_read(write: Write) -> None:
    reading = read(
        write({"c.jsonl": '\ufeff{"_id": "a", "text": "One.\\r\\n\\r\\nTwo."}\r\n\r\n{"_id": "b", "text": "x"}\r\n'})
    )
    assert blocks(reading) == ["One.", "Two.", "x"]


def test_separators_within_a_text_of_a_corpus_end_no_line(write: Write) -> None:
    reading = read(write({"c.jsonl": '{"_id": "a", "text": "One\u2028two\x85three."}\n'}))
    assert [draft.article.id for draft in reading.drafts] == ["a"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('{"_id": "b", "text": "x"', "not JSON (Expecting ',' delimiter): expected one object a line"),
        ("nonsense", "not JSON (Expecting value): expected one object a line"),
        ('["b", "x"]', "expected a JSON object, found list: write one object a line"),
        ("[" * 100_000, "not JSON (nested too deeply): expected one object a line"),
        ('{"_id": ' + "1" * 5000 + "}", "not JSON (a number of too many digits): expected one object a line"),
        ('{"text": "x"}', "expected an _id, found fields ['text']: give each article its own"),
        ('{"_id": "", "text": "x"}', "expected an _id, found fields ['_id', 'text']: give each article its own"),
        ('{"_id": true, "text": "x"}', "expected an _id, found fields ['_id', 'text']: give each article its own"),
        ('{"_id": "b"}', "expected a text, found NoneType: give the article's text as a string"),
        ('{"_id": "b", "text": ["x"]}', "expected a text, found list: give the article's text as a string"),
    ],
)
def test_a_bad_line_of_a_corpus_is_named_with_its_number(write: Write, line: str, found: str) -> None:
    assert problem(read(write({"corpus.jsonl": f'{{"_id": "a", "text": "x"}}\n\n{line}\n'}))) == f"corpus.jsonl:3: {found}"


def test_an_id_that_stands_twice_in_a_corpus_names_both_lines(write: Write) -> None:
    line = problem(read(write(corpus({"_id": "1", "text": "x"}, {"_id": 1, "text": "y"}))))
    assert line.startswith("corpus.jsonl:2: two articles with the id '1', the other in corpus.jsonl:1: give each its own")


def test_an_id_that_stands_in_two_corpora_names_both_files(write: Write) -> None:
    record = '{"_id": "1", "text": "x"}'
    reading = read(write({"a.jsonl": record, "b.jsonl": record}))
    (line,) = reading.problems
    assert line.startswith("b.jsonl:1: two articles with the id '1', the other in a.jsonl:1: give each its own")
    assert [draft.article.source for draft in reading.drafts] == ["a.jsonl"]


def test_half_a_character_in_json_is_read_as_a_replacement() -> None:
    assert read_record('{"a\\ud83d": "\\ud83d\\ude00 \\ud83d.", "b": "\\\\ud83d"}', "p") == {
        "a\ufffd": "\U0001f600 \ufffd.",
        "b": "\\ud83d",
    }
