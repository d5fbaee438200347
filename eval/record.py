"""An evaluation as JSON: what tools read, and what a later evaluation is compared with."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from eval.answers import qualities
from eval.evaluation import Evaluation


def evaluation_record(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation as one JSON object: means, intervals, figures by question, refusals, comparisons, broken quotes.

    `asked` holds a digest of each answerable question, so that only the same questions are compared later.
    """
    answerable = evaluation.answerable
    refused = {result.system: evaluation.refused(result) for result in evaluation.results if result.outcomes}
    return {
        "library": evaluation.library,
        "level": evaluation.level,
        "questions": {"answerable": len(answerable), "unanswerable": len(evaluation.unanswerable)},
        "all": evaluation.table(answerable),
        "intervals": {
            result.system: {name: _bounds(asdict(result.interval(name, answerable))) for name in evaluation.measures}
            for result in evaluation.results
        },
        "kinds": {kind: {"questions": len(ids), **evaluation.table(ids)} for kind, ids in evaluation.kinds.items()},
        "recalls": {
            result.system: {unit: _mean(values) for unit, values in result.recalls.items()} for result in evaluation.results
        },
        "characters": {result.system: result.characters(answerable) for result in evaluation.results if result.outcomes},
        "answers": {system: asdict(quality) for system, quality in qualities(evaluation).items()},
        "refused": {system: {"unanswerable": right, "answerable": wrong} for system, (right, wrong) in refused.items()},
        "comparisons": [
            {"measure": name, "system": system, "against": other, **asdict(comparison)}
            for name in evaluation.measures
            for (system, other), comparison in evaluation.comparisons(name).items()
        ],
        "broken": list(evaluation.broken),
        "anchored": list(evaluation.anchored),
        "remarks": list(evaluation.remarks),
        "asked": dict(evaluation.measured.asked),
        "figures": evaluation.figures,
    }


def _bounds(interval: Mapping[str, float]) -> list[float]:
    return [interval["low"], interval["high"]]


def _mean(values: Mapping[str, float]) -> float | None:
    return sum(values.values()) / len(values) if values else None
