"""Whether confidence tells what the articles answer from what they do not; fits the model that tells it.

`python -m eval.quality --fit` fits it on development questions and writes qa/confidence.json.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from eval.calibration import area_under_roc, expected_calibration_error
from eval.gold import GoldQuestion
from eval.relevance import Holders, relevant_passages
from index.progress import Progress
from qa.confidence import MODEL, Evidence, fitted
from qa.evidence import LOOKED_AT
from qa.library import Library

_AT_ONCE = 64
_FOLDS, _SEED = 5, 20
# What the model with reading is told from: a passage's words are read, not counted.
_WITH_READING = "nearness", "missing_year", "reading"
_BY_SIMILARITY = "best_cosine", "coverage", "missing_year"
# Little regularisation: enough that a year which no answerable question misses does not weigh without bounds.
_LOOSE = 10.0
# Groups weigh alike, so fewer questions than these would weigh too much each: seven claims that end without a full stop.
_ENOUGH = 50
# So many of the answerable development questions are refused at the threshold: a passage with its source does less harm to
# someone whom it does not answer than silence does to someone whom it would have.
REFUSED = 0.03


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions asked of one library, with the evidence and the confidence that it gave.

    `near` are unanswerable ones that its articles nearly answer. With `left_out` it is their own passages that it lacks, and
    so their very words: the model that counts words is not fitted on them, as elsewhere such a sign is not to be had.
    """

    answerable: bool
    evidence: list[Evidence]
    confidence: list[float]
    near: bool = False
    left_out: bool = False


def ask(library: Library, questions: Sequence[GoldQuestion], answerable: bool, progress: Progress) -> Asked:
    """What questions that a library's articles answer, or do not, give as evidence."""
    evidence, sure = [], []
    for start in range(0, len(questions), _AT_ONCE):
        progress("Asking for confidence", start, len(questions))
        for answer in library.ask_many([question.question for question in questions[start : start + _AT_ONCE]], k=3):
            evidence.append(answer.evidence or Evidence(0, 0, 0))
            sure.append(answer.confidence)
    progress("Asking for confidence", len(questions), len(questions))
    return Asked(answerable, evidence, sure)


def first_answer(library: Library, questions: Sequence[GoldQuestion]) -> list[bool]:
    """Whether one of the first passages, as many as confidence is told from, answers each question: by its gold spans."""
    relevant = relevant_passages(questions, Holders(library.passages, questions))
    found = [library.search(question.question, LOOKED_AT).listed for question in questions]
    return [
        any(hit.passage.id in relevant[question.id] for hit in hits) for question, hits in zip(questions, found, strict=True)
    ]


def together(groups: Sequence[Asked]) -> Asked:
    """Several groups as one: all answerable, or none."""
    evidence = [row for each in groups for row in each.evidence]
    return Asked(all(each.answerable for each in groups), evidence, [sure for each in groups for sure in each.confidence])


def fit(groups: Mapping[str, Asked]) -> str:
    """Fits logistic regressions on groups of questions, by their description, and writes them; returns what they are worth.

    One on questions that passages were read for, one on what is told of all without. Answerable and unanswerable questions
    weigh the same together, of these the near ones as much as the others, and the groups of each kind alike, but for those
    with fewer than 50 questions, which are left out. The threshold refuses at most REFUSED of the answerable questions, by
    either model, when it has not seen them (5-fold cross-validation).
    """
    whole = _fit(list(groups.values()), _WITH_READING)
    without = _fit([asked for asked in groups.values() if not asked.left_out], _BY_SIMILARITY)
    record = {
        "reading": whole.record,
        "similarity": without.record,
        "found_from": round(min(whole.found_from, without.found_from), 4),
        "fitted": date.today().isoformat(),  # noqa: DTZ011 - the day where it was fitted
        "trained_on": {
            f"{description} ({'' if asked.answerable else 'not '}answered)": len(asked.evidence)
            for description, asked in groups.items()
        },
        "folds": _FOLDS,
        "threshold": f"refuses at most {REFUSED:.0%} of answerable training questions, the groups alike, cross-validated",
    }
    MODEL.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    fitted.cache_clear()
    return json.dumps(record, indent=1)


@dataclass(frozen=True, slots=True)
class _Fit:
    record: dict[str, Any]
    found_from: float


def _fit(groups: Sequence[Asked], names: Sequence[str]) -> _Fit:
    """A logistic regression on some features, of the questions that have them."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    rows, labels, weights = [], [], []
    told = [[[getattr(each, name) for name in names] for each in asked.evidence] for asked in groups]
    whole = [[row for row in of_group if None not in row] for of_group in told]
    filled = [(asked, of_group) for asked, of_group in zip(groups, whole, strict=True) if len(of_group) >= _ENOUGH]
    for asked, of_group in filled:
        rows += of_group
        labels += [asked.answerable] * len(of_group)
        alike = [other for other, _ in filled if (other.answerable, other.near) == (asked.answerable, asked.near)]
        kinds = {other.near for other, _ in filled if other.answerable == asked.answerable}
        weights += [1 / len(kinds) / len(alike) / len(of_group)] * len(of_group)
    features, answerable = np.array(rows, dtype=np.float64), np.array(labels)
    importance = np.array(weights) * len(rows) / 2
    model = LogisticRegression(C=_LOOSE, max_iter=10_000)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=_SEED)
    sure = cross_val_predict(
        model, features, answerable, cv=folds, method="predict_proba", params={"sample_weight": importance}
    )[:, 1]
    model.fit(features, answerable, sample_weight=importance)
    auroc = area_under_roc(sure[answerable].tolist(), sure[~answerable].tolist())
    error = expected_calibration_error(sure.tolist(), answerable.astype(float).tolist())
    record = {
        "coefficients": {name: round(float(value), 4) for name, value in zip(names, model.coef_[0], strict=True)},
        "intercept": round(float(model.intercept_[0]), 4),
        "cross_validated": {"auroc": round(auroc, 3), "expected_calibration_error": round(error, 3)},
    }
    found_from = np.quantile(sure[answerable], REFUSED, weights=importance[answerable], method="inverted_cdf")
    return _Fit(record, float(found_from))
