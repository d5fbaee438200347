"""Every page, for everyone: axe-core finds no fault, nothing scrolls sideways, an index may be empty or of one article."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import ToyEncoder
from playwright.sync_api import Page, expect
from walking import CHROMIUM, Visit, scrolls_sideways, served, violations

from index import build_index

SERVE = """
import sys
from pathlib import Path
import app, qa
from qa.page import Settings
from tests.conftest import ToyEncoder

folder, index, kept = sys.argv[1:]
settings = Settings(judgements=Path(kept, "judgements.jsonl"), reports=Path(kept, "reports"))
app.serve(qa.Library.open(index, encoder=ToyEncoder()), port=0, settings=settings)
"""
OTTERS = "Otters swim in cold rivers every day of the year and catch fish there."
# Its first letter is Hebrew: the line begins at its right.
MIXED = "לוטרות בנהר: Otters 2021, חלק 3"
LONG = "A title that goes on and on " * 12
ARTICLES = {
    "rivers.txt": f"Otters of the rivers\n\nUpdated: 2021-07-13\n\n{OTTERS}\n\nNothing is said in this paragraph.",
    "copy.txt": f"A story told again\n\nUpdated: 2022-02-10\n\nThe beginning is another one here.\n\n{OTTERS}",
    "long.md": f"# {LONG}\n\nBears sleep in caves all winter, {'and' * 60} nobody wakes them.",
    "arabic.txt": "ثعالب الماء\n\nتسبح ثعالب الماء في الأنهار الباردة كل يوم.",
    "hebrew.md": f"# {MIXED}\n\nOtters swim where לוטרות שוחות בנהרות.",
    "chinese.txt": "水獭的故事\n\n水獭每天在寒冷的河里游泳，一年四季都是如此。",
}
MONTHS = {
    f"{month}.txt": f"Otters of a month\n\nUpdated: {2021 + month // 12}-{month % 12 + 1:02}-10\n\n{OTTERS}"
    for month in range(2, 17)
}
MANY, HERON = 100_000, "Heron {} stands by the pond, and nobody knows for how long."
QUESTION = "Where do otters swim every day?"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path: the pages are not walked"),
]


def serving(folder: Path, articles: dict[str, str]) -> Iterator[str]:
    """The address of the pages over some articles, or none."""
    (folder / "articles").mkdir()
    for name, text in articles.items():
        (folder / "articles" / name).write_text(text, encoding="utf-8")
    build_index([folder / "articles"], folder / "index", ToyEncoder(), may_be_empty=True)
    with served(SERVE, folder / "articles", folder / "index", folder) as url:
        yield url


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from serving(tmp_path_factory.mktemp("many"), ARTICLES)


@pytest.fixture(scope="module")
def empty_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from serving(tmp_path_factory.mktemp("none"), {})


@pytest.fixture(scope="module")
def single_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from serving(tmp_path_factory.mktemp("one"), {"rivers.txt": ARTICLES["rivers.txt"]})


@pytest.fixture(scope="module")
def months_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from serving(tmp_path_factory.mktemp("months"), MONTHS)


@pytest.fixture(scope="module")
def large_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    notes = ({"_id": f"{number}", "title": f"Note {number}", "text": HERON.format(number)} for number in range(MANY))
    yield from serving(tmp_path_factory.mktemp("large"), {"corpus.jsonl": "\n".join(map(json.dumps, notes))})


def ask(page: Page, question: str) -> None:
    page.get_by_role("textbox", name="Question", exact=True).fill(question)
    page.keyboard.press("Enter")
    expect(page.locator("[data-question]")).to_have_attribute("data-question", question)


def use_ask(page: Page) -> None:
    ask(page, QUESTION)
    page.locator(".card summary").first.click()
    page.locator(".card .title").first.click()
    expect(page.locator("#source")).to_be_visible()


def use_articles(page: Page) -> None:
    page.get_by_text("Index card").click()
    expect(page.locator(".index-card dl")).to_be_visible()
    page.get_by_role("button", name="Otters of the rivers").click()
    expect(page.locator("#source")).to_be_visible()


def use_judge(page: Page) -> None:
    page.get_by_label("Your name").fill("Ann")
    page.get_by_label("Questions, one a line").fill(QUESTION)
    page.get_by_role("button", name="Judge", exact=True).click()
    expect(page.locator("#judge .pool")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("#judge .question")).to_have_text(QUESTION)


def use_evaluation(page: Page) -> None:
    page.get_by_role("button", name="eval/report.json").click()
    expect(page.get_by_role("img", name="nDCG@10")).to_be_visible()


PAGES = {"": use_ask, "articles": use_articles, "judge": use_judge, "evaluation": use_evaluation}


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 360), ("dark", 3840)])
def test_axe_finds_nothing_wrong_before_and_after(visit: Visit, url: str, path: str, scheme: str, width: int) -> None:
    page = visit(url + path, width, 900, color_scheme=scheme)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert violations(page) == []
    PAGES[path](page)
    assert violations(page) == []
    assert not scrolls_sideways(page)


@pytest.mark.parametrize("width", [360, 1280, 3840])
def test_all_pages_begin_at_one_left_edge(visit: Visit, url: str, width: int) -> None:
    edges = set()
    for path in PAGES:
        page = visit(url + path, width, 900)
        for place in (page.get_by_role("heading", level=1), page.get_by_role("link", name="Ask", exact=True)):
            expect(place).to_be_visible()
            edges.add((place.bounding_box() or {})["x"])
    assert len(edges) == 1


@pytest.mark.parametrize("path", PAGES)
def test_everything_that_can_be_used_has_a_name_and_is_reached_by_tab(visit: Visit, url: str, path: str) -> None:
    page = visit(url + path)
    PAGES[path](page)
    page.keyboard.press("Escape")
    names = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        names.add(
            page.evaluate(
                """() => { const at = document.activeElement;
                return (at.labels?.[0] ?? at).textContent.trim() || at.getAttribute("aria-label") || at.tagName; }"""
            )
        )
    assert {"Ask", "Articles", "Judge", "Evaluation"} <= names
    assert names.isdisjoint({"BUTTON", "A", "INPUT", "TEXTAREA", "SELECT"})


def test_an_empty_index_says_so_on_every_page(visit: Visit, empty_url: str) -> None:
    page = visit(empty_url)
    expect(page.locator("#masthead")).to_contain_text("0 articles, 0 passages")
    expect(page.locator("#examples")).to_contain_text("There are no articles yet")
    ask(page, QUESTION)
    expect(page.locator(".answer")).to_contain_text("Not in these articles")
    assert violations(page) == []
    page = visit(empty_url + "articles")
    expect(page.locator(".found")).to_contain_text("There are no articles yet")
    page.get_by_text("Index card").click()
    expect(page.locator(".index-card dl")).to_be_visible()
    assert violations(page) == []
    page = visit(empty_url + "judge")
    use_judge(page)
    expect(page.locator("#judge .pool")).to_contain_text("No passage comes near")
    assert violations(page) == []
    page = visit(empty_url + "evaluation")
    use_evaluation(page)


def test_one_article_is_enough(visit: Visit, single_url: str) -> None:
    page = visit(single_url)
    expect(page.locator("#masthead")).to_contain_text("1 article, 2 passages")
    use_ask(page)
    expect(page.locator("#source .cited")).to_have_text(OTTERS)
    page = visit(single_url + "articles")
    use_articles(page)
    page = visit(single_url + "judge")
    use_judge(page)
    expect(page.locator("#judge .pool .card")).not_to_have_count(0)


def test_titles_of_two_scripts_are_drawn_in_their_own_direction(visit: Visit, url: str) -> None:
    page = visit(url + "judge")
    use_judge(page)
    titles = page.locator("#judge .place b bdi")
    expect(titles.get_by_text(MIXED)).to_have_css("direction", "rtl")
    expect(titles.get_by_text("Otters of the rivers").first).to_have_css("direction", "ltr")
    page = visit(url + "articles")
    expect(page.get_by_role("button", name=MIXED)).to_have_css("direction", "rtl")
    expect(page.get_by_role("button", name="Otters of the rivers")).to_have_css("direction", "ltr")
    page.get_by_role("button", name=MIXED).click()
    expect(page.locator("#source h2")).to_have_css("direction", "rtl")
    expect(page.locator("#source .about bdi")).to_have_css("direction", "ltr")


@pytest.mark.parametrize("width", [360, 1280])
def test_columns_of_months_and_their_labels_stand_side_by_side(visit: Visit, months_url: str, width: int) -> None:
    page = visit(months_url, width, 740)
    ask(page, QUESTION)
    page.evaluate("document.fonts.ready")
    row = page.locator(".timeline").bounding_box()
    assert row
    columns = page.locator(".timeline").get_by_role("link")
    expect(columns).to_have_count(len(MONTHS))
    labels = [label for label in columns.locator("> span").all() if label.is_visible()]
    assert len(labels) == (len(MONTHS) if width == 1280 else 3)
    for kind in (columns.all(), labels):
        boxes = [each.bounding_box() or {} for each in kind]
        assert all(box["x"] + box["width"] <= after["x"] for box, after in pairwise(boxes))
        assert boxes[0]["x"] >= row["x"]
        assert boxes[-1]["x"] + boxes[-1]["width"] <= row["x"] + row["width"] + 0.5
    assert violations(page) == []


def test_100_000_passages_are_walked_like_a_few(visit: Visit, large_url: str) -> None:
    page = visit(large_url)
    expect(page.locator("#masthead")).to_contain_text("100,000 articles, 100,000 passages")
    ask(page, "Where does heron 54321 stand?")
    expect(page.locator(".card")).to_have_count(10)
    expect(page.locator(".card").first).to_contain_text("Note 54321")
    page.locator(".card .title").first.click()
    expect(page.locator("#source .cited")).to_have_text(HERON.format(54321))
    assert violations(page) == []
    page = visit(large_url + "articles")
    rows = page.locator("#articles tbody tr")
    # The first reader waits until 100,000 articles have been listed.
    expect(page.locator("#articles .count")).to_have_text("1 to 50 of 100,000", timeout=60_000)
    expect(rows).to_have_count(50)
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#articles .count")).to_have_text("51 to 100 of 100,000")
    for order in ("ascending", "descending"):
        page.get_by_role("button", name="Title").click()
        expect(page.locator("#articles th.title")).to_have_attribute("aria-sort", order)
    expect(page.locator("#articles .count")).to_have_text("1 to 50 of 100,000")
    expect(rows.first).to_contain_text("Note 99999")
    page.get_by_role("searchbox").fill("Note 77777")
    expect(page.locator("#articles .count")).to_have_text("1 article")
    rows.first.get_by_role("button").click()
    expect(page.locator("#source")).to_contain_text(HERON.format(77777))
    assert violations(page) == []
    page = visit(large_url + "judge")
    use_judge(page)
    expect(page.locator("#judge .pool .card")).not_to_have_count(0)
    assert violations(page) == []
