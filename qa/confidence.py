"""How likely the articles answer, told from the ranking."""

import math

FOUND_FROM = 0.5
# Set by hand for now.
_BIAS, _COSINE, _COVERAGE = -5.0, 7.0, 3.0


def confidence(cosine: float, coverage: float) -> float:
    """0 to 1, from the best passage's cosine and the share of the question's idf that the best passage covers."""
    return 1 / (1 + math.exp(-(_BIAS + _COSINE * cosine + _COVERAGE * coverage)))
