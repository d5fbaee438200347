"""The measurements on public collections: what is divided, cached, fitted and written."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import ToyTokenEncoder

import qa
from eval.beir import Answers
from eval.evaluation import evaluate
from eval.gold import GoldQuestion, GoldSpan
from eval.quality.ablation import ARMS, BASELINE, DEFAULT, MEASURES, figures
from eval.quality.abstention import REFUSED, Asked, fit
from eval.quality.data import REPORTED_FOLDERS, Cache, divide, reported_folders, shuffled
from eval.quality.highlights import marked_right
from eval.quality.page import Measured, Refusals, abstention, highlighting, retrieval
from eval.reader.examples import Questions
from index.progress import no_progress
from qa.confidence import Evidence

TEXT = (
    "The park opened in 2019. Apples grow on 4,000 hectares there.\n\nNight trains run from Oslo to Rome.\n\n"
    "Red apples fall early. The park is green.\n\nNothing much is said in this one."
)


def question(name: str, text: str, quote: str) -> GoldQuestion:
    start = f"Parks\n\n{TEXT}".index(quote)
    return GoldQuestion(name, text, "fact", (GoldSpan("a.txt", "a.txt", start, start + len(quote), quote),), True)


QUESTIONS = [
    question("a", "How many hectares of apples?", "Apples grow on 4,000 hectares"),
    question("b", "night trains to Rome", "Night trains run"),
    question("c", "What falls early in the park?", "Red apples fall early."),
    GoldQuestion("d", "Who is the mayor?", "none", (), False),
]


@pytest.fixture
def library(make_library: Callable[..., qa.Library]) -> qa.Library:
    return make_library({"a.txt": f"Parks\n\n{TEXT}"}, ToyTokenEncoder())


def test_questions_are_divided_alike_whatever_their_order() -> None:
    asked = [GoldQuestion(f"q{number}", "?", "", (), True) for number in range(50)]
    first, second = divide(asked, 20, 25)
    assert (len(first), len(second)) == (25, 25)
    assert not {each.id for each in first} & {each.id for each in second}
    assert divide(asked[::-1], 20, 25) == (first, second)
    seen = {each.id for each in second[:10]}
    others, unseen = divide(asked, 20, 25, seen)
    assert len(unseen) == 20
    assert sorted([*others, *unseen], key=lambda each: each.id) == sorted(asked, key=lambda each: each.id)
    assert not {each.id for each in unseen} & ({each.id for each in first[:20]} | seen)
    assert shuffled(["b", "a"]) == shuffled(["a", "b"])


def test_the_default_arm_is_what_the_library_ranks(library: qa.Library) -> None:
    measured = figures(library, QUESTIONS, no_progress)
    assert list(measured) == [arm.name for arm in ARMS]
    evaluation = evaluate(library, QUESTIONS, ["hybrid", "rrf", "convex", "bm25"], measures=MEASURES)
    for arm, system in ((DEFAULT, "hybrid"), (BASELINE, "rrf"), ("convex", "convex"), ("bm25", "bm25")):
        result = next(result for result in evaluation.results if result.system == system)
        for name in MEASURES:
            assert measured[arm][name] == [result.figures[name][each] for each in ("a", "b", "c")]


def test_passages_alone_are_ranked_without_their_title(library: qa.Library) -> None:
    asked = [question("a", "Parks", "Red apples fall early.")]
    measured = figures(library, asked, no_progress)
    assert measured["bm25, passages alone"]["Recall@10"] == [1.0]
    # "parks" is a word of every passage with its title, and of two alone.
    assert measured["bm25"]["nDCG@10"][0] <= measured["bm25, passages alone"]["nDCG@10"][0]


def test_a_marked_sentence_is_right_if_an_answer_is_in_it(library: qa.Library) -> None:
    answers = Answers(
        {
            "a": [question("", "", "4,000 hectares").relevant[0]],
            "c": [question("", "", "The park is green").relevant[0]],
            "gone": [GoldSpan("b.txt", "b.txt", 0, 3, "gone")],
        },
        0,
    )
    asked = [*QUESTIONS, GoldQuestion("gone", "gone?", "", (), True)]
    assert marked_right(library, asked, answers, no_progress) == [1.0, 0.0]
    assert marked_right(library, QUESTIONS, Answers({}, 0), no_progress) == []


@pytest.mark.model
def test_a_written_folder_is_a_library_with_its_questions(tmp_path: Path) -> None:
    folders = reported_folders(tmp_path, no_progress)
    written = Questions.written(REPORTED_FOLDERS)
    asked = written.asked
    assert sum(len(each.answered) for each in folders) == sum(bool(each.answers) for each in asked)
    assert sum(len(each.left_open) for each in folders) == sum(not each.answers for each in asked)
    assert sum(len(each.told) for each in folders) == sum(each.told is not None for each in asked) > 0
    for each in folders:
        articles = {article.id for article in each.library.articles}
        assert articles == {name for question in (*each.answered, *each.left_open) for name in question.articles}
        assert all(question.answerable for question in each.answered)
        assert not any(question.answerable for question in each.left_open)
        assert all(question.answerable for question in each.told)
        assert {question.id for question in each.told} < {question.id for question in each.left_open}
    # Every paragraph can be found, word for word.
    found = " ".join(passage.text for each in folders for passage in each.library.passages)
    assert all(paragraph.text in found for paragraph in written.paragraphs.values())
    fuller = " ".join(passage.text for each in folders for passage in each.fuller.passages)
    assert all(each.told.sentence in fuller for each in asked if each.told)


def test_figures_are_worked_out_once_for_a_key(tmp_path: Path) -> None:
    cache, calls = Cache(tmp_path / "cache"), []

    def work() -> object:
        calls.append(1)
        return {"figure": len(calls)}

    assert cache.get("a", "key", work) == {"figure": 1}
    assert cache.get("a", "key", work) == {"figure": 1}
    assert cache.get("a", "other key", work) == {"figure": 2}
    assert cache.get("b", "key", work) == {"figure": 3}


def test_the_model_of_confidence_is_fitted_and_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eval.quality.abstention.MODEL", tmp_path / "confidence.json")
    random = np.random.default_rng(1)

    def asked(count: int, mean: float, answerable: bool, missing: float, near: bool = False) -> Asked:
        evidence = [
            Evidence(
                random.normal(mean, 0.1),
                random.random(),
                float(random.random() < missing),
                random.normal(10 * mean),
            )
            for _ in range(count)
        ]
        return Asked(answerable, [*evidence, Evidence(mean, 0.5, 0.0)], [0.0] * (count + 1), near)

    groups = {
        "near": asked(200, 0.7, True, 0.0),
        "far": asked(150, 0.3, False, 0.5, near=True),
        "farther": asked(50, 0.1, False, 0.5),
    }
    fit(groups)
    record = json.loads((tmp_path / "confidence.json").read_text())
    assert record["trained_on"] == {"near (answered)": 201, "far (not answered)": 151, "farther (not answered)": 51}
    assert list(record["reading"]["coefficients"]) == ["nearness", "missing_year", "reading"]
    assert list(record["similarity"]["coefficients"]) == ["best_cosine", "coverage", "missing_year"]
    assert record["reading"]["cross_validated"]["auroc"] >= record["similarity"]["cross_validated"]["auroc"] > 0.98
    assert record["similarity"]["coefficients"]["best_cosine"] > 0
    assert record["similarity"]["coefficients"]["missing_year"] < 0
    assert record["reading"]["coefficients"]["reading"] > 0
    assert 0 < record["found_from"] < 1
    assert f"{REFUSED:.0%}" in record["threshold"]
    # Where a question's own passage was left out its words are missing, which tells nothing elsewhere.
    left_out = Asked(False, [Evidence(0.7, 0.0, 0.0, 0.4)] * 100, [0.0] * 100, near=True, left_out=True)
    fit({**groups, "left out": left_out})
    again = json.loads((tmp_path / "confidence.json").read_text())
    assert again["similarity"] == record["similarity"]
    assert again["reading"] != record["reading"]


def test_the_page_says_what_was_measured() -> None:
    arms = {arm.name: {name: [0.5, 0.5, 1.0] for name in MEASURES} for arm in ARMS}
    arms[DEFAULT] = {name: [1.0, 0.5, 1.0] for name in MEASURES}
    page = retrieval([Measured("books", "12", "all; none served development", arms)])
    assert "| books | 12 | all; none served development |" in page
    assert "| books | 1.250 | +0.167" in page
    assert page.count(f"| {DEFAULT} | 0.833 (") == len(MEASURES)
    assert "of 4 answerable questions" in highlighting([1.0, 1.0, 0.0, 1.0])
    assert "0.750" in highlighting([1.0, 1.0, 0.0, 1.0])
    table = abstention([Refusals("far", [0.9, 0.8, 0.001], [0.0001, 0.7])], {"some (answered)": 7})
    assert "fitted on 7 some (answered)" in table
    assert "| far | 3 | 2 | 0.833 |" in table
    assert "| 1 (33.3%) | 1 (50.0%) |" in table
