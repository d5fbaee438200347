"""The gate fails only for a drop that is both larger than allowed and not by chance."""

import json
from pathlib import Path

import pytest

from eval.difference import Measured, differences
from eval.gate import Rule, Verdict, judge, parse_rule, read_baseline
from index.errors import UserError

QUESTIONS = [f"q{number}" for number in range(40)]


RULE = Rule("nDCG@10", 0.01)


def figures(*values: float) -> Measured:
    by_question = dict(zip(QUESTIONS, values, strict=False))
    return Measured({"hybrid": {"nDCG@10": by_question}}, dict.fromkeys(by_question, "the same"))


def verdicts(before: Measured, now: Measured, rule: Rule = RULE) -> list[Verdict]:
    return judge(differences(before, now, [rule.measure]), [rule])


def test_a_rule_is_a_measure_and_a_drop() -> None:
    assert parse_rule("nDCG@10:-0.01") == Rule("nDCG@10", 0.01)
    assert parse_rule(" R@5:-.2 ") == Rule("R@5", 0.2)


@pytest.mark.parametrize("text", ["", "nDCG@10", "nDCG@10:0.01", "nDCG@10:-", "nDCG@10:-x", ":-0.1"])
def test_anything_else_is_no_rule(text: str) -> None:
    with pytest.raises(UserError, match="expected a measure and the drop"):
        parse_rule(text)


def test_a_large_and_sure_drop_fails_and_names_the_questions() -> None:
    (verdict,) = verdicts(figures(*[1.0] * 40), figures(*[0.5] * 20, *[1.0] * 20))
    assert verdict.failed
    assert verdict.difference.comparison.difference.mean == pytest.approx(-0.25)
    assert set(verdict.difference.moved) == set(QUESTIONS[:20])
    assert verdict.difference.moved["q0"] == (1.0, 0.5)


def test_a_large_drop_by_chance_passes() -> None:
    (verdict,) = verdicts(figures(*[1.0] * 40), figures(0.0, *[1.0] * 39))
    assert verdict.difference.comparison.difference.mean == pytest.approx(-1 / 40)
    assert not verdict.failed


def test_a_sure_drop_within_what_is_allowed_passes() -> None:
    (verdict,) = verdicts(figures(*[1.0] * 40), figures(*[0.995] * 40))
    assert verdict.difference.comparison.p_value < 0.05
    assert not verdict.failed


def test_a_gain_passes() -> None:
    (verdict,) = verdicts(figures(*[0.5] * 40), figures(*[1.0] * 40))
    assert not verdict.failed


def test_the_largest_drops_come_first() -> None:
    (verdict,) = verdicts(figures(1.0, 1.0, 0.2), figures(0.9, 0.1, 0.9))
    assert list(verdict.difference.moved) == ["q1", "q0", "q2"]


def test_what_cannot_be_compared_is_said() -> None:
    with pytest.raises(UserError, match="the baseline has other, this evaluation hybrid"):
        verdicts(Measured({"other": {}}, {"q0": "the same"}), figures(1.0))
    with pytest.raises(UserError, match=r"the baseline has no R@5 for hybrid"):
        verdicts(figures(1.0), figures(1.0), Rule("R@5", 0.1))
    with pytest.raises(UserError, match="share no question"):
        verdicts(Measured({"hybrid": {"nDCG@10": {"x": 1.0}}}, {"x": "the same"}), figures(1.0))


def test_a_baseline_is_an_evaluations_json(tmp_path: Path) -> None:
    path, wanted = tmp_path / "base.json", figures(1.0, 0.5)
    path.write_text(json.dumps({"figures": wanted.figures, "asked": wanted.asked, "level": "passage"}))
    assert read_baseline(path) == wanted
    for text in ("{", "[]", '{"figures": 3}', '{"figures": {"hybrid": {"nDCG@10": {"q": "x"}}}}', "{}"):
        path.write_text(text)
        with pytest.raises(UserError, match="no evaluation's JSON"):
            read_baseline(path)
    path.write_text(json.dumps({"figures": wanted.figures}))
    with pytest.raises(UserError, match="does not say which questions it asked"):
        read_baseline(path)
    with pytest.raises(UserError, match="cannot be read"):
        read_baseline(tmp_path / "nowhere.json")
