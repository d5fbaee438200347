"""How likely the articles answer, told from the ranking."""

import math
from collections.abc import Sequence

# A logistic regression fitted on questions each asked of their own collection (1) and of another (0), and on SQuAD's
# adversarial ones (0): 1,200 of SQuAD 2.0's development set and 201 of MTRAG's govt. docs/log.md has the figures.
_COSINE, _COVERAGE, _OFFSET = 8.46, 2.14, -6.08

# Refuses 1 to 4 in 100 of the answerable questions there and about 3 in 4 of those from elsewhere. A passage with its
# source does less harm to someone it does not answer than silence does to someone it would have.
FOUND_FROM = 0.1


def confidence(best_cosine: float, coverage: float) -> float:
    """0 to 1: how likely the articles answer.

    `best_cosine` is the nearest passage's, `coverage` the share of the question's words, each weighted by its idf, that the
    first passage has.
    """
    return 1 / (1 + math.exp(-(_COSINE * best_cosine + _COVERAGE * coverage + _OFFSET)))


def coverage(weights: Sequence[float], said: Sequence[bool]) -> float:
    """The share of the weights whose word is said, 0 to 1; 0 for no words."""
    total = sum(weights)
    return sum(weight for weight, is_said in zip(weights, said, strict=True) if is_said) / total if total else 0.0
