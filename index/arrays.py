"""The arrays that cross module borders."""

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
