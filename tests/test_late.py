"""Late interaction: held to an obvious version and to sentence-transformers' own, and what it stores."""

from pathlib import Path

import numpy as np
import pytest
from conftest import in_eight_bits
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from index import late
from index.arrays import TokenVectors, Vectors
from index.late import LateInteraction, QueryTokens, TokenFile, TokenWriter, from_codes, maxsim, stored, to_codes, turn
from index.places import Places

MATRICES = st.integers(1, 12).flatmap(
    lambda rows: arrays(np.float32, (rows, 7), elements=st.sampled_from([-1.0, -0.5, -0.1, 0.1, 0.3, 0.7]))
)


def unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def random_tokens(count: int, width: int = 40, seed: int = 1) -> Vectors:
    """Token vectors as encoders give them: a common direction, few that matter, and noise."""
    random = np.random.default_rng(seed)
    basis = random.standard_normal((8, width))
    mixed = 2 + random.standard_normal((count, 8)) @ basis + 0.05 * random.standard_normal((count, width))
    return unit(mixed.astype(np.float32))


@given(MATRICES, st.lists(MATRICES, min_size=1, max_size=6), st.data())
def test_maxsim_is_the_weighted_mean_of_each_tokens_nearest(
    query: Vectors, passages: list[Vectors], data: st.DataObject
) -> None:
    weights = np.array(data.draw(st.lists(st.floats(0.01, 1), min_size=len(query), max_size=len(query))))
    weights /= weights.sum()
    query, codes = unit(query), [to_codes(unit(passage)) for passage in passages]
    expected = [
        sum(
            weight * max(float(token @ other) for other in from_codes(each, query.shape[1]))
            for token, weight in zip(in_eight_bits(query), weights, strict=True)
        )
        for each in codes
    ]
    assert maxsim(QueryTokens(query, weights), codes) == pytest.approx(expected, abs=1e-5)


@given(MATRICES)
def test_codes_are_unit_vectors_of_the_same_signs(vectors: Vectors) -> None:
    kept = from_codes(to_codes(unit(vectors)), vectors.shape[1])
    assert ((kept > 0) == (vectors >= 0)).all()
    assert np.linalg.norm(kept, axis=1) == pytest.approx(np.ones(len(kept)), abs=1e-6)


def test_a_token_takes_two_bits_a_component_and_keeps_its_direction() -> None:
    tokens = turn(random_tokens(99, width=384))
    codes = to_codes(tokens)
    assert (codes.dtype, codes.shape) == (np.uint8, (99, 96))
    assert np.einsum("ij,ij->i", from_codes(codes, 384), tokens).min() > 0.9


def test_maxsim_is_sentence_transformers_own() -> None:
    from sentence_transformers.util import maxsim as reference
    from torch import from_numpy

    query = random_tokens(7, seed=2)
    codes = [to_codes(random_tokens(count, seed=count)) for count in (1, 4, 30)]
    asked = from_numpy(in_eight_bits(query))[None]
    expected = [float(reference(asked, from_numpy(from_codes(each, 40))[None])) / 7 for each in codes]
    assert maxsim(QueryTokens(query, np.full(7, 1 / 7)), codes) == pytest.approx(expected, abs=1e-5)


def test_a_questions_eight_bits_are_as_good_as_floats() -> None:
    query, passages = random_tokens(12, width=384), [random_tokens(count, width=384, seed=count) for count in range(20, 60)]
    codes = [to_codes(passage) for passage in passages]
    exact = [float((query @ from_codes(each, 384).T).max(axis=1).mean()) for each in codes]
    assert maxsim(QueryTokens(query, np.full(12, 1 / 12)), codes) == pytest.approx(exact, abs=1e-3)


@given(MATRICES, st.lists(MATRICES, min_size=1, max_size=6))
def test_any_machine_scores_alike(query: Vectors, passages: list[Vectors]) -> None:
    asked = QueryTokens(unit(query), np.full(len(query), 1 / len(query)))
    codes = [to_codes(unit(passage)) for passage in passages]
    found = []
    pytest.importorskip("torch")
    for native in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(late, "multiplies_bytes", lambda native=native: native)
            found.append(maxsim(asked, codes).tolist())
    assert found[0] == found[1]


def test_what_has_no_tokens_has_no_score() -> None:
    query = QueryTokens(random_tokens(2), np.array([0.5, 0.5]))
    some, none = to_codes(random_tokens(3)), to_codes(random_tokens(0))
    assert np.isnan(maxsim(query, [none, some, none])).tolist() == [True, False, True]
    assert np.isnan(maxsim(QueryTokens(random_tokens(0), np.empty(0)), [some])).all()
    assert len(maxsim(query, [])) == 0


def test_turning_keeps_every_cosine_and_lets_no_component_stand_out() -> None:
    tokens = random_tokens(200)
    turned = turn(tokens)
    assert turned @ turned.T == pytest.approx(tokens @ tokens.T, abs=1e-5)
    one = np.eye(40, dtype=np.float32)
    assert np.abs(turn(one)).max() < 0.25


@given(st.integers(1, 40))
def test_turning_is_orthogonal_whatever_the_width(width: int) -> None:
    assert turn(np.eye(width, dtype=np.float32)) @ turn(np.eye(width, dtype=np.float32)).T == pytest.approx(
        np.eye(width), abs=1e-5
    )


def test_every_texts_tokens_are_stored(tmp_path: Path) -> None:
    texts = [random_tokens(count, seed=count) for count in (4, 1, 0, 10, 6)]
    spans = [np.array([[3 * place, 3 * place + 2] for place in range(len(text))]).reshape(-1, 2) for text in texts]
    with TokenWriter(tmp_path, 40) as writer:
        for text, where in zip(texts, spans, strict=True):
            writer.add(stored("x" * 40, TokenVectors(text, where)))
    opened = TokenFile.open(tmp_path)
    assert opened
    assert (len(opened), opened.width) == (5, 40)
    for row, (text, where) in enumerate(zip(texts, spans, strict=True)):
        assert (opened[row].codes == to_codes(turn(text))).all()
        assert (opened[row].starts + 40 == where[:, 0]).all()


def test_passages_are_compared_over_parts(tmp_path: Path) -> None:
    texts = [random_tokens(count, seed=count) for count in (4, 1, 6, 0)]
    for part in (0, 1):
        (tmp_path / str(part)).mkdir()
        with TokenWriter(tmp_path / str(part), 40) as writer:
            for text in texts[2 * part : 2 * part + 2]:
                writer.add(stored("", TokenVectors(text, np.zeros((len(text), 2), np.int64))))
    places = Places.of(np.array([1, 0, 0, 1], np.int32), np.array([0, 1, 0, 1]), [2, 2])
    late = LateInteraction([TokenFile(tmp_path / str(part)) for part in (0, 1)], places)
    query = QueryTokens(turn(texts[2]), np.full(6, 1 / 6))
    found = late.score(query, np.array([3, 0, 1, 2]))
    assert np.isnan(found).tolist() == [True, False, False, False]
    assert found[1:].tolist() == maxsim(query, [to_codes(turn(texts[number])) for number in (2, 1, 0)]).tolist()
    # A text's own tokens are as near as rounding leaves them.
    assert found[1] == pytest.approx(0.94, abs=0.03)


def test_without_tokens_there_is_nothing_to_open(tmp_path: Path) -> None:
    assert TokenFile.open(tmp_path) is None
