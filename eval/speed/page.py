"""docs/speed.md and docs/speed.png: a table a size, the growth, and what each figure is."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from eval.speed.figures import Figures, Floor, Outcome, Times

_HEAD = """# Speed

Written by `make bench`. Every contender is given the same passages (paragraphs of public-domain books, the books_100k
collection) and the same vectors of 384 dimensions, worked out beforehand: of hashed words, so that encoding costs nothing.
Times hold whatever the vectors say; which passages are found means nothing here (docs/quality.md has that). Each contender
is built in one process and asked in others, one contender at a time; the machine itself is not always quiet. A run
that was stopped goes on where it was; the last column says when each figure was taken.
"""
_MEANING = """## What each figure is

* **build**: seconds from passages and vectors to an index on disk (ours has vectors of the tokens worked out of hashed words
  in that time, as no peer needs them).
* **open**: seconds to open that index in a new process, its packages imported already. LangChain's retriever over words has
  no form on disk and is made anew; ours verifies the checksums of files of up to 64 MB, and size and time of larger ones.
* **retrieval**: milliseconds from a question and its vector to ten passages, read; percentiles over the questions given
  beside them, one after the other. A series ends after a minute, but not before 20 questions.
  Each has the settings that its documentation shows: both legs at ten passages, fused by reciprocal ranks; txtai takes 100
  of each leg and sums scores, and beyond 5,000 passages its search by vectors is approximate. Ours takes 200 of each,
  scores their union exactly by both, and compares 50 passages word by word (late interaction), which no peer does; its
  further rows say what that costs, and what a whole answer does. Nothing is read beside the question here (`reading`), which
  comes after retrieval, takes as long at any size, and is in the figures of `make bench-seeds`.
* **CPU**: the processor time of such a question on average, all threads together: what others do on the machine hardly
  lengthens it.
* **end to end**: the same with the question really encoded first, by the default model (all-MiniLM-L6-v2); its vector is put
  aside, and the hashed one searched for, so that all have one and the same.
* **questions a second**: without the encoder, of one thread, and of eight that share one opened index.
* **memory**: the most that the process had, building, asking (before the encoder is loaded), and asking with the encoder,
  mapped files counted in as far as they were read, and {empty} MB that Python and the measuring itself take.
* **disk**: all files of the index, the passages' texts among them.
* **load**: the machine's load average over the minute before the questions; on a quiet machine it is about 1, and the
  figures of two contenders compare as far as their loads do.
* **measured**: the day and time, by UTC, when a contender was through at that size.
* **the floor**: the time to read all float32 vectors once from memory, which an exact search by vectors of that form cannot
  pass, and to read a bit a component, which one that chooses candidates by those, as ours does above 20,000 passages,
  cannot; and the encoder's own time for a question, which nobody passes end to end.

* **approximate search against exact**: of what a question finds when all vectors are compared, the share that it finds by
  the stand-in that chooses candidates (above 20,000 passages a part); of all questions, on average.

A peer has {limit:.0f} seconds at a size; one that takes longer is stopped, and not tried at larger ones. Nobody may have
more than four fifths of the machine's memory.
"""
_COLUMNS = (
    "contender",
    "build, s",
    "open, s",
    "retrieval p50 / p95 / p99, ms",
    "CPU, ms",
    "questions",
    "end to end p50 / p95 / p99, ms",
    "a second, 1 thread",
    "8 threads",
    "memory build / ask / with encoder, MB",
    "disk, MB",
    "load",
    "measured",
)
_OURS = "ours"


def page(
    outcomes: Sequence[Outcome],
    floors: Mapping[int, Floor],
    machine: Sequence[str],
    versions: Mapping[str, str],
    limit: float,
    plotted: bool,
) -> str:
    """The page. `floors` by size; `plotted` says whether speed.png is there."""
    parts = [_HEAD, "## Measured on\n", *(f"* {line}" for line in machine)]
    parts.append(f"* {', '.join(f'{name} {version}' for name, version in sorted(versions.items()))}\n")
    for size, floor in sorted(floors.items()):
        parts.append(_section(size, [each for each in outcomes if each.size == size], floor))
    if plotted:
        parts.append("## Growth\n\n![The median time of a question against the number of passages](speed.png)\n")
    empty = max(floor.empty_peak for floor in floors.values())
    parts.append(_MEANING.format(empty=_megabytes(empty), limit=limit))
    return "\n".join(parts)


def _section(size: int, outcomes: Sequence[Outcome], floor: Floor) -> str:
    lines = [f"## {size:,} passages\n", f"| {' | '.join(_COLUMNS)} |", "|" + " --- |" * len(_COLUMNS)]
    for outcome in outcomes:
        if outcome.figures:
            lines += _rows(outcome.title, outcome.figures, outcome.measured)
    lines.append(
        f"\nThe floor: all vectors ({_megabytes(floor.vector_bytes)} MB) are read in {_milliseconds(floor.read_ms)} ms, "
        f"a bit a component in {_milliseconds(floor.bits_ms)}; "
        f"the encoder takes {_times(floor.encoder)} ms (p50 / p95 / p99) for a question.\n"
    )
    lines += _against(outcomes)
    lines += [
        f"* {outcome.title}, approximate search against exact: "
        + ", ".join(f"{name} {share:.4f} the same" for name, share in outcome.figures.agreement.items())
        + "."
        for outcome in outcomes
        if outcome.figures and outcome.figures.agreement
    ]
    lines += [f"* {outcome.title}: {outcome.why}." for outcome in outcomes if not outcome.figures]
    lines += [
        f"* {outcome.title}, eight threads: {outcome.figures.shared_why}."
        for outcome in outcomes
        if outcome.figures and outcome.figures.shared_why
    ]
    return "\n".join([*lines, ""])


def _rows(title: str, figures: Figures, measured: str) -> list[str]:
    shared = "–" if figures.shared_rate is None else f"{figures.shared_rate:,.0f}"
    cells = (
        title,
        f"{figures.build_seconds:.1f}",
        f"{figures.open_seconds:.2f}",
        _times(figures.retrieval),
        _milliseconds(figures.retrieval.cpu),
        str(figures.retrieval.count),
        _times(figures.end_to_end),
        f"{figures.rate:,.0f}",
        shared,
        " / ".join(map(_megabytes, (figures.build_peak, figures.serve_peak, figures.encoder_peak))),
        _megabytes(figures.disk),
        f"{figures.load:.1f}",
        measured,
    )
    rows = [f"| {' | '.join(cells)} |"]
    for name, times in figures.variants.items():
        rows.append(
            f"| … {name} | | | {_times(times)} | {_milliseconds(times.cpu)} | {times.count} |" + " |" * (len(_COLUMNS) - 6)
        )
    return rows


def _against(outcomes: Sequence[Outcome]) -> list[str]:
    """A line for each peer: how many times ours it takes, at the median."""
    ours = next((each.figures for each in outcomes if each.name == _OURS), None)
    if not ours:
        return []
    lines = []
    for outcome in outcomes:
        if outcome.figures and outcome.name != _OURS:
            theirs = outcome.figures
            ways = [
                f"ours {_ratio(theirs.retrieval, ours.retrieval)}",
                f"end to end {_ratio(theirs.end_to_end, ours.end_to_end)}",
            ]
            ways += [f"{name} {_ratio(theirs.retrieval, times)}" for name, times in ours.variants.items()]
            lines.append(f"* {outcome.title}'s median divided by ours: {'; '.join(ways).removeprefix('ours ')}.")
    return lines


def _ratio(theirs: Times, ours: Times) -> str:
    times = theirs.p50 / ours.p50
    return f"{times:.3g}" if times < 100 else f"{times:,.0f}"


def _times(times: Times) -> str:
    return " / ".join(map(_milliseconds, (times.p50, times.p95, times.p99)))


def _milliseconds(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _megabytes(value: int) -> str:
    return f"{value / 1e6:,.0f}"


def plot(outcomes: Sequence[Outcome], floors: Mapping[int, Floor], path: Path) -> bool:
    """Draws the growth of the median time of a question; False, and nothing drawn, without matplotlib."""
    if find_spec("matplotlib") is None:
        return False
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), dpi=144, layout="constrained")
    axes = figure.add_subplot()
    lines: dict[str, list[tuple[int, float]]] = {}
    for outcome in outcomes:
        if outcome.figures:
            lines.setdefault(outcome.title, []).append((outcome.size, outcome.figures.retrieval.p50))
            for name, times in outcome.figures.variants.items():
                lines.setdefault(f"{outcome.title}, {name}", []).append((outcome.size, times.p50))
    lines["vectors read once"] = [(size, floor.read_ms) for size, floor in sorted(floors.items())]
    for title, points in lines.items():
        style = ":" if title == "vectors read once" else "--" if ", " in title else "-"
        axes.plot(*zip(*sorted(points), strict=True), style, marker="o", label=title)
    axes.set(xscale="log", yscale="log", xlabel="passages", ylabel="retrieval, median, ms")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(fontsize="small")
    scratch = path.with_name(f".{path.name}")
    figure.savefig(scratch, format="png", metadata={"Software": ""})
    scratch.replace(path)
    return True
