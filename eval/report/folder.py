"""The files of a report."""

import json
import re
from pathlib import Path

from eval.evaluation import Evaluation, SystemResult
from eval.files import write_text
from eval.report.findings import examine
from eval.report.page import page
from eval.report.summary import summary
from eval.trec import write_trec_run
from qa.library import Library


def write_report(folder: Path, evaluation: Evaluation, library: Library) -> None:
    """Writes index.html, report.json, summary.md and runs/<system>.trec, each whole or not at all.

    The folder is made if need be; other files in it stay. A run from elsewhere has no ranking here to be written.
    Raises UserError if a file cannot be written.
    """
    findings = examine(evaluation, library)
    write_text(folder / "report.json", json.dumps(findings.record(), indent=1) + "\n")
    for result in evaluation.results:
        if result.outcomes:
            name = re.sub(r"[^\w.-]", "-", result.system)
            write_trec_run(folder / "runs" / f"{name}.trec", result.system, _ranked(evaluation, result))
    write_text(folder / "summary.md", _whole(summary(findings)))
    # The page comes last: where it is, the rest is too.
    write_text(folder / "index.html", _whole(page(findings)))


def _ranked(evaluation: Evaluation, result: SystemResult) -> dict[str, list[tuple[str, float]]]:
    """What the measures counted, by question, best first with its score."""
    return {
        question: list(zip(getattr(outcome, f"{evaluation.level}s"), outcome.scores, strict=True))
        for question, outcome in result.outcomes.items()
    }


def _whole(text: str) -> str:
    """The text with a question mark for what is half a character, which no file holds."""
    return text.encode(errors="replace").decode()
