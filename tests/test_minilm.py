"""The default encoder in bfloat16, held to itself in float32."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from index import minilm
from index.arrays import Encoded, Vectors
from index.minilm import MiniLM, Precision

pytestmark = pytest.mark.model

TEXTS = [
    "",
    " ",
    "w",
    "What is the annual output of white liquor?",
    "山西省阳泉市工业发展保持良好增长。",
    "Ça coûte 2,32 € — à peu près. 😀",
    "word " * 254,
    "A long text of many sentences, far beyond what the model reads. " * 60,
    *(f"Sentence {'number ' * n}{n}." for n in range(0, 40, 4)),
]
# A number of bfloat16 has eight bits: two ways of adding up the same products may end one apart.
ROUNDING = 0.9995


@pytest.fixture(scope="module")
def exact() -> MiniLM:
    return MiniLM("float32")


@pytest.fixture(scope="module")
def quick() -> MiniLM:
    return MiniLM("bfloat16")


@pytest.fixture(scope="module")
def true(exact: MiniLM) -> Encoded:
    """The passages in float32."""
    return exact.encode_document_tokens(TEXTS)


@pytest.fixture(scope="module")
def near(quick: MiniLM) -> Encoded:
    """The passages in bfloat16."""
    return quick.encode_document_tokens(TEXTS)


def cosines(some: Vectors, others: Vectors) -> Vectors:
    """Row by row: some and others are unit vectors, shape (texts, dimensions)."""
    return np.asarray(np.einsum("ij,ij->i", some, others), dtype=np.float32)


def test_passages_in_bfloat16_have_nearly_the_same_vectors(true: Encoded, near: Encoded) -> None:
    assert near.vectors.dtype == np.float32
    assert near.vectors.shape == (len(TEXTS), 384)
    assert np.linalg.norm(near.vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)
    assert cosines(near.vectors, true.vectors).min() >= 0.998
    # Nearly, not quite: it is bfloat16.
    assert (near.vectors != true.vectors).any()


def test_passages_in_bfloat16_have_the_same_tokens(true: Encoded, near: Encoded) -> None:
    assert true.tokens
    assert near.tokens
    for ours, theirs in zip(near.tokens, true.tokens, strict=True):
        assert ours.spans.tolist() == theirs.spans.tolist()
        assert ours.vectors.dtype == np.float32
        assert ours.vectors.shape == theirs.vectors.shape
        assert (cosines(ours.vectors, theirs.vectors) >= 0.998).all()


def test_no_passages_have_no_vectors(quick: MiniLM) -> None:
    assert quick.encode_document([]).shape == (0, 384)


def test_questions_are_encoded_in_float32_always(exact: MiniLM, quick: MiniLM) -> None:
    ours, theirs = quick.encode_query_tokens(TEXTS[:6]), exact.encode_query_tokens(TEXTS[:6])
    assert (ours.vectors == theirs.vectors).all()
    assert (quick.encode_query(TEXTS[:6]) == ours.vectors).all()
    for mine, other in zip(ours.tokens or [], theirs.tokens or [], strict=True):
        assert (mine.vectors == other.vectors).all()


@pytest.mark.parametrize("rows", [[0], [3], [4], [7], [3, 7], [12, 0, 5, 3, 3], list(range(len(TEXTS)))[::-1]])
def test_a_passage_has_the_same_vector_in_any_company(quick: MiniLM, near: Encoded, rows: list[int]) -> None:
    vectors = quick.encode_document([TEXTS[row] for row in rows])
    assert cosines(vectors, near.vectors[rows]).min() >= ROUNDING


@pytest.mark.parametrize(("native", "expected"), [(True, "bfloat16"), (False, "float32")])
def test_bfloat16_serves_where_the_cpu_multiplies_it(monkeypatch: pytest.MonkeyPatch, native: bool, expected: str) -> None:
    monkeypatch.setattr(minilm, "multiplies_bfloat16", lambda: native)
    assert MiniLM().dtype == expected
    assert MiniLM("float32").dtype == "float32"
    assert MiniLM("bfloat16").dtype == "bfloat16"


def test_without_the_cpus_support_passages_are_encoded_as_questions_are(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"architecture": "x86_64", "avx2": True})
    encoder = MiniLM()
    assert (encoder.encode_document(TEXTS[:4]) == encoder.encode_query(TEXTS[:4])).all()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_several_threads_may_encode_passages_each_by_itself(dtype: Precision) -> None:
    encoder, texts = MiniLM(dtype), TEXTS[3:6]

    def alone(_: int) -> Vectors:
        with encoder.single_threaded():
            return encoder.encode_document(texts)

    with ThreadPoolExecutor(4) as pool:  # all four find the weights not yet read
        found = list(pool.map(alone, range(8)))
    expected = MiniLM(dtype).encode_document(texts)
    for vectors in found:
        assert cosines(vectors, expected).min() >= (0.99999 if dtype == "float32" else ROUNDING)
