"""Cohen's kappa: by hand, and as scikit-learn has it."""

import warnings
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from eval.agreement import agreement
from eval.judging import JUDGEMENTS, PoolItem
from index import GoldError


def judged(*judgements: str) -> list[PoolItem]:
    """One item a judgement, of one question."""
    return [
        PoolItem("q", "?", f"p{number}", "a.txt", "a.txt", ((number, number + 1),), "x", judgement)
        for number, judgement in enumerate(judgements)
    ]


def test_kappa_worked_by_hand() -> None:
    first = judged("answers", "answers", "partly", "no", "no", "no")
    second = judged("answers", "partly", "partly", "no", "no", "answers")
    found = agreement(first, second)
    assert found.items == 6
    assert found.confusion == ((1, 1, 0), (0, 1, 0), (1, 0, 2))
    assert found.observed == pytest.approx(4 / 6)
    # The first says answers, partly, no 2, 1 and 3 times, the second 2, 2 and 2 times.
    assert found.expected == pytest.approx((2 * 2 + 1 * 2 + 3 * 2) / 36)
    assert found.kappa == pytest.approx((4 / 6 - 12 / 36) / (1 - 12 / 36))
    # Neighbours count half: one such pair in six; by chance 2 * 2 + 1 * (2 + 2) + 3 * 2 of 36.
    near, by_chance = (4 + 1 / 2) / 6, (12 + 14 / 2) / 36
    assert found.weighted_kappa == pytest.approx((near - by_chance) / (1 - by_chance))


def test_disagreements_come_the_farthest_apart_first() -> None:
    first, second = judged("answers", "partly", "no", "no"), judged("partly", "partly", "no", "answers")
    found = agreement(first, second)
    assert found.disagreements == ((first[3], second[3]), (first[0], second[0]))


@pytest.mark.parametrize("judgement", JUDGEMENTS)
def test_judges_who_say_one_and_the_same_agree_fully(judgement: str) -> None:
    found = agreement(judged(judgement, judgement), judged(judgement, judgement))
    assert (found.observed, found.expected, found.kappa, found.weighted_kappa) == (1, 1, 1, 1)


def test_judges_who_never_agree() -> None:
    assert agreement(judged("answers", "no"), judged("no", "answers")).kappa == -1
    assert agreement(judged("answers", "answers"), judged("no", "no")).kappa == 0


def test_items_that_one_judge_alone_judged_are_counted_apart() -> None:
    first, second = judged("answers", "", "no", "partly"), judged("answers", "no", "")
    found = agreement(first, reversed(second))
    assert (found.items, found.only_first, found.only_second) == (1, 2, 1)


def test_files_that_cannot_be_compared() -> None:
    with pytest.raises(GoldError, match="no passage judged by both, of 1 and 0 judged"):
        agreement(judged("no"), judged(""))
    other = [replace(item, question="Another?") for item in judged("no")]
    with pytest.raises(GoldError, match="question 'q', passage 'p0': the judges did not read the same words"):
        agreement(judged("no"), other)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(JUDGEMENTS), st.sampled_from(JUDGEMENTS)), min_size=1, max_size=40))
def test_kappa_is_what_scikit_learn_says(pairs: list[tuple[str, str]]) -> None:
    from sklearn.metrics import cohen_kappa_score

    first, second = zip(*pairs, strict=True)
    assume(len({*first, *second}) > 1)
    found = agreement(judged(*first), judged(*second))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        labels = list(JUDGEMENTS)
        assert found.kappa == pytest.approx(cohen_kappa_score(first, second, labels=labels))
        assert found.weighted_kappa == pytest.approx(cohen_kappa_score(first, second, labels=labels, weights="linear"))
    assert -1 <= found.kappa <= 1
