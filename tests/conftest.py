"""What the tests share: a toy encoder that needs no weights, and libraries of small folders and of the seeds."""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

import qa
from eval.gold import GOLD
from index import Encoder
from index.analyzer import analyze
from index.arrays import Encoded, TokenVectors, Vector, Vectors

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from walking import Visit

# No example has a time limit, nor has making them: machines differ.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"
DATA = ROOT.parent / "shared" / "data"


class ToyEncoder:
    """A bag of hashed terms: deterministic, offline, and near where words are shared. Reads at most 64 words."""

    dimensions = 64
    max_seq_length = 64

    def __init__(self, name: str = "toy", weights: str = "toy-weights") -> None:
        self.name, self.weights = name, weights
        self.encoded: list[str] = []

    def encode_query(self, inputs: Sequence[str], /) -> Vectors:
        return self._encode(inputs)

    def encode_document(self, inputs: Sequence[str], /) -> Vectors:
        self.encoded.extend(inputs)
        return self._encode(inputs)

    def count_tokens(self, inputs: Sequence[str], /) -> list[int]:
        return [len(text.split()) for text in inputs]

    def _encode(self, inputs: Sequence[str]) -> Vectors:
        vectors = np.empty((len(inputs), self.dimensions), dtype=np.float32)
        for row, text in enumerate(inputs):
            # A little of the text's own, so that only equal texts tie.
            seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
            vectors[row] = 0.01 * np.random.default_rng(seed).random(self.dimensions)
            for term in analyze(text):
                place = int.from_bytes(hashlib.sha256(term.encode()).digest()[:4], "big") % self.dimensions
                vectors[row, place] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class ToyTokenEncoder(ToyEncoder):
    """The same, telling a vector for each word: the word's own, with a little of the words beside it."""

    width = 24
    piece = r"\w+"

    def encode_query_tokens(self, inputs: Sequence[str], /) -> Encoded:
        return Encoded(self.encode_query(inputs), [self._tokens(text) for text in inputs])

    def encode_document_tokens(self, inputs: Sequence[str], /) -> Encoded:
        return Encoded(self.encode_document(inputs), [self._tokens(text) for text in inputs])

    def _tokens(self, text: str) -> TokenVectors:
        words = list(re.finditer(self.piece, text))
        own = [self._vector(word.group().casefold()) for word in words]
        mixed = [sum(own[max(0, place - 1) : place + 2], 4 * own[place]) for place in range(len(own))]
        spans = np.array([word.span() for word in words], dtype=np.int64).reshape(-1, 2)
        return TokenVectors.of(np.array(mixed, dtype=np.float32).reshape(-1, self.width), spans)

    def _vector(self, word: str) -> Vector:
        seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
        return np.random.default_rng(seed).standard_normal(self.width).astype(np.float32)


@pytest.fixture
def toy() -> ToyEncoder:
    return ToyEncoder()


@pytest.fixture
def make_library(tmp_path: Path) -> Callable[..., qa.Library]:
    """A library of the files given as name and text, by the toy encoder or another."""

    def make(files: dict[str, str], encoder: Encoder | None = None) -> qa.Library:
        folder = tmp_path / "articles"
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return qa.load(folder, index=tmp_path / "index", encoder=encoder or ToyEncoder())

    return make


@pytest.fixture(scope="session")
def seeds_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the index of the seed articles, by the default encoder."""
    folder = tmp_path_factory.mktemp("seeds") / "index"
    qa.load(SEEDS, index=folder)
    return folder


@pytest.fixture(scope="session")
def seeds(seeds_index: Path) -> qa.Library:
    """The library of the seed articles, by the default encoder."""
    return qa.Library.open(seeds_index)


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    from walking import chromium

    with chromium() as opened:
        yield opened


@pytest.fixture
def visit(browser: "Browser") -> Iterator["Visit"]:
    from walking import visits

    with visits(browser) as go:
        yield go


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    """A third of the gold set's questions, of all kinds, for what any questions do for."""
    path = tmp_path / "third.jsonl"
    path.write_text("".join(GOLD.read_text(encoding="utf-8").splitlines(keepends=True)[::3]), encoding="utf-8")
    return path


def in_eight_bits(vectors: Vectors) -> Vectors:
    """Vectors whose components are whole multiples of a 127th of the greatest: what late interaction makes of a question."""
    step = np.abs(vectors).max(axis=1, keepdims=True) / np.float32(127)
    return np.asarray(np.rint(vectors / step) * step, dtype=np.float32)
