"""What an encoder makes of each token of a text, read in its context: what late interaction compares."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from index.arrays import Encoded, TokenVectors
from index.encoder import Encoder, as_vectors, encode_documents, encode_queries, is_sentence_transformer


@runtime_checkable
class TokenEncoder(Protocol):
    """An encoder that also tells its tokens' vectors: in one pass, so that they cost no more than the texts' own."""

    def encode_query_tokens(self, inputs: list[str], /) -> Encoded:
        """Questions, as vectors and tokens' vectors."""

    def encode_document_tokens(self, inputs: list[str], /) -> Encoded:
        """Passages, as vectors and tokens' vectors."""


def encode_with_tokens(encoder: Encoder, texts: Sequence[str], *, query: bool) -> Encoded:
    """Questions (`query`) or passages as an encoder reads them; without tokens where it does not tell them.

    Tells: an encoder with the methods of `TokenEncoder`, and a SentenceTransformer with a fast tokenizer. Raises
    EncoderError as `index.encoder.as_vectors`.
    """
    if isinstance(encoder, TokenEncoder):
        encode = encoder.encode_query_tokens if query else encoder.encode_document_tokens
        encoded = encode(list(texts))
        return Encoded(as_vectors(encoded.vectors, len(texts), encoder), encoded.tokens)
    if is_sentence_transformer(encoder):
        return _by_sentence_transformer(encoder, texts, query=query)
    return Encoded(encode_queries(encoder, texts) if query else encode_documents(encoder, texts), None)


def _by_sentence_transformer(model: Any, texts: Sequence[str], *, query: bool) -> Encoded:
    encode = model.encode_query if query else model.encode_document
    outputs = encode(list(texts), output_value=None, show_progress_bar=False)
    vectors = as_vectors(
        np.array([output["sentence_embedding"].float().cpu().numpy() for output in outputs]), len(texts), model
    )
    tokens = [_tokens(model, text, output, _prompt(model, query)) for text, output in zip(texts, outputs, strict=True)]
    whole = [each for each in tokens if each is not None]
    return Encoded(vectors, whole if len(whole) == len(tokens) else None)


def _prompt(model: Any, query: bool) -> str:
    prompts = getattr(model, "prompts", None) or {}
    names = ("query",) if query else ("document", "passage", "corpus")
    return next((prompts[name] for name in names if prompts.get(name)), "")


def _tokens(model: Any, text: str, output: Any, prompt: str) -> TokenVectors | None:
    """One text's tokens out of what a SentenceTransformer returns; None if they cannot be placed in the text."""
    if "token_embeddings" not in output or not getattr(model.tokenizer, "is_fast", False):
        return None
    read = model.tokenizer(
        prompt + text, truncation=True, max_length=model.max_seq_length, return_offsets_mapping=True, verbose=False
    )
    spans = np.array(read["offset_mapping"], dtype=np.int64).reshape(-1, 2) - len(prompt)
    vectors = output["token_embeddings"].float().cpu().numpy()
    if "attention_mask" in output:
        vectors = vectors[output["attention_mask"].cpu().numpy().astype(bool)]
    if len(vectors) != len(spans):
        return None
    return TokenVectors.of(vectors, spans)
