"""Calibration, separation and the price of refusing: worked by hand, and against scikit-learn."""

import math
from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from eval.calibration import area_under_risk_coverage, area_under_roc, expected_calibration_error, risk_coverage

SHARE = st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.7, 1.0]) | st.floats(0, 1)
SHARES = st.lists(SHARE, min_size=1, max_size=20)
JUDGED = st.lists(st.tuples(SHARE, st.sampled_from([0.0, 1.0])), min_size=1, max_size=20).map(
    lambda pairs: [list(each) for each in zip(*pairs, strict=True)]
)


@pytest.mark.parametrize(
    ("confidences", "outcomes", "bins", "error"),
    [
        # Bins [0, 1/2) and [1/2, 1]: gaps |0.3 - 1/2| and |0.8 - 2/3|, of 2 and 3 of 5 questions.
        ([0.2, 0.4, 0.6, 0.8, 1.0], [0, 1, 1, 0, 1], 2, 2 / 5 * 0.2 + 3 / 5 * (0.8 - 2 / 3)),
        ([1.0, 1.0, 0.0], [1, 1, 0], 10, 0.0),
        ([1.0, 1.0], [0, 0], 10, 1.0),
        # 0.3 opens the bin [0.3, 0.4), in floats too: alone in its bin, then with another.
        ([0.25, 0.3], [1, 0], 10, (0.75 + 0.3) / 2),
        ([0.3, 0.35], [1, 0], 10, (0.7 - 0.35) / 2),
        ([0.25, 0.75], [1, 0], 1, 0.0),
    ],
)
def test_calibration_error_worked_by_hand(confidences: list[float], outcomes: list[int], bins: int, error: float) -> None:
    assert expected_calibration_error(confidences, outcomes, bins) == pytest.approx(error)


def test_a_calibrated_confidence_has_nearly_no_error() -> None:
    generator = np.random.default_rng(1)
    confidences = generator.random(50_000)
    outcomes = (generator.random(50_000) < confidences).astype(np.float64)
    assert expected_calibration_error(confidences, outcomes) < 0.01
    # Twice as sure as is right: the mean of c - c / 2 over [0, 1].
    assert expected_calibration_error(confidences, confidences / 2) == pytest.approx(1 / 4, abs=0.01)


@given(JUDGED, st.integers(1, 20))
def test_calibration_error_is_a_share_no_less_than_with_one_bin(judged: list[list[float]], bins: int) -> None:
    error = expected_calibration_error(*judged, bins)
    assert expected_calibration_error(*judged, 1) - 1e-12 <= error <= 1


def test_area_under_roc_worked_by_hand() -> None:
    # Pairs: 0.9 above both, 0.5 above one and level with the other: (1 + 1 + 1 + 1/2) / 4.
    assert area_under_roc([0.9, 0.5], [0.5, 0.1]) == 3.5 / 4
    assert area_under_roc([0.5], [0.5, 0.5]) == 1 / 2
    assert area_under_roc([2], [1]) == 1
    assert area_under_roc([1], [2]) == 0


@given(SHARES, SHARES)
def test_area_under_roc_equals_scikit_learns(positives: list[float], negatives: list[float]) -> None:
    labels = [1] * len(positives) + [0] * len(negatives)
    assert area_under_roc(positives, negatives) == pytest.approx(roc_auc_score(labels, positives + negatives))
    assert area_under_roc(negatives, positives) == pytest.approx(1 - area_under_roc(positives, negatives))


def test_risk_coverage_worked_by_hand() -> None:
    coverage, risk = risk_coverage([0.2, 0.9, 0.5, 0.7], [1, 0, 0, 1])
    assert coverage.tolist() == [1 / 4, 2 / 4, 3 / 4, 4 / 4]
    assert risk.tolist() == [0 / 1, 1 / 2, 1 / 3, 2 / 4]
    assert area_under_risk_coverage([0.2, 0.9, 0.5, 0.7], [1, 0, 0, 1]) == pytest.approx((0 + 1 / 2 + 1 / 3 + 2 / 4) / 4)


def test_no_threshold_splits_equal_confidences() -> None:
    coverage, risk = risk_coverage([0.5, 0.9, 0.5], [1, 0, 0])
    assert coverage.tolist() == [1 / 3, 3 / 3]
    assert risk.tolist() == [0 / 1, 1 / 3]
    # The error comes second or third: (0 + 1/2 + 1/3) / 3 or (0 + 0 + 1/3) / 3, on average.
    assert area_under_risk_coverage([0.5, 0.9, 0.5], [1, 0, 0]) == pytest.approx((0 + 1 / 4 + 1 / 3) / 3)


def test_confidences_all_equal_risk_the_mean_error() -> None:
    assert [array.tolist() for array in risk_coverage([0.5] * 4, [1, 0, 0, 0])] == [[1.0], [1 / 4]]
    assert area_under_risk_coverage([0.5] * 4, [1, 0, 0, 0]) == pytest.approx(1 / 4)


@given(JUDGED, st.randoms(use_true_random=False))
def test_risk_coverage_does_not_depend_on_the_order(judged: list[list[float]], random: Random) -> None:
    order = list(range(len(judged[0])))
    random.shuffle(order)
    shuffled = [[values[place] for place in order] for values in judged]
    coverage, risk = risk_coverage(*judged)
    assert [array.tolist() for array in risk_coverage(*shuffled)] == [coverage.tolist(), risk.tolist()]
    assert area_under_risk_coverage(*shuffled) == pytest.approx(area_under_risk_coverage(*judged))
    assert risk[-1] == pytest.approx(sum(judged[1]) / len(judged[1]))
    assert coverage[-1] == 1
    assert (np.diff(coverage) > 0).all()


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=20))
def test_errors_last_is_the_least_area(errors: list[float]) -> None:
    best, worst = sorted(errors), sorted(errors, reverse=True)
    sure = np.linspace(1, 0, len(errors))
    area = area_under_risk_coverage(sure, errors)
    assert area_under_risk_coverage(sure, best) - 1e-12 <= area <= area_under_risk_coverage(sure, worst) + 1e-12


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: expected_calibration_error([], []), "confidences: expected a list"),
        (lambda: expected_calibration_error([0.5], [1, 0]), "expected as many outcomes as confidences, got 2 and 1"),
        (lambda: expected_calibration_error([1.5], [1]), "expected confidences from 0 to 1, got 1.5 to 1.5"),
        (lambda: expected_calibration_error([0.5], [-1]), "expected outcomes from 0 to 1, got -1.0 to -1.0"),
        (lambda: expected_calibration_error([0.5], [1], bins=0), "expected at least 1 bin, got 0"),
        (lambda: area_under_roc([], [1]), "positives: expected a list"),
        (lambda: area_under_roc([1], [math.nan]), "negatives: expected finite numbers, got nan at position 0"),
        (lambda: risk_coverage([0.5], []), "errors: expected a list"),
        (lambda: area_under_risk_coverage([0.5, 0.6], [1]), "expected as many errors as confidences, got 1 and 2"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        call()
    assert "\n" not in str(raised.value)
