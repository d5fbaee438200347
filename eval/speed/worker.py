"""The measuring process: builds, or opens and asks, or takes the floor, and prints one line of JSON.

Each contender is built in one process and asked in another, so that its memory is its own and nothing is left warm.
"""

import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from eval.speed.collection import Collection
from eval.speed.contender import Approximate, Contender, Varied, contender_class

K = 10
THREADS = 8
_WARM_UP, _LEAST = 3, 20
_READINGS = 20


def build(contender: Contender, collection: Collection, folder: Path) -> dict[str, Any]:
    """Seconds of building from passages and vectors, and the process's peak memory in bytes."""
    # Read before the clock runs.
    assert len(collection.passages) == len(collection.vectors)
    start = time.perf_counter()
    contender.build(collection, folder)
    return {"build_seconds": time.perf_counter() - start, "build_peak": peak_memory()}


def serve(contender: Contender, collection: Collection, folder: Path, patience: float) -> dict[str, Any]:
    """Seconds of opening, the times of a question, the process's peak memory before the encoder is there, and with it.

    Each series of questions ends after `patience` seconds, but not before 20 of them.
    """
    questions, load = collection.questions, os.getloadavg()[0]
    seconds = _open(contender, collection, folder)
    searches = contender.variants if isinstance(contender, Varied) else {}
    found = _times(lambda question: contender.search(question, K), questions, patience)
    rate = _rate(contender, questions, 1, patience / 4)
    variants = {
        name: _times(lambda question, search=search: search(question, K), questions, patience)  # type: ignore[misc]
        for name, search in searches.items()
    }
    peak = peak_memory()
    encode = _encoder(questions)

    def from_words(question: str) -> None:
        encode(question)
        contender.search(question, K)

    end_to_end = _times(from_words, questions, patience)
    return {
        "open_seconds": seconds,
        "retrieval": found,
        "rate": rate,
        "load": load,
        "variants": variants,
        "serve_peak": peak,
        "end_to_end": end_to_end,
        "encoder_peak": peak_memory(),
        "agreement": contender.agreement(questions, K) if isinstance(contender, Approximate) else {},
    }


def share(contender: Contender, collection: Collection, folder: Path, patience: float) -> dict[str, Any]:
    """The questions a second of eight threads: in a process of its own, since not every contender survives it."""
    _open(contender, collection, folder)
    return {"shared_rate": _rate(contender, collection.questions, THREADS, patience / 4)}


def floor(collection: Collection, patience: float) -> dict[str, Any]:
    """The time to read all vectors once, or as many bytes as they have bits, and the encoder's own for a question."""
    empty = peak_memory()
    # As whole numbers, since adding floats would be the arithmetic's time.
    words = collection.vectors.view(np.uint64).ravel()
    return {
        "read_ms": _reading_ms(words),
        "bits_ms": _reading_ms(words[: -(-len(words) // 32)]),
        "vector_bytes": collection.vectors.nbytes,
        "encoder": _times(_encoder(collection.questions), collection.questions, patience),
        "empty_peak": empty,
    }


def _reading_ms(words: npt.NDArray[np.uint64]) -> float:
    readings = []
    for _ in range(_READINGS):
        start = time.perf_counter()
        words.sum()
        readings.append(time.perf_counter() - start)
    return statistics.median(readings) * 1000


def peak_memory() -> int:
    """The most memory that this process has had, in bytes, mapped files counted in as far as they were read."""
    status = Path("/proc/self/status")
    if status.is_file():
        # The resource module's figure would take over the parent's, which Linux hands down.
        (line,) = (line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


def _encoder(questions: list[str]) -> Callable[[str], object]:
    from index.encoder import open_encoder

    encoder = open_encoder()
    encoder.encode_query(questions[:1])
    return lambda question: encoder.encode_query([question])


def _open(contender: Contender, collection: Collection, folder: Path) -> float:
    """Makes a contender ready, and tells the seconds of opening."""
    contender.hand(collection)
    start = time.perf_counter()
    contender.open(folder)
    seconds = time.perf_counter() - start
    for question in collection.questions[:_WARM_UP]:
        contender.search(question, K)
    return seconds


def _times(work: Callable[[str], object], questions: list[str], patience: float) -> dict[str, Any]:
    times: list[float] = []
    begun, spent = time.perf_counter(), time.process_time()
    for question in questions:
        start = time.perf_counter()
        work(question)
        end = time.perf_counter()
        times.append(end - start)
        if end - begun > patience and len(times) >= _LEAST:
            break
    cpu = (time.process_time() - spent) / len(times) * 1000
    p50, p95, p99 = np.percentile(np.array(times) * 1000, [50, 95, 99]).tolist()
    return {"p50": p50, "p95": p95, "p99": p99, "cpu": cpu, "count": len(times)}


def _rate(contender: Contender, questions: list[str], threads: int, patience: float) -> float:
    """Questions a second of several threads that draw from one list, twice through at most."""
    numbers = count()
    start = time.perf_counter()

    def draw() -> int:
        done = 0
        while time.perf_counter() - start < patience and (number := next(numbers)) < 2 * len(questions):
            contender.search(questions[number % len(questions)], K)
            done += 1
        return done

    with ThreadPoolExecutor(threads) as pool:
        drawing = [pool.submit(draw) for _ in range(threads)]
    return sum(each.result() for each in drawing) / (time.perf_counter() - start)


def _bound_memory() -> None:
    """Nobody may take all of the machine's memory: whoever asks for more than four fifths fails, and nothing else does."""
    if sys.platform == "linux":
        most = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 4 // 5
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


_TASKS = {"serve": serve, "share": share}


def main() -> None:
    """`build PLACE COLLECTION FOLDER`, `serve` or `share` with PATIENCE added, or `floor COLLECTION PATIENCE`."""
    _bound_memory()
    task, *rest = sys.argv[1:]
    if task == "floor":
        figures = floor(Collection(Path(rest[0])), float(rest[1]))
    else:
        contender, collection, folder = contender_class(rest[0])(), Collection(Path(rest[1])), Path(rest[2])
        if task == "build":
            figures = build(contender, collection, folder)
        else:
            figures = _TASKS[task](contender, collection, folder, float(rest[3]))
    # A line of its own, whatever the contender printed.
    sys.stdout.write(f"\n{json.dumps(figures)}\n")


if __name__ == "__main__":
    main()
