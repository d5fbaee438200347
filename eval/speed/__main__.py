"""`python -m eval.speed`: measures ours and its peers on the same passages, writes docs/speed.md and docs/speed.png."""

import hashlib
import re
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from eval.outcomes import code_digest
from eval.quality.data import Cache
from eval.speed.collection import prepare
from eval.speed.contender import CONTENDERS, contender_class, versions
from eval.speed.figures import Figures, Floor, Outcome
from eval.speed.machine import machine
from eval.speed.page import page, plot
from eval.speed.runs import LIMIT, measure, measure_floor
from index.progress import Progress
from qa.console import error_console, say
from qa.progress import progress_bar

_COLLECTION = "books_100k"
_SIZE = re.compile(r"([1-9]\d*)(k|m|)")
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000}

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def main(
    data: Annotated[Path, typer.Option(help="The folder that holds books_100k.", show_default=False)],
    sizes: Annotated[str, typer.Option(help="Numbers of passages, with commas: 1000, 100k, 1m.")] = "1000,10000",
    peers: Annotated[str, typer.Option(help="Contenders beside ours, with commas.")] = "langchain,txtai,haystack,llamaindex",
    limit: Annotated[float, typer.Option(help="Seconds that a peer has at one size.")] = LIMIT,
    threads: Annotated[int, typer.Option(help="Threads that FAISS, BLAS and torch may start; 0: as they choose.")] = 0,
    pages: Annotated[Path, typer.Option(help="Where speed.md and speed.png go.")] = Path("docs"),
    cache: Annotated[Path, typer.Option(help="Where figures are kept.")] = Path(".cache/speed"),
) -> None:
    """Measure ours and its peers: building, opening, asking, memory and disk."""
    names = ["ours", *filter(None, peers.split(","))]
    unknown = [name for name in names if name not in CONTENDERS]
    if unknown or not (data / _COLLECTION / "corpus.jsonl").is_file():
        wrong = f"no contender {unknown[0]!r}, expected {', '.join(CONTENDERS)}" if unknown else f"{data}: no {_COLLECTION}"
        say(f"{wrong}: name others with {'--peers' if unknown else '--data'}")
        raise typer.Exit(2)
    wanted = [_SIZE.fullmatch(size) for size in sizes.split(",")]
    if not all(wanted):
        say(f"--sizes {sizes}: expected numbers of passages with commas, as 1000,100k,1m")
        raise typer.Exit(2)
    with progress_bar(error_console()) as progress:
        run = _Run(data / _COLLECTION, Cache(cache), limit, threads, progress)
        run.all(names, sorted({int(size[1]) * _UNITS[size[2]] for size in wanted if size}))
    pages.mkdir(parents=True, exist_ok=True)
    plotted = plot(run.outcomes, run.floors, pages / "speed.png")
    used = {name: found for each in names for name, found in _versions(each).items() if found}
    text = page(run.outcomes, run.floors, machine(threads), used, limit, plotted)
    scratch = pages / ".speed.md"
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(pages / "speed.md")
    say(f"{pages / 'speed.md'}: written{'' if plotted else ', without a plot: matplotlib not installed'}")


class _Run:
    """Measures contender after contender, size after size; what was measured before is read from the cache."""

    def __init__(self, source: Path, cache: Cache, limit: float, threads: int, progress: Progress) -> None:
        self._source, self._cache, self._progress = source, cache, progress
        self._limit, self._threads = limit, threads
        self.outcomes: list[Outcome] = []
        self.floors: dict[int, Floor] = {}

    def all(self, names: list[str], sizes: list[int]) -> None:
        """Every contender at every size, but none at a size above one that it did not manage."""
        beaten: dict[str, int] = {}
        done = 0
        for size in sizes:
            folder = self._cache.folder / f"passages-{size}"
            prepare(self._source, size, folder, self._progress)
            self.floors[size] = self._floor(size, folder)
            for name in names:
                self._progress(f"Measuring {name}, {size:,} passages", done, len(names) * len(sizes))
                if name in beaten:
                    outcome = Outcome(name, _title(name), size, None, f"not tried: stopped at {beaten[name]:,} passages")
                else:
                    outcome = self._outcome(name, size, folder)
                    if outcome.why.startswith("stopped"):
                        beaten[name] = size
                self.outcomes.append(outcome)
                say(_told(outcome))
                done += 1

    def _floor(self, size: int, folder: Path) -> Floor:
        record: Any = self._cache.get(f"floor-{size}", self._key(), lambda: asdict(measure_floor(folder, self._threads)))
        return Floor.read(record)

    def _outcome(self, name: str, size: int, folder: Path) -> Outcome:
        def work() -> dict[str, Any]:
            return asdict(
                measure(name, CONTENDERS[name], size, folder, None if name == "ours" else self._limit, self._threads)
            )

        # Peers are measured again when our code is another: a table is of one run.
        key = f"{self._key()} {code_digest()} {self._limit} {_versions(name)}"
        record: Any = self._cache.get(f"{name}-{size}", key, work)
        return Outcome(**{**record, "figures": Figures.read(record["figures"]) if record["figures"] else None})

    def _key(self) -> str:
        return f"{_digest()} {self._threads}" if self._threads else _digest()


def _title(name: str) -> str:
    return str(contender_class(CONTENDERS[name]).title)


def _versions(name: str) -> dict[str, str]:
    return versions(contender_class(CONTENDERS[name]).packages)


def _digest() -> str:
    """What figures depend on: how they are measured."""
    folder = Path(__file__).parent
    parts = [(folder / name).read_bytes() for name in ("worker.py", "collection.py", "peers.py", "ours.py")]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


def _told(outcome: Outcome) -> str:
    what = f"{outcome.title}, {outcome.size:,} passages"
    if not outcome.figures:
        return f"{what}: {outcome.why}"
    return f"{what}: built in {outcome.figures.build_seconds:.1f} s, p50 {outcome.figures.retrieval.p50:.1f} ms"


if __name__ == "__main__":
    app()
