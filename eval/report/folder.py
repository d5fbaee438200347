"""The files of a report."""

import json
import re
from pathlib import Path

from eval.evaluation import Evaluation, SystemResult
from eval.files import make_folder, read_text, write_text
from eval.findings import Findings
from eval.report.page import page
from eval.report.summary import summary
from eval.trec import write_trec_run
from index.errors import GoldError
from qa.retriever import SYSTEMS

LOG, RUNS = "outcomes.jsonl", "runs"
# What each file of a report has in it, and other files of that name have not.
_SIGNS = {
    "index.html": "<title>Retrieval evaluation",
    "report.json": '"figures": {',
    "summary.md": "# Retrieval evaluation",
    LOG: '"questions": ',
}


def check_folder(folder: Path) -> None:
    """Raises GoldError for a folder that cannot be a report's: a file, or with other files in it."""
    try:
        found = sorted(folder.iterdir()) if folder.exists() else []
    except OSError as error:
        raise GoldError(f"{folder}: cannot be a report's folder ({error.strerror}): name another") from None
    for path in found:
        if path.name.startswith(".") or (path.name == RUNS and path.is_dir()):
            continue
        if path.name not in _SIGNS or not path.is_file() or _SIGNS[path.name] not in read_text(path):
            raise GoldError(
                f"{folder}: holds {path.name}, which no report wrote: name a new folder, or one with a report to be replaced"
            )


def write_report(folder: Path, findings: Findings) -> None:
    """Writes index.html, report.json, summary.md and runs/<system>.trec, each whole or not at all.

    The folder is made if need be; a report that is there is replaced. A run from elsewhere has no ranking here to be
    written. Raises UserError if a file cannot be written, and for a folder with other files in it.
    """
    check_folder(folder)
    make_folder(folder / RUNS)
    evaluation = findings.evaluation
    write_text(folder / "report.json", json.dumps(findings.record(), indent=1) + "\n")
    written = set()
    for result in evaluation.results:
        if result.outcomes:
            name = re.sub(r"[^\w.-]", "-", result.system)
            path = folder / RUNS / f"{name}.trec"
            write_trec_run(path, result.system, _ranked(evaluation, result))
            written.add(path)
    for path in {folder / RUNS / f"{system}.trec" for system in SYSTEMS} - written:
        # An earlier report's.
        path.unlink(missing_ok=True)
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
