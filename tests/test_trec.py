"""TREC qrels and runs: what is written is what every reader finds."""

import math
from pathlib import Path

import numpy as np
import pytest
import pytrec_eval
from conftest import DATA
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.beir import read_beir
from eval.measures import measure
from eval.trec import judged_articles, read_trec_qrels, read_trec_run, write_trec_qrels, write_trec_run
from index import GoldError

IDS = st.text(min_size=1, max_size=8)
SCORES = st.floats(-1e38, 1e38)


def test_a_run_is_written_as_trec_does(tmp_path: Path) -> None:
    write_trec_run(tmp_path / "run", "my run", {"q1": [("a file.txt#2@1187", 0.5), ("50%", 0.25)], "q 2": [("b", -1)]})
    assert (tmp_path / "run").read_text() == (
        "q1 Q0 a%20file.txt#2@1187 1 0.5 my%20run\nq1 Q0 50%25 2 0.25 my%20run\nq%202 Q0 b 1 -1.0 my%20run\n"
    )
    expected = ("my run", {"q1": ["a file.txt#2@1187", "50%"], "q 2": ["b"]})
    assert read_trec_run(tmp_path / "run") == expected


def test_equal_scores_are_ordered_by_rank_then_by_line(tmp_path: Path) -> None:
    # BEIR's issue 105: libraries sort ties each in another way, so that figures differ by the reader.
    (tmp_path / "run").write_text(
        "q Q0 last 9 0.1 t\nq Q0 c 3 0.5 t\nq Q0 a 2 0.5 t\n\nq\tQ0\tz  1 0.5 t\nq Q0 y 2 0.50 t\nq Q0 best 7 1e3 t\n"
    )
    assert read_trec_run(tmp_path / "run") == ("t", {"q": ["best", "z", "a", "y", "c", "last"]})


def test_a_document_listed_twice_keeps_its_best_place(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("q Q0 a 1 1 t\nq Q0 b 2 3 t\nq Q0 c 3 2 t\nq Q0 a 4 2.5 t\n")
    assert read_trec_run(tmp_path / "run")[1] == {"q": ["b", "a", "c"]}
    write_trec_run(tmp_path / "run", "t", {"q": [("a", 3), ("b", 2), ("a", 1)]})
    assert (tmp_path / "run").read_text() == "q Q0 a 1 3.0 t\nq Q0 b 2 2.0 t\n"


def test_a_question_without_results_has_no_line_and_counts_as_0(tmp_path: Path) -> None:
    write_trec_run(tmp_path / "run", "t", {"q1": [("a", 1)], "q2": []})
    _, run = read_trec_run(tmp_path / "run")
    assert run == {"q1": ["a"]}
    assert measure({"q1": {"a": 1}, "q2": {"a": 1}}, run, ["RR@10"]) == {"RR@10": {"q1": 1.0, "q2": 0.0}}


def test_ids_of_other_tools_are_left_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("q Q0 http://x/%C3%A9%zz 1 1 t\nq Q0 全角　空白 2 0.5 t\n", encoding="utf-8")
    assert read_trec_run(tmp_path / "run")[1] == {"q": ["http://x/%C3%A9%zz", "全角　空白"]}


def test_ties_are_parted_by_the_smallest_step(tmp_path: Path) -> None:
    write_trec_run(tmp_path / "run", "t", {"q": [("a", 0.5), ("b", 0.5), ("c", 0.5), ("d", 0.0), ("e", 0.0)]})
    scores = [np.float32(line.split()[4]) for line in (tmp_path / "run").read_text().splitlines()]
    half = np.nextafter(np.float32(0.5), np.float32(0))
    assert scores == [0.5, half, np.nextafter(half, np.float32(0)), 0.0, np.nextafter(np.float32(0), np.float32(-1))]


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(IDS, st.lists(st.tuples(IDS, SCORES), min_size=1, max_size=8), min_size=1, max_size=3), IDS)
def test_the_written_order_is_the_one_every_reader_finds(
    tmp_path_factory: pytest.TempPathFactory, ranked: dict[str, list[tuple[str, float]]], tag: str
) -> None:
    path = tmp_path_factory.mktemp("run") / "run"
    write_trec_run(path, tag, ranked)
    order = {question: list(dict.fromkeys(name for name, _ in found)) for question, found in ranked.items()}
    assert read_trec_run(path) == (tag, order)
    with open(path, encoding="utf-8", newline="\n") as file:
        theirs = pytrec_eval.parse_run(file)
    for (written, scores), names in zip(theirs.items(), order.values(), strict=True):
        # Its own sort, seen by where it finds each document.
        for place, name in enumerate(scores, 1):
            judged = pytrec_eval.RelevanceEvaluator({written: {name: 1}}, {"recip_rank"}).evaluate({written: scores})
            assert judged[written]["recip_rank"] == pytest.approx(1 / place)
        assert len(scores) == len(names)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(IDS, st.dictionaries(IDS, st.integers(-2, 4), min_size=1, max_size=5), min_size=1, max_size=4))
def test_written_qrels_are_read_again(tmp_path_factory: pytest.TempPathFactory, qrels: dict[str, dict[str, int]]) -> None:
    path = tmp_path_factory.mktemp("qrels") / "qrels"
    write_trec_qrels(path, qrels)
    assert read_trec_qrels(path) == qrels


MEASURES = {"ndcg_cut_10": "nDCG@10", "recip_rank": "RR", "recall_5": "R@5", "map": "AP", "P_5": "P@5"}


def assert_parity(folder: Path, qrels: dict[str, dict[str, int]], documents: list[str]) -> None:
    """Holds our figures of a run by chance, most of whose scores tie, to pytrec_eval's of the same files."""
    chance = np.random.default_rng(5)
    ranked = {}
    for question, judged in list(qrels.items())[:-2]:
        names = [*judged, *(documents[place] for place in chance.integers(0, len(documents), 15))]
        scores = -np.sort(-chance.integers(0, 4, len(names)))
        ranked[question] = [
            (names[place], score) for place, score in zip(chance.permutation(len(names)), scores, strict=True)
        ]
    write_trec_qrels(folder / "qrels", qrels)
    write_trec_run(folder / "run", "t", ranked)
    ours = measure(read_trec_qrels(folder / "qrels"), read_trec_run(folder / "run")[1], list(MEASURES.values()))
    with open(folder / "qrels") as judgements, open(folder / "run") as run:
        evaluator = pytrec_eval.RelevanceEvaluator(pytrec_eval.parse_qrel(judgements), set(MEASURES))
        theirs = evaluator.evaluate(pytrec_eval.parse_run(run))
    assert set(theirs) == set(ranked)
    for theirs_name, own in MEASURES.items():
        differences = [abs(ours[own][question] - figures[theirs_name]) for question, figures in theirs.items()]
        assert max(differences) < 1e-6, own
    # pytrec_eval leaves out the questions without results; here they count.
    assert [ours["AP"][question] for question in list(qrels)[-2:]] == [0, 0]


def test_figures_equal_pytrec_evals_on_the_same_files(tmp_path: Path) -> None:
    chance = np.random.default_rng(3)
    names = [f"d {number}" for number in range(40)]
    qrels = {f"q{question}": dict(zip(names, chance.integers(0, 3, 12).tolist(), strict=False)) for question in range(30)}
    assert_parity(tmp_path, qrels, names)


@pytest.mark.parametrize("name", ["scifact", "squad_v2_dev", "mtrag_clapnq"])
def test_figures_equal_pytrec_evals_on_public_collections(name: str, tmp_path: Path) -> None:
    if not (DATA / name).is_dir():
        pytest.skip(f"needs the public collection {name} in {DATA}")
    qrels = {question.id: dict(question.articles) for question in read_beir(DATA / name).questions if question.articles}
    documents = list(dict.fromkeys(document for judged in qrels.values() for document in judged))
    assert_parity(tmp_path, qrels, documents)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ": no results"),
        ("\n \n", ": no results"),
        ("q Q0 a 1 1 t\n\nq Q0 a 1 1\n", ":3: 5 columns, expected 6: question, Q0, document, rank, score, tag"),
        ("q Q0 a file.txt 1 1 t\n", ":1: 7 columns, expected 6"),
        ("q Q0 a one 1 t\n", ":1: rank is 'one', expected a whole number"),
        ("q Q0 a 1 high t\n", ":1: score is 'high', expected a number"),
        ("q Q0 a 1 nan t\n", ":1: score is 'nan', expected a number"),
        ("q Q0 a 1 1 t\nq Q0 b 2 1 u\n", ":2: the tag 'u' after 't', expected one run a file"),
    ],
)
def test_a_run_that_cannot_be_used_is_named_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "run").write_text(text)
    with pytest.raises(GoldError) as caught:
        read_trec_run(tmp_path / "run")
    assert str(caught.value).startswith(f"{tmp_path / 'run'}{says}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ": no judgements"),
        ("q 0 a\n", ":1: 3 columns, expected 4: question, 0, document, grade"),
        ("q 0 a 0.5\n", ":1: grade is '0.5', expected a whole number"),
        ("q 0 a 1\nq 0 a 1\nq 0 a 2\n", ":3: 'a' has grade 2 for 'q', but 1 before: keep one"),
    ],
)
def test_qrels_that_cannot_be_used_are_named_with_their_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "qrels").write_text(text)
    with pytest.raises(GoldError) as caught:
        read_trec_qrels(tmp_path / "qrels")
    assert str(caught.value).startswith(f"{tmp_path / 'qrels'}{says}")


def test_judgements_of_passages_are_no_gold() -> None:
    with pytest.raises(GoldError, match=r"the qrels judge passages, like 'a\.txt@7', expected articles: .*\.csv"):
        judged_articles({"q": {"a.txt@7": 1, "lost:b.txt@9": 1}}, {"q": "Why?"})
    # An address is an article's id like another.
    (question,) = judged_articles({"q": {"ann@7": 1, "ann@example.org": 1}}, {"q": "Why?"})
    assert question.articles == {"ann@7": 1, "ann@example.org": 1}


def test_what_cannot_be_written(tmp_path: Path) -> None:
    for score in (math.nan, math.inf, -math.inf, 1e300):
        with pytest.raises(GoldError, match=r"the score of 'a' for 'q' is .*, expected a finite number"):
            write_trec_run(tmp_path / "run", "t", {"q": [("a", score)]})
    with pytest.raises(GoldError, match="an empty id or tag"):
        write_trec_run(tmp_path / "run", "", {"q": [("a", 1)]})
    with pytest.raises(GoldError, match="an empty id or tag"):
        write_trec_qrels(tmp_path / "qrels", {"q": {"": 1}})
    assert list(tmp_path.iterdir()) == []
