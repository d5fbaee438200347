"""What is measured, by ir-measures, a figure for every question."""

from collections.abc import Mapping, Sequence

import ir_measures
from ir_measures import RR, R, ScoredDoc, Success, nDCG

from index import UserError

MEASURES: dict[str, ir_measures.Measure] = {
    "nDCG@10": nDCG @ 10,
    "MRR@10": RR @ 10,
    "Recall@1": R @ 1,
    "Recall@5": R @ 5,
    "Recall@10": R @ 10,
    "Success@1": Success @ 1,
}
"""By the name that is printed; ir-measures spells MRR as RR and Recall as R."""

DEPTH = 10

Figures = dict[str, dict[str, float]]
"""Measure to question id to figure."""


def measure(qrels: Mapping[str, Mapping[str, int]], run: Mapping[str, Sequence[str]]) -> Figures:
    """Every measure for every question of `qrels`, given each question's passage ids, best first.

    The order of `run` is what counts, so nothing is left to how scores tie. A question without hits, or
    missing from the run, has 0. Raises UserError if there is no question to measure.
    """
    if not qrels:
        raise UserError("no answerable question to measure: expected at least one with a relevant span")
    judged = [
        ir_measures.Qrel(question, passage, grade) for question, found in qrels.items() for passage, grade in found.items()
    ]
    scored = [
        ScoredDoc(question, passage, float(len(passages) - place))
        for question, passages in run.items()
        if question in qrels
        for place, passage in enumerate(passages)
    ]
    names = {str(each): name for name, each in MEASURES.items()}
    figures: Figures = {name: dict.fromkeys(qrels, 0.0) for name in MEASURES}
    for metric in ir_measures.iter_calc(list(MEASURES.values()), judged, scored):
        figures[names[str(metric.measure)]][metric.query_id] = float(metric.value)
    return figures
