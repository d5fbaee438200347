"""An evaluation as a table for people and as JSON for tools."""

from typing import Any

from rich.console import Console
from rich.table import Table

from eval.evaluation import Evaluation
from eval.measures import MEASURES


def print_evaluation(evaluation: Evaluation, console: Console) -> None:
    """Prints the measures overall and by kind, and what each system refused."""
    answerable, unanswerable = len(evaluation.answerable), len(evaluation.unanswerable)
    console.print(f"{answerable} answerable questions, {unanswerable} that the articles do not answer; {evaluation.library}")
    table = Table(box=None, pad_edge=False)
    for name in ("kind", "questions", "system", *MEASURES):
        table.add_column(name, justify="left" if name in {"kind", "system"} else "right", no_wrap=True)
    for kind, ids in {"all": evaluation.answerable, **evaluation.kinds}.items():
        for row, (system, figures) in enumerate(evaluation.table(ids).items()):
            first = (kind, str(len(ids))) if row == 0 else ("", "")
            table.add_row(*first, system, *(f"{value:.3f}" for value in figures.values()))
    console.print(table)
    for result in evaluation.results:
        right, wrong = evaluation.refused(result)
        console.print(
            f"{result.system}: refused {right} of {unanswerable} unanswerable questions "
            f"and {wrong} of {answerable} answerable ones"
        )
    if evaluation.broken:
        console.print(f"{len(evaluation.broken)} gold spans do not stand in their source; they count as not found")


def evaluation_record(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation as one JSON object: means overall and by kind, refusals, broken quotes, and figures by question."""
    refused = {result.system: evaluation.refused(result) for result in evaluation.results}
    return {
        "library": evaluation.library,
        "questions": {"answerable": len(evaluation.answerable), "unanswerable": len(evaluation.unanswerable)},
        "all": evaluation.table(evaluation.answerable),
        "kinds": {kind: {"questions": len(ids), **evaluation.table(ids)} for kind, ids in evaluation.kinds.items()},
        "refused": {name: {"unanswerable": right, "answerable": wrong} for name, (right, wrong) in refused.items()},
        "broken": list(evaluation.broken),
        "by_question": {
            question: {
                result.system: {name: result.figures[name][question] for name in MEASURES} for result in evaluation.results
            }
            for question in evaluation.answerable
            if question in next(iter(evaluation.results)).figures["nDCG@10"]
        },
    }
