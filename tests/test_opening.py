"""The article that is open stands in the address: walked in a real browser with back, forward, reload, links and Escape."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from conftest import SEEDS
from playwright.sync_api import Page, Route, expect
from walking import CHROMIUM, Visit, served

import qa

SERVE = "import sys, app, qa; app.serve(qa.Library.open(sys.argv[1]), port=0)"
FOUND = "How many countries are Fenjiu products sold to?"
ASKED = "?q=How+many+countries+are+Fenjiu+products+sold+to%3F"
CUT = "What does the village of Jing benefit from?"
WIDE, PHONE = (1280, 800), (390, 844)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.model,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path: the page is not walked"),
]


@pytest.fixture(scope="module")
def url(seeds_index: Path) -> Iterator[str]:
    with served(SERVE, seeds_index) as root:
        yield root


def passage(page: Page) -> list[str]:
    """Which passage the address names."""
    return parse_qs(urlsplit(page.url).query).get("passage", [])


def expect_open(page: Page, seeds: qa.Library, rank: int) -> None:
    """The article of a hit is open, and scrolled to the words that are cited."""
    hit = seeds.ask(FOUND).hits[rank - 1]
    cited = page.locator("#source mark")
    expect(cited).to_have_text([hit.passage.article.text[slice(*span)] for span in hit.citation.spans])
    expect(cited.first).to_be_in_viewport(ratio=1)
    expect(page.locator(".card[data-open] .rank")).to_have_text(str(rank))
    assert passage(page) == [hit.passage.id]


def linked(url: str, library: qa.Library, rank: int) -> str:
    """The address of the article of a hit."""
    return f"{url}{ASKED}&{urlencode({'passage': library.ask(FOUND).hits[rank - 1].passage.id})}"


def expect_closed(page: Page) -> None:
    expect(page.locator("#source")).to_be_hidden()
    page.wait_for_function("!location.search.includes('passage')")
    expect(page.locator("[data-question]")).to_have_attribute("data-question", FOUND)
    assert not page.evaluate("document.getElementById('page').inert")


@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_back_closes_the_article_and_forward_opens_it_again(
    visit: Visit, url: str, seeds: qa.Library, size: tuple[int, int]
) -> None:
    page = visit(url + ASKED, *size)
    title = page.locator(".card .title").nth(1)
    title.click()
    expect_open(page, seeds, 2)
    page.go_back()
    expect_closed(page)
    expect(title).to_be_focused()
    page.go_forward()
    expect_open(page, seeds, 2)
    page.reload()
    expect_open(page, seeds, 2)
    page.keyboard.press("Escape")
    expect_closed(page)
    expect(title).to_be_focused()
    page.go_forward()
    expect_open(page, seeds, 2)
    page.get_by_role("button", name="Close the article").click()
    expect_closed(page)
    page.go_back()
    page.wait_for_url("about:blank")


@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_the_address_is_a_link_to_the_passage(visit: Visit, url: str, seeds: qa.Library, size: tuple[int, int]) -> None:
    page = visit(url + ASKED)
    page.locator(".card .title").first.click()
    expect_open(page, seeds, 1)
    there = visit(page.url, *size)
    expect_open(there, seeds, 1)
    # There is no answer to go back to: the browser stays on this page.
    there.keyboard.press("Escape")
    expect_closed(there)
    there.go_back()
    there.wait_for_url("about:blank")


def test_a_link_leads_to_the_same_passage_when_articles_came_that_answer_better(visit: Visit, tmp_path: Path) -> None:
    articles, index = tmp_path / "articles", tmp_path / "index"
    shutil.copytree(SEEDS, articles)
    before = qa.load(articles, index=index)
    link = linked("", before, 1)
    (articles / "better.txt").write_text(
        "Fenjiu\n\nFenjiu products are sold to 61 countries: so many countries are they sold to."
    )
    after = qa.load(articles, index=index)
    first = before.ask(FOUND).hits[0].passage.id
    rank = next(hit.rank for hit in after.ask(FOUND).hits if hit.passage.id == first)
    assert rank > 1
    with served(SERVE, index) as root:
        expect_open(visit(root + link), after, rank)


def test_a_link_leads_to_a_passage_that_is_folded(visit: Visit, url: str, seeds: qa.Library) -> None:
    page = visit(linked(url, seeds, 7))
    expect_open(page, seeds, 7)
    page.keyboard.press("Escape")
    expect(page.locator(".card .title").nth(6)).to_be_focused()


@pytest.mark.parametrize("name", ["99", "1.7", "", "x\"] body, [data-x='", "../1"])
def test_a_passage_that_the_answer_has_not_is_none(visit: Visit, url: str, seeds: qa.Library, name: str) -> None:
    page = visit(url + ASKED)
    page.goto(f"{url}{ASKED}&passage={name}")
    expect(page.locator(".answer")).to_be_visible()
    expect(page.locator("#source")).to_be_hidden()
    page.locator(".card .title").first.click()
    expect_open(page, seeds, 1)


def test_however_many_passages_are_read_one_step_back_leads_to_the_answer(visit: Visit, url: str, seeds: qa.Library) -> None:
    page = visit(url + ASKED)
    page.locator(".card .title").nth(2).click()
    expect_open(page, seeds, 3)
    page.locator("#source").get_by_role("button", name="Next passage found in this article").click()
    page.wait_for_function("address => location.href !== address", arg=linked(url, seeds, 3))
    page.locator(".card .title").nth(4).click()
    expect_open(page, seeds, 5)
    page.keyboard.press("Escape")
    expect_closed(page)
    # The page stays where it was read last, and does not go to where the first was opened.
    expect(page.locator(".card .title").nth(4)).to_be_in_viewport()


def test_escape_pressed_twice_closes_the_article_once(visit: Visit, url: str) -> None:
    page = visit(url + ASKED)
    page.locator(".card .title").first.click()
    expect(page.locator("#source")).to_be_visible()
    page.evaluate(
        "for (const _ of [1, 2]) document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', bubbles: true}))"
    )
    expect_closed(page)
    expect(page.locator(".answer")).to_be_visible()
    assert page.url.startswith(url)


def test_back_from_another_question_opens_the_article_again(visit: Visit, url: str, seeds: qa.Library) -> None:
    page = visit(url + ASKED)
    page.locator(".card .title").first.click()
    expect_open(page, seeds, 1)
    page.get_by_role("textbox", name="Question", exact=True).fill(CUT)
    page.keyboard.press("Enter")
    expect(page.locator("[data-question]")).to_have_attribute("data-question", CUT)
    expect(page.locator("#source")).to_be_hidden()
    assert passage(page) == []
    page.go_back()
    expect_open(page, seeds, 1)
    page.go_back()
    expect_closed(page)


def test_an_answer_is_not_asked_for_again_when_its_article_closes(visit: Visit, url: str) -> None:
    page = visit(url + ASKED)
    page.locator(".card .title").first.click()
    expect(page.locator("#source mark")).to_be_visible()
    asked: list[Route] = []
    page.route("**/component_server/**", lambda route: asked.append(route))
    page.go_back()
    expect_closed(page)
    assert asked == []


def test_recent_questions_lead_to_the_answer_and_not_to_a_passage(visit: Visit, url: str, seeds: qa.Library) -> None:
    page = visit(linked(url, seeds, 2))
    expect(page.locator("#source mark")).to_be_visible()
    page.goto(url)
    page.locator("#recent").get_by_role("link", name=FOUND).click()
    expect_closed(page)
