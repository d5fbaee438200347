"""How likely the articles answer, told from the ranking."""

import math
from dataclasses import dataclass

# A logistic regression fitted on questions each asked of their own collection (1) and of another (0), and on SQuAD's
# adversarial ones (0): 1,200 of SQuAD 2.0's development set and 201 of MTRAG's govt. docs/log.md has the figures.
_COSINE, _COVERAGE, _MISSING_NUMBER, _OFFSET = 8.37, 1.82, -1.87, -5.76

# Refuses 2 in 100 of the answerable questions there and 7 to 9 in 10 of those from elsewhere. A passage with its
# source does less harm to someone it does not answer than silence does to someone it would have.
FOUND_FROM = 0.1


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an answer.

    `best_cosine` is the nearest passage's, -1 to 1; `coverage` the share of the question's words, each weighted by its idf,
    that the first passage has, 0 to 1; `missing_number` whether the question has a number that the first passage has not.
    """

    best_cosine: float
    coverage: float
    missing_number: bool


def confidence(evidence: Evidence) -> float:
    """0 to 1: how likely the articles answer."""
    score = _COSINE * evidence.best_cosine + _COVERAGE * evidence.coverage + _MISSING_NUMBER * evidence.missing_number
    return 1 / (1 + math.exp(-(score + _OFFSET)))
