"""Intervals, paired tests and power: worked by hand, against scipy, and by simulation."""

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import integrate, stats

from eval import statistics
from eval.statistics import (
    Array,
    Interval,
    bootstrap_interval,
    compare,
    compare_all,
    detectable_difference,
    detectable_in_words,
    holm,
    randomisation_p_value,
    required_questions,
)

# Figures as retrieval has them, and the awkward floats among them.
FIGURE = st.sampled_from([0.0, 0.1, 0.2, 0.3, 1 / 3, 0.5, 0.6309297535714575, 1.0]) | st.floats(0, 1)
FIGURES = st.lists(FIGURE, min_size=1, max_size=25)
PAIRED = st.lists(st.tuples(FIGURE, FIGURE), min_size=1, max_size=25).map(
    lambda pairs: [list(each) for each in zip(*pairs, strict=True)]
)
P_VALUES = st.lists(st.floats(0, 1), max_size=12)

Draw = Callable[[np.random.Generator, tuple[int, int]], Array]


def reciprocal_ranks(generator: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Rank 1 for 55 of 100 questions, 2 to 10 for 30, none for 15; the mean is MEAN_RECIPROCAL_RANK."""
    return generator.choice(RANKS, p=CHANCES, size=shape)


def ndcg(generator: np.random.Generator, shape: tuple[int, int]) -> Array:
    """1 for 35 of 100 questions, 0 for 15, between for 50 by a beta distribution of mean 3 / (3 + 2)."""
    kind, between = generator.random(shape), generator.beta(3, 2, shape)
    return np.where(kind < 0.35, 1.0, np.where(kind < 0.50, 0.0, between))


def differences_of_ranks(generator: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Two systems that differ on half of the questions; the mean is 0."""
    apart = reciprocal_ranks(generator, shape) - reciprocal_ranks(generator, shape)
    return np.where(generator.random(shape) < 0.5, apart, 0.0)


RANKS = np.array([*(1 / rank for rank in range(1, 11)), 0.0])
CHANCES = np.array([0.55, 0.13, 0.06, 0.03, 0.02, 0.02, 0.01, 0.01, 0.01, 0.01, 0.15])
MEAN_RECIPROCAL_RANK = float(RANKS @ CHANCES)


@pytest.mark.parametrize(("questions", "found"), [(30, 22), (60, 54), (170, 162)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_an_interval_of_successes_ends_at_binomial_quantiles(questions: int, found: int, confidence: float) -> None:
    # Resampling `found` ones among `questions` draws from Binomial(questions, found / questions).
    interval = bootstrap_interval([1.0] * found + [0.0] * (questions - found), confidence, resamples=50_000)
    t = stats.t.ppf((1 - confidence) / 2, questions - 1)
    tail = stats.norm.cdf(t * math.sqrt(questions / (questions - 1)))
    ends = stats.binom.ppf([tail, 1 - tail], questions, found / questions) / questions
    assert (interval.mean, interval.low, interval.high) == pytest.approx((found / questions, *ends))


def test_an_interval_of_two_values_worked_by_hand() -> None:
    # Resampled means are 0, 1/2 and 1; t with 1 degree is 12.7, so the tails hold nothing.
    assert bootstrap_interval([0, 1]) == Interval(0.5, 0.0, 1.0)


def test_is_scipys_percentile_interval_at_the_expanded_confidence() -> None:
    values = ndcg(np.random.default_rng(3), (1, 60))[0]
    ours = bootstrap_interval(values, resamples=50_000)
    expanded = 1 - 2 * stats.norm.cdf(stats.t.ppf(0.025, 59) * math.sqrt(60 / 59))
    theirs = stats.bootstrap(
        (values,), np.mean, confidence_level=expanded, n_resamples=50_000, method="percentile", rng=np.random.default_rng(4)
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.003)


@pytest.mark.parametrize("questions", [30, 60, 170])
@pytest.mark.parametrize(
    ("draw", "mean"), [(reciprocal_ranks, MEAN_RECIPROCAL_RANK), (ndcg, 0.35 + 0.5 * 3 / 5), (differences_of_ranks, 0.0)]
)
def test_intervals_cover_as_often_as_they_say(draw: Draw, mean: float, questions: int) -> None:
    samples = draw(np.random.default_rng(questions), (2_000, questions))
    intervals = [bootstrap_interval(sample) for sample in samples]
    covered = sum(interval.low <= mean <= interval.high for interval in intervals) / len(intervals)
    assert 0.93 <= covered <= 0.97


@pytest.mark.parametrize("values", [[0.1], [0.1] * 30, [0.0] * 3])
def test_values_without_spread_are_their_own_interval(values: list[float]) -> None:
    assert bootstrap_interval(values) == Interval(values[0], values[0], values[0])


def test_an_interval_is_settled_by_its_seed() -> None:
    values = ndcg(np.random.default_rng(5), (1, 40))[0]
    assert bootstrap_interval(values, seed=1) == bootstrap_interval(values.tolist(), seed=1)
    assert bootstrap_interval(values, seed=1) != bootstrap_interval(values, seed=2)


def test_many_questions_are_resampled_in_blocks_that_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    values = ndcg(np.random.default_rng(6), (1, 200))[0]
    whole = bootstrap_interval(values)
    monkeypatch.setattr(statistics, "_BLOCK", 20_000)
    assert [rows for _, rows in statistics._blocks(300, 150)] == [66, 66, 18]
    blocks = bootstrap_interval(values)
    assert blocks != whole
    assert asdict(blocks) == pytest.approx(asdict(whole), abs=0.005)


@given(FIGURES)
def test_an_interval_holds_its_mean_and_stays_in_the_range_of_the_values(values: list[float]) -> None:
    interval = bootstrap_interval(values, resamples=1_000)
    ordered = [min(values), interval.low, interval.mean, interval.high, max(values)]
    assert all(below <= above + 1e-12 for below, above in pairwise(ordered))
    assert interval.mean == pytest.approx(math.fsum(values) / len(values))


@given(FIGURES, st.floats(-5, 5))
def test_adding_a_constant_moves_the_interval(values: list[float], constant: float) -> None:
    before = bootstrap_interval(values, resamples=1_000)
    after = bootstrap_interval([value + constant for value in values], resamples=1_000)
    expected = {end: figure + constant for end, figure in asdict(before).items()}
    assert asdict(after) == pytest.approx(expected, abs=1e-9)


@given(FIGURES)
def test_more_confidence_is_a_wider_interval(values: list[float]) -> None:
    narrow, wide = (bootstrap_interval(values, confidence, resamples=1_000) for confidence in (0.8, 0.99))
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


@pytest.mark.parametrize(
    ("differences", "p_value"),
    [
        ([1, 2, 3], 2 / 8),  # only +++ and --- reach 6
        ([1, 1, -1], 8 / 8),  # every sum is odd, so none is nearer to 0
        ([0.1, 0.2, -0.3], 8 / 8),  # 0 on paper, 5e-17 in floats
        # Sums with the first sign up: 1, 0.2, 0.4, -0.4, 0.6, -0.2, 0, -0.8; five reach 0.4, two only on paper.
        ([0.1, 0.2, -0.3, 0.4], 5 / 8),
        ([0.1, 0.2, 0, -0.3, 0.4, 0], 5 / 8),
        ([0.1] * 20, 2 / 2**20),
        ([0.5], 1.0),
        ([0.0, 0.0], 1.0),
    ],
)
def test_p_values_worked_by_hand(differences: list[float], p_value: float) -> None:
    assert randomisation_p_value(differences) == p_value


def test_a_p_value_by_chance_is_never_0() -> None:
    # All 25 signs alike have a chance of 2 / 2^25, so none of 9,999 draws: (0 + 1) / (9,999 + 1).
    assert randomisation_p_value([0.5] * 25) == 1 / 10_000


@pytest.mark.parametrize("seed", range(8))
def test_equals_scipys_exact_test(seed: int) -> None:
    first, second = reciprocal_ranks(np.random.default_rng(seed), (2, 11))
    first = first + 0.1 * seed / 8
    theirs = stats.permutation_test(
        (first, second),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf,
    )
    assert compare(first, second).p_value == pytest.approx(theirs.pvalue)
    assert compare(first, second).difference.mean == pytest.approx(theirs.statistic)


@pytest.mark.parametrize("seed", range(8))
def test_drawing_signs_comes_near_to_all_signs(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    differences = np.random.default_rng(seed).normal(0.3, 1, 16)
    exact = randomisation_p_value(differences)
    monkeypatch.setattr(statistics, "_EXACT_UP_TO", 0)
    drawn = randomisation_p_value(differences, seed=1)
    assert drawn == pytest.approx(exact, abs=4 * math.sqrt(0.25 / 9_999))
    assert drawn == randomisation_p_value(differences, seed=1)
    monkeypatch.setattr(statistics, "_BLOCK", 16_000)
    assert randomisation_p_value(differences) == pytest.approx(exact, abs=4 * math.sqrt(0.25 / 9_999))


@pytest.mark.parametrize("questions", [16, 80])
def test_equal_systems_are_rarely_told_apart(questions: int) -> None:
    # All signs and drawn ones: of figures from one distribution, 5% are at or below 0.05, give or take 3 standard errors.
    generator = np.random.default_rng(questions)
    samples = ndcg(generator, (2_000, questions)) - ndcg(generator, (2_000, questions))
    rejected = np.mean([randomisation_p_value(sample) <= 0.05 for sample in samples])
    assert rejected == pytest.approx(0.05, abs=3 * math.sqrt(0.05 * 0.95 / 2_000))


def test_a_comparison_worked_by_hand() -> None:
    comparison = compare([1.0, 1.0, 0.5, 0.5, 0.0], [0.5, 0.0, 0.5, 0.0, 0.5])
    # Differences 1/2, 1, 0, 1/2, -1/2: the sum is 3/2, the squared deviations from 3/10 sum to 1.3.
    assert comparison.difference.mean == pytest.approx(1.5 / 5)
    assert comparison.effect_size == pytest.approx(0.3 / math.sqrt(1.3 / 4))
    assert (comparison.wins, comparison.ties, comparison.losses, comparison.questions) == (3, 1, 1, 5)
    # With 1 kept up, three halves: all up 5/2, one down 3/2 (three ways), two down 1/2, all down -1/2: 4 of 8.
    assert comparison.p_value == comparison.adjusted_p_value == 4 / 8


def test_a_difference_of_rounding_is_a_tie() -> None:
    comparison = compare([0.1 + 0.2, 1.0], [0.3, 1.0])
    assert (comparison.wins, comparison.ties, comparison.losses) == (0, 2, 0)
    assert (comparison.p_value, comparison.effect_size, comparison.difference) == (1.0, 0.0, Interval(0.0, 0.0, 0.0))


@pytest.mark.parametrize(("values", "baseline"), [([0.5], [0.2]), ([0.3, 0.2], [0.2, 0.1])])
def test_an_equal_difference_everywhere_has_no_effect_size(values: list[float], baseline: list[float]) -> None:
    comparison = compare(values, baseline)
    assert comparison.effect_size is None
    assert json.loads(json.dumps(asdict(comparison), allow_nan=False)) == asdict(comparison)


@given(PAIRED)
def test_swapping_the_systems_negates_the_difference(pair: list[list[float]]) -> None:
    there, back = compare(pair[0], pair[1]), compare(pair[1], pair[0])
    assert back.p_value == there.p_value
    assert (back.wins, back.ties, back.losses) == (there.losses, there.ties, there.wins)
    ends = (there.difference.mean, there.difference.low, there.difference.high)
    assert (back.difference.mean, back.difference.high, back.difference.low) == pytest.approx(
        [-end for end in ends], abs=1e-12
    )
    if there.effect_size is None:
        assert back.effect_size is None
    else:
        assert back.effect_size == pytest.approx(-there.effect_size)


@given(PAIRED, st.randoms(use_true_random=False))
def test_the_order_of_the_questions_does_not_move_the_means(pair: list[list[float]], random: Random) -> None:
    order = list(range(len(pair[0])))
    random.shuffle(order)
    before, after = compare(*pair), compare(*([values[place] for place in order] for values in pair))
    assert after.difference.mean == pytest.approx(before.difference.mean, abs=1e-12)
    assert (after.wins, after.ties, after.losses) == (before.wins, before.ties, before.losses)
    if before.wins + before.losses <= 20:
        assert after.p_value == before.p_value


def test_all_pairs_are_compared_with_holms_correction() -> None:
    ranks = reciprocal_ranks(np.random.default_rng(8), (2, 40))
    systems = {"bm25": ranks[0], "dense": ranks[1], "hybrid": np.maximum(ranks[0], ranks[1])}
    compared = compare_all(systems)
    assert list(compared) == [("bm25", "dense"), ("bm25", "hybrid"), ("dense", "hybrid")]
    for (first, second), comparison in compared.items():
        alone = compare(systems[first], systems[second])
        assert (comparison.difference, comparison.p_value, comparison.wins) == (alone.difference, alone.p_value, alone.wins)
    p_values = [comparison.p_value for comparison in compared.values()]
    assert [comparison.adjusted_p_value for comparison in compared.values()] == holm(p_values)


def test_one_system_makes_no_pair() -> None:
    assert compare_all({"bm25": [1.0, 0.0]}) == {}


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        ([0.01, 0.04, 0.03, 0.005], [3 * 0.01, 2 * 0.03, 2 * 0.03, 4 * 0.005]),
        ([0.01, 0.02, 0.03, 0.04, 0.05], [5 * 0.01, 4 * 0.02, 3 * 0.03, 3 * 0.03, 3 * 0.03]),  # as R's p.adjust
        ([0.5, 0.6], [1.0, 1.0]),
        ([0.2], [0.2]),
        ([], []),
    ],
)
def test_holm_worked_by_hand(p_values: list[float], adjusted: list[float]) -> None:
    assert holm(p_values) == pytest.approx(adjusted)


@given(P_VALUES)
def test_holm_keeps_the_order_and_lies_between_the_p_value_and_bonferronis(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(
        p_value <= after <= min(1, p_value * len(p_values)) for p_value, after in zip(p_values, adjusted, strict=True)
    )
    in_order = [after for _, after in sorted(zip(p_values, adjusted, strict=True))]
    assert in_order == sorted(in_order)


def spread_of_one(questions: int) -> Array:
    """Differences with a standard deviation of 1."""
    values = np.arange(questions, dtype=np.float64)
    return values / values.std(ddof=1)


@pytest.mark.parametrize(("difference", "questions"), [(0.2, 199), (0.3, 90), (0.5, 34), (0.8, 15)])
def test_required_questions_are_the_textbooks(difference: float, questions: int) -> None:
    # A two-sided paired t-test of d = 0.2, 0.3, 0.5, 0.8 at 5% and 80% power, as G*Power and power tables have it.
    # By hand for 0.5: the normal's (1.960 + 0.842)^2 / 0.5^2 = 31.4, and some 1.960^2 / 2 = 1.9 more for the t: 33.3.
    assert required_questions(spread_of_one(25), difference) == questions


@pytest.mark.parametrize(
    ("questions", "power", "significance"), [(2, 0.8, 0.05), (10, 0.9, 0.01), (60, 0.8, 0.05), (60, 0.1, 0.05)]
)
def test_detectable_difference_has_the_power_by_definition(questions: int, power: float, significance: float) -> None:
    # t = (Z + noncentrality) / sqrt(W / freedom), Z normal and W chi-squared: what lies beyond the critical value.
    difference = detectable_difference(spread_of_one(questions), power, significance)
    assert difference is not None
    noncentrality, freedom = difference * math.sqrt(questions), questions - 1
    critical = stats.t.ppf(1 - significance / 2, freedom)

    def beyond(scale: float) -> float:
        # By scale = sqrt(W), whose density is the chi distribution's.
        end = critical * scale / math.sqrt(freedom)
        return float(
            (stats.norm.sf(end - noncentrality) + stats.norm.cdf(-end - noncentrality)) * stats.chi.pdf(scale, freedom)
        )

    assert integrate.quad(beyond, 0, 20 + freedom, points=[math.sqrt(freedom)])[0] == pytest.approx(power, abs=1e-6)


@pytest.mark.parametrize("questions", [2, 3, 1_000_000])
def test_power_can_be_told_to_the_ends_of_its_range(questions: int) -> None:
    ends = [(0.0002, 0.0001), (0.9999, 0.0001), (0.2001, 0.2), (0.9999, 0.2)]
    seen = [detectable_difference([0.0, 1.0], power, significance, questions) for power, significance in ends]
    assert all(difference is not None and 0 < difference < math.inf for difference in seen)


def test_the_detectable_difference_is_detected_as_often_as_said() -> None:
    differences = spread_of_one(20)
    difference = detectable_difference(differences)
    assert difference is not None
    samples = np.random.default_rng(9).normal(difference, 1, (20_000, 20))
    t = samples.mean(axis=1) / (samples.std(axis=1, ddof=1) / math.sqrt(20))
    assert np.mean(np.abs(t) > stats.t.ppf(0.975, 19)) == pytest.approx(0.8, abs=0.01)
    detected = [randomisation_p_value(sample) <= 0.05 for sample in samples[:1_000]]
    assert np.mean(detected) == pytest.approx(0.8, abs=0.04)


def test_the_randomisation_test_on_ranks_has_that_power() -> None:
    population = differences_of_ranks(np.random.default_rng(10), (1, 20_000))[0]
    difference = detectable_difference(population, questions=60)
    assert difference is not None
    samples = differences_of_ranks(np.random.default_rng(11), (1_000, 60)) + difference
    assert np.mean([randomisation_p_value(sample) <= 0.05 for sample in samples]) == pytest.approx(0.8, abs=0.05)


@given(st.floats(0.05, 5), st.floats(0.55, 0.95), st.sampled_from([0.01, 0.05, 0.1]))
def test_required_questions_and_detectable_difference_agree(difference: float, power: float, significance: float) -> None:
    differences = spread_of_one(12)
    questions = required_questions(differences, difference, power, significance)
    assert questions is not None
    seen = detectable_difference(differences, power, significance, questions)
    assert seen is not None
    assert seen <= difference
    if questions > 2:
        missed = detectable_difference(differences, power, significance, questions - 1)
        assert missed is not None
        assert missed > difference


@given(FIGURES, st.floats(0.1, 10))
def test_the_detectable_difference_grows_with_the_spread(values: list[float], factor: float) -> None:
    seen = detectable_difference(values)
    assume(seen is not None)
    assert seen is not None
    assert detectable_difference([factor * value for value in values]) == pytest.approx(factor * seen)


@pytest.mark.parametrize("differences", [[0.3], [0.0, 0.0, 0.0], [0.3 - 0.2, 0.2 - 0.1]])
def test_without_spread_no_power_can_be_told(differences: list[float]) -> None:
    assert detectable_difference(differences) is None
    assert required_questions(differences, 0.1) is None


def test_one_question_more_cannot_tell_no_spread() -> None:
    assert detectable_difference([0.0, 1.0], questions=1) is None


@pytest.mark.parametrize(
    ("questions", "difference", "words"),
    [
        (60, 0.0432, "with 60 questions you can see differences of 0.05 or more"),
        (60, 0.07, "with 60 questions you can see differences of 0.07 or more"),
        (60, 0.05 + 1e-16, "with 60 questions you can see differences of 0.05 or more"),
        (60, 0.0501, "with 60 questions you can see differences of 0.06 or more"),
        (60, 0.1, "with 60 questions you can see differences of 0.10 or more"),
        (60, 1.0, "with 60 questions you can see differences of 1.00 or more"),
        (9000, 0.0032, "with 9000 questions you can see differences of 0.004 or more"),
        (9000, 0.00999, "with 9000 questions you can see differences of 0.01 or more"),
        (9000, 0.00002, "with 9000 questions you can see differences of 0.00002 or more"),
        (3, 1.4, "with 3 questions no difference can be told from chance: they vary too much"),
        (1, None, "with 1 question no difference can be told from chance: it takes two or more"),
        (0, None, "with 0 questions no difference can be told from chance: it takes two or more"),
        (
            60,
            None,
            "with 60 questions it cannot be told which differences you can see: they are the same on every question",
        ),
    ],
)
def test_in_words(questions: int, difference: float | None, words: str) -> None:
    assert detectable_in_words(questions, difference) == words


def test_in_words_for_a_measure_that_has_no_bound() -> None:
    assert detectable_in_words(3, 12.341, largest=math.inf) == "with 3 questions you can see differences of 12.35 or more"


@given(st.floats(1e-8, 1))
def test_what_is_said_can_be_seen(difference: float) -> None:
    said = float(detectable_in_words(60, difference).split()[-3])
    assert difference * (1 - 1e-9) <= said < difference + 0.0101


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bootstrap_interval([]), r"values: expected a list of one or more numbers, got an array of shape \(0,\)"),
        (lambda: bootstrap_interval(np.zeros((2, 2))), r"got an array of shape \(2, 2\)"),
        (lambda: bootstrap_interval([0.5, math.nan]), "values: expected finite numbers, got nan at position 1"),
        (lambda: bootstrap_interval([math.inf]), "got inf at position 0"),
        (lambda: bootstrap_interval([0.5, 1.0], confidence=95), "expected a confidence between 0 and 1, got 95"),
        (lambda: bootstrap_interval([0.5, 1.0], resamples=0), "expected at least 1 resample, got 0"),
        (lambda: compare([1.0], [1.0, 0.0]), "values has 1 values and baseline 2: expected one each"),
        (lambda: compare([1.0], []), "baseline: expected a list"),
        (lambda: compare_all({"bm25": [1.0], "dense": [math.nan]}), "dense: expected finite numbers"),
        (lambda: compare_all({"bm25": [1.0], "dense": [1.0, 0.0]}), "bm25 has 1 values and dense 2"),
        (lambda: randomisation_p_value([]), "differences: expected a list"),
        (lambda: holm([0.5, 1.5]), "expected p-values from 0 to 1, got 1.5"),
        (lambda: holm([math.nan]), "expected p-values from 0 to 1, got nan"),
        (lambda: detectable_difference([]), "differences: expected a list"),
        (lambda: detectable_difference([0.0, 1.0], power=0.05), "significance 0.05 and power 0.05"),
        (lambda: detectable_difference([0.0, 1.0], significance=1e-9), "significance 1e-09 and power 0.8"),
        (lambda: required_questions([0.0, 1.0], 0), "expected a difference above 0, got 0"),
        (lambda: required_questions([0.0, 1.0], 0.1, power=1), "significance 0.05 and power 1"),
        (lambda: required_questions([0.0, 1.0], 1e-9), "a difference of 1e-09 is too small to be seen"),
        (lambda: detectable_in_words(60, math.nan), "expected a difference above 0, got nan"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        call()
    assert "\n" not in str(raised.value)
