"""The page of evaluations: reports opened, hostile ones too, and one made, stopped and gone on with."""

import json
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from conftest import SEEDS, ToyEncoder
from playwright.sync_api import Browser, expect
from walking import CHROMIUM, Ask, Visit, calls, scrolls_sideways, served, violations

import qa
from eval.gold import GOLD
from eval.report.running import evaluate_into
from index.progress import Progress, no_progress
from qa.page import Evaluating, Settings
from qa.page.evaluation import evaluation_part

SCRIPT = "<script>window.hacked = 1</script>"
RECORD = GOLD.with_name("report.json")


def settled(ask: Ask) -> dict[str, Any]:
    while (standing := ask("work_standing"))["state"] == "running":
        Event().wait(0.005)
    return standing


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> qa.Library:
    return qa.load(SEEDS, index=tmp_path_factory.mktemp("seeds") / "index", encoder=ToyEncoder())


@pytest.fixture(scope="module")
def gold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first twenty gold questions."""
    path = tmp_path_factory.mktemp("gold") / "gold.jsonl"
    path.write_text("".join(GOLD.read_text(encoding="utf-8").splitlines(keepends=True)[:20]), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def report(library: qa.Library, gold: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report of two systems."""
    folder = tmp_path_factory.mktemp("reported") / "report"
    evaluate_into(library, gold, ["bm25", "hybrid"], folder, no_progress)
    return folder


@pytest.fixture
def settings(tmp_path: Path, gold: Path) -> Settings:
    return Settings(reports=tmp_path / "reports", evaluating=Evaluating((gold,), (RECORD,), evaluate_into))


def test_an_evaluation_is_made_and_its_report_opened(library: qa.Library, settings: Settings) -> None:
    ask = calls(evaluation_part(library, settings))
    started = ask("evaluate", gold="gold.jsonl", systems=["hybrid", "bm25"])
    assert started["name"].startswith("gold-bm25-hybrid-")
    assert settled(ask)["state"] == "done"
    assert f'data-report="{started["name"]}"' in ask("list_reports")["html"]
    page = ask("open_report", name=started["name"])["page"]
    assert "<title>Retrieval evaluation" in page
    assert page.index("default-src 'none'; style-src 'unsafe-inline'; form-action") < page.index("<title>")
    assert "<script" not in page


def test_a_report_without_a_page_has_its_figures_shown(library: qa.Library, settings: Settings) -> None:
    ask = calls(evaluation_part(library, settings))
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    html = ask("open_report", name="eval/report.json")["html"]
    for system, means in record["all"].items():
        for measure, mean in means.items():
            low, high = record["intervals"][system][measure]
            assert f"{mean:.3f}<small>{low:.3f} to {high:.3f}</small>" in html
    assert "hybrid against bm25" in html
    assert html.count("<circle") == len(record["all"])


def test_text_of_a_record_stays_text(library: qa.Library, settings: Settings) -> None:
    folder = settings.reports / "hostile"
    folder.mkdir(parents=True)
    text = (
        RECORD.read_text(encoding="utf-8")
        .replace("hybrid", SCRIPT)
        .replace("Library(", SCRIPT)
        .replace("paraphrase", SCRIPT)
    )
    (folder / "report.json").write_text(text, encoding="utf-8")
    html = calls(evaluation_part(library, settings))("open_report", name="hostile")["html"]
    assert "<script" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "not json",
        "[" * 100_000,
        '{"figures": 3}',
        '{"figures": {}}',
        '{"figures": {}, "all": {"bm25": {}}}',
        '{"figures": {}, "all": [], "questions": {}}',
        json.dumps({**json.loads(RECORD.read_text()), "intervals": {"bm25": 1}}),
    ],
)
def test_a_damaged_report_is_one_line(library: qa.Library, settings: Settings, text: str) -> None:
    (settings.reports / "bad").mkdir(parents=True)
    (settings.reports / "bad" / "report.json").write_text(text)
    problem = calls(evaluation_part(library, settings))("open_report", name="bad")["problem"]
    assert "write the report again" in problem
    assert "\n" not in problem


def test_a_page_that_no_report_is_is_not_opened(library: qa.Library, settings: Settings) -> None:
    folder = settings.reports / "other"
    folder.mkdir(parents=True)
    (folder / "report.json").write_text('{"figures": {}}')
    (folder / "index.html").write_text(f"<html><head>{SCRIPT}</head></html>")
    assert (
        "no page that qa eval --report wrote"
        in calls(evaluation_part(library, settings))("open_report", name="other")["problem"]
    )


@pytest.mark.parametrize("name", ["../reports/x", "/etc", "..", ".", "", "report.json", "nothing", "hidden/../x"])
def test_only_reports_of_the_list_are_opened(library: qa.Library, settings: Settings, tmp_path: Path, name: str) -> None:
    (tmp_path / "report.json").write_text('{"figures": {}}')
    (settings.reports / ".hidden").mkdir(parents=True)
    (settings.reports / ".hidden" / "report.json").write_text('{"figures": {}}')
    assert "not there any more" in calls(evaluation_part(library, settings))("open_report", name=name)["problem"]


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"gold": "../gold.jsonl", "systems": ["bm25"]},
        {"gold": "/etc/passwd", "systems": ["bm25"]},
        {"gold": "gold.jsonl", "systems": []},
        {"gold": "gold.jsonl", "systems": ["magic"]},
        {"gold": "gold.jsonl", "systems": [{}]},
        {"gold": 3, "systems": "bm25"},
    ],
)
def test_nonsense_evaluates_nothing(library: qa.Library, settings: Settings, wanted: dict[str, Any]) -> None:
    ask = calls(evaluation_part(library, settings))
    assert "\n" not in ask("evaluate", **wanted)["problem"]
    assert ask("work_standing")["state"] == "idle"
    assert not settings.reports.exists()


def test_what_only_reads_evaluates_nothing(library: qa.Library, gold: Path, tmp_path: Path) -> None:
    evaluating = Evaluating((gold,), (RECORD,), evaluate_into)
    part = evaluation_part(library, Settings(read_only=True, reports=tmp_path / "reports", evaluating=evaluating))
    ask = calls(part)
    for name in ("evaluate", "stop_work"):
        assert ask(name, gold="gold.jsonl", systems=["bm25"], number=1)["problem"].startswith("Nothing is evaluated")
    assert "Evaluate</button>" not in part.html
    assert "figure" in ask("open_report", name="eval/report.json")["html"]


def test_a_stopped_evaluation_goes_on_where_it_was(library: qa.Library, tmp_path: Path) -> None:
    told: list[int] = []
    go_on, reached = Event(), Event()

    def run(asked: qa.Library, path: Path, systems: Sequence[Any], folder: Path, progress: Progress) -> None:
        def tell(stage: str, done: int, total: int) -> None:
            told.append(done)
            if done:
                reached.set()
                go_on.wait()
            progress(stage, done, total)

        evaluate_into(asked, path, systems, folder, tell)

    ask = calls(evaluation_part(library, Settings(reports=tmp_path / "reports", evaluating=Evaluating((GOLD,), (), run))))
    number = ask("evaluate", gold="gold.jsonl", systems=["bm25"])["number"]
    reached.wait()
    assert "goes on already" in ask("evaluate", gold="gold.jsonl", systems=["bm25"])["problem"]
    ask("stop_work", number=number)
    go_on.set()
    assert settled(ask)["state"] == "stopped"
    assert "data-report" not in ask("list_reports")["html"]
    told.clear()
    ask("evaluate", gold="gold.jsonl", systems=["bm25"])
    assert settled(ask)["state"] == "done"
    assert told[0] > 0


def test_a_gold_set_that_is_damaged_is_told_in_a_line(library: qa.Library, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text("no json\n")
    evaluating = Evaluating((tmp_path / "bad.jsonl",), (), evaluate_into)
    ask = calls(evaluation_part(library, Settings(reports=tmp_path / "reports", evaluating=evaluating)))
    ask("evaluate", gold="bad.jsonl", systems=["bm25"])
    standing = settled(ask)
    assert standing["state"] == "failed"
    assert len(standing["lines"]) == 1
    assert "bad.jsonl:1" in standing["lines"][0]


# The page in a browser.

SERVE = """
import sys
from pathlib import Path
import app, qa
from qa.page import Settings
from tests.conftest import ToyEncoder

folder, index, reports = sys.argv[1:]
app.serve(qa.load(folder, index=index, encoder=ToyEncoder()), port=0, settings=Settings(reports=Path(reports)))
"""

walked = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path: the page is not walked")


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def url(library: qa.Library, reports: Path) -> Iterator[str]:
    with served(SERVE, SEEDS, library.index.folder, reports) as address:
        yield f"{address}evaluation"


@walked
@pytest.mark.browser
def test_an_evaluation_is_walked_from_systems_to_plots(visit: Visit, url: str) -> None:
    page = visit(url)
    expect(page.locator(".listed")).to_contain_text("eval/report.json")
    for name in ("dense", "hybrid"):
        page.get_by_label(name, exact=True).uncheck()
    label, legend = page.get_by_text("Gold set"), page.get_by_text("Systems")
    assert (label.bounding_box() or {})["y"] == (legend.bounding_box() or {})["y"]
    page.get_by_role("button", name="Evaluate").press("Enter")
    expect(page.locator(".working")).to_be_visible()
    expect(page.locator(".working").get_by_role("button", name="Stop")).to_be_visible()
    assert violations(page) == []
    expect(page.locator(".lines .notice")).to_contain_text("Evaluated bm25 on gold.jsonl", timeout=60_000)
    report = page.frame_locator("iframe")
    expect(report.get_by_role("heading", level=1)).to_contain_text("nDCG@10")
    expect(report.locator("svg").first).to_be_visible()
    expect(report.locator("table").first).to_be_visible()
    expect(page.locator(".listed [aria-current]")).to_contain_text("gold-bm25-")
    # It fills the window, where it is read; its name stands in the list alone.
    expect(page.locator("iframe")).to_be_in_viewport(ratio=0.99)
    assert (page.locator("iframe").bounding_box() or {})["height"] >= 760
    assert (page.locator(".report h2").bounding_box() or {})["width"] <= 1
    assert not scrolls_sideways(page)
    assert violations(page) == []


@walked
@pytest.mark.browser
@pytest.mark.parametrize("moves", [True, False])
def test_work_of_unknown_length_is_seen_to_go_on(visit: Visit, url: str, moves: bool) -> None:
    page = visit(url, reduced_motion="no-preference" if moves else "reduce")
    page.locator(".working").evaluate("working => { working.hidden = false; }")
    bar = page.locator(".working progress")
    places = set()
    for _ in range(4):
        places.add(bar.evaluate("bar => getComputedStyle(bar).backgroundPositionX"))
        page.wait_for_timeout(150)
    assert (len(places) > 1) == moves


@walked
@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_wrong_with_a_report(browser: Browser, report: Path, scheme: Any, width: int) -> None:
    page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900})
    page.goto((report / "index.html").as_uri())
    assert violations(page) == []
    for summary in page.locator("summary:visible").all():
        summary.click()
    assert violations(page) == []
    page.close()


@walked
@pytest.mark.browser
def test_figures_are_shown_and_fit_a_phone(visit: Visit, url: str) -> None:
    page = visit(url, 360, 740)
    page.get_by_role("button", name="eval/report.json").press("Enter")
    expect(page.get_by_role("heading", name="eval/report.json")).to_be_focused()
    figure = json.loads(RECORD.read_text(encoding="utf-8"))["all"]["hybrid"]["nDCG@10"]
    expect(page.get_by_role("row", name="hybrid").first).to_contain_text(f"{figure:.3f}")
    expect(page.get_by_role("img", name="nDCG@10")).to_be_visible()
    assert not scrolls_sideways(page)


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """The address of a server that is none of ours, and what it is asked for."""
    asked: list[str] = []

    class Counting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Counting) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@walked
@pytest.mark.browser
def test_a_report_that_somebody_forged_can_do_nothing(
    browser: Browser, url: str, reports: Path, library: qa.Library, gold: Path, elsewhere: tuple[str, list[str]]
) -> None:
    address, asked = elsewhere
    evaluate_into(library, gold, ["bm25"], reports / "forged", no_progress)
    evil = (
        f'{SCRIPT}<script src="{address}/x.js"></script ><img src="{address}/x.png" onerror="top.hacked = 1">'
        f'<link rel="stylesheet" href="{address}/x.css"><style>body {{ background: url({address}/y.png) }}</style>'
        f'<iframe src="{address}/frame"></iframe><meta http-equiv="refresh" content="0; url={address}/refreshed">'
    )
    path = reports / "forged" / "index.html"
    text = path.read_text(encoding="utf-8").replace("<head>\n", f"<head>\n{evil}").replace("<main>", f"<main>{evil}")
    path.write_text(text, encoding="utf-8")
    page = browser.new_page()
    page.goto(url)
    page.get_by_role("button", name="forged").click()
    expect(page.frame_locator("iframe").get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_timeout(500)
    assert asked == []
    assert page.evaluate("window.hacked") is None
    # The same page, opened as it is, does ask.
    page.goto(path.as_uri(), wait_until="commit")
    page.wait_for_url(f"{address}/refreshed")
    assert asked
    page.close()
