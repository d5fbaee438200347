"""Our own library as a contender: retrieval as by default, late interaction included, before anything is read."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eval.scale import HashedEncoder
from eval.speed.collection import Collection
from eval.speed.contender import Search
from index.arrays import Encoded
from index.build import build_index
from index.late import LateInteraction
from qa.library import Library
from qa.retriever import System, gather, rank


class _Handed(HashedEncoder):
    """Hashed words, as they were handed to everyone; questions known beforehand."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, Encoded] = {}

    def encode_query_tokens(self, inputs: Sequence[str], /) -> Encoded:
        if len(inputs) != 1:
            return super().encode_query_tokens(inputs)
        if inputs[0] not in self._known:
            self._known[inputs[0]] = super().encode_query_tokens(inputs)
        return self._known[inputs[0]]


class Ours:
    """Library: both legs, their convex sum, late interaction."""

    title = "article-qa"
    packages = ("article-qa", "faiss-cpu", "rank-bm25", "numpy")

    def __init__(self) -> None:
        # Whoever encodes by the default model has it loaded, and late interaction makes use of that.
        import torch  # noqa: F401

        self._encoder = _Handed()

    def build(self, collection: Collection, folder: Path) -> None:
        build_index([collection.corpus], folder, self._encoder)

    def open(self, folder: Path) -> None:
        self._library = Library.open(folder, self._encoder)

    def hand(self, collection: Collection) -> None:
        for question in collection.questions:
            self._encoder.encode_query_tokens([question])

    def search(self, question: str, k: int) -> list[str]:
        return self._found(question, k, self._library.index.late, "hybrid")

    @property
    def variants(self) -> dict[str, Search]:
        return {
            "both legs alone, as the peers": lambda question, k: self._found(question, k, None, "convex"),
            "a whole answer, sentences marked": self._answer,
        }

    def agreement(self, questions: list[str], k: int) -> dict[str, float]:
        """What is found with the stand-in of many vectors, of what is found without it."""
        index = self._library.index
        exact = index.dense.exactly()
        shares: dict[str, list[float]] = {}
        for query in (index.queries([question])[0] for question in questions):
            leg, other_leg = (dense.search(query, k).rows for dense in (exact, index.dense))
            whole, other_whole = (
                rank(gather(dense, index.lexical, query, late=index.late), k).rows for dense in (exact, index.dense)
            )
            shares.setdefault(f"the dense leg's {k} best", []).append(float(np.isin(leg, other_leg).mean()))
            shares.setdefault(f"the {k} passages in the end", []).append(float(np.isin(whole, other_whole).mean()))
        return {name: float(np.mean(each)) for name, each in shares.items()}

    def _found(self, question: str, k: int, late: LateInteraction | None, system: System) -> list[str]:
        index = self._library.index
        (query,) = index.queries([question])
        candidates = gather(index.dense, index.lexical, query, late=late, among=index.allowed(query))
        return [self._library.passages[row].article.id for row in rank(candidates, k, system).rows.tolist()]

    def _answer(self, question: str, k: int) -> list[str]:
        return [hit.passage.article.id for hit in self._library.ask(question, k).hits]
