"""Filters: what they let through is found as if there were nothing else."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ToyTokenEncoder
from hypothesis import given
from hypothesis import strategies as st

import qa
from index import QuestionError
from index.dense import DenseSearcher
from index.filter import Filter
from index.lexical import LexicalSearcher
from index.places import Places
from index.searchers import Query

MakeLibrary = Callable[..., qa.Library]

DAYS = [date(2020, 1, 1), date(2021, 7, 13), date(2021, 7, 14), date(2022, 2, 10)]
FILES = {
    **{
        f"{day}.md": f"---\ntitle: Coal of {day}\ndate: {day}\n---\n\nCoal is dug here.\n\nThe park has trees.\n"
        for day in DAYS
    },
    "undated.txt": "No day\n\nCoal is sold here.\n\nThe train is late.",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> qa.Library:
    folder = tmp_path_factory.mktemp("articles")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return qa.load(folder, index=folder.parent / "filter-index", encoder=ToyTokenEncoder())


def lets_through(where: Filter, passage: qa.Passage) -> bool:
    day = passage.article.published
    return (
        (where.since is None or (day is not None and day >= where.since))
        and (where.until is None or (day is not None and day <= where.until))
        and (not where.sources or passage.article.source in where.sources)
        and (not where.kinds or passage.kind in where.kinds)
    )


NAMES = st.lists(st.sampled_from(sorted(FILES)), max_size=2).map(tuple)
KINDS = st.lists(st.sampled_from(["paragraph", "caption"]), max_size=2).map(tuple)
ENDS = st.sampled_from([None, *DAYS])


@given(ENDS, ENDS, NAMES, KINDS, st.sampled_from(["coal", "the park", "train sold", '"coal is"', "coal -dug"]))
def test_what_is_found_is_what_the_filter_lets_through(
    library: qa.Library, since: date | None, until: date | None, sources: tuple[str, ...], kinds: tuple[str, ...], asked: str
) -> None:
    if since and until and since > until:
        since, until = until, since
    where = Filter(since, until, sources, kinds)
    every = library.search(asked, k=1000).listed
    found = library.search(asked, k=1000, where=where).listed
    assert {hit.passage.id for hit in found} == {hit.passage.id for hit in every if lets_through(where, hit.passage)}


def test_a_filter_comes_before_the_cut(library: qa.Library) -> None:
    (hit,) = library.search("coal", k=1, where=Filter(sources=("undated.txt",)))
    assert hit.passage.article.source == "undated.txt"
    assert (hit.why.dense.rank, hit.why.lexical.rank) == (1, 1)


def test_where_a_filter_leaves_nothing_nothing_is_found(library: qa.Library) -> None:
    answer = library.ask("coal", where=Filter(since=date(2023, 1, 1)))
    assert (answer.found, len(answer.hits)) == (False, 0)


def test_mistakes_are_told_in_a_line(library: qa.Library) -> None:
    with pytest.raises(QuestionError, match=r"no source 'other\.txt' in the index, expected one of 2020-01-01\.md"):
        library.ask("coal", where=Filter(sources=("other.txt",)))
    with pytest.raises(QuestionError, match="no kind 'poem', expected"):
        Filter(kinds=("poem",))
    with pytest.raises(QuestionError, match="expected the earlier day first"):
        Filter(DAYS[1], DAYS[0])


@pytest.mark.parametrize("large", [10, 100_000])
@pytest.mark.parametrize("exact", [False, True])
def test_legs_search_among_some_as_if_they_were_all(
    large: int, exact: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.dense.EXACT_UP_TO", large)
    random = np.random.default_rng(5)
    vectors = random.standard_normal((3000, 64)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    documents = [random.choice(["a", "b", "c", "d", "e"], 6).tolist() for _ in vectors]
    DenseSearcher.build(vectors).save(tmp_path, exact=exact)
    dense, lexical = DenseSearcher.open([tmp_path], Places.whole(3000)), LexicalSearcher.build(documents)
    query = Query("", ("a", "c"), vectors[7])
    for share in (0.004, 0.3, 0.9):
        among = np.flatnonzero(random.random(3000) < share)
        scores = lexical.score(query, among)
        expected = among[np.lexsort((among, -scores))][: min(20, np.count_nonzero(scores))]
        assert lexical.search(query, 20, among).rows.tolist() == expected.tolist()
        nearest = among[np.argsort(-(vectors[among] @ query.vector), kind="stable")][:20]
        found = dense.search(query, 20, among).rows
        assert set(found.tolist()) <= set(among.tolist())
        assert np.isin(nearest, found).mean() >= (0.8 if large == 10 and not exact else 1)


@pytest.mark.parametrize(
    "wrong", [{"since": "2021"}, {"until": datetime(2021, 1, 1, tzinfo=UTC)}, {"sources": "a.txt"}, {"kinds": ["caption"]}]
)
def test_what_is_no_day_or_no_tuple_is_refused_by_name(wrong: Any) -> None:
    (name,) = wrong
    with pytest.raises(QuestionError, match=f"^{name} is .*expected a "):
        Filter(**wrong)
