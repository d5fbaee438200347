"""Cross-encoders, which read question and passage together: better, and far slower on a CPU. Off unless asked for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from index.arrays import Scores
from index.encoder import Quiet, first_line
from index.errors import EncoderError

_BATCH = 16


class Reranker(Protocol):
    """A cross-encoder at its boundary: sentence-transformers' CrossEncoder fits as it is."""

    def predict(self, sentences: list[tuple[str, str]], /, **options: Any) -> Any:
        """A score a (question, passage) pair: array of floats, shape (pairs,)."""


def open_reranker(name: str, *, download: bool = False) -> Reranker:
    """The CrossEncoder called `name`, or in the folder `name`. Fetched only with `download`. Raises EncoderError."""
    folder = Path(name).is_dir()
    offline = not download or folder
    with Quiet(offline):
        from sentence_transformers import CrossEncoder

        try:
            model: Any = CrossEncoder(name, device="cpu" if folder else None, local_files_only=offline)
        except Exception as error:  # the library raises whatever its loaders do
            raise EncoderError(
                f"no cross-encoder {name!r} ({first_line(error)}): expected a folder with a CrossEncoder of "
                "sentence-transformers, or a name that --rerank can fetch"
            ) from None
    if model.num_labels != 1:
        raise EncoderError(f"{name}: gives {model.num_labels} scores a pair, expected 1: name another with --rerank")
    judge: Reranker = model
    return judge


def rerank_scores(reranker: Reranker, question: str, passages: Sequence[str]) -> Scores:
    """How well each passage answers, 0 to 1: float64, shape (passages,). Raises EncoderError for another shape."""
    from torch.nn import Sigmoid

    pairs = [(question, passage) for passage in passages]
    scores = reranker.predict(pairs, batch_size=_BATCH, show_progress_bar=False, activation_fn=Sigmoid())
    scores = np.asarray(scores, dtype=np.float64)
    if scores.shape != (len(passages),) or not np.isfinite(scores).all():
        raise EncoderError(f"the cross-encoder returned shape {scores.shape}, expected {len(passages)} finite scores")
    return scores
