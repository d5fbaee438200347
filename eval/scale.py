"""100,000 passages: `python -m eval.scale DATA` builds, asks and evaluates at that size, and prints what it took.

Passages and words are those of the books_100k collection; the vectors are hashed words, so that encoding, which is measured
elsewhere, costs nothing. Times hold whatever the vectors say; the quality of such a ranking means nothing.
"""

import re
import resource
import shutil
import statistics
import sys
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from eval.evaluation import evaluate
from eval.gold import GoldQuestion
from index.arrays import Encoded, TokenVectors, Vectors
from index.build import build_index
from qa.console import error_console
from qa.library import Library
from qa.progress import progress_bar
from qa.retriever import COMPARED, gather

QUESTIONS = 10_000
_TIMED = 500
_WORDS_ASKED = 9
_FOLDER = Path(".cache/scale")
_SEED = 20


class HashedEncoder:
    """Every word has a random vector, and a text the mean of its words': as fast as it gets, and of the usual sizes."""

    name, weights = "hashed-words", "hashed-words-1"
    dimensions = 384
    _rows = 1 << 13

    def __init__(self) -> None:
        self._table = np.random.default_rng(_SEED).standard_normal((self._rows, self.dimensions), dtype=np.float32)

    def encode_query(self, inputs: Sequence[str], /) -> Vectors:
        return self.encode_query_tokens(inputs).vectors

    def encode_document(self, inputs: Sequence[str], /) -> Vectors:
        return self.encode_query_tokens(inputs).vectors

    def encode_query_tokens(self, inputs: Sequence[str], /) -> Encoded:
        tokens = [self._tokens(text) for text in inputs]
        means = np.stack([each.vectors.sum(axis=0) if len(each.vectors) else self._table[0] for each in tokens])
        return Encoded(means, tokens)

    encode_document_tokens = encode_query_tokens

    def _tokens(self, text: str) -> TokenVectors:
        words = list(re.finditer(r"\w+", text))
        rows = [zlib.crc32(word.group().casefold().encode()) % self._rows for word in words]
        return TokenVectors.of(self._table[rows], np.array([word.span() for word in words], dtype=np.int64).reshape(-1, 2))


def main() -> None:
    """Runs the benchmark and prints a table."""
    if len(sys.argv) != 2:
        sys.exit("expected the folder that holds books_100k: python -m eval.scale DATA")
    data = Path(sys.argv[1]) / "books_100k" / "corpus.jsonl"
    if not data.is_file():
        sys.exit(f"{data}: missing: name the folder that holds books_100k")
    encoder, folder, articles = HashedEncoder(), _FOLDER / "books_100k", _FOLDER / "articles"
    articles.mkdir(parents=True, exist_ok=True)
    shutil.copy(data, articles / data.name)
    rows: list[tuple[str, str]] = []
    with progress_bar(error_console()) as progress:
        start, new = time.perf_counter(), not (folder / "manifest.json").is_file()
        build_index([articles], folder, encoder, progress=progress)
        if new:
            rows.append(("build, without a model's encoding", f"{time.perf_counter() - start:.0f} s"))
        rows += _updates(articles, folder, encoder)
        start = time.perf_counter()
        library = Library.open(folder, encoder)
        rows.append(("open", f"{time.perf_counter() - start:.1f} s"))
        questions = _questions(library)
        rows += _retrieval(library, [question.question for question in questions[:_TIMED]])
        before, start = _peak(), time.perf_counter()
        log = _FOLDER / "outcomes.jsonl"
        log.unlink(missing_ok=True)
        evaluation = evaluate(library, questions, progress=progress, log=log)
        rows.append(
            (f"evaluate {QUESTIONS:,} questions, {len(evaluation.results)} systems", f"{time.perf_counter() - start:.0f} s")
        )
        rows.append(("  … its peak memory, and before it", f"{_peak():,.0f} MB, {before:,.0f} MB"))
        start = time.perf_counter()
        evaluate(library, questions, progress=progress, log=log)
        rows.append(("  … again, with all answers in its log", f"{time.perf_counter() - start:.0f} s"))
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    rows.append(("index on disk", f"{size / 1e6:,.0f} MB"))
    table = Table(f"{len(library.passages):,} passages of books_100k, hashed vectors", "measured", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    Console(width=100).print(table)


def _updates(articles: Path, folder: Path, encoder: HashedEncoder) -> list[tuple[str, str]]:
    start = time.perf_counter()
    build_index([articles], folder, encoder)
    unchanged = time.perf_counter() - start
    with (articles / "corpus.jsonl").open("a", encoding="utf-8") as corpus:
        corpus.write('\n{"_id": "heron", "title": "A heron", "text": "The heron stands by the pond."}')
    start = time.perf_counter()
    built = build_index([articles], folder, encoder)
    assert (built.added, built.changed, built.removed) == (1, 0, 0)
    return [
        ("look at a corpus that is unchanged", f"{unchanged:.2f} s"),
        ("add one article to it", f"{time.perf_counter() - start:.2f} s"),
    ]


def _questions(library: Library) -> list[GoldQuestion]:
    """Nine words in a row of random passages, each to be found in its article."""
    random, questions = np.random.default_rng(_SEED), list[GoldQuestion]()
    for row in random.permutation(len(library.passages)).tolist():
        passage = library.passages[row]
        words = passage.text.split()
        if len(words) < 2 * _WORDS_ASKED:
            continue
        start = int(random.integers(len(words) - _WORDS_ASKED))
        # Neither a phrase to require nor a word to leave out.
        text = re.sub(r'["“”−-]', " ", " ".join(words[start : start + _WORDS_ASKED]))
        questions.append(GoldQuestion(f"q{row}", text, "keyword", (), True, articles={passage.article.id: 1}))
        if len(questions) == QUESTIONS:
            break
    return questions


def _retrieval(library: Library, texts: Sequence[str]) -> list[tuple[str, str]]:
    index = library.index
    queries = index.queries(texts)
    if index.late is None:
        raise SystemExit(f"{_FOLDER}: an index without token vectors: remove the folder")
    found = [gather(index.dense, index.lexical, query) for query in queries[:50]]
    late, places = index.late, [candidates.rows[:COMPARED] for candidates in found]
    return [
        ("dense leg, p50 / p95", _times(lambda place: index.dense.search(queries[place], 200), _TIMED)),
        ("lexical leg", _times(lambda place: index.lexical.search(queries[place], 200), _TIMED)),
        (
            f"late interaction of {COMPARED} passages",
            _times(lambda place: late.score(queries[place].tokens, places[place % len(places)]), _TIMED),  # type: ignore[arg-type]
        ),
        (
            "all stages, without the encoder",
            _times(lambda place: gather(index.dense, index.lexical, queries[place], late=late), _TIMED),
        ),
    ]


def _times(work: Callable[[int], object], count: int) -> str:
    times = []
    for place in range(count):
        start = time.perf_counter()
        work(place)
        times.append(time.perf_counter() - start)
    percentiles = statistics.quantiles(times, n=100)
    return f"{percentiles[49] * 1000:.1f} / {percentiles[94] * 1000:.1f} ms"


def _peak() -> float:
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale / 1e6


if __name__ == "__main__":
    main()
