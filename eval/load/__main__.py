"""50 people ask the page of books_100k 10,000 questions, and meanwhile its index is replaced: docs/load.md.

`python -m eval.load --data FOLDER` (`make bench-load`). The index is built first, by the default model, which takes minutes;
it is kept in .cache/load. Needs locust.
"""

import csv
import json
import math
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer

from qa.console import say

_COLLECTION = "books_100k"
_PEOPLE = Path(__file__).parent / "people.py"
_WORDS = 12
_LOOKED_EVERY, _REPLACED_EVERY = 1.0, 30.0

_TEXT = """# The page under load

Written by `make bench-load`: {people} people, each asking one question after the other without a pause, at the page of
books_100k (100,000 passages, the default model), through what the page's own script calls; locust {locust} on the same
{machine}, which the server therefore shares with those who ask. Nine questions in ten are the
beginning of a passage, one is words of many, which no passage answers; none is asked twice. How many questions an address
may ask in a minute is not limited (`--rate 0`), as all come from one. Asked of a server of its own each time: once the index
stays as it is, once an article is added to it every {every:.0f} seconds.

| figure | index as it is | index replaced |
| --- | --- | --- |
{rows}

Memory is the server's, in megabytes, the most in each quarter of the questions: all that is resident, files that it has
mapped among it, and what is its own.
"""

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def main(
    data: Annotated[Path, typer.Option(help="The folder that holds books_100k.", show_default=False)],
    people: Annotated[int, typer.Option(help="How many ask at once.")] = 50,
    questions: Annotated[int, typer.Option(help="How many questions they ask together.")] = 10_000,
    cache: Annotated[Path, typer.Option(help="Where articles and index are kept.")] = Path(".cache/load"),
    page: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/load.md"),
) -> None:
    """Measure the page under load."""
    corpus = data / _COLLECTION / "corpus.jsonl"
    if not corpus.is_file():
        say(f"{data}: no {_COLLECTION}: name another folder with --data")
        raise typer.Exit(2)
    articles, index = cache / "articles", cache / "index"
    articles.mkdir(parents=True, exist_ok=True)
    shutil.copy(corpus, articles / "corpus.jsonl")
    _build(articles, index)
    columns = []
    with tempfile.TemporaryDirectory() as scratch:
        asked = Path(scratch) / "questions.txt"
        asked.write_text("\n".join(_questions(corpus, questions)), encoding="utf-8")
        for every in (math.inf, _REPLACED_EVERY):
            with _served(index) as (address, server):
                watched = _Watched(server)
                replace = partial(watched.replace, articles, index)
                with _meanwhile(watched.look, _LOOKED_EVERY), _meanwhile(replace, every):
                    columns.append(_column(_run(address, people, questions, asked, Path(scratch)), watched))
    page.write_text(_page(columns, people), encoding="utf-8")
    say(f"{page}: written")


@dataclass
class _Watched:
    """The server's memory, second by second, and how often its index was replaced."""

    process: int
    resident: list[int] = field(default_factory=list)
    own: list[int] = field(default_factory=list)
    replaced: int = 0

    def look(self) -> None:
        status = Path(f"/proc/{self.process}/status").read_text(encoding="utf-8")
        sizes = {name: int(size) * 1024 for name, size in re.findall(r"(VmRSS|RssAnon):\s+(\d+) kB", status)}
        self.resident.append(sizes["VmRSS"])
        self.own.append(sizes["RssAnon"])

    def replace(self, articles: Path, index: Path) -> None:
        """Adds an article, and brings the index up to date."""
        number = self.replaced + 1
        record = {"_id": f"added-{number}", "title": "Added", "text": f"The heron number {number} stands by the pond."}
        with (articles / "corpus.jsonl").open("a", encoding="utf-8") as file:
            file.write(f"\n{json.dumps(record)}")
        _build(articles, index)
        self.replaced = number


@contextmanager
def _meanwhile(work: Callable[[], None], every: float) -> Iterator[None]:
    """Does something again and again, so many seconds after the last time."""
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(None if math.isinf(every) else every):
            work()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _build(articles: Path, index: Path) -> None:
    subprocess.run([sys.executable, "-m", "qa", "index", str(articles), "--index", str(index)], check=True)  # noqa: S603


@contextmanager
def _served(index: Path) -> Iterator[tuple[str, int]]:
    """The address of the page, and the number of the process that serves it."""
    command = [sys.executable, "-m", "qa", "serve", "--index", str(index), "--port", "0", "--rate", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        assert server.stdout
        try:
            found = re.search(r"http://[^ ]+", server.stdout.readline())
            if not found:
                raise SystemExit("the page could not be served")
            yield found[0].rstrip("/"), server.pid
        finally:
            server.terminate()


def _questions(corpus: Path, count: int) -> list[str]:
    """So many different questions: the first words of passages, from all over the collection; every tenth words of many."""
    lines = corpus.read_text(encoding="utf-8").splitlines()
    step = max(1, len(lines) // count)
    texts = [re.findall(r"[\w']+", json.loads(line)["text"])[:_WORDS] for line in lines[::step]][:count]
    mixed = [[text[-1] for text in texts[place : place + _WORDS] if text] for place in range(0, len(texts), 10)]
    return [" ".join(mixed[place // 10] if place % 10 == 9 else text) for place, text in enumerate(texts)]


@dataclass(frozen=True)
class _Asked:
    """What came of the questions: how many, how many of them without an answer, how many a second, and each one's
    milliseconds."""

    count: int
    failed: int
    rate: float
    times: npt.NDArray[np.float64]


def _run(address: str, people: int, most: int, questions: Path, folder: Path) -> _Asked:
    """Has so many people ask, until that many questions are answered."""
    options = ["--headless", "--only-summary", "-u", str(people), "-r", str(people), "--stop-timeout", "10"]
    options += ["--host", address, "--csv", str(folder / "run"), "--exit-code-on-error", "0"]
    command = [sys.executable, "-m", "locust", "-f", str(_PEOPLE), *options]
    times = folder / "times.txt"
    given = {"QA_QUESTIONS": str(questions), "QA_MOST": str(most + 2 * people), "QA_TIMES": str(times)}
    subprocess.run(command, env={**os.environ, **given}, check=True)  # noqa: S603
    with (folder / "run_stats.csv").open(encoding="utf-8") as file:
        row = next(row for row in csv.DictReader(file) if row["Name"] == "ask")
    return _Asked(int(row["Request Count"]), int(row["Failure Count"]), float(row["Requests/s"]), np.loadtxt(times))


def _column(asked: _Asked, watched: _Watched) -> dict[str, str]:
    """What was measured in one run, by its name."""
    quarter = max(1, len(watched.resident) // 4)
    parts = (slice(number * quarter, (number + 1) * quarter or None) for number in range(4))
    memory = {
        f"memory in the {name} quarter, resident / its own": (
            f"{max(watched.resident[part]) / 1e6:,.0f} / {max(watched.own[part]) / 1e6:,.0f}"
        )
        for name, part in zip(("first", "second", "third", "last"), parts, strict=True)
    }
    return {
        "questions": f"{asked.count:,}",
        "failed": f"{asked.failed:,}",
        "a second": f"{asked.rate:.1f}",
        "milliseconds, p50 / p95 / p99": " / ".join(f"{time:,.0f}" for time in np.percentile(asked.times, (50, 95, 99))),
        "index replaced meanwhile": f"{watched.replaced} times" if watched.replaced else "–",
    } | memory


def _page(columns: Sequence[dict[str, str]], people: int) -> str:
    return _TEXT.format(
        people=people,
        locust=version("locust"),
        machine=f"{os.cpu_count()} cores ({platform.system()} {platform.machine()}, Python {platform.python_version()})",
        every=_REPLACED_EVERY,
        rows="\n".join(f"| {name} | {' | '.join(column[name] for column in columns)} |" for name in columns[0]),
    )


if __name__ == "__main__":
    app()
