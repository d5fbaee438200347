"""The arrays that cross module borders."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Vector: TypeAlias = npt.NDArray[np.float32]
"""float32, shape (dimensions,), unit length."""

Vectors: TypeAlias = npt.NDArray[np.float32]
"""float32, shape (texts, dimensions), unit length."""

Rows: TypeAlias = npt.NDArray[np.int64]
"""int64, shape (n,): passages by their place in the index."""

Scores: TypeAlias = npt.NDArray[np.float64]
"""float64, shape (n,): higher is better."""

TokenSpans: TypeAlias = npt.NDArray[np.int64]
"""int64, shape (tokens, 2): where in a text its tokens stand, end exclusive."""


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """The tokens of one text, as an encoder reads them in their context: float32 unit vectors (tokens, width)."""

    vectors: Vectors
    spans: TokenSpans

    @classmethod
    def of(cls, vectors: npt.NDArray[np.float32], spans: TokenSpans) -> "TokenVectors":
        """From vectors of any length; what stands nowhere in the text (a marker, a prompt) is left out."""
        stands = (spans[:, 1] > spans[:, 0]) & (spans[:, 0] >= 0)
        kept = vectors[stands]
        lengths = np.maximum(np.linalg.norm(kept, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return cls(np.asarray(kept / lengths, dtype=np.float32), spans[stands])


@dataclass(frozen=True, slots=True)
class Encoded:
    """Texts, each as one unit vector and, where the encoder tells, as its tokens' vectors."""

    vectors: Vectors
    tokens: list[TokenVectors] | None
