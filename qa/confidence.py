"""How likely the articles answer, told from the ranking."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MODEL = Path(__file__).parent / "confidence.json"
# Half of the development questions that are answered have a passage as near as that.
_NEAR = 0.6


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an answer.

    `best_cosine` is the nearest passage's, -1 to 1; `coverage` the share of the question's words, each weighted by its idf,
    that the first passage has, 0 to 1; `missing_year` is 1 if the question names a year that the first passages do not have
    and that is neither their articles' own nor the one before, else 0; `reading` the greatest log-odds that one of the first
    passages answers, told by reading them beside the question (index/reader.py), None where the encoder does not.
    """

    best_cosine: float
    coverage: float
    missing_year: float
    reading: float | None = None

    @property
    def nearness(self) -> float:
        """`best_cosine`, at most 0.6: a passage that is nearer still is more of the same subject, not more of an answer."""
        return min(self.best_cosine, _NEAR)


def logistic(log_odds: float) -> float:
    """The probability of log-odds, 0 to 1."""
    odds = math.exp(-abs(log_odds))
    return 1 / (1 + odds) if log_odds >= 0 else odds / (1 + odds)


@dataclass(frozen=True, slots=True)
class Model:
    """A logistic regression over some of `Evidence`, by name."""

    coefficients: Mapping[str, float]
    intercept: float

    def probability(self, evidence: Evidence) -> float:
        """0 to 1."""
        return logistic(self.intercept + sum(weight * getattr(evidence, name) for name, weight in self.coefficients.items()))


@dataclass(frozen=True, slots=True)
class Fitted:
    """The model for what was read and the one for what was not, and from where on a probability counts as found.

    Fitted, cross-validated and written, with what they were fitted on, by `python -m eval.quality --fit`;
    docs/quality.md has what they are worth on questions that they have not seen.
    """

    reading: Model
    similarity: Model
    found_from: float


@cache
def fitted() -> Fitted:
    """The models in confidence.json."""
    record = json.loads(MODEL.read_text(encoding="utf-8"))
    reading, similarity = (
        Model(record[name]["coefficients"], record[name]["intercept"]) for name in ("reading", "similarity")
    )
    return Fitted(reading, similarity, record["found_from"])


def confidence(evidence: Evidence) -> float:
    """0 to 1: how likely the articles answer."""
    model = fitted().similarity if evidence.reading is None else fitted().reading
    return model.probability(evidence)


def is_found(sure: float) -> bool:
    """Whether a confidence is enough to claim an answer."""
    return sure >= fitted().found_from
