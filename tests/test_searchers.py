"""Both legs: one contract, and each held to its reference."""

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from conftest import ToyEncoder
from hypothesis import given, settings
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from index.analyzer import analyze
from index.arrays import Scores, Vectors
from index.dense import DenseSearcher
from index.errors import IndexFolderError
from index.lexical import K1, LexicalSearcher, Postings
from index.places import Places
from index.searchers import Query, Ranking, Searcher

_TEXTS = ["green apple", "red apple", "green apple", "a pear tree in the rain", "", "green apple", "apple apple pie"]


def query(text: str) -> Query:
    return Query(text, tuple(analyze(text)), ToyEncoder().encode_query([text])[0])


def dense(texts: Sequence[str]) -> DenseSearcher:
    return DenseSearcher.build(ToyEncoder().encode_document(texts))


def lexical(texts: Sequence[str]) -> LexicalSearcher:
    return LexicalSearcher.build([analyze(text) for text in texts])


def make(leg: str, texts: Sequence[str]) -> Searcher:
    return dense(texts) if leg == "dense" else lexical(texts)


def unit(rows: Sequence[Sequence[float]]) -> Vectors:
    vectors = np.array(rows, dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def with_terms(terms: Sequence[str]) -> Query:
    return Query(" ".join(terms), tuple(terms), np.zeros(1, np.float32))


# --- the contract


@pytest.mark.parametrize("leg", ["dense", "lexical"])
@pytest.mark.parametrize("k", [-1, 0, 1, 2, 3, 4, 7, 8, 1000])
def test_a_ranking_is_the_best_rows_in_order_and_ties_fall_by_row(leg: str, k: int) -> None:
    searcher, asked = make(leg, _TEXTS), query("green apple")
    ranking = searcher.search(asked, k)
    scores = searcher.score(asked, np.arange(len(_TEXTS)))
    matched = [row for row in range(len(_TEXTS)) if leg == "dense" or scores[row] > 0]
    expected = sorted(matched, key=lambda row: (-round(scores[row], 6), row))[: max(k, 0)]
    assert ranking.rows.tolist() == expected
    assert ranking.scores == pytest.approx(scores[expected], abs=1e-6)
    assert len(ranking) == len(expected)
    assert (ranking.rows.dtype, ranking.scores.dtype) == (np.int64, np.float64)


@pytest.mark.parametrize("leg", ["dense", "lexical"])
@pytest.mark.parametrize("k", [0, 1, 5])
def test_one_passage_and_none(leg: str, k: int) -> None:
    assert make(leg, ["green apple"]).search(query("apple"), k).rows.tolist() == [0][:k]
    empty = DenseSearcher.build(np.empty((0, 64), np.float32)) if leg == "dense" else LexicalSearcher.build([])
    assert len(empty) == 0
    assert len(empty.search(query("apple"), k)) == 0
    assert empty.score(query("apple"), np.empty(0, np.int64)).shape == (0,)


@pytest.mark.parametrize("leg", ["dense", "lexical"])
def test_rows_are_scored_in_the_order_they_are_asked_for(leg: str) -> None:
    searcher, asked = make(leg, _TEXTS), query("red apple pie")
    every = searcher.score(asked, np.arange(len(_TEXTS)))
    rows = np.array([6, 0, 6, 3])
    assert searcher.score(asked, rows).tolist() == every[rows].tolist()


@pytest.mark.parametrize("leg", ["dense", "lexical"])
def test_a_saved_searcher_finds_the_same(leg: str, tmp_path: Path) -> None:
    made = make(leg, _TEXTS)
    opened = saved(leg, [(tmp_path, _TEXTS)], Places.whole(len(_TEXTS)))
    assert len(opened) == len(made) == len(_TEXTS)
    for text in ("green apple", "rain", "unheard"):
        assert _pairs(opened.search(query(text), 7)) == _pairs(made.search(query(text), 7))


def saved(leg: str, parts: Sequence[tuple[Path, Sequence[str]]], places: Places) -> Searcher:
    """A searcher over parts that were saved."""
    for folder, texts in parts:
        folder.mkdir(exist_ok=True)
        if leg == "dense":
            dense(texts).save(folder)
        else:
            Postings.build([analyze(text) for text in texts]).save(folder)
    folders = [folder for folder, _ in parts]
    if leg == "dense":
        return DenseSearcher.open(folders, places)
    return LexicalSearcher([Postings.open(folder) for folder in folders], places)


def _pairs(ranking: Ranking) -> list[tuple[int, float]]:
    return list(zip(ranking.rows.tolist(), ranking.scores.tolist(), strict=True))


@pytest.mark.parametrize("leg", ["dense", "lexical"])
def test_an_empty_searcher_is_saved_too(leg: str, tmp_path: Path) -> None:
    if leg == "dense":
        DenseSearcher.build(np.empty((0, 64), np.float32)).save(tmp_path)
        assert len(DenseSearcher.open([tmp_path], Places.whole(0))) == 0
    else:
        Postings.build([]).save(tmp_path)
        assert len(LexicalSearcher([Postings.open(tmp_path)], Places.whole(0))) == 0


@pytest.mark.parametrize("leg", ["dense", "lexical"])
@given(
    parts=st.lists(st.lists(st.sampled_from([*_TEXTS, "rain"]), max_size=9), min_size=1, max_size=4),
    data=st.data(),
)
@settings(max_examples=40)
def test_parts_in_any_order_some_of_them_gone_find_what_one_part_does(
    leg: str, parts: list[list[str]], data: st.DataObject
) -> None:
    every = [(part, local) for part, texts in enumerate(parts) for local in range(len(texts))]
    kept = data.draw(st.permutations(every))[: data.draw(st.integers(0, len(every)))]
    numbers, locals_ = (np.array([place[column] for place in kept], dtype=np.int64) for column in (0, 1))
    places = Places.of(numbers.astype(np.int32), locals_, [len(texts) for texts in parts])
    texts = [parts[part][local] for part, local in kept]
    with tempfile.TemporaryDirectory() as folder:
        opened = saved(leg, [(Path(folder, str(part)), texts) for part, texts in enumerate(parts)], places)
        whole = make(leg, texts)
        for text in ("green apple", "rain", "unheard", "the red pie"):
            for k in (1, 3, 40):
                assert _pairs(opened.search(query(text), k)) == _pairs(whole.search(query(text), k))
            rows = np.arange(len(texts))[::2]
            assert opened.score(query(text), rows).tolist() == whole.score(query(text), rows).tolist()
        if isinstance(opened, LexicalSearcher) and isinstance(whole, LexicalSearcher):
            terms = ["appl", "green", "rain", "unheard", "red"]
            assert opened.idf(terms).tolist() == whole.idf(terms).tolist()
            assert [term in opened for term in terms] == [term in whole for term in terms]
            assert opened.having(["red", "appl"]).tolist() == whole.having(["red", "appl"]).tolist()
            assert opened.near("gren", 1) == whole.near("gren", 1)


# --- the dense leg against a product and a stable sort

_ROWS = st.lists(
    st.sampled_from([(1, 0, 0), (0, 1, 0), (1, 1, 0), (-1, 0, 0), (3, 4, 0), (0, 0, 1)]), min_size=1, max_size=80
)


@given(rows=_ROWS, asked=st.sampled_from([(1, 0, 0), (1, 2, 0), (0, 0, -1)]), k=st.integers(0, 90))
def test_dense_search_is_a_product_and_a_stable_sort(rows: list[tuple[int, ...]], asked: tuple[int, ...], k: int) -> None:
    vectors, vector = unit(rows), unit([asked])[0]
    searcher = DenseSearcher.build(vectors)
    asked_for = Query("", (), vector)
    # Of equal rows the products are equal too; between different ones they differ by far more than rounding.
    products = np.round(vectors.astype(np.float64) @ vector.astype(np.float64), 5)
    expected = np.argsort(-products, kind="stable")[:k]
    ranking = searcher.search(asked_for, k)
    assert ranking.rows.tolist() == expected.tolist()
    assert ranking.scores == pytest.approx(products[expected], abs=1e-4)
    assert searcher.score(asked_for, ranking.rows) == pytest.approx(ranking.scores, abs=1e-6)


def test_equal_vectors_among_many_are_cut_by_row() -> None:
    vectors = unit(np.random.default_rng(0).normal(size=(500, 16)).tolist())
    vectors[100:400] = vectors[7]
    ranking = DenseSearcher.build(vectors).search(Query("", (), vectors[7]), 50)
    assert ranking.rows.tolist() == [7, *range(100, 149)]


def test_equal_scores_among_many_are_cut_by_row() -> None:
    searcher = LexicalSearcher.build([["a"], ["b"], ["a", "a"]] * 100)
    every_third = list(range(0, 300, 3))
    ranking = searcher.search(with_terms(["a"]), 150)
    assert ranking.rows.tolist() == [*range(2, 300, 3), *every_third[:50]]


def test_the_vectors_can_be_read_back(tmp_path: Path) -> None:
    vectors = unit([(1, 2), (3, 4)])
    searcher = DenseSearcher.build(vectors)
    assert searcher.vectors(np.array([1, 0, 1])).tolist() == vectors[[1, 0, 1]].tolist()
    searcher.save(tmp_path)
    assert DenseSearcher.open([tmp_path], Places.whole(2)).vectors(np.array([1])).tolist() == vectors[[1]].tolist()


def test_many_vectors_are_read_row_by_row_and_found_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = unit([(1, number) for number in range(20)])
    (tmp_path / "part").mkdir()
    DenseSearcher.build(vectors).save(tmp_path / "part")
    mapped = DenseSearcher.open([tmp_path / "part"], Places.whole(20))
    monkeypatch.setattr("index.dense.MAPPED_UP_TO", 0)
    read = DenseSearcher.open([tmp_path / "part"], Places.whole(20))
    rows = np.array([3, 3, 19, 0], dtype=np.int64)
    assert np.array_equal(read.vectors(rows), vectors[rows])
    assert read.vectors(rows[:0]).shape == (0, vectors.shape[1])
    query = Query("", (), vectors[7])
    assert np.array_equal(read.score(query, rows), mapped.score(query, rows))
    with (tmp_path / "part" / DenseSearcher.FILE).open("r+b") as file:
        file.truncate(100)  # behind the back of whoever has it open
    with pytest.raises(IndexFolderError, match=r"vectors\.faiss"):
        read.vectors(rows)


def test_a_file_that_faiss_cannot_write_is_an_oserror(tmp_path: Path) -> None:
    (tmp_path / DenseSearcher.FILE).symlink_to(tmp_path / "no folder" / "file")
    with pytest.raises(FileNotFoundError, match=r"vectors\.faiss"):
        dense(_TEXTS).save(tmp_path)


# --- the dense leg by a stand-in


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> Vectors:
    """More vectors than are searched one by one, in the neighbourhoods that texts have."""
    monkeypatch.setattr("index.dense.EXACT_UP_TO", 1000)
    random = np.random.default_rng(3)
    themes = random.normal(size=(40, 96))
    return unit((themes[random.integers(0, 40, 3000)] + 0.7 * random.normal(size=(3000, 96))).tolist())


def test_many_vectors_are_found_by_a_stand_in_nearly_as_exactly(many: Vectors, tmp_path: Path) -> None:
    (tmp_path / "exact").mkdir()
    DenseSearcher.build(many).save(tmp_path)
    DenseSearcher.build(many).save(tmp_path / "exact", exact=True)
    assert (tmp_path / "vectors.coarse.faiss").stat().st_size < many.nbytes / 8
    coarse, exact = (DenseSearcher.open([folder], Places.whole(3000)) for folder in (tmp_path, tmp_path / "exact"))
    assert (exact.recalls, coarse.recalls[0] >= 0.99) == ([1.0], True)
    shares = []
    for row in range(0, 3000, 60):
        asked = Query("", (), unit((many[[row]] + 0.05 * many[[row - 7]]).tolist())[0])
        best, found = exact.search(asked, 10), coarse.search(asked, 10)
        shares.append(len(set(best.rows.tolist()) & set(found.rows.tolist())) / 10)
        # What is found has its exact score, in the order that exact search gives it.
        assert found.scores.tolist() == coarse.score(asked, found.rows).tolist()
        assert found.scores.tolist() == sorted(found.scores.tolist(), reverse=True)
    assert np.mean(shares) >= 0.99


def test_a_stand_in_passes_over_what_is_gone(many: Vectors, tmp_path: Path) -> None:
    DenseSearcher.build(many).save(tmp_path)
    kept = np.arange(0, 3000, 2)
    places = Places.of(np.zeros(1500, np.int32), kept, [3000])
    opened, whole = DenseSearcher.open([tmp_path], places), DenseSearcher.build(many[kept])
    shares = []
    for row in range(0, 1500, 50):
        asked = Query("", (), many[kept[row]])
        found, best = opened.search(asked, 10), whole.search(asked, 10)
        assert (found.rows[0], len(found)) == (row, 10)
        shares.append(len(set(best.rows.tolist()) & set(found.rows.tolist())) / 10)
    assert np.mean(shares) >= 0.98


# --- the lexical leg against rank-bm25


class Reference(BM25Okapi):  # type: ignore[misc]
    """rank-bm25 with Lucene's idf, written anew."""

    def _calc_idf(self, nd: dict[str, int]) -> None:
        self.idf = {term: math.log(1 + (self.corpus_size - n + 0.5) / (n + 0.5)) for term, n in nd.items()}


_TERMS = st.sampled_from(["a", "bb", "ccc", "20.15", "中文", "e"])
_DOCUMENTS = st.lists(st.lists(_TERMS, max_size=12), min_size=1, max_size=12)


@given(
    documents=_DOCUMENTS,
    asked=st.lists(_TERMS | st.just("unknown"), max_size=8),
    k=st.integers(0, 14),
    shape=st.sampled_from([(1.5, 0.75), (0.9, 0.4), (2.0, 0.9)]),
)
def test_lexical_scores_are_rank_bm25s_own(
    documents: list[list[str]], asked: list[str], k: int, shape: tuple[float, float]
) -> None:
    searcher = LexicalSearcher.build(documents, *shape)
    found = searcher.score(with_terms(asked), np.arange(len(documents)))
    reference = (
        Reference(documents, k1=shape[0], b=shape[1]).get_scores(asked) if any(documents) else np.zeros(len(documents))
    )
    assert found == pytest.approx(reference, abs=1e-6)
    matched = [row for row, document in enumerate(documents) if set(document) & set(asked)]
    ranking = searcher.search(with_terms(asked), k)
    assert (ranking.scores > 0).all()
    assert set(ranking.rows.tolist()) <= set(matched)
    assert len(ranking) == min(k, len(matched))
    assert ranking.rows.tolist() == sorted(matched, key=lambda row: (-found[row], row))[:k]
    assert searcher.most(with_terms(asked)) >= max(found, default=0)


@given(
    documents=st.lists(
        st.lists(st.sampled_from(["a", "a", "a", "a", "b", "b", "b", "c", "c", "d", "e", "f"]), max_size=9),
        min_size=1,
        max_size=60,
    ),
    asked=st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=7),
    k=st.integers(1, 20),
)
def test_what_is_passed_over_could_not_be_among_the_best(documents: list[list[str]], asked: list[str], k: int) -> None:
    searcher = LexicalSearcher.build(documents)
    every = searcher.score(with_terms(asked), np.arange(len(documents)))
    expected = sorted(np.flatnonzero(every).tolist(), key=lambda row: (-every[row], row))[:k]
    assert_best(searcher, asked, k, expected, every)


@pytest.mark.parametrize("terms", [1, 5, 30, 90])
def test_of_many_passages_the_best_are_found_however_often_their_terms_stand(terms: int) -> None:
    random = np.random.default_rng(terms)
    words = np.array([f"w{number}" for number in range(200)])
    common = 1 / np.arange(1, 201)
    lengths = random.integers(1, 60, 3000)
    documents = [random.choice(words, length, p=common / common.sum()).tolist() for length in lengths]
    searcher = LexicalSearcher.build(documents)
    for _ in range(5):
        asked = random.choice(words, terms, p=common / common.sum()).tolist()
        every = searcher.score(with_terms(asked), np.arange(3000))
        expected = np.lexsort((np.arange(3000), -every))[: min(200, np.count_nonzero(every))].tolist()
        assert_best(searcher, asked, 200, expected, every)


def assert_best(searcher: LexicalSearcher, asked: list[str], k: int, expected: list[int], every: Scores) -> None:
    """Whether bounds are added up in two bytes or in four, from every passage or from those that have a term."""
    for few, often in ((64, 16), (64, 0.1), (0, 10**9)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("index.lexical._FEW", few)
            patch.setattr("index.lexical._OFTEN", often)
            ranking = searcher.search(with_terms(asked), k)
        assert ranking.rows.tolist() == expected
        assert ranking.scores.tolist() == every[expected].tolist()


def test_a_term_in_every_document_still_matches() -> None:
    ranking = LexicalSearcher.build([["a"], ["a"], ["a", "b"]]).search(with_terms(["a"]), 5)
    assert sorted(ranking.rows.tolist()) == [0, 1, 2]
    assert (ranking.scores > 0).all()


def test_scores_worked_by_hand() -> None:
    searcher = LexicalSearcher.build([["a", "a", "b"], ["b"]])
    # N = 2, n(a) = 1, mean length 2; tf 2 in a document of 3 terms.
    idf = math.log(1 + (2 - 1 + 0.5) / (1 + 0.5))
    weight = idf * 2 * (1.5 + 1) / (2 + 1.5 * (1 - 0.75 + 0.75 * 3 / 2))
    assert searcher.score(with_terms(["a"]), np.array([0, 1])) == pytest.approx([weight, 0])
    assert searcher.score(with_terms(["a", "a"]), np.array([0])) == pytest.approx([2 * weight])
    assert searcher.most(with_terms(["a", "a"])) == pytest.approx(2 * idf * (K1 + 1))


def test_idf_worked_by_hand() -> None:
    searcher = LexicalSearcher.build([["a", "b"], ["a"], ["a"]])
    assert searcher.idf(["a", "b", "unknown"]) == pytest.approx(
        [math.log(1 + 0.5 / 3.5), math.log(1 + 2.5 / 1.5), math.log(1 + 3.5 / 0.5)]
    )
    assert searcher.idf([]).shape == (0,)
