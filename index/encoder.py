"""What turns text into vectors: the Encoder protocol, the offline default, any sentence-transformers model."""

import hashlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from index.arrays import Vectors
from index.errors import EncoderError
from index.minilm import NAME, MiniLM

DEFAULT_MODEL = NAME

TokenCounter = Callable[[Sequence[str]], list[int]]
"""Gives each text's number of tokens, those that the encoder adds itself counted in."""


@dataclass(frozen=True, slots=True)
class TokenBudget:
    """How many tokens of a text an encoder reads, and how it counts them."""

    limit: int
    count: TokenCounter

    def fits(self, text: str) -> bool:
        """Whether the encoder reads all of a text."""
        return self.count([text])[0] <= self.limit

    def truncated(self, texts: Sequence[str]) -> int:
        """How many tokens of the texts the encoder would leave unread."""
        return sum(max(0, tokens - self.limit) for tokens in self.count(texts))


@runtime_checkable
class Encoder(Protocol):
    """A model at its boundary, with sentence-transformers' own method names: a SentenceTransformer fits as it is.

    More attributes are used where they exist: `max_seq_length`, the most tokens of a text that the model reads;
    `tokenizer` (sentence-transformers) or `count_tokens(texts)`, to count them; `encode_query_tokens` and
    `encode_document_tokens` (index/tokens.py), for late interaction, which a SentenceTransformer does not need;
    `single_threaded()`, a context in which a call keeps to one thread and others may call at once, for a quicker build.
    """

    def encode_query(self, inputs: list[str], /) -> Any:
        """Vectors of questions: array of floats, shape (len(inputs), dimensions)."""

    def encode_document(self, inputs: list[str], /) -> Any:
        """Vectors of passages: array of floats, shape (len(inputs), dimensions)."""


def open_encoder(name: str = DEFAULT_MODEL, *, download: bool = False) -> Encoder:
    """The encoder called `name`: the offline default, a folder, or a sentence-transformers model's name.

    A model that is not on this machine is fetched only with `download`. Raises EncoderError if there is none.
    """
    if name == DEFAULT_MODEL:
        return _default_encoder()
    if not Path(name).is_dir() and (name.startswith((".", "~")) or Path(name).is_absolute()):
        raise EncoderError(f"{name}: no such folder: name a folder with a sentence-transformers model, or a model's name")
    offline = not download or Path(name).is_dir()
    with Quiet(offline):
        from sentence_transformers import SentenceTransformer

        try:
            model = SentenceTransformer(
                name, device="cpu" if offline and Path(name).is_dir() else None, local_files_only=offline
            )
        except Exception as error:  # the library raises whatever its loaders do
            # Of a model that is not to be fetched the library says that it cannot be reached.
            why = f" ({first_line(error)})" if download or Path(name).is_dir() else " on this machine"
            raise EncoderError(
                f"no encoder {name!r}{why}: expected {DEFAULT_MODEL}, a folder with a sentence-transformers model, or a "
                "model's name that qa index --model can fetch; an encoder of your own is given in Python, encoder="
            ) from None
    # Under this name the index's manifest remembers it.
    model.name = str(Path(name).resolve()) if Path(name).is_dir() else name  # type: ignore[assignment]
    return model


@cache
def _default_encoder() -> MiniLM:
    # One for all libraries of a process: its weights are 90 MB.
    return MiniLM()


def encode_queries(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    """Unit vectors of questions: float32, shape (len(texts), dimensions). Raises EncoderError as `as_vectors`."""
    return as_vectors(encoder.encode_query(list(texts)), len(texts), encoder)


def encode_documents(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    """Unit vectors of passages: float32, shape (len(texts), dimensions). Raises EncoderError as `as_vectors`."""
    return as_vectors(encoder.encode_document(list(texts)), len(texts), encoder)


def as_vectors(encoded: Any, count: int, encoder: Encoder) -> Vectors:
    """What an encoder returned as float32 unit vectors; raises EncoderError for another shape or no finite numbers."""
    try:
        vectors = np.asarray(encoded, dtype=np.float32)
    except (TypeError, ValueError):
        raise EncoderError(
            f"{encoder_name(encoder)} returned {type(encoded).__name__}, expected an array of {count} vectors of one length"
        ) from None
    if vectors.ndim != 2 or len(vectors) != count:
        raise EncoderError(
            f"{encoder_name(encoder)} returned shape {vectors.shape} for {count} texts, expected ({count}, n)"
        )
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or (lengths == 0).any():
        raise EncoderError(f"{encoder_name(encoder)} returned a vector that is zero or not finite: use another with --model")
    return np.ascontiguousarray(vectors / lengths, dtype=np.float32)


def is_sentence_transformer(encoder: Encoder) -> bool:
    """Whether an encoder is sentence-transformers' own; never imports the library to tell."""
    library = sys.modules.get("sentence_transformers")
    return library is not None and isinstance(encoder, library.SentenceTransformer)


def encoder_name(encoder: Encoder) -> str:
    """What an encoder is called: its own `name`, the model's name or folder, or its class."""
    name = getattr(encoder, "name", None)
    if isinstance(name, str):
        return name
    card = getattr(encoder, "model_card_data", None)
    return getattr(card, "base_model", None) or type(encoder).__name__


def weights_hash(encoder: Encoder) -> str:
    """sha256 over an encoder's weights, "" where it shows none: two encoders of one name are told apart by it."""
    known = getattr(encoder, "weights", None)
    if isinstance(known, str):
        return known
    state = getattr(encoder, "state_dict", None)
    if state is None:
        return ""
    digest = hashlib.sha256()
    for name, tensor in sorted(state().items()):
        digest.update(name.encode())
        digest.update(str(tensor.dtype).encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(_bytes()).numpy())
    return digest.hexdigest()


def token_limit(encoder: Encoder) -> int:
    """How many tokens of a text an encoder reads, its prompt counted in; 0 if it does not tell."""
    limit = getattr(encoder, "max_seq_length", None)
    return limit if isinstance(limit, int) and limit > 0 else 0


def token_budget(encoder: Encoder) -> TokenBudget | None:
    """How many tokens of a passage an encoder reads, its own prompt taken off; None if it does not tell."""
    limit, count = token_limit(encoder), _token_counter(encoder)
    if not limit or count is None:
        return None
    prompts = getattr(encoder, "prompts", None) or {}
    prompt = prompts.get("document") or prompts.get("passage") or ""
    return TokenBudget(limit - (count([prompt])[0] if prompt else 0), count)


def _token_counter(encoder: Encoder) -> TokenCounter | None:
    count = getattr(encoder, "count_tokens", None)
    if callable(count):
        return lambda texts: list(count(list(texts)))
    tokenizer = getattr(encoder, "tokenizer", None)
    if not callable(tokenizer):
        return None
    return lambda texts: [len(ids) for ids in tokenizer(list(texts), truncation=False, verbose=False)["input_ids"]]


def _bytes() -> Any:
    import torch

    return torch.uint8


def first_line(error: Exception) -> str:
    """What an error says, shortened to a line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]


class Quiet:
    """While open: no progress bars of the model libraries, and offline where nothing may be fetched."""

    def __init__(self, offline: bool) -> None:
        self._offline = offline

    def __enter__(self) -> None:
        if self._offline:
            # Read when the hub's library is first imported; local_files_only covers the case that it already is.
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        from transformers.utils import logging

        self._bars = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]

    def __exit__(self, *_: object) -> None:
        from transformers.utils import logging

        if self._bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
