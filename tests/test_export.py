"""The JSON that other tools rely on, field by field."""

import json
from collections.abc import Callable

import qa
from qa.export import answer_json

MakeLibrary = Callable[[dict[str, str]], qa.Library]


def test_the_object_has_these_fields_and_no_others(make_library: MakeLibrary) -> None:
    library = make_library(
        {"a.txt": "Parks\n\nUpdated: 2021-05-06\n\nThe park opened early. Trees grow there.\n\nNothing is said here of it."}
    )
    record = json.loads(answer_json(library.ask("Where do trees grow there?", k=2), "q1"))
    assert list(record) == ["id", "question", "found", "confidence", "hits"]
    assert record["id"] == "q1"
    assert record["question"] == "Where do trees grow there?"
    assert record["found"] is True
    assert 0 <= record["confidence"] <= 1
    first = record["hits"][0]
    assert list(first) == [
        "rank", "score", "article", "source", "title", "published", "kind", "spans", "text", "highlight", "citation", "why",
    ]  # fmt: skip
    assert first["rank"] == 1
    assert (first["article"], first["source"], first["title"]) == ("a.txt", "a.txt", "Parks")
    assert (first["published"], first["kind"]) == ("2021-05-06", "paragraph")
    text = library.articles[0].text
    assert [text[start:end] for start, end in first["spans"]] == [first["text"]]
    assert [first["text"][start:end] for start, end in first["highlight"]] == ["Trees grow there."]
    assert first["citation"] == {"quote": "Trees grow there.", "spans": [[text.index("Trees"), text.index("\n\nNothing")]]}
    assert list(first["why"]) == ["dense", "lexical", "late"]
    assert first["why"]["dense"].keys() == first["why"]["lexical"].keys() == {"rank", "score"}
    assert first["why"]["late"].keys() == {"score"}
    assert first["why"]["lexical"]["rank"] == 1
    assert record["hits"][1]["why"]["lexical"] == {"rank": None, "score": 0.0}


def test_a_corpus_line_is_named_by_its_id(make_library: MakeLibrary) -> None:
    library = make_library({"corpus.jsonl": '{"_id": "d7", "title": "Parks", "text": "The park opened early."}\n'})
    hit = json.loads(answer_json(library.ask("park")))["hits"][0]
    assert (hit["article"], hit["source"], hit["spans"]) == ("d7", "corpus.jsonl", [[0, 22]])


def test_is_one_line_whatever_the_text(make_library: MakeLibrary) -> None:
    library = make_library({"a.txt": "Parks\n\nThe park\nopened “early” \u2028 <b>here</b>."})
    assert "\n" not in answer_json(library.ask("park\nopened"))
