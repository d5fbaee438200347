"""The vectors of an index's texts: taken over from the index that it replaces, or encoded."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from index.arrays import Vector, Vectors
from index.encoder import Encoder
from index.errors import IndexFolderError
from index.index import check_encoder
from index.late import LateInteraction, TokenWriter
from index.progress import Progress
from index.searchers import DenseSearcher
from index.store import read_manifest, verify_files
from index.tokens import encode_with_tokens

KEY_BYTES = 16
_KEYS = "keys.npy"
_ENCODED_AT_ONCE = 64
_SEED = 20


@dataclass(frozen=True, slots=True)
class Known:
    """What an index knows of texts already: their unit vectors by key, their row in it, and its token vectors."""

    vectors: dict[bytes, Vector] = field(default_factory=dict)
    rows: dict[bytes, int] = field(default_factory=dict)
    late: LateInteraction | None = None


def known_vectors(folder: Path, encoder: Encoder) -> Known:
    """What the index in `folder` knows; nothing if it cannot be used or is another encoder's."""
    try:
        manifest = read_manifest(folder)
        check_encoder(folder, manifest, encoder)
        build = verify_files(folder, manifest)
    except IndexFolderError:
        return Known()
    keys = [key.tobytes() for key in np.load(build / _KEYS, allow_pickle=False)]
    # Copied: the mapped vectors live only as long as their searcher.
    searcher = DenseSearcher.open(build)
    vectors = searcher.vectors.copy()
    rows = {key: row for row, key in enumerate(keys)}
    late = LateInteraction.open(build, manifest.token_dimensions)
    return Known({key: vectors[row] for key, row in rows.items()}, rows, late)


def embed(
    texts: Sequence[str], keys: Sequence[bytes], encoder: Encoder, known: Known, folder: Path, progress: Progress
) -> tuple[Vectors, int, int]:
    """The texts' unit vectors, float32 (texts, dimensions), how many of them were known, and the tokens' width, or 0.

    Writes their keys, and their tokens' vectors if the encoder tells them, into `folder`. Raises EncoderError.
    """
    # Equal texts are encoded once.
    by_key = dict(zip(keys, texts, strict=True))
    vectors, width = _embed(by_key, keys, encoder, known, folder, progress)
    if len({len(vector) for vector in vectors.values()}) > 1:
        # An encoder that shows no weights gives vectors of another length now: it is another.
        known = Known()
        vectors, width = _embed(by_key, keys, encoder, known, folder, progress)
    np.save(folder / _KEYS, np.frombuffer(b"".join(keys), np.uint8).reshape(-1, KEY_BYTES), allow_pickle=False)
    return np.stack([vectors[key] for key in keys]), sum(key in known.vectors for key in keys), width


def _embed(
    texts: dict[bytes, str], keys: Sequence[bytes], encoder: Encoder, known: Known, folder: Path, progress: Progress
) -> tuple[dict[bytes, Vector], int]:
    vectors = dict[bytes, Vector]()
    new = [key for key in texts if key not in known.vectors]
    done = 0
    with TokenWriter(folder) as writer:
        for key in (key for key in texts if key in known.vectors):
            vectors[key] = known.vectors[key]
            if known.late:
                writer.add_stored(key, known.late.tokens(known.rows[key]), known.late.width)
        for batch in _batches(new, texts):
            progress("Embedding passages", done, len(new))
            encoded = encode_with_tokens(encoder, [texts[key] for key in batch], query=False)
            vectors.update(zip(batch, encoded.vectors, strict=True))
            for key, tokens in zip(batch, encoded.tokens or (), strict=bool(encoded.tokens)):
                writer.add(key, texts[key], tokens)
            done += len(batch)
        progress("Embedding passages", len(new), len(new))
        writer.save(keys)
    return vectors, writer.width


def _batches(keys: Sequence[bytes], texts: dict[bytes, str]) -> list[list[bytes]]:
    """Texts of like length share a batch, so that little is padded; batches in random order, so that any few tell the rest.

    The remaining time can be told from those, and the principal components of the tokens.
    """
    order = sorted(keys, key=lambda key: -len(texts[key]))
    batches = [order[start : start + _ENCODED_AT_ONCE] for start in range(0, len(order), _ENCODED_AT_ONCE)]
    return [batches[place] for place in np.random.default_rng(_SEED).permutation(len(batches))]
