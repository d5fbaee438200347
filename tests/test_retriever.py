"""Retrieval against a slow, obvious version of itself."""

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest
from conftest import ToyEncoder, ToyTokenEncoder, in_eight_bits
from hypothesis import given
from hypothesis import strategies as st

import qa
from index.analyzer import analyze
from index.late import from_codes
from index.lexical import K1
from index.searchers import Query
from qa.fusion import with_reading
from qa.retriever import (
    COMPARED,
    DENSE_WEIGHT,
    LATE_WEIGHT,
    READ,
    READ_ANYWAY,
    READING_WEIGHT,
    SYSTEMS,
    Found,
    System,
    gather,
    rank,
    read,
)

MakeLibrary = Callable[..., qa.Library]

WORDS = ["coal", "park", "apple", "orchard", "train", "wheel", "village", "poverty", "income", "yuan", "growth", "farmer"]


@pytest.fixture(params=[ToyEncoder, ToyTokenEncoder])
def library(make_library: MakeLibrary, request: pytest.FixtureRequest) -> qa.Library:
    """Seventy-five passages, more than are compared token by token, without token vectors and with them."""
    random = np.random.default_rng(3)
    files = {
        f"{number}.txt": f"Story number {number}\n\n"
        + "\n\n".join(" ".join(random.choice(WORDS, 9)).capitalize() + "." for _ in range(14))
        for number in range(5)
    }
    return make_library(files, request.param())


QUESTIONS = ["coal park", "apple orchard income growth", "zebra", "train", "the village of poverty, in yuan"]


def retrieve(library: qa.Library, query: Query, k: int, system: System = "hybrid") -> Found:
    index = library.index
    return rank(gather(index.dense, index.lexical, query, max(200, k), index.late), k, system)


def slow_late(library: qa.Library, query: Query, row: int) -> float:
    """MaxSim, word by word."""
    assert library.index.late
    assert query.tokens
    passage = from_codes(library.index.late.tokens(row).codes, library.index.late.width)
    pairs = zip(in_eight_bits(query.tokens.vectors), query.tokens.weights, strict=True)
    return sum(float(weight) * max(float(token @ other) for other in passage) for token, weight in pairs)


def slow_scores(library: qa.Library, question: str, system: System) -> dict[int, float]:
    query = library.index.queries([question])[0]
    rows = np.arange(len(library.passages))
    cosines = library.index.dense.vectors(rows) @ query.vector
    lexical = library.index.lexical.score(query, rows)
    if system == "dense":
        return dict(enumerate(cosines.tolist()))
    if system == "bm25":
        return {row: score for row, score in enumerate(lexical.tolist()) if score > 0}
    if system in ("convex", "hybrid"):
        most = sum(library.index.lexical.idf(query.terms)) * (K1 + 1)
        fused = DENSE_WEIGHT * cosines + (1 - DENSE_WEIGHT) * (lexical / most)
        if system == "convex" or not library.index.late:
            return dict(enumerate(fused.tolist()))
        first = sorted(rows.tolist(), key=lambda row: (-fused[row], row))
        late = {row: slow_late(library, query, row) for row in first[:COMPARED]}
        return {
            row: (1 - LATE_WEIGHT) * fused[row] + LATE_WEIGHT * late.get(row, min(late.values())) for row in rows.tolist()
        }
    by_cosine = sorted(rows.tolist(), key=lambda row: (-float(cosines[row]), row))
    by_words = sorted((row for row in rows.tolist() if lexical[row] > 0), key=lambda row: (-float(lexical[row]), row))
    return {
        row: sum(1 / (60 + 1 + ranking.index(row)) for ranking in (by_cosine, by_words) if row in ranking)
        for row in rows.tolist()
    }


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("question", QUESTIONS)
def test_ranks_as_the_slow_version_does(library: qa.Library, question: str, system: System) -> None:
    query = library.index.queries([question])[0]
    found = retrieve(library, query, 1000, system)
    expected = slow_scores(library, question, system)
    assert sorted(found.rows.tolist()) == sorted(expected)
    assert found.scores == pytest.approx([expected[row] for row in found.rows.tolist()], abs=1e-6)
    keys = [(-round(score, 9), row) for row, score in zip(found.rows.tolist(), found.scores.tolist(), strict=True)]
    assert keys == sorted(keys)


@pytest.mark.parametrize("system", SYSTEMS)
def test_fewer_are_the_first_of_more(library: qa.Library, system: System) -> None:
    query = library.index.queries(["apple village"])[0]
    everything = retrieve(library, query, 100, system).rows.tolist()
    assert retrieve(library, query, 3, system).rows.tolist() == everything[:3]


def test_passages_that_were_not_compared_token_by_token_follow_in_the_legs_order(library: qa.Library) -> None:
    query = library.index.queries(["apple village in the orchard"])[0]
    found = retrieve(library, query, 100)
    compared = ~np.isnan(found.late)
    assert compared.tolist() == (
        [True] * COMPARED + [False] * (len(found.rows) - COMPARED) if library.index.late else [False] * len(found.rows)
    )
    rest = found.rows[~compared].tolist()
    assert rest == [row for row in retrieve(library, query, 100, "convex").rows.tolist() if row in rest]


def test_every_hit_carries_both_legs_exact_scores(library: qa.Library) -> None:
    query = library.index.queries(["apple village"])[0]
    found = retrieve(library, query, 100)
    assert found.dense == pytest.approx(library.index.dense.vectors(found.rows) @ query.vector, abs=1e-6)
    for place, row in enumerate(found.rows.tolist()):
        shares = bool(set(query.terms) & set(analyze(library.passages[row].text)))
        assert (found.lexical[place] > 0) == shares
        assert (found.lexical_ranks[place] > 0) == shares
    assert sorted(found.dense_ranks.tolist()) == list(range(1, len(library.passages) + 1))


def test_a_question_with_no_known_word_finds_nothing_by_words_alone(library: qa.Library) -> None:
    query = library.index.queries(["qqqq"])[0]
    assert len(retrieve(library, query, 10, "bm25").rows) == 0
    assert len(retrieve(library, query, 10, "hybrid").rows) == 10


def ranked(scores: list[float]) -> Found:
    """Rows ranked by these scores, best first, that no stage has said more of."""
    size = len(scores)
    numbers = {"rows": np.arange(size) + 100, "scores": np.array(sorted(scores, reverse=True))}
    unseen = {
        field.name: np.zeros(size, dtype=np.int64) if field.name.endswith("ranks") else np.full(size, np.nan)
        for field in fields(Found)
    }
    return Found(**{**unseen, **numbers})


def read_all(found: Found, log_odds: dict[int, float], depth: int) -> dict[int, float]:
    """Every one of the first rows read, one by one: its score."""
    scores = {}
    for place, (row, score) in enumerate(zip(found.rows.tolist(), found.scores.tolist(), strict=True)):
        told = min(1.0, max(0.0, (log_odds[row] + 5) / 7)) if place < depth else 0.0
        scores[row] = (1 - READING_WEIGHT) * score + READING_WEIGHT * told
    return scores


some_scores = st.lists(st.floats(0, 1).map(lambda score: round(score, 2)), min_size=1, max_size=12)


@given(some_scores, st.data(), st.integers(1, 8))
def test_what_is_read_comes_as_where_all_are_read(scores: list[float], data: st.DataObject, depth: int) -> None:
    found = ranked(scores)
    odds = {row: data.draw(st.integers(-8, 5)) / 1 for row in found.rows.tolist()}
    asked: list[int] = []
    now = read(found, lambda row: asked.append(row) or odds[row], depth)  # type: ignore[func-returns-value]
    slow = read_all(found, odds, depth)
    # Read in turn, and the best of all that might have been read is first.
    assert asked == found.rows[: len(asked)].tolist()
    assert 1 <= len(asked) <= depth
    assert now.scores[0] == pytest.approx(max(slow.values()))
    assert now.scores == pytest.approx(
        sorted(
            (
                slow[row] if row in asked else (1 - READING_WEIGHT) * found.scores[place]
                for place, row in enumerate(found.rows.tolist())
            ),
            reverse=True,
        )
    )
    # None was read that could not have come first, but up to three as long as none answered.
    before = asked[:-1]
    if len(before) >= READ_ANYWAY or any(odds[row] >= 0 for row in before):
        at_best = (1 - READING_WEIGHT) * found.scores[len(before)] + READING_WEIGHT
        assert at_best > max(slow[row] for row in before)
    assert sorted(now.rows.tolist()) == found.rows.tolist()
    assert now.reading_ranks.tolist() == [place if place <= len(asked) else 0 for place in range(1, len(scores) + 1)]
    assert [odds[row] for row in now.rows[: len(asked)].tolist()] == now.reading[: len(asked)].tolist()
    assert np.isnan(now.reading[len(asked) :]).all()
    assert now.rows[len(asked) :].tolist() == found.rows[len(asked) :].tolist()


def test_reading_worked_by_hand() -> None:
    found = ranked([0.6, 0.55, 0.5, 0.2])
    # The first and the second tell nothing, the third answers; the fourth could not come before it.
    now = read(found, {100: -5.0, 101: -1.5, 102: 2.0}.__getitem__)
    assert now.rows.tolist() == [102, 101, 100, 103]
    assert now.scores == pytest.approx(with_reading(np.array([0.5, 0.55, 0.6, 0.2]), np.array([2, -1.5, -5, np.nan]), 0.12))


@pytest.mark.parametrize(
    ("log_odds", "read_of_them"),
    [([0.0, 9, 9, 9], 1), ([-0.1, 0, 9, 9], 2), ([-0.1, -3, -3, 9], 3), ([-0.1, -3], 2)],
)
def test_up_to_three_are_read_before_none_answers(log_odds: list[float], read_of_them: int) -> None:
    """Even if they are far behind, so that they could not come first."""
    asked: list[int] = []
    found = ranked([0.9, 0.3, 0.2, 0.1][: len(log_odds)])
    now = read(found, lambda row: asked.append(row) or log_odds[row - 100])  # type: ignore[func-returns-value]
    assert len(asked) == read_of_them
    assert now.rows.tolist() == found.rows.tolist()


def test_no_more_are_read_than_may_be() -> None:
    asked: list[int] = []
    read(ranked([0.5] * 9), lambda row: asked.append(row) or -5.0)  # type: ignore[func-returns-value]
    assert len(asked) == READ


def test_nothing_is_read_of_nothing() -> None:
    assert len(read(ranked([]), lambda row: float(row)).rows) == 0
