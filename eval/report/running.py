"""An evaluation from a gold set to a report, in one go."""

from collections.abc import Sequence
from pathlib import Path

from eval.evaluation import evaluate
from eval.findings import Findings
from eval.gold import read_gold
from eval.report.folder import LOG, check_folder, write_report
from index.progress import Progress
from qa.library import Library
from qa.retriever import System


def evaluate_into(library: Library, gold: Path, systems: Sequence[System], folder: Path, progress: Progress) -> None:
    """Asks a library the questions of a gold set, and writes the report into `folder`; what was asked there is not again.

    Raises UserError as reading the gold, the evaluation and the folder give cause.
    """
    check_folder(folder)
    evaluation = evaluate(library, read_gold(gold), systems, progress, log=folder / LOG)
    progress("Writing the report", 0, 0)
    write_report(folder, Findings(evaluation, library))
