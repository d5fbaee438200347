"""Whether confidence tells what the articles answer from what they do not; fits the model that tells it.

`python -m eval.quality --fit` fits it on development questions and writes qa/confidence.json.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date

import numpy as np

from eval.calibration import area_under_roc, expected_calibration_error
from eval.gold import GoldQuestion
from index.progress import Progress
from qa.confidence import MODEL, Evidence, fitted
from qa.library import Library

_AT_ONCE = 64
_FOLDS, _SEED = 5, 20
# Of no group of answerable development questions more are refused at the threshold: a passage with its source does less
# harm to someone whom it does not answer than silence does to someone whom it would have.
REFUSED = 0.02


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions asked of one library: `evidence`, shape (questions, features), and the confidence that it gave."""

    answerable: bool
    evidence: list[list[float]]
    confidence: list[float]


def ask(library: Library, questions: Sequence[GoldQuestion], answerable: bool, progress: Progress) -> Asked:
    """What questions that a library's articles answer, or do not, give as evidence."""
    evidence, sure = [], []
    for start in range(0, len(questions), _AT_ONCE):
        progress("Asking for confidence", start, len(questions))
        for answer in library.ask_many([question.question for question in questions[start : start + _AT_ONCE]], k=3):
            evidence.append(list(astuple(answer.evidence)) if answer.evidence else [0.0] * len(fields(Evidence)))
            sure.append(answer.confidence)
    progress("Asking for confidence", len(questions), len(questions))
    return Asked(answerable, evidence, sure)


def together(groups: Sequence[Asked]) -> Asked:
    """Several groups as one: all answerable, or none."""
    evidence = [row for each in groups for row in each.evidence]
    return Asked(all(each.answerable for each in groups), evidence, [sure for each in groups for sure in each.confidence])


def fit(groups: Mapping[str, Asked]) -> str:
    """Fits a logistic regression on groups of questions, by their description, and writes it; returns what it is worth.

    Answerable and unanswerable questions weigh the same together, and so do the groups of each. The threshold
    refuses at most REFUSED of each answerable group when the model has not seen them (5-fold cross-validation).
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    rows, labels, weights, members = [], [], [], []
    for number, asked in enumerate(groups.values()):
        members += [number] * len(asked.evidence)
        rows += asked.evidence
        labels += [asked.answerable] * len(asked.evidence)
        share = 1 / sum(other.answerable == asked.answerable for other in groups.values())
        weights += [share / len(asked.evidence)] * len(asked.evidence)
    features, answerable = np.array(rows), np.array(labels)
    importance = np.array(weights) * len(rows) / 2
    model = LogisticRegression(C=1e3, max_iter=10_000)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=_SEED)
    sure = cross_val_predict(
        model, features, answerable, cv=folds, method="predict_proba", params={"sample_weight": importance}
    )[:, 1]
    model.fit(features, answerable, sample_weight=importance)
    of_groups = [sure[np.array(members) == number] for number, asked in enumerate(groups.values()) if asked.answerable]
    found_from = min(float(np.quantile(of_group, REFUSED)) for of_group in of_groups)
    auroc = area_under_roc(sure[answerable].tolist(), sure[~answerable].tolist())
    error = expected_calibration_error(sure.tolist(), answerable.astype(float).tolist())
    names = [field.name for field in fields(Evidence)]
    record = {
        "coefficients": {name: round(float(value), 4) for name, value in zip(names, model.coef_[0], strict=True)},
        "intercept": round(float(model.intercept_[0]), 4),
        "found_from": round(found_from, 4),
        "fitted": date.today().isoformat(),  # noqa: DTZ011 - the day where it was fitted
        "trained_on": {
            f"{description} ({'' if asked.answerable else 'not '}answered)": len(asked.evidence)
            for description, asked in groups.items()
        },
        "cross_validated": {"folds": _FOLDS, "auroc": round(auroc, 3), "expected_calibration_error": round(error, 3)},
        "threshold": f"refuses at most {REFUSED:.0%} of each group of answerable training questions, cross-validated",
    }
    MODEL.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    fitted.cache_clear()
    return json.dumps(record, indent=1)
