"""How fast the default encoder reads passages, in float32 and in bfloat16, and what of that rate a build keeps:
`python -m eval.encoding [CORPUS.jsonl]`.

Both read the same passages in turn, and a build takes turns with the bare encoder over all passages; the medians of some
rounds are printed. Machines differ and are noisy: the ratios, taken within each round, travel better than the rates.
"""

import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from index.arrays import Vectors
from index.build import build_index
from index.encoder import token_budget
from index.errors import SourceError
from index.minilm import MiniLM, Precision
from index.passages import make_passages
from index.processor import multiplies_bfloat16
from index.sources import find_sources, read_sources
from qa.console import say

ROUNDS = 5
MOST = 128
SEEDS = Path("seeds")

_PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")
_SEED = 20


def main(paths: Sequence[str]) -> None:
    """Reads passages of the articles in `paths`, or of the seeds, and prints the set-up and a table."""
    paths = paths or [str(SEEDS)]
    encoders = {dtype: MiniLM(dtype) for dtype in _PRECISIONS}
    try:
        every = _passages(paths, encoders["float32"])
    except SourceError as error:
        say(str(error))
        raise SystemExit(2) from None
    texts = [every[place] for place in np.random.default_rng(_SEED).permutation(len(every))[:MOST]]
    vectors: dict[Precision, Vectors] = {}
    seconds: dict[Precision, list[float]] = {dtype: [] for dtype in _PRECISIONS}
    for encoder in encoders.values():
        encoder.encode_document(texts[:1])  # reads the weights
    for _ in range(ROUNDS):
        for dtype, encoder in encoders.items():
            start = time.perf_counter()
            vectors[dtype] = encoder.encode_document(texts)
            seconds[dtype].append(time.perf_counter() - start)
    ratio = statistics.median(slow / fast for slow, fast in zip(seconds["float32"], seconds["bfloat16"], strict=True))
    cosines = np.einsum("ij,ij->i", vectors["float32"], vectors["bfloat16"])
    table = Table(box=None, pad_edge=False)
    for heading in ("figure", "measured", "aim"):
        table.add_column(heading)
    for dtype in _PRECISIONS:
        rate = len(texts) / statistics.median(seconds[dtype])
        table.add_row(f"passages a second in {dtype}", f"{rate:.1f}", "")
    table.add_row("  … ratio of the two", f"{ratio:.2f}", "over 2")
    table.add_row("cosine between their vectors, least", f"{cosines.min():.5f}", "0.998 or more")
    table.add_row("  … mean", f"{cosines.mean():.5f}", "")
    bare, share = _build_rate(paths, every)
    table.add_row(f"all {len(every)} passages a second, bare encoder", f"{bare:.1f}", "")
    table.add_row("  … share of that rate that a whole build has", f"{share:.2f}", "0.90 or more")
    console = Console(highlight=False)
    console.print(_set_up(len(texts)))
    console.print(table)


def _passages(paths: Sequence[str], encoder: MiniLM) -> list[str]:
    """The articles' passages with their context, as an index would have them encoded."""
    made = make_passages(read_sources(find_sources(paths)).drafts, token_budget(encoder))
    if not made:
        raise SourceError(f"{', '.join(paths)}: the articles have no text: expected paragraphs")
    return [each.text for each in made]


def _build_rate(paths: Sequence[str], texts: Sequence[str]) -> tuple[float, float]:
    """How many passages a second the encoder reads, and the share of that rate at which they become an index."""
    encoder = MiniLM()
    encoder.encode_document(texts[:1])
    rates, shares = [], []
    # A build encodes a text once, and its tokens with it.
    texts = list(dict.fromkeys(texts))
    for _ in range(ROUNDS):
        start = time.perf_counter()
        encoder.encode_document_tokens(texts)
        bare = time.perf_counter() - start
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            build_index(paths, Path(folder), encoder)
            shares.append(bare / (time.perf_counter() - start))
        rates.append(len(texts) / bare)
    return statistics.median(rates), statistics.median(shares)


def _set_up(count: int) -> str:
    import torch

    native = "multiplies bfloat16" if multiplies_bfloat16() else "does not multiply bfloat16"
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs ({native}), {torch.get_num_threads()} threads, "
        f"torch {version('torch')}; {count} passages, in {MiniLM().dtype} unless asked otherwise"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
