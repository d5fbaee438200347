"""Runs contenders, each in processes of its own and within a time limit."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eval.speed.contender import contender_class, versions
from eval.speed.figures import Figures, Floor, Outcome

LIMIT = 600.0
"""Seconds that a peer has at one size, all in all."""

# Seconds after which a series of questions ends, unless it has very few yet.
_PATIENCE = 60.0
_QUIET = {"HAYSTACK_TELEMETRY_ENABLED": "False", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}


# What FAISS, BLAS and torch ask for how many threads they may start.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class StoppedError(Exception):
    """A measuring process that did not come to its end, and in words why."""


def measure(name: str, place: str, size: int, collection: Path, limit: float | None = LIMIT, threads: int = 0) -> Outcome:
    """A contender's figures on a prepared collection; in words why there are none, if a package is missing, if it fails,
    or if it takes over `limit` seconds (None: it may take any time).

    `threads` is how many each library may start of its own, 0 for as many as it chooses.
    """
    contender = contender_class(place)
    missing = [package for package, found in versions(contender.packages).items() if not found]
    if missing:
        return Outcome(name, contender.title, size, None, f"left out: {', '.join(missing)} not installed")
    deadline = None if limit is None else time.monotonic() + limit
    with tempfile.TemporaryDirectory(prefix="speed-", dir=collection.parent) as scratch:
        given = [place, str(collection), scratch]
        try:
            figures = _run(["build", *given], deadline, threads)
            figures["disk"] = sum(path.stat().st_size for path in Path(scratch).rglob("*") if path.is_file())
            figures.update(_run(["serve", *given, str(_PATIENCE)], deadline, threads))
        except StoppedError as stopped:
            return Outcome(name, contender.title, size, None, str(stopped))
        try:
            figures.update(_run(["share", *given, str(_PATIENCE)], deadline, threads))
        except StoppedError as stopped:
            figures.update({"shared_rate": None, "shared_why": str(stopped)})
    return Outcome(name, contender.title, size, Figures.read(figures), measured=f"{datetime.now(UTC):%Y-%m-%d %H:%M}")


def measure_floor(collection: Path, threads: int = 0) -> Floor:
    """The floor under all contenders. Raises StoppedError."""
    return Floor.read(_run(["floor", str(collection), str(_PATIENCE)], None, threads))


def _run(arguments: list[str], deadline: float | None, threads: int) -> dict[str, Any]:
    """What a measuring process prints in its last line. Raises StoppedError."""
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "eval.speed.worker", *arguments],
            env=_environment(os.environ, threads),
            capture_output=True,
            text=True,
            timeout=None if deadline is None else max(0.0, deadline - time.monotonic()),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise StoppedError(f"stopped in `{arguments[0]}`: over the time limit") from None
    if done.returncode:
        raise StoppedError(f"`{arguments[0]}` {_ending(done.returncode, done.stderr)}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _environment(given: Mapping[str, str], threads: int) -> dict[str, str]:
    # Nothing is reported to anyone, nothing is fetched, and this checkout is found from any folder.
    root = str(Path(__file__).parents[2])
    paths = os.pathsep.join(filter(None, (root, given.get("PYTHONPATH", ""))))
    few = dict.fromkeys(_THREADS, str(threads)) if threads else {}
    return {**given, **_QUIET, **few, "PYTHONPATH": paths}


def _ending(code: int, errors: str) -> str:
    if code < 0:
        return f"crashed ({signal.Signals(-code).name})"
    last = (errors.strip().splitlines() or ["no word why"])[-1]
    return f"failed: {last[:160]}"
