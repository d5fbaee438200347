"""How likely the articles answer, told from the ranking."""

import json
import math
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path

MODEL = Path(__file__).parent / "confidence.json"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an answer.

    `best_cosine` is the nearest passage's, -1 to 1; `coverage` the share of the question's words, each weighted by its idf,
    that the first passage has, 0 to 1; `missing_year` is 1 if the question names a year that neither the first passages nor
    their articles' dates have, else 0.
    """

    best_cosine: float
    coverage: float
    missing_year: float


@dataclass(frozen=True, slots=True)
class Model:
    """A logistic regression over `Evidence`, and from where on its probability counts as found.

    Fitted, cross-validated and written, with what it was fitted on, by `python -m eval.quality --fit`; docs/quality.md has
    what it is worth on questions that it has not seen.
    """

    coefficients: tuple[float, ...]
    intercept: float
    found_from: float


@cache
def fitted() -> Model:
    """The model in confidence.json."""
    record = json.loads(MODEL.read_text(encoding="utf-8"))
    return Model(tuple(record["coefficients"].values()), record["intercept"], record["found_from"])


def confidence(evidence: Evidence) -> float:
    """0 to 1: how likely the articles answer."""
    model = fitted()
    score = model.intercept + sum(a * b for a, b in zip(model.coefficients, astuple(evidence), strict=True))
    odds = math.exp(-abs(score))
    return 1 / (1 + odds) if score >= 0 else odds / (1 + odds)


def is_found(sure: float) -> bool:
    """Whether a confidence is enough to claim an answer."""
    return sure >= fitted().found_from
