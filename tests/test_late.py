"""Late interaction: held to an obvious version and to sentence-transformers' own, and what it stores."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from index.arrays import TokenVectors, Vectors
from index.late import LateInteraction, QueryTokens, TokenWriter, from_codes, maxsim, to_codes, turn

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
            for token, weight in zip(query, weights, strict=True)
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
    expected = [float(reference(from_numpy(query)[None], from_numpy(from_codes(each, 40))[None])) / 7 for each in codes]
    assert maxsim(QueryTokens(query, np.full(7, 1 / 7)), codes) == pytest.approx(expected, abs=1e-5)


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


def test_the_writer_stores_every_texts_tokens_once(tmp_path: Path) -> None:
    texts = {bytes([number]): random_tokens(number + 1, seed=number) for number in range(10)}
    spans = {key: np.array([[3 * place, 3 * place + 2] for place in range(len(texts[key]))]) for key in texts}
    order = [b"\x03", b"\x00", b"\x03", b"\x09", b"\x05"]
    with TokenWriter(tmp_path) as writer:
        for key, vectors in texts.items():
            writer.add(key, "x" * 40, TokenVectors(vectors, spans[key]))
        writer.save(order)
    late = LateInteraction.open(tmp_path, 40)
    assert late
    assert [len(late.tokens(row).codes) for row in range(5)] == [4, 1, 4, 10, 6]
    for row, key in enumerate(order):
        assert (late.tokens(row).codes == to_codes(turn(texts[key]))).all()
        assert (late.tokens(row).starts + 40 == spans[key][:, 0]).all()
    query = QueryTokens(turn(texts[b"\x05"]), np.full(6, 1 / 6))
    assert (
        late.score(query, np.array([4, 0])).tolist() == maxsim(query, [late.tokens(4).codes, late.tokens(0).codes]).tolist()
    )
    assert late.score(query, np.array([4]))[0] == pytest.approx(0.94, abs=0.03)


def test_without_tokens_nothing_is_stored(tmp_path: Path) -> None:
    with TokenWriter(tmp_path) as writer:
        writer.save([b"a"])
    assert list(tmp_path.iterdir()) == []
    assert writer.width == 0
    assert LateInteraction.open(tmp_path, 0) is None


def test_a_text_without_tokens_among_others(tmp_path: Path) -> None:
    with TokenWriter(tmp_path) as writer:
        writer.add(b"a", "one two three", TokenVectors(random_tokens(3), np.array([[0, 3], [4, 7], [8, 13]])))
        writer.add(b"b", "", TokenVectors(random_tokens(0), np.empty((0, 2), np.int64)))
        writer.save([b"b", b"a", b"unknown"])
    late = LateInteraction.open(tmp_path, 40)
    assert late
    scores = late.score(QueryTokens(turn(random_tokens(1)), np.ones(1)), np.arange(3))
    assert np.isnan(scores).tolist() == [True, False, True]
