"""The page of evaluations: reports are opened, and one is made on a gold set."""

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from index import UserError
from index.progress import Progress
from qa.html import day_words
from qa.library import Library
from qa.page.calls import call, field, texts
from qa.page.figures import figures_html
from qa.page.part import Evaluating, Part, Settings, script
from qa.page.working import WORKING, work_calls
from qa.reports import Report, find_reports, read_page, read_record
from qa.retriever import SYSTEMS, System
from qa.work import Work

Running = Callable[[Progress], tuple[str, ...]]

_BUSY = "An evaluation goes on already: wait until it is done, then start another"
_READ_ONLY = "Nothing is evaluated on this page: it only reads"
_LISTED = tuple(reversed(SYSTEMS))
_CHOSEN: tuple[System, ...] = ("bm25", "dense", "hybrid")


def evaluation_part(library: Library, settings: Settings) -> Part:
    """The page of evaluations. Reports can be opened; one can be made unless `read_only`, or nobody says how."""
    evaluating, work = settings.evaluating, Work(_BUSY)
    others = evaluating.reports if evaluating else ()
    golds = {path.name: path for path in evaluating.golds if path.is_file()} if evaluating else {}
    runs = evaluating is not None and bool(golds) and not settings.read_only

    def reports() -> dict[str, Report]:
        return {report.name: report for report in find_reports(settings.reports, others)}

    def list_reports(_: dict[str, Any]) -> dict[str, Any]:
        """The reports that can be opened."""
        return {"html": _listed(list(reports().values()))}

    def open_report(wanted: dict[str, Any]) -> dict[str, Any]:
        """A report's own page, or its figures. A name is one of the list, and no path."""
        name = field(wanted, "name", str)
        report = reports().get(name)
        if report is None:
            raise UserError("This report is not there any more: load the page again")
        page = read_page(report)
        return {"page": page} if page is not None else {"html": figures_html(read_record(report))}

    def evaluate(wanted: dict[str, Any]) -> dict[str, Any]:
        """Starts an evaluation of systems on a gold set; tells the name of the report to come."""
        if evaluating is None or not runs:
            raise UserError(_READ_ONLY)
        gold, systems = golds.get(field(wanted, "gold", str)), _systems(texts(wanted, "systems"))
        if gold is None:
            raise UserError("This gold set is not there: load the page again")
        # One library throughout, even if its articles change meanwhile.
        asked = Library(library.index, library.reranker)
        name = _name(gold, systems, library.index.manifest.build)
        run = _running(evaluating, asked, gold, systems, settings.reports / name)
        return {"number": work.start("Reading the gold set", run), "name": name}

    functions = tuple(map(call, (list_reports, open_report, evaluate)))
    stopping = work_calls(work, refused="" if runs else _READ_ONLY)
    names = ("calls.js", "work.js", "evaluation.js") if runs else ("calls.js", "evaluation.js")
    return Part("Evaluation", "/evaluation", _page(golds if runs else {}), script(*names), (*functions, *stopping))


def _running(evaluating: Evaluating, library: Library, gold: Path, systems: Sequence[System], folder: Path) -> Running:
    def run(progress: Progress) -> tuple[str, ...]:
        evaluating.run(library, gold, systems, folder, progress)
        return (f"Evaluated {', '.join(systems)} on {gold.name}: the report is in {folder}.",)

    return run


def _systems(names: Sequence[str]) -> tuple[System, ...]:
    """The systems of these names, the plainest first: the others are compared with it. Raises UserError."""
    if not names or set(names) - set(SYSTEMS):
        raise UserError(f"Choose at least one of {', '.join(_LISTED)}")
    return tuple(system for system in _LISTED if system in names)


def _name(gold: Path, systems: Sequence[System], build: str) -> str:
    """A report's name: of the same questions, systems and articles it is the same, so that stopped work goes on there."""
    return re.sub(r"[^\w.-]", "-", f"{gold.stem}-{'-'.join(systems)}-{build.removeprefix('state-')[:8]}")


def _listed(reports: Sequence[Report]) -> str:
    if not reports:
        return '<p class="soft">No report yet. <code>qa eval --report reports/NAME</code> writes one, too.</p>'
    rows = "".join(
        f'<li><button type="button" class="link" data-report="{escape(report.name)}">{escape(report.name)}</button> '
        f'<span class="soft">{day_words(report.written.date())}, {report.written:%H:%M}</span></li>'
        for report in reports
    )
    return f"<ul>{rows}</ul>"


def _page(golds: Mapping[str, Path]) -> str:
    return f"""<div id="evaluation" class="wide">
<header><h1>Evaluation</h1>
<p class="promise">How well questions are answered whose answers are known, with intervals and comparisons.</p></header>
{_form(golds) if golds else ""}
<section class="reports" aria-labelledby="reports"><h2 id="reports">Reports</h2><div class="listed"></div></section>
<section class="report" aria-labelledby="report" hidden>
<h2 id="report" class="unseen" tabindex="-1"></h2><div class="shown"></div></section>
<p class="problem" role="alert" hidden></p>
</div>"""


def _form(golds: Mapping[str, Path]) -> str:
    options = "".join(f"<option>{escape(name)}</option>" for name in golds)
    systems = "".join(
        f'<label class="choice"><input type="checkbox" name="system" value="{system}"{" checked" * (system in _CHOSEN)}>'
        f"{system}</label> "
        for system in _LISTED
    )
    return f"""<form class="evaluate row">
  <label class="field"><span>Gold set</span><select name="gold">{options}</select></label>
  <fieldset><legend>Systems</legend>{systems}</fieldset>
  <button class="button primary">Evaluate</button>
</form>{WORKING}"""
