"""How far long work is, as a page shows it: work.js asks for it, and stops it."""

from typing import Any

from qa.page.calls import Call, call, field
from qa.words import count_of
from qa.work import Caution, Standing, Work

WORKING = """<section class="working" aria-label="Progress" hidden>
  <p class="stage" role="status"></p><progress></progress>
  <div><p class="rest"></p><button type="button" class="button" data-stop>Stop</button></div>
</section>
<ul class="lines" aria-label="What came of it" aria-live="polite"></ul>"""


def work_calls(work: Work, *, refused: str = "") -> tuple[Call, Call]:
    """The functions that work.js calls. `refused` is the line for who would stop work and may not."""

    def work_standing(_: dict[str, Any]) -> dict[str, Any]:
        return standing_record(work.standing)

    def stop_work(wanted: dict[str, Any]) -> dict[str, Any]:
        if refused:
            return {"problem": refused}
        work.stop(field(wanted, "number", int))
        return {}

    return call(work_standing), call(stop_work)


def standing_record(standing: Standing) -> dict[str, Any]:
    """How far work is, for the script."""
    return {
        "number": standing.number,
        "state": standing.state,
        "stage": standing.stage,
        "done": standing.done,
        "total": standing.total,
        "rest": _rest(standing),
        "lines": list(standing.lines),
        "kinds": [_kind(standing, place, line) for place, line in enumerate(standing.lines)],
    }


def _kind(standing: Standing, place: int, line: str) -> str:
    """How a line is shown: what was done comes first."""
    if standing.state == "done" and place == 0:
        return "notice"
    return "caution" if isinstance(line, Caution) else "problem"


def _rest(standing: Standing) -> str:
    """How much is done, and how long the rest takes."""
    if not standing.total:
        return ""
    counts = f"{standing.done:,} of {standing.total:,}"
    if standing.seconds_left is None:
        return counts
    seconds = round(standing.seconds_left)
    left = count_of(max(1, seconds), "second") if seconds < 90 else count_of(round(seconds / 60), "minute")
    return f"{counts}, about {left} left"
