"""The report: its files, its page's structure and figures, and that nothing in it can be more than text."""

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import ToyEncoder
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import expect, sync_playwright

import qa
from eval import Evaluation, GoldQuestion, GoldSpan, SystemResult, evaluate
from eval.calibration import expected_calibration_error
from eval.findings import Findings
from eval.report import charts, write_report
from eval.report.curves import calibration_bins
from eval.report.page import page
from eval.report.questions import MOST, SAMPLED, WORST, choose, follow, gold_in, pieces
from eval.report.sentences import best_sentence, comparison_sentence
from eval.report.summary import summary
from eval.statistics import Interval
from eval.trec import read_trec_run
from eval.words import bounds, measure_words, number, p_words, signed, size
from index.errors import UserError

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PAGE = Path(charts.__file__).parent / "page"
VOID = {"meta", "link", "input", "br", "img", "hr"}

PARKS = (
    "Parks are opened\n\nThe park opened early. The mayor came.\n\nApples grow in orch-\nards. Nobody knows why.\n\n"
    "Trains run at night."
)
SCRIPT = "</script><script>window.hacked = 1</script>"
HOSTILE = (
    f"Otters </title></style>{SCRIPT}<img src=x onerror=window.hacked=1> & \"quotes\" 'single' {{{{ 7 * 7 }}}} | `code`"
)
RIVERS = f"{HOSTILE}\n\nOtters swim in rivers {SCRIPT}. They eat <b>fish</b> every day."


def asked(name: str, question: str, source: str = "", quote: str = "", kind: str = "fact", note: str = "") -> GoldQuestion:
    text = {"parks.txt": PARKS, "rivers.txt": RIVERS}.get(source, "")
    relevant = (GoldSpan(source, source, text.index(quote), text.index(quote) + len(quote), quote),) if quote else ()
    return GoldQuestion(name, question, kind, relevant, bool(quote), note)


QUESTIONS = [
    asked("right", "When did the park open?", "parks.txt", "The park opened early."),
    asked("hyphen", "Where do apples grow?", "parks.txt", "Apples grow in orch-\nards."),
    asked("wrong", "apples in orchards", "parks.txt", "Trains run at night.", "odd"),
    asked(f"id {HOSTILE}", f"Where do otters swim {HOSTILE}", "rivers.txt", "rivers", f"kind {HOSTILE}", f"note {HOSTILE}"),
    asked("unknown", "qqqq wwww", "parks.txt", "Trains run at night.", "odd"),
    asked("nowhere", "zzzz xxxx", kind="none"),
]
RUN = {"right": ["parks.txt@18"]}
LOG = '{"index": "build", "questions": "digest", "k": 10}\n'


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> qa.Library:
    folder = tmp_path_factory.mktemp("report")
    (folder / "articles").mkdir()
    (folder / "articles" / "parks.txt").write_text(PARKS, encoding="utf-8")
    (folder / "articles" / "rivers.txt").write_text(RIVERS, encoding="utf-8")
    return qa.load(folder / "articles", index=folder / "index", encoder=ToyEncoder())


@pytest.fixture(scope="module")
def evaluation(library: qa.Library) -> Evaluation:
    return evaluate(library, QUESTIONS, ("bm25", "dense", "hybrid"), runs={"elsewhere <b>": RUN})


@pytest.fixture(scope="module")
def findings(evaluation: Evaluation, library: qa.Library) -> Findings:
    return Findings(evaluation, library)


@pytest.fixture(scope="module")
def folder(findings: Findings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out") / "deep" / "report"
    folder.mkdir(parents=True)
    (folder / "outcomes.jsonl").write_text(LOG, encoding="utf-8")
    write_report(folder, findings)
    return folder


class Read(HTMLParser):
    """A page as a browser would read it; fails where a tag is left open or closed twice."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None], tuple[str, ...]]] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute twice in {tag}"
        self.tags.append((tag, dict(attrs), tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((tuple(self.open), data))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes, _ in self.tags if name == tag]


def tables(html: str) -> Iterator[list[list[str]]]:
    """The cells of each table, row by row, as text."""
    for table in re.findall(r"<table.*?</table>", html, re.DOTALL):
        rows = [re.findall(r"<t[hd][ >].*?</t[hd]>", row, re.DOTALL) for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)]
        yield [[" ".join(unescape(re.sub(r"<[^>]*>", " ", cell)).split()) for cell in row] for row in rows]


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return (folder / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def read(html: str) -> Read:
    return Read(html)


def test_the_folder_has_its_files_and_keeps_others(folder: Path, evaluation: Evaluation) -> None:
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert files == [
        "index.html", "outcomes.jsonl", "report.json", "runs/bm25.trec", "runs/dense.trec", "runs/hybrid.trec", "summary.md"
    ]  # fmt: skip
    assert (folder / "outcomes.jsonl").read_text(encoding="utf-8") == LOG


def test_the_runs_are_what_the_systems_returned(folder: Path, evaluation: Evaluation) -> None:
    for result in evaluation.results[:3]:
        returned = {question: list(outcome.passages) for question, outcome in result.outcomes.items() if outcome.passages}
        assert read_trec_run(folder / "runs" / f"{result.system}.trec") == (result.system, returned)


def test_the_json_has_every_figure(folder: Path, evaluation: Evaluation, findings: Findings) -> None:
    record = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert record["figures"] == {result.system: result.figures for result in evaluation.results}
    assert record["all"] == evaluation.table(evaluation.answerable)
    assert len(record["misses"]) == sum(record["stages"].values()) == len(findings.misses)
    assert {each["by"] for each in record["slices"]} == {"kind", "article", "date", "length", "script"}
    assert set(record["cost"]) == {"bm25", "dense", "hybrid"}


def test_a_report_is_replaced_whole(findings: Findings, evaluation: Evaluation, library: qa.Library, tmp_path: Path) -> None:
    write_report(tmp_path, findings)
    page_before = (tmp_path / "index.html").read_text(encoding="utf-8")
    (tmp_path / "runs" / "elsewhere.trec").write_text("somebody's", encoding="utf-8")
    fewer = replace(evaluation, results=evaluation.results[1:2])
    write_report(tmp_path, Findings(fewer, library))
    assert (tmp_path / "index.html").read_text(encoding="utf-8") != page_before
    # The runs of the earlier report's other systems are gone, what others put there is not.
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["dense.trec", "elsewhere.trec"]
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith(".new")]


def test_a_folder_that_cannot_be_written_is_one_line(findings: Findings, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    for folder, says in (
        (tmp_path / "taken", "cannot be a report's folder"),
        (tmp_path / "taken" / "x", "cannot be made"),
    ):
        with pytest.raises(UserError, match=rf"taken.*{says}") as error:
            write_report(folder, findings)
        assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("name", ["index.html", "report.json", "notes.txt", "outcomes.jsonl"])
def test_a_folder_with_other_files_is_refused_and_kept(findings: Findings, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match=f"holds {name}, which no report wrote: name a new folder"):
        write_report(tmp_path, findings)
    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == ["mine"]


def test_the_page_loads_nothing(html: str, read: Read) -> None:
    for tag, attributes, _ in read.tags:
        assert not {"src", "srcset", "data", "action", "style"} & set(attributes), f"{tag} {attributes}"
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "#").startswith("#")
    ours = [(PAGE / name).read_text(encoding="utf-8") for name in ("report.css", "report.js")]
    assert not any(re.search(r"url\(|@import|https?:|fetch\(|innerHTML|eval\(", text) for text in ours)
    assert "http" not in re.sub(r"http-equiv", "", html)


def test_only_our_script_may_run(html: str, read: Read) -> None:
    (policy,) = [each["content"] for each in read.named("meta") if each.get("http-equiv") == "Content-Security-Policy"]
    script = (PAGE / "report.js").read_text(encoding="utf-8")
    assert f"<script>{script}</script>" in html
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy is not None
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


def test_whatever_the_articles_and_questions_say_is_text(read: Read) -> None:
    assert len(read.named("script")) == len(read.named("style")) == 1
    assert read.named("img") == []
    inside = [path for path, text in read.texts if "window.hacked" in text]
    assert not [path for path in inside if path[-1] in {"script", "style"}]
    # Its title, its text, the question, its id, its kind and its note are there to be read.
    said = "".join(text for _, text in read.texts)
    for start in ("Otters ", "Where do otters swim Otters ", "id Otters ", "kind Otters ", "note Otters "):
        assert start + HOSTILE.removeprefix("Otters ") in said
    assert "They eat <b>fish</b> every day." in said
    assert "{{ 7 * 7 }}" in said
    assert "elsewhere <b>" in said


def test_the_page_is_well_built(read: Read) -> None:
    assert read.tags[0][0] == "html"
    assert read.tags[0][1] == {"lang": "en"}
    levels = [int(tag[1]) for tag, _, _ in read.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    names = [attributes["id"] for _, attributes, _ in read.tags if "id" in attributes]
    assert len(names) == len(set(names))
    links = {str(attributes["href"])[1:] for attributes in read.named("a")}
    assert links <= set(names)
    assert all("scope" in attributes for attributes in read.named("th"))
    for attributes in read.named("label"):
        assert attributes == {}
    for tag, attributes, path in read.tags:
        if tag == "svg" and "svg" not in path:
            assert attributes.get("aria-hidden") == "true" or (attributes["role"] == "img" and attributes["aria-label"])


def test_rows_have_as_many_cells_as_their_table(html: str) -> None:
    for table in re.findall(r"<table.*?</table>", html, re.DOTALL):
        widths, below = set(), 0
        for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL):
            cells = re.findall(r"<t[hd]([^>]*)>", row)
            spans = [int(found[1]) if (found := re.search(r'colspan="(\d+)"', cell)) else 1 for cell in cells]
            high = [int(found[1]) for cell in cells if (found := re.search(r'rowspan="(\d+)"', cell))]
            widths.add(sum(spans) + (below > 0))
            below = (high[0] if high else below) - 1
        assert len(widths) == 1, table[:300]


def test_the_figures_are_the_evaluation_s(html: str, evaluation: Evaluation, findings: Findings) -> None:
    shown = {rows[0][0]: rows for rows in reversed(list(tables(html)))}
    measures = next(rows for rows in tables(html) if rows[0] == ["System", *evaluation.measures])
    for row, result in zip(measures[1:], evaluation.results, strict=True):
        wanted = [result.interval(name, evaluation.answerable) for name in evaluation.measures]
        assert row == [result.system, *(f"{each.mean:.3f} {each.low:.3f}–{each.high:.3f}" for each in wanted)]
    pairs = [row[-8:] for row in shown["Measure"][1:]]
    wanted_pairs = [(pair, each) for compared in findings.comparisons.values() for pair, each in compared.items()]
    for row, ((system, other), each) in zip(pairs, wanted_pairs, strict=True):
        assert row[0] == f"{system} against {other}"
        assert row[1] == signed(each.difference.mean)
        assert row[-3:] == [str(each.wins), str(each.ties), str(each.losses)]
    kinds = next(rows for rows in tables(html) if rows[0][0] == "Kind")
    for kind, ids in evaluation.kinds.items():
        (row,) = [row for row in kinds if " ".join(kind.split()) == row[0]]
        assert row[1:6] == [str(len(ids)), *(f"{result.mean('nDCG@10', ids):.3f}" for result in evaluation.results)]


def test_plots_say_their_figures(read: Read, evaluation: Evaluation) -> None:
    told = [attributes["aria-label"] for attributes in read.named("svg") if "aria-label" in attributes]
    interval = evaluation.results[2].interval("nDCG@10", evaluation.answerable)
    assert f"nDCG@10: hybrid {interval.mean:.3f}, interval {interval.low:.3f}–{interval.high:.3f}" in told


def test_a_comparison_is_seen_from_the_better_system(findings: Findings, evaluation: Evaluation) -> None:
    best = findings.ranking[0].system
    for (system, other), each in findings.comparisons["nDCG@10"].items():
        means = {result.system: result.mean("nDCG@10", evaluation.answerable) for result in evaluation.results}
        assert each.difference.mean == pytest.approx(means[system] - means[other])
        assert each.difference.low <= each.difference.mean <= each.difference.high
        assert each.difference.mean >= 0
        assert other != best
        assert each.effect_size is None or each.effect_size >= 0


def with_figures(evaluation: Evaluation, **figures: Sequence[float]) -> Evaluation:
    """The evaluation of runs from elsewhere with these figures of one measure."""
    questions = [asked(f"q{place}", f"question {place}", "parks.txt", "The park") for place in range(len(figures["first"]))]
    results = [
        SystemResult(name, {"nDCG@10": {question.id: value for question, value in zip(questions, values, strict=True)}})
        for name, values in figures.items()
    ]
    return replace(evaluation, questions=tuple(questions), results=tuple(results), measures=("nDCG@10",), broken=())


@pytest.mark.parametrize(
    ("first", "second", "headline", "sentence"),
    [
        ([0.0] * 8, [1.0] * 4 + [0.5] * 4, "second is best: nDCG@10 0.750", "second beats first by +0.750 nDCG@10 "),
        (
            [0.5, 0.25],
            [0.25, 0.5],
            "second and first are level: nDCG@10 0.375",
            "second and first cannot be told apart: 0.000 ",
        ),
        ([0.5, 0.5, 0.1], [0.5, 0.4, 0.3], "second is ahead, but not clearly: ", "second and first cannot be told apart: "),
        (
            [0.5, 0.7],
            [0.5, 0.7],
            "second and first are level: nDCG@10 0.600",
            "second and first are equal in nDCG@10 on every question",
        ),
    ],
)
def test_the_headline_is_honest(
    evaluation: Evaluation, library: qa.Library, first: list[float], second: list[float], headline: str, sentence: str
) -> None:
    findings = Findings(with_figures(evaluation, first=first, second=second), library)
    assert best_sentence(findings).startswith(headline)
    assert comparison_sentence(findings).startswith(sentence)
    # Of systems that are equal everywhere there is no more to say.
    assert (f"; with {len(first)} questions " in comparison_sentence(findings)) == (first != second)


def test_one_system_from_elsewhere_makes_a_report(evaluation: Evaluation, library: qa.Library) -> None:
    findings = Findings(with_figures(evaluation, first=[0.25, 1.0]), library)
    assert findings.asked is None
    html = page(findings)
    Read(html)
    assert "first reaches nDCG@10 0.625" in html
    assert "there is nothing to compare it with." in html
    assert 'id="refusing"' not in html
    assert "| first | 0.625 (0.250–1.000) |" in summary(findings)


def test_nothing_is_said_to_have_gone_worst_where_all_went_well(library: qa.Library) -> None:
    findings = Findings(evaluate(library, QUESTIONS[:1], ["bm25"]), library)
    assert findings.worst(10) == []
    html = page(findings)
    Read(html)
    assert "No question went wrong for bm25" in html
    assert "No question went wrong for bm25" in summary(findings)
    assert "0 of 0" not in html + summary(findings)


def test_remarks_are_told(evaluation: Evaluation, library: qa.Library) -> None:
    findings = Findings(replace(evaluation, remarks=("2 gold spans of <i>x</i> are not there",)), library)
    assert "2 gold spans of &lt;i&gt;x&lt;/i&gt; are not there" in page(findings)
    assert "* 2 gold spans of \\<i>x\\</i> are not there" in summary(findings)


def test_broken_quotes_are_told(evaluation: Evaluation, library: qa.Library) -> None:
    findings = Findings(replace(evaluation, broken=("x: a.txt says <i>other</i> things",)), library)
    html = page(findings)
    assert "1 gold quote no longer in the source" in html
    assert "x: a.txt says &lt;i&gt;other&lt;/i&gt; things" in html
    assert "* x: a.txt says \\<i>other\\</i> things" in summary(findings)


def test_articles_judged_whole(library: qa.Library) -> None:
    questions = [
        GoldQuestion("one", "When did the park open?", "", (), answerable=True, articles={"parks.txt": 2}),
        GoldQuestion("two", "otters in rivers", "", (), answerable=True, articles={"parks.txt": 1, "gone": 1}),
    ]
    findings = Findings(evaluate(library, questions, ["hybrid"]), library)
    one, two = follow(findings)
    assert one.verdicts[0].rank == 1
    assert one.shown[0].relevant
    assert [wanted.ranks for wanted in two.wanted] == [(2,), (0,)]
    assert "Right article first" in page(findings)


def test_a_question_is_followed_to_its_passages(findings: Findings) -> None:
    right, hyphen, wrong, _, unknown, nowhere = follow(findings)
    assert right.shown[0].relevant
    assert [piece.text for piece in right.shown[0].pieces if piece.gold and piece.marked] == ["The park opened early."]
    (found,) = [passage for passage in hyphen.shown if passage.relevant]
    assert "".join(piece.text for piece in found.pieces if piece.gold) == "Apples grow in orchards."
    assert wrong.verdicts[0].missed
    assert wrong.missed.split()[0] == "0"
    assert unknown.wanted[0].lost == "refused by the threshold"
    assert unknown.verdicts[2].wrong
    assert wrong.verdicts[3].rank is None
    assert nowhere.verdicts[0].figure is None
    assert nowhere.wanted == ()


def test_gold_over_a_cut_is_one_run(library: qa.Library) -> None:
    passage = next(passage for passage in library.passages if "orchards" in passage.text)
    whole = asked("x", "?", "parks.txt", "Apples grow in orch-\nards. Nobody").relevant[0]
    assert [passage.text[start:end] for start, end in gold_in(passage, whole)] == ["Apples grow in orchards. Nobody"]
    assert gold_in(passage, replace(whole, source="rivers.txt")) == []


spans = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda pair: (min(pair), max(pair))), max_size=4)


@given(st.text(max_size=40), spans, spans)
def test_pieces_are_the_text_each_character_as_it_is(
    text: str, gold: list[tuple[int, int]], marked: list[tuple[int, int]]
) -> None:
    found = list(pieces(text, gold, marked))
    assert "".join(piece.text for piece in found) == text
    flags = [(piece.gold, piece.marked) for piece in found for _ in piece.text]
    assert flags == [
        tuple(any(start <= place < end for start, end in each) for each in (gold, marked)) for place in range(len(text))
    ]


def test_what_is_long_and_unmarked_is_shortened() -> None:
    first, left_out, last, marked = pieces("a" * 5_000 + "b", [], [(5_000, 5_001)])
    assert (first.text, last.text, marked.text) == ("a" * 300, "a" * 300, "b")
    assert left_out.left_out
    assert left_out.text == "4,400 characters"


def test_of_very_many_questions_the_worst_and_a_sample_are_followed(evaluation: Evaluation, library: qa.Library) -> None:
    values = [0.0 if place % 3 == 0 and place < 450 else 1.0 for place in range(MOST + 100)]
    findings = Findings(with_figures(evaluation, first=values), library)
    chosen = [question.id for question in choose(findings)]
    assert len(chosen) == len(set(chosen)) == WORST + SAMPLED
    assert {f"q{place}" for place in range(0, 450, 3)} <= set(chosen)
    assert chosen == sorted(chosen, key=lambda name: int(name[1:]))
    html = page(findings)
    assert "<strong>300 of 600 questions are here</strong>" in html
    assert html.count('<details class="question"') == WORST + SAMPLED


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_an_axis_holds_its_values_with_few_ticks(values: list[float]) -> None:
    scale = charts.scale_for(values)
    assert scale.low <= min(values) <= max(values) <= scale.high
    assert len(scale.ticks) <= 6
    assert list(scale.ticks) == sorted(set(scale.ticks))
    assert all(0 <= scale.share(value) <= 1 for value in (*values, *scale.ticks))


def test_places_worked_by_hand() -> None:
    scale = charts.scale_for([0.4, 0.9])
    assert scale.ticks == (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    assert scale.place(0.65) == "50.00%"
    strip = charts.strip([("s0", Interval(0.65, 0.4, 0.9))], scale, "a <b> & c")
    assert '<circle cx="50.00%"' in strip
    assert '<line x1="2.00%" y1="10" x2="98.00%" y2="10"' in strip
    assert 'aria-label="a &lt;b&gt; &amp; c"' in strip
    assert charts.thinned([(place, place) for place in range(1_000)])[::299] == [(0, 0), (999, 999)]


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0.0, 1.0])), min_size=1, max_size=60))
def test_the_calibration_plot_shows_what_its_error_sums(pairs: list[tuple[float, float]]) -> None:
    confidences, right = [sure for sure, _ in pairs], [hit for _, hit in pairs]
    bins = calibration_bins(confidences, right)
    gaps = sum(each.questions * abs(each.confidence - each.right) for each in bins)
    assert gaps / len(pairs) == pytest.approx(expected_calibration_error(confidences, right), abs=1e-12)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nDCG@10", "how much of what is relevant comes in the first 10, and how near the top: 1 if all of it comes first"),
        ("Success@1", "the share of questions with a relevant passage at rank 1"),
        ("Recall@5", "the share of a question's relevant passages that come in the first 5"),
        ("AP", "the precision at the rank of each relevant passage, on average"),
        ("P(rel=2)@5", "the share of the passages in the first 5 that are relevant"),
        ("infAP", "as ir-measures defines it"),
    ],
)
def test_measures_in_words(name: str, words: str) -> None:
    assert measure_words(name, "passage") == words


def test_numbers_in_words() -> None:
    assert (number(0.5), number(-0.1234), number(None)) == ("0.500", "−0.123", "–")
    assert (signed(0.06), signed(-0.5, 2)) == ("+0.060", "−0.50")
    assert (number(-0.0001), signed(-0.0001), signed(0.0001)) == ("0.000", "0.000", "0.000")
    assert bounds(Interval(0.0, -0.0002, 0.5)) == "0.000–0.500"
    assert (size(1_449_000), size(36_400), size(0)) == ("1.4 MB", "36 kB", "0 kB")
    assert (p_words(0.00099), p_words(0.0038)) == ("p < 0.001", "p = 0.004")


def test_the_summary_is_markdown(folder: Path, evaluation: Evaluation, findings: Findings) -> None:
    text = (folder / "summary.md").read_text(encoding="utf-8")
    assert text.splitlines()[0] == "# Retrieval evaluation"
    assert f"**{best_sentence(findings)}.**" in text
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1
    assert "<img" not in text.replace("\\<img", "")
    assert all(question.id.split()[0] in text for question in findings.worst(10))


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_can_be_told_from_their_ground() -> None:
    schemes = re.findall(r":root \{(.*?)\}", (PAGE / "report.css").read_text(encoding="utf-8"), re.DOTALL)
    assert len(schemes) == 3
    for scheme in schemes:
        colours = dict(re.findall(r"--([\w-]+): (#\w+);", scheme))
        texts = [(name, ground) for name in ("ink", "soft", "accent", "wrong") for ground in ("paper", "card", "wash")]
        drawn = [(f"s{place}", ground) for place in range(6) for ground in ("paper", "card")]
        for name, ground in [*texts, ("ink", "mark"), *drawn, ("gold", "card"), ("edge", "card")]:
            bright, dark = sorted((luminance(colours[name]), luminance(colours[ground])), reverse=True)
            least = 4.5 if (name, ground) in texts or ground == "mark" else 3
            assert (bright + 0.05) / (dark + 0.05) >= least, f"{name} on {ground}: {colours[name]} on {colours[ground]}"


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path: the report is not opened")
def test_the_page_in_a_browser(folder: Path) -> None:
    wrong: list[str] = []
    requests: list[str] = []
    address = (folder / "index.html").as_uri()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 375, "height": 800})
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") == 375
        page.set_viewport_size({"width": 1200, "height": 800})
        wide = "[...document.querySelectorAll('.scroll')].filter((each) => each.scrollWidth > each.clientWidth).length"
        assert page.evaluate(wide) == 0
        page.set_viewport_size({"width": 375, "height": 800})
        assert page.evaluate("window.hacked") is None
        questions = page.locator(".question")
        expect(questions.filter(visible=True)).to_have_count(6)
        # A question opens, by hand and by a link.
        expect(page.locator("#q1")).to_be_hidden()
        questions.first.locator("summary").click()
        expect(page.locator("#q1 mark .gold")).to_have_text("The park opened early.")
        page.locator(".worst a").first.click()
        expect(page.locator(f"[id='{page.url.partition('#')[2]}']")).to_be_visible()
        # The filter.
        page.locator("select[name=kind]").select_option("odd")
        expect(questions.filter(visible=True)).to_have_count(2)
        expect(page.locator(".filter output")).to_have_text("2 of 6 questions")
        page.locator("select[name=kind]").select_option("all")
        page.locator("input[name=words]").fill("APPLES")
        expect(questions.filter(visible=True)).to_have_count(2)
        page.locator("select[name=result]").select_option("missed by elsewhere <b>")
        expect(questions.filter(visible=True)).to_have_count(2)
        page.locator("input[name=words]").fill("park open")
        expect(questions.filter(visible=True)).to_have_count(0)
        # Without scripts the page is whole, and has no filter that does nothing.
        still = browser.new_context(java_script_enabled=False).new_page()
        still.goto(address)
        expect(still.locator(".filter")).to_be_hidden()
        still.locator(".question summary").first.click()
        expect(still.locator("#q1 mark .gold")).to_be_visible()
        browser.close()
    assert wrong == []
    assert requests == [address]
