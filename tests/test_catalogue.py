"""The catalogue of an index: sorted, searched, and of the articles that are there."""

import json
from collections.abc import Callable
from pathlib import Path

import qa
from index.catalogue import Catalogue

MakeLibrary = Callable[..., qa.Library]


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


def test_the_catalogue_is_of_the_articles_that_are_left(make_library: MakeLibrary, tmp_path: Path) -> None:
    make_library({"otters.txt": "Otters swim in rivers.", "bears.txt": "Bears eat honey."})
    (tmp_path / "articles" / "otters.txt").unlink()
    library = make_library({"wolves.txt": "Wolves howl at the moon."})
    catalogue = Catalogue.open(library.index.folder)
    assert [catalogue.card(number).source for number in catalogue.find().tolist()] == ["bears.txt", "wolves.txt"]
    assert catalogue.card(0).kinds == {"paragraph": 1}
    assert catalogue.known(["otters.txt", "wolves.txt"]) == {"wolves.txt": "wolves.txt"}
