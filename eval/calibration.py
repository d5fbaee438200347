"""Whether a confidence is worth something: calibration, separation, and what refusing the least sure would spare.

Confidences are float64, shape (questions,), more is surer; what they are held against is paired by position.
"""

import numpy as np

from eval.statistics import Array, Values, as_values


def expected_calibration_error(confidences: Values, outcomes: Values, bins: int = 10) -> float:
    """The mean gap between confidence and outcome over bins of equal width, weighted by their questions (Naeini 2015).

    Confidences are from 0 to 1, outcomes 1 for right and 0 for wrong, or a share between. A bin holds its lower edge;
    the last holds 1 too. Raises ValueError as `as_values`, for unequal lengths, values outside [0, 1] or no bins.
    """
    sure, right = _paired(confidences, outcomes, "outcomes")
    for name, array in (("confidences", sure), ("outcomes", right)):
        if array.min() < 0 or array.max() > 1:
            raise ValueError(f"expected {name} from 0 to 1, got {array.min()} to {array.max()}")
    if bins < 1:
        raise ValueError(f"expected at least 1 bin, got {bins}")
    bin_of = np.searchsorted(np.arange(1, bins) / bins, sure, side="right")
    # A bin's share of the questions times its mean gap is its summed gap over all questions.
    return float(np.abs(np.bincount(bin_of, weights=sure - right)).sum() / len(sure))


def area_under_roc(positives: Values, negatives: Values) -> float:
    """How often a positive's score is above a negative's, ties half: Mann and Whitney's U over the pairs.

    Raises ValueError as `as_values`.
    """
    above, below = as_values(positives, "positives"), np.sort(as_values(negatives, "negatives"))
    ends = np.searchsorted(below, above, side="left") + np.searchsorted(below, above, side="right")
    return float(ends.sum() / (2 * len(above) * len(below)))


def risk_coverage(confidences: Values, errors: Values) -> tuple[Array, Array]:
    """The share of questions answered and their mean error, as the threshold comes down (El-Yaniv and Wiener 2010).

    Errors are 1 for wrong and 0 for right, or any loss. Coverage and risk, float64, shape (distinct confidences,):
    no threshold splits equal confidences. The last coverage is 1. Raises ValueError as `as_values`, and for unequal
    lengths.
    """
    sure, wrong = _paired(confidences, errors, "errors")
    order = np.argsort(-sure, kind="stable")
    sure = sure[order]
    ends = np.append(np.flatnonzero(sure[1:] != sure[:-1]), len(sure) - 1)
    answered = ends + 1
    return answered / len(sure), np.cumsum(wrong[order])[ends] / answered


def area_under_risk_coverage(confidences: Values, errors: Values) -> float:
    """The mean risk over answering 1, 2, ... all questions, the surest first (AURC, Geifman and others 2019).

    Less is better. Equal confidences count as if in random order, on average. Raises ValueError as `risk_coverage`.
    """
    coverage, risk = risk_coverage(confidences, errors)
    shares = np.arange(1, len(as_values(errors)) + 1) / len(as_values(errors))
    lost = np.interp(shares, np.append(0, coverage), np.append(0, coverage * risk))
    return float((lost / shares).mean())


def _paired(confidences: Values, others: Values, name: str) -> tuple[Array, Array]:
    first, second = as_values(confidences, "confidences"), as_values(others, name)
    if len(first) != len(second):
        raise ValueError(f"expected as many {name} as confidences, got {len(second)} and {len(first)}")
    return first, second
