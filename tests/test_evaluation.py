"""An evaluation from questions to figures, and its report."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from conftest import ToyEncoder
from rich.console import Console

import qa
from eval import MEASURES, GoldQuestion, GoldSpan, evaluate
from eval.evaluation import SYSTEMS
from eval.findings import Findings
from eval.record import evaluation_record
from eval.tables import print_evaluation, warning_lines
from eval.tuning import tune
from index.errors import GoldError

MakeLibrary = Callable[[dict[str, str]], qa.Library]

TEXT = "Parks\n\nThe park opened early.\n\nApples grow in orchards.\n\nTrains run at night."


def question(name: str, text: str, quote: str, kind: str = "fact") -> GoldQuestion:
    relevant = (GoldSpan("a.txt", "a.txt", TEXT.index(quote), TEXT.index(quote) + len(quote), quote),) if quote else ()
    return GoldQuestion(name, text, kind, relevant, bool(quote))


QUESTIONS = [
    question("right", "When did the park open?", "The park opened early."),
    question("wrong", "apples in orchards", "Trains run at night.", "odd"),
    question("unknown", "qqqq wwww", "Trains run at night.", "odd"),
    question("nowhere", "zzzz xxxx", "", "none"),
]


@pytest.fixture
def library(make_library: MakeLibrary) -> qa.Library:
    return make_library({"a.txt": TEXT})


def test_figures_worked_by_hand(library: qa.Library) -> None:
    evaluation = evaluate(library, QUESTIONS, ["bm25"])
    (result,) = evaluation.results
    # Right: first. Wrong: its passage shares no word with the question, so BM25 does not list it. Unknown: no hit.
    assert result.figures["MRR@10"] == {"right": 1.0, "wrong": 0.0, "unknown": 0.0}
    assert evaluation.table(evaluation.answerable)["bm25"]["Success@1"] == pytest.approx(1 / 3)
    assert evaluation.table(evaluation.kinds["odd"])["bm25"]["nDCG@10"] == 0
    assert evaluation.refused(result)[0] == 1
    assert evaluation.broken == ()


def test_kinds_are_the_answerable_ones_largest_first(library: qa.Library) -> None:
    evaluation = evaluate(library, QUESTIONS, ["dense"])
    assert evaluation.kinds == {"odd": ["wrong", "unknown"], "fact": ["right"]}
    assert evaluation.unanswerable == ["nowhere"]


def test_a_quote_that_is_gone_is_reported_and_counts_as_a_miss(library: qa.Library) -> None:
    other = GoldSpan("a.txt", "a.txt", 7, 29, "Whales swim in the sea")
    gone = GoldQuestion("gone", "park", "fact", (GoldSpan("b.txt", "b.txt", 0, 5, "Parks"), other), answerable=True)
    evaluation = evaluate(library, [gone], ["hybrid"])
    assert [line.split(":")[:2] for line in evaluation.broken] == [["gone", " gone"]]
    (remark,) = evaluation.remarks
    assert remark.startswith("1 gold span of 1 source that the index does not have (b.txt) count as missed: index them")
    assert evaluation.results[0].figures["Recall@10"] == {"gone": 0.0}


def test_a_quote_that_moved_is_found_where_it_stands_now(library: qa.Library) -> None:
    moved = GoldQuestion(
        "moved", "apples", "fact", (GoldSpan("a.txt", "a.txt", 0, 24, "Apples grow in orchards."),), answerable=True
    )
    evaluation = evaluate(library, [moved], ["hybrid"])
    assert evaluation.broken == ()
    assert evaluation.anchored[0].startswith("moved: moved: a.txt from 0: ")
    assert evaluation.results[0].figures["Success@1"] == {"moved": 1.0}


def test_passages_articles_and_spans_are_recalled_apart(library: qa.Library) -> None:
    apples = question("both", "apples in orchards", "Apples grow in orchards.")
    both = replace(apples, relevant=(*QUESTIONS[0].relevant, *apples.relevant))
    (result,) = evaluate(library, [both], ["bm25"]).results
    # BM25 finds one of the two passages; that is all of the articles, and half of the spans.
    assert {unit: values["both"] for unit, values in result.recalls.items()} == {
        "passages": 0.5,
        "articles": 1.0,
        "spans": 0.5,
    }
    assert result.characters(["both"]) == len("Apples grow in orchards.")


def test_the_same_gold_serves_any_cutting_and_any_encoder(tmp_path: Path) -> None:
    class Short(ToyEncoder):
        max_seq_length = 8

    class Other(ToyEncoder):
        dimensions = 32

    path = tmp_path / "a.txt"
    path.write_text("Parks\n\nThe park opened early in spring. Apples grow in orchards. Trains run at night in the valley.")
    span = GoldSpan("a.txt", "a.txt", 7, 39, "The park opened early in spring.")
    gold = [GoldQuestion("q", "When did the park open?", "", (span,), answerable=True)]
    counts = set()
    for number, encoder in enumerate((ToyEncoder(), Short("short", "s"), Other("other", "o"))):
        library = qa.load(path, index=tmp_path / f"index{number}", encoder=encoder)
        counts.add(len(library.passages))
        evaluation = evaluate(library, gold, ["hybrid"])
        assert evaluation.broken == evaluation.anchored == ()
        assert evaluation.results[0].figures["Success@1"] == {"q": 1.0}
    assert len(counts) == 2


def test_progress_reaches_its_end(library: qa.Library) -> None:
    seen: list[tuple[int, int]] = []

    def progress(stage: str, done: int, total: int) -> None:
        assert stage == "Asking questions"
        seen.append((done, total))

    evaluate(library, QUESTIONS, ["bm25", "dense"], progress)
    assert seen[0] == (0, 4)
    assert seen[-1] == (4, 4)


def printed(findings: Findings, width: int) -> str:
    output = StringIO()
    print_evaluation(findings, Console(file=output, width=width))
    return output.getvalue()


def test_the_tables_show_every_system_measure_and_kind(library: qa.Library) -> None:
    lines = printed(Findings(evaluate(library, QUESTIONS), library), 300).splitlines()
    assert lines[0].startswith("3 answerable questions, 1 that the articles do not answer")
    assert lines[2].split() == ["bm25", "dense", "hybrid"]
    begins = [" ".join(line.split()[:2]) for line in lines]
    assert [line for line in (each.split()[0] for each in lines if each.strip()) if line in MEASURES] == [
        *MEASURES,
        "nDCG@10",
    ]
    assert "odd (2)" in begins
    assert "fact (1)" in begins
    assert sum(line.startswith("nDCG@10, ") for line in lines) == 3
    assert any(line.startswith("In nDCG@10, with 3 questions") for line in lines)
    assert any(line.startswith("Of 3 gold spans hybrid misses or refuses") for line in lines)
    assert "No AUROC: it takes 5 answerable and 5 unanswerable questions or more" in lines


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_no_number_is_cut_however_narrow_the_terminal(library: qa.Library, width: int) -> None:
    run = {"right": ["a.txt@7"]}
    runs = {"a system whose name is quite long": run, "another": run, "third": run}
    findings = Findings(evaluate(library, QUESTIONS, SYSTEMS, runs=runs), library)
    text = printed(findings, width)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    wide = re.findall(r"\d\.\d{3}–\d\.\d{3}", printed(findings, 1_000))
    assert len(wide) == 6 * len(MEASURES)
    assert sorted(re.findall(r"\d\.\d{3}–\d\.\d{3}", text)) == sorted(wide)
    assert all(word in text.split() for name in runs for word in name.split())


def test_what_there_is_nothing_of_is_not_counted(library: qa.Library) -> None:
    text = printed(Findings(evaluate(library, QUESTIONS[:1], ["hybrid"]), library), 80)
    assert "0 of 0" not in text
    assert "AUROC" not in text
    assert "Of 1 gold span hybrid misses or refuses" in text
    assert " kB" in text


def test_gold_of_other_articles_is_refused(library: qa.Library) -> None:
    elsewhere = GoldQuestion("q", "Why?", "", (GoldSpan("b.txt", "b.txt", 0, 5, "Parks"),), answerable=True)
    judged = GoldQuestion("q", "Why?", "", (), answerable=True, articles={"d1": 1, "d2": 0})
    for question_, named in ((elsewhere, "b.txt"), (judged, "d1")):
        with pytest.raises(GoldError, match=rf"nothing that the gold set names: the gold set has {named}, the index a\.txt"):
            evaluate(library, [question_], ["bm25"])
        with pytest.raises(GoldError, match="nothing that the gold set names"):
            tune(library, [question_] * 2, folds=2)


def test_judged_articles_that_are_not_indexed_are_told(library: qa.Library) -> None:
    judged = GoldQuestion("q", "apples", "", (), answerable=True, articles={"a.txt": 1, "d1": 1, "d2": 0})
    evaluation = evaluate(library, [judged], ["bm25"])
    assert evaluation.remarks[0].startswith("1 of 2 articles that are judged relevant are not in the index (d1)")
    assert evaluation.results[0].figures["Recall@10"] == {"q": 0.5}


def test_many_quotes_that_moved_are_not_all_listed(library: qa.Library) -> None:
    moved = [
        GoldQuestion(f"q{number}", "apples", "", (GoldSpan("a.txt", "a.txt", 0, 24, "Apples grow in orchards."),), True)
        for number in range(9)
    ]
    lines = list(warning_lines(evaluate(library, moved, ["bm25"])))
    assert len(lines) == 6
    assert lines[-1] == "4 more gold spans do not stand where they did: qa gold check names them all"


def test_a_run_of_other_questions_or_documents_is_refused(library: qa.Library) -> None:
    with pytest.raises(GoldError, match="the run x has none of the 3 answerable questions: it has q9, the gold set right"):
        evaluate(library, QUESTIONS, ["bm25"], runs={"x": {"q9": ["a.txt@7"]}})
    with pytest.raises(GoldError, match=r"the run x names no passage of this index: it has d1, the index a\.txt@7"):
        evaluate(library, QUESTIONS, ["bm25"], runs={"x": {"right": ["d1"]}})


def test_what_a_run_lacks_is_told(library: qa.Library) -> None:
    evaluation = evaluate(library, QUESTIONS, ["bm25"], runs={"x": {"right": ["a.txt@7", "d1"]}})
    assert evaluation.remarks == (
        "the run x has results for 1 of 3 answerable questions: the others count as 0",
        "1 of 2 passages that the run x names are not in the index (d1): they count as not relevant",
    )
    whole = {name: ["a.txt@7"] for name in ("right", "wrong", "unknown")}
    assert evaluate(library, QUESTIONS, ["bm25"], runs={"x": whole}).remarks == ()


def test_the_record_is_json_and_agrees_with_the_table(library: qa.Library) -> None:
    evaluation = evaluate(library, QUESTIONS)
    record = json.loads(json.dumps(evaluation_record(evaluation)))
    assert record["all"] == evaluation.table(evaluation.answerable)
    assert record["figures"]["bm25"]["MRR@10"]["right"] == 1.0
    assert record["questions"] == {"answerable": 3, "unanswerable": 1}
    assert record["asked"] == {each.id: each.digest for each in QUESTIONS[:3]}
