"""Speed and memory on the stored index of the seeds: `python -m eval.bench`.

Every figure comes from fresh processes; a cold start is a whole process, from its start to the printed answer.
Machines differ and are noisy: the ratios to a bare import of sentence-transformers, run in turn, travel better.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from eval.gold import GOLD, read_gold

RUNS = 5
STORE = Path("index/store")
QUESTION = "How many plants offer jobs in Yuncheng?"

_IMPORT = "import time; t = time.perf_counter(); import qa; print(time.perf_counter() - t)"
_BASELINE = "import sentence_transformers"
_COLD = f"import qa; print(qa.Library.open({str(STORE)!r}).ask({QUESTION!r}))"
_WARM = f"""
import json, resource, sys, time, qa
library = qa.Library.open({str(STORE)!r}).warm_up()
times = []
for question in json.load(sys.stdin):
    start = time.perf_counter()
    library.ask(question)
    times.append(time.perf_counter() - start)
scale = 1 if sys.platform == "darwin" else 1024
print(json.dumps([times, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale]))
"""


def main() -> None:
    """Runs the benchmark and prints its set-up and a table."""
    questions = [question.question for question in read_gold(GOLD)]
    imports = [float(_run(_IMPORT)) for _ in range(RUNS)]
    cold, baseline = [], []
    for _ in range(RUNS):
        baseline.append(_timed(_BASELINE))
        cold.append(_timed(_COLD))
    times, peak = json.loads(_run(_WARM, json.dumps(questions)))
    ratio = statistics.median(ours / theirs for ours, theirs in zip(cold, baseline, strict=True))
    percentiles = statistics.quantiles(times, n=100)
    table = Table(box=None, pad_edge=False)
    for heading in ("figure", "measured", "aim"):
        table.add_column(heading)
    for row in (
        ("import qa (median of 5)", f"{statistics.median(imports) * 1000:.0f} ms", "under 100 ms"),
        ("open the index and answer, cold (median of 5)", f"{statistics.median(cold):.2f} s", "under 4 s"),
        ("  … its ratio to a bare import of sentence-transformers", f"{ratio:.2f}", ""),
        (f"next question, p50 of {len(times)}", f"{percentiles[49] * 1000:.1f} ms", "under 30 ms"),
        ("next question, p95", f"{percentiles[94] * 1000:.1f} ms", ""),
        ("peak memory of that process", f"{peak / 1e6:.0f} MB", "under 900 MB"),
    ):
        table.add_row(*row)
    console = Console(highlight=False)
    console.print(_set_up())
    console.print(table)


def _run(code: str, given: str = "") -> str:
    done = subprocess.run([sys.executable, "-c", code], input=given, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout


def _timed(code: str) -> float:
    start = time.perf_counter()
    _run(code)
    return time.perf_counter() - start


def _set_up() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "sentence-transformers", "faiss-cpu"))
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, {packages}"


if __name__ == "__main__":
    main()
