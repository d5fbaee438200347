"""The page, walked in a real browser as a person would: every request must stay on this machine."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import walking
from conftest import ROOT, SEEDS, ToyEncoder
from playwright.sync_api import Browser, Locator, Page, Route, expect
from walking import CHROMIUM, violations

import qa
from qa.export import answer_json
from qa.html import day_words
from qa.styles import answer_markdown, answer_plain_text, bibtex, csl_json, markdown, plain_text

SERVE = """
import sys
import app, qa
from tests.conftest import ToyEncoder
folder, index, encoder = sys.argv[1:]
app.serve(qa.load(folder, index=index, encoder=ToyEncoder() if encoder == "toy" else None), port=0)
"""
FOUND = "How many countries are Fenjiu products sold to?"
FOUND_SENTENCE = "To date, its products have been sold to more than 60 countries and regions"
CUT = "What does the village of Jing benefit from?"
MISSING = "What is the capital of France?"

SCRIPT = "<script>window.hacked = 1</script>"
IMAGE = "<img src=x onerror=alert(window.hacked=1)>"
HOSTILE = {
    "_id": f"a\"><b id='broken'>{SCRIPT}",
    "title": f"Otters & </script>{IMAGE} ${{1+1}} {{{{value}}}}",
    "text": f"Otters swim in rivers {SCRIPT} and {IMAGE} and ${{1+1}} and {{{{value}}}} every day.\n\n"
    f"Bears </textarea></span></div> eat honey `${{window.hacked = 1}}` in the forest.",
}

OTTERS = "Otters swim in cold rivers every day of the year and catch fish there."
ARABIC = "تسبح ثعالب الماء في الأنهار الباردة كل يوم."
LONG = " ".join(["A title that goes on and on"] * 12)
VARIED = {
    "rivers.txt": f"Otters of the rivers\n\nUpdated: 2021-07-13\n\n{OTTERS}\n\nNothing is said in this paragraph.\n\n"
    "Cold rivers have otters in every valley, people say who swim there.",
    "copy.txt": f"A story told again\n\nUpdated: 2022-02-10\n\nThe beginning is another one here.\n\n{OTTERS}",
    "third.txt": f"A third telling of it\n\nUpdated: 2023-05-01\n\n{OTTERS}",
    "long.md": f"# {LONG}\n\nBears sleep in caves all winter, {'and' * 60} nobody wakes them.",
    "arabic.txt": f"ثعالب الماء\n\n{ARABIC}",
    "chinese.txt": "水獭的故事\n\n水獭每天在寒冷的河里游泳，一年四季都是如此。",
}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.model,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path: the page is not walked"),
]

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def seeds_url(seeds_index: Path) -> Iterator[str]:
    with served(SEEDS, seeds_index, "default") as url:
        yield url


@pytest.fixture(scope="module")
def hostile_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "corpus.jsonl").write_text(json.dumps(HOSTILE), encoding="utf-8")
    with served(folder, folder / "index", "toy") as url:
        yield url


@pytest.fixture(scope="module")
def varied_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("varied")
    for name, text in VARIED.items():
        (folder / name).write_text(text, encoding="utf-8")
    with served(folder, folder / "index", "toy") as url:
        yield url


def served(folder: Path, index: Path, encoder: str) -> AbstractContextManager[str]:
    """The address of the page over a folder's articles, served by a process of its own."""
    return walking.served(SERVE, folder, index, encoder)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Opens a page, ready to be asked."""
    with walking.visits(browser) as open_page:

        def go(url: str, *size: int, **options: object) -> Page:
            page = open_page(url, *size, **options)
            expect(box(page)).to_be_visible()
            return page

        yield go


def box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Question", exact=True)


def ask(page: Page, question: str) -> None:
    """Asks with Enter, and waits for what comes back."""
    box(page).fill(question)
    page.keyboard.press("Enter")
    page.wait_for_function(
        """question => document.querySelector("[data-question]")?.dataset.question === question
        || document.querySelector(".problem")""",
        arg=question,
    )


def open_first(page: Page) -> None:
    page.locator(".card .title").first.click()
    expect(page.locator("#source")).to_be_visible()


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def test_every_page_leads_to_the_others(visit: Visit, seeds_url: str) -> None:
    page = visit(seeds_url)
    links = page.get_by_role("navigation", name="Pages").get_by_role("link")
    names = links.all_inner_texts()
    assert names[0] == "Ask"
    for name in [*names[1:], "Ask"]:
        links.filter(has_text=name).click()
        expect(page.locator("[aria-current=page]")).to_have_text(name)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        expect(page).to_have_title(re.compile(name))
    expect(box(page)).to_be_focused()
    # Gradio's own way from page to page is put away.
    expect(page.get_by_role("link", name="Home")).to_have_count(0)


def test_the_box_has_the_focus_and_enter_asks(visit: Visit, seeds_url: str) -> None:
    page = visit(seeds_url)
    expect(box(page)).to_be_focused()
    page.keyboard.type(FOUND)
    page.keyboard.press("Enter")
    expect(page.locator(".sentence")).to_contain_text(FOUND_SENTENCE)


def test_the_answer_stands_on_top_with_its_source(visit: Visit, seeds_url: str, seeds: qa.Library) -> None:
    page = visit(seeds_url)
    ask(page, FOUND)
    answer = seeds.ask(FOUND)
    expect(page.locator(".sentence")).to_have_text(f"{answer.sentence}[1]")
    expect(page.locator(".origin")).to_contain_text("Honored firms help fuel high-quality growth")
    expect(page.locator(".origin")).to_contain_text("003_f1603e24cc27520e.txt")
    expect(page.locator(".origin")).to_contain_text("28 July 2023")
    expect(page.locator(".confidence")).to_have_attribute("title", f"Confidence {answer.confidence:.2f} of 1")
    expect(page.locator(".confidence")).to_contain_text("the answer")


@pytest.mark.parametrize(("width", "above"), [(360, 280), (1280, 240)])
def test_an_answer_has_little_above_it(visit: Visit, seeds_url: str, width: int, above: int) -> None:
    page = visit(seeds_url, width, 740)
    promise = page.locator("#masthead .promise")
    expect(promise).to_be_visible()
    ask(page, FOUND)
    expect(promise).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport(ratio=1)
    assert (page.locator(".answer").bounding_box() or {})["y"] < above
    # What is offered to do with it stands in one row.
    assert len({button.bounding_box()["y"] for button in page.locator(".answer .actions button").all()}) == 1
    page.go_back()
    expect(promise).to_be_visible()


def test_the_words_of_the_answer_alone_are_marked_strongly(visit: Visit, seeds_url: str) -> None:
    page = visit(seeds_url)
    ask(page, FOUND)
    page.locator(".more summary").first.click()
    cards = page.locator(".card").all()
    grounds = [colour(page, f'.card[data-hit="{number}"] mark', "backgroundColor") for number in range(1, len(cards) + 1)]
    assert grounds[0] not in grounds[1:]
    assert len({tuple(ground) for ground in grounds}) == 2
    expect(page.locator(".card mark").first).to_have_text(page.locator(".sentence").inner_text().removesuffix("[1]"))
    ask(page, MISSING)
    assert colour(page, '.card[data-hit="1"] mark', "backgroundColor") == grounds[1]


def test_every_passage_has_its_card(visit: Visit, seeds_url: str, seeds: qa.Library) -> None:
    page = visit(seeds_url)
    ask(page, FOUND)
    hits = seeds.ask(FOUND).hits
    cards = page.locator(".card")
    expect(cards).to_have_count(len(hits))
    for place, hit in enumerate(hits):
        card = cards.nth(place)
        expect(card.locator(".rank")).to_have_text(str(hit.rank))
        expect(card.locator(".title")).to_have_text(hit.passage.article.title)
        expect(card.locator(".place")).to_contain_text(hit.passage.article.source)
        published, kind = hit.passage.article.published, hit.passage.kind
        told = [hit.passage.article.source, day_words(published) if published else "", f"paragraph {hit.passage.number}"]
        told[-1] += f" · {kind}" if kind != "paragraph" else ""
        assert card.locator(".place bdi").all_text_contents() == [part for part in told if part]
        assert card.locator(".text").text_content() == hit.passage.text
        assert card.locator("mark").all_text_contents() == [hit.passage.text[slice(*span)] for span in hit.highlight]
    # The question's words, and no others, are underlined.
    assert cards.first.locator(".text b").all_text_contents() == ["Fenjiu's", "products", "sold", "countries"]
    expect(cards.first.locator(".text b").first).to_have_css("text-decoration-line", "underline")
    expect(cards.nth(4)).to_be_visible()
    expect(cards.nth(5)).to_be_hidden()
    page.get_by_text(f"{len(hits) - 5} more").click()
    expect(cards.nth(5)).to_be_visible()


def test_a_caption_says_that_it_is_one(visit: Visit, seeds_url: str) -> None:
    page = visit(seeds_url)
    page.goto(f"{page.url}?q=village&kind=caption")
    expect(page.locator(".card").first).to_be_visible()
    for place in page.locator(".card:visible .place").all():
        expect(place.locator("bdi").last).to_have_text(re.compile(r"^paragraph \d+ · caption$"))


def test_why_a_passage_was_found_is_told_by_bars_with_words(visit: Visit, seeds_url: str, seeds: qa.Library) -> None:
    page = visit(seeds_url)
    ask(page, FOUND)
    found = seeds.ask(FOUND).hits[0].why
    why = page.locator(".card").first.locator(".why")
    why.get_by_text("Why this?").click()
    assert found.fused
    assert found.late
    assert found.reading
    assert why.locator("dt").all_text_contents() == [
        "By meaning",
        "By words",
        "Both together",
        "Word for word",
        "Read with the question",
    ]
    said = why.locator("dd").all_text_contents()
    assert said[0] == f"1st, cosine {found.dense.score:.2f}"
    assert said[1] == f"1st, BM25 {found.lexical.score:.1f}, {found.lexical.score:.1f} at best"
    assert said[3] == f"1st, nearness {found.late.score:.2f}"
    assert said[4] == f"1st, probability {found.reading.score:.2f} that it answers"
    widths = [int(width) for width in why.locator("rect").evaluate_all("all => all.map(one => one.getAttribute('width'))")]
    parts = found.dense.score, 1, 1, found.late.score, found.reading.score
    assert widths == [round(100 * part) for part in parts]
    expect(why).to_contain_text("countries")
    expect(page.locator("#source")).to_be_hidden()


def test_how_sure_the_answer_is_can_be_read_without_a_mouse(visit: Visit, seeds_url: str, seeds: qa.Library) -> None:
    page = visit(seeds_url, 390, 844, has_touch=True, is_mobile=True)
    for question in (FOUND, MISSING):
        ask(page, question)
        told = page.get_by_text(f"Confidence {seeds.ask(question).confidence:.2f} of 1 that the articles answer.")
        expect(told).to_be_hidden()
        page.locator(".card .why summary").first.tap()
        expect(told).to_be_visible()
        # Of the answer, and so with the first passage only.
        assert page.get_by_text("of 1 that the articles answer").count() == 1
    page.locator(".card .why summary").first.focus()
    page.keyboard.press("Enter")
    expect(told).to_be_hidden()
    page.keyboard.press("Enter")
    expect(told).to_be_visible()


def test_the_question_is_in_the_address_and_a_link_reopens_it(visit: Visit, seeds_url: str) -> None:
    page = visit(seeds_url)
    ask(page, FOUND)
    expect(page).to_have_title(re.compile(re.escape(FOUND)))
    assert parse_qs(urlsplit(page.url).query) == {"q": [FOUND]}
    again = visit(page.url)
    expect(box(again)).to_have_value(FOUND)
    expect(again.locator(".sentence")).to_contain_text(FOUND_SENTENCE)


def test_back_and_forward_go_from_question_to_question(visit: Visit, seeds_url: str) -> None:
    page = visit(seeds_url)
    ask(page, FOUND)
    ask(page, CUT)
    page.go_back()
    expect(page.locator(".sentence")).to_contain_text(FOUND_SENTENCE)
    expect(box(page)).to_have_value(FOUND)
    page.go_back()
    expect(page.locator(".answer")).to_have_count(0)
    expect(page.locator("#examples")).to_be_visible()
    expect(box(page)).to_have_value("")
    page.go_forward()
    page.go_forward()
    expect(box(page)).to_have_value(CUT)
    expect(page.locator("[data-question]")).to_have_attribute("data-question", CUT)


def test_a_wait_is_shown_only_when_it_is_long(visit: Visit, seeds_url: str) -> None:
    page = visit(seeds_url)
    held: list[Route] = []
    page.route("**/component_server/**", lambda route: held.append(route))
    # In every frame from when it is busy: for how many milliseconds, and whether the wheel is seen.
    page.evaluate(
        """() => { window.looked = new Promise((resolve) => {
            const frames = [], results = document.querySelector("#results");
            let since = null;
            requestAnimationFrame(function look(now) {
                if (results.hasAttribute("aria-busy")) since ??= now;
                if (since !== null) frames.push([now - since, getComputedStyle(results, "::before").visibility]);
                if (since !== null && now - since > 600) resolve(frames);
                else requestAnimationFrame(look);
            });
        }); }"""
    )
    box(page).fill(FOUND)
    page.keyboard.press("Enter")
    frames = page.evaluate("window.looked")
    assert {seen for after, seen in frames if after < 250} == {"hidden"}
    assert {seen for after, seen in frames if after > 400} == {"visible"}
    for route in held:
        route.continue_()
    expect(page.locator(".sentence")).to_contain_text(FOUND_SENTENCE)
    expect(page.locator("#results[aria-busy]")).to_have_count(0)


def test_an_answer_that_comes_late_does_not_take_the_place_of_a_newer_one(visit: Visit, seeds_url: str) -> None:
    page = visit(seeds_url)
    held: list[Route] = []
    page.route(
        "**/component_server/**",
        lambda route: held.append(route) if "Fenjiu" in route.request.post_data else route.continue_(),
    )
    box(page).fill(FOUND)
    page.keyboard.press("Enter")
    expect(page.locator("#results[aria-busy]")).to_be_attached()
    ask(page, MISSING)
    with page.expect_response(lambda response: "Fenjiu" in response.request.post_data):
        held[0].continue_()
    expect(page.locator("[data-question]")).to_have_attribute("data-question", MISSING)
    expect(page.locator("#results[aria-busy]")).to_have_count(0)


def test_recent_questions_are_kept_in_the_browser_until_they_are_cleared(visit: Visit, seeds_url: str) -> None:
    page = visit(seeds_url)
    recent = page.locator("#recent")
    expect(recent).to_be_hidden()
    ask(page, FOUND)
    ask(page, f"{MISSING} {IMAGE}")
    page.goto(seeds_url)
    expect(recent.get_by_role("link")).to_have_text([f"{MISSING} {IMAGE}", FOUND])
    recent.get_by_role("link").last.click()
    expect(page.locator(".sentence")).to_contain_text(FOUND_SENTENCE)
    page.goto(seeds_url)
    recent.get_by_role("button", name="Clear").click()
    expect(recent).to_be_hidden()
    page.reload()
    expect(box(page)).to_be_visible()
    expect(recent).to_be_hidden()


@pytest.mark.parametrize(
    "broken",
    [
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('forbidden') }})",
        "localStorage.setItem('article-qa.recent', '{not JSON')",
        "localStorage.setItem('article-qa.recent', '[null, 3, {\"question\": 1}]')",
        "Storage.prototype.setItem = () => { throw new DOMException('full') }",
    ],
)
def test_without_storage_the_page_works_all_the_same(visit: Visit, seeds_url: str, broken: str) -> None:
    page = visit(seeds_url)
    page.add_init_script(broken)
    page.goto(seeds_url)
    ask(page, FOUND)
    expect(page.locator(".sentence")).to_contain_text(FOUND_SENTENCE)
    page.goto(seeds_url)
    expect(box(page)).to_be_focused()


def test_the_keyboard_goes_from_the_question_to_the_passages_and_back(visit: Visit, seeds_url: str) -> None:
    page = visit(seeds_url)
    ask(page, FOUND)
    titles = page.locator(".card .title")
    page.keyboard.press("ArrowDown")
    expect(titles.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(titles.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#source")).to_be_visible()
    page.keyboard.press("Escape")
    expect(titles.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(box(page)).to_be_focused()
    titles.nth(3).focus()
    page.keyboard.press("/")
    expect(box(page)).to_be_focused()
    expect(box(page)).to_have_value(FOUND)
    page.locator("#masthead").click()
    page.keyboard.press("/")
    # In the box it is a character like others.
    page.keyboard.type("a/b")
    expect(box(page)).to_have_value("a/b")


def test_a_lost_server_is_told(browser: Browser, seeds_url: str) -> None:
    page = browser.new_page()
    page.goto(seeds_url)
    page.route("**/component_server/**", lambda route: route.abort())
    box(page).fill(FOUND)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("No answer came: is the page still being served?")
    page.close()


def test_examples_come_from_the_corpus_and_ask(visit: Visit, seeds_url: str) -> None:
    page = visit(seeds_url)
    example = page.locator("#examples").get_by_role("link").first
    question = example.inner_text()
    example.click()
    expect(page.locator("[data-question]")).to_have_attribute("data-question", question)
    expect(box(page)).to_have_value(question)
    expect(page.locator(".sentence")).to_contain_text("105 talent apartments")
    # The link is gone, and its place in the page with it: the keyboard goes on from the answer.
    page.keyboard.press("ArrowDown")
    expect(page.locator(".card .title").first).to_be_focused()
    box(page).fill(MISSING)
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator(".sentence")).to_have_text("Not in these articles.")


def test_a_click_opens_the_article_at_the_exact_passage(visit: Visit, seeds_url: str, seeds: qa.Library) -> None:
    page = visit(seeds_url)
    ask(page, FOUND)
    open_first(page)
    hit = seeds.ask(FOUND).hits[0]
    article = hit.passage.article
    source = page.locator("#source")
    expect(source.get_by_role("heading")).to_have_text(article.title)
    assert source.locator(".body").text_content() == article.text[slice(*article.extent)]
    assert source.locator(".cited").all_text_contents() == [article.text[slice(*span)] for span in hit.passage.spans]
    assert source.locator("mark").all_text_contents() == [article.text[slice(*span)] for span in hit.citation.spans]
    expect(source.locator("mark")).to_be_in_viewport(ratio=1)
    # Beside the answer, which stays in view.
    expect(page.locator(".sentence")).to_be_in_viewport(ratio=1)
    assert not scrolls_sideways(page)


def test_a_paragraph_that_a_caption_cuts_has_both_pieces_marked(visit: Visit, seeds_url: str) -> None:
    page = visit(seeds_url)
    ask(page, CUT)
    page.locator(".cite").click()
    pieces = page.locator("#source .cited")
    expect(pieces).to_have_text(["The village where Jing lives is one", "of the beneficiaries of such a campaign."])
    expect(pieces.first).to_be_in_viewport(ratio=1)
    expect(pieces.last).to_be_in_viewport(ratio=1)
    expect(page.locator("#source .body")).to_contain_text("trained in making handicraft at a vocational school. WANG PEI")


def test_the_article_opens_and_closes_by_keyboard(visit: Visit, seeds_url: str) -> None:
    page = visit(seeds_url)
    ask(page, FOUND)
    title = page.locator(".card").nth(1).get_by_role("button")
    title.focus()
    page.keyboard.press("Enter")
    source = page.locator("#source")
    expect(source.get_by_role("heading")).to_be_focused()
    page.keyboard.press("Escape")
    expect(source).to_be_hidden()
    expect(title).to_be_focused()
    page.keyboard.press("Enter")
    source.get_by_role("button", name="Close the article").click()
    expect(source).to_be_hidden()
    expect(title).to_be_focused()


def test_a_card_opens_by_its_text_unless_words_are_being_selected(visit: Visit, seeds_url: str) -> None:
    page = visit(seeds_url)
    ask(page, FOUND)
    text = page.locator(".card .text").first
    box = text.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 10)
    page.mouse.up()
    assert page.evaluate("String(getSelection())")
    expect(page.locator("#source")).to_be_hidden()
    page.evaluate("getSelection().empty()")
    text.click()
    expect(page.locator("#source")).to_be_visible()


def test_a_new_answer_closes_the_article(visit: Visit, seeds_url: str) -> None:
    page = visit(seeds_url)
    ask(page, FOUND)
    open_first(page)
    ask(page, CUT)
    expect(page.locator("#source")).to_be_hidden()
    open_first(page)
    expect(page.locator("#source mark").first).to_have_text("The village where Jing lives is one")


def test_what_is_not_there_is_said_plainly_and_why(visit: Visit, seeds_url: str) -> None:
    page = visit(seeds_url)
    ask(page, MISSING)
    expect(page.locator(".sentence")).to_have_text("Not in these articles.")
    expect(page.get_by_role("heading", name="Nearest passages")).to_be_visible()
    expect(page.locator(".answer")).to_contain_text("do not claim to answer")
    expect(page.locator(".answer")).to_contain_text("None of them says “France”.")
    expect(page.locator(".confidence")).to_have_count(0)
    expect(page.locator(".card:visible")).to_have_count(3)
    expect(page.locator(".card:visible .short")).to_contain_text(["“France”"] * 3)
    open_first(page)
    expect(page.locator("#source .cited").first).to_be_in_viewport()


def test_near_duplicates_are_folded_and_each_opens_its_own_article(visit: Visit, varied_url: str) -> None:
    page = visit(varied_url)
    ask(page, "Where do otters catch fish?")
    first = page.locator(".card").first
    expect(page.locator(".card .text").filter(has_text=OTTERS)).to_have_count(1)
    first.get_by_text("Also in 2 others").click()
    twins = first.locator(".twins").get_by_role("button")
    expect(twins).to_have_count(2)
    for twin in twins.all():
        title = twin.inner_text()
        twin.click()
        expect(page.locator("#source h2")).to_have_text(title)
        expect(page.locator("#source .cited")).to_have_text(OTTERS)
        expect(page.locator("#source .cited")).to_be_in_viewport(ratio=1)
    assert {title} | {first.locator(".title").inner_text()} < {text.split("\n")[0].strip() for text in VARIED.values()}


def test_hits_in_an_article_are_one_step_apart(visit: Visit, varied_url: str) -> None:
    page = visit(varied_url + "?q=cold+rivers+otters+swim&source=rivers.txt")
    expect(page.locator(".card").first).to_be_visible()
    page.locator(".card").filter(has_text="in every valley").locator(".title").click()
    source = page.locator("#source")
    expect(source.locator(".cited")).to_contain_text("in every valley")
    count = page.locator(".card").count()
    expect(source.locator(".steps")).to_contain_text(f"Passage {count} of {count} found here")
    previous = source.get_by_role("button", name="Previous passage found in this article")
    expect(source.get_by_role("button", name="Next passage found in this article")).to_be_disabled()
    assert min((previous.bounding_box() or {})[side] for side in ("width", "height")) >= 36
    # Faster than articles come: no step is lost.
    previous.evaluate("(button, steps) => { while (steps--) button.click(); }", count - 1)
    expect(source.locator(".cited")).to_have_text(OTTERS)
    expect(previous).to_be_disabled()
    page.keyboard.press("ArrowRight")
    expect(source.locator(".steps")).to_contain_text(f"Passage 2 of {count}")
    page.keyboard.press("ArrowLeft")
    expect(source.locator(".cited")).to_have_text(OTTERS)
    expect(page.locator(".card[data-open] .text")).to_have_text(OTTERS)
    page.keyboard.press("Escape")
    expect(page.locator(".card").filter(has_text="in every valley").locator(".title")).to_be_focused()


def test_the_filter_confines_the_question_and_its_chips_are_removed(visit: Visit, varied_url: str) -> None:
    page = visit(varied_url)
    page.get_by_text("Filter", exact=True).click()
    labels = page.locator(".filter .field span").all()
    assert len({(label.bounding_box() or {})["y"] for label in labels}) == 1
    page.get_by_label("From").fill("2022-01-01")
    page.get_by_label("To").fill("2023-12-31")
    page.get_by_label("Paragraphs").check()
    page.get_by_label("File").fill("third")
    expect(page.locator("#sources option")).to_have_count(1)
    page.get_by_label("File").fill("third.txt")
    ask(page, "otters")
    chips = page.locator("#chips").get_by_role("link")
    expect(chips).to_have_text(
        ["Remove: published in 2022 to 2023×", "Remove: third.txt×", "Remove: only paragraphs×"]
    )  # fmt: skip
    expect(page.locator(".card")).to_have_count(1)
    expect(page.locator(".card .place")).to_contain_text("third.txt")
    assert parse_qs(urlsplit(page.url).query) == {
        "q": ["otters"], "from": ["2022-01-01"], "to": ["2023-12-31"], "source": ["third.txt"], "kind": ["paragraph"],
    }  # fmt: skip
    page.reload()
    expect(page.get_by_label("From")).to_have_value("2022-01-01")
    expect(page.get_by_label("Paragraphs")).to_be_checked()
    chips.filter(has_text="third.txt").click()
    expect(page.locator(".card").filter(has_text="copy.txt").first).to_be_visible()
    expect(page.locator(".card").filter(has_text="rivers.txt")).to_have_count(0)
    chips.filter(has_text="published").click()
    expect(page.locator(".card").filter(has_text="rivers.txt").first).to_be_visible()
    page.go_back()
    expect(page.locator(".card").filter(has_text="rivers.txt")).to_have_count(0)


def test_days_in_the_question_are_chips_and_the_timeline_leads_to_a_time(visit: Visit, varied_url: str) -> None:
    page = visit(varied_url)
    ask(page, "Where have otters been seen since 2022?")
    chips = page.locator("#chips").get_by_role("link")
    expect(chips).to_have_text("Remove: since 2022×")
    expect(page.locator(".card").filter(has_text="rivers.txt")).to_have_count(0)
    chips.click()
    expect(page.locator(".card").filter(has_text="rivers.txt").first).to_be_visible()
    assert parse_qs(urlsplit(page.url).query)["from"] == ["any"]
    # Of a named time, the filter is offered.
    ask(page, "Where were otters seen in July 2021?")
    assert "from" not in parse_qs(urlsplit(page.url).query)
    columns = page.locator(".timeline").get_by_role("link")
    expect(columns.first).to_have_accessible_name(re.compile(r"^2021: \d passages?\. Ask of this time alone$"))
    expect(chips).to_have_text("+published in July 2021")
    expect(chips).to_have_attribute("title", re.compile("told by later ones"))
    chips.click()
    expect(page.locator("#chips .on")).to_have_text("Remove: published in July 2021×")
    expect(page.locator(".card").filter(has_text="copy.txt")).to_have_count(0)
    page.go_back()
    columns.last.click()
    expect(page.locator("#chips .on")).to_have_text("Remove: published in 2023×")
    expect(page.locator(".card .place").first).to_contain_text("third.txt")


def test_a_quarter_is_offered_by_its_name(visit: Visit, varied_url: str) -> None:
    page = visit(varied_url)
    ask(page, "Where were otters seen in the first quarter of 2022?")
    chip = page.locator("#chips").get_by_role("link")
    expect(chip).to_have_text("+published in the first quarter of 2022")
    chip.click()
    expect(page.locator("#chips .on")).to_have_text("Remove: published in the first quarter of 2022×")
    expect(page.locator(".card .place").first).to_contain_text("copy.txt")
    expect(page.locator(".card").filter(has_text="third.txt")).to_have_count(0)
    asked = parse_qs(urlsplit(page.url).query)
    assert (asked["from"], asked["to"]) == (["2022-01-01"], ["2022-03-31"])


@pytest.mark.parametrize("refused", [False, True])
def test_citations_and_the_answer_are_copied(visit: Visit, seeds_url: str, seeds: qa.Library, refused: bool) -> None:
    page = visit(seeds_url, permissions=["clipboard-read", "clipboard-write"])
    if refused:
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new DOMException('no')) }")
    ask(page, FOUND)
    answer = seeds.ask(FOUND)
    hit = answer.hits[0]
    first = page.locator(".card").first
    first.get_by_text("Cite", exact=True).click()
    styles = {
        "Plain text": plain_text(hit), "Markdown": markdown(hit), "BibTeX": bibtex(hit), "CSL-JSON": csl_json([hit]),
        "Copy answer": answer_plain_text(answer), "Copy as Markdown": answer_markdown(answer),
    }  # fmt: skip
    for name, text in styles.items():
        page.evaluate("document.querySelector('#toast').textContent = ''")
        button = (page.locator(".answer") if name.startswith("Copy") else first).get_by_role("button", name=name, exact=True)
        button.click()
        expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == text
        expect(button).to_be_focused()


def test_a_citation_that_does_not_come_is_asked_for_again(browser: Browser, seeds_url: str) -> None:
    # With a context of its own: that the browser complains is meant.
    page = browser.new_page()
    page.goto(seeds_url)
    ask(page, FOUND)
    card = page.locator(".card").first
    page.context.set_offline(True)
    card.get_by_text("Cite", exact=True).click()
    expect(card.locator(".cite-as")).to_contain_text("No connection: is the page still being served?")
    page.context.set_offline(False)
    for _ in range(2):
        card.get_by_text("Cite", exact=True).click()
    expect(card.get_by_role("button", name="BibTeX")).to_be_visible()
    expect(card.locator(".cite-as")).not_to_contain_text("No connection")
    page.context.close()


def test_the_answer_is_kept_as_json(visit: Visit, seeds_url: str, seeds: qa.Library) -> None:
    page = visit(seeds_url)
    ask(page, FOUND)
    with page.expect_download() as kept:
        page.get_by_role("button", name="Download JSON").click()
    assert kept.value.suggested_filename == "answer.json"
    assert json.loads(kept.value.path().read_text(encoding="utf-8")) == json.loads(answer_json(seeds.ask(FOUND)))


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("", "the question is empty: ask in words"),
        ("  ", "the question is empty: ask in words"),
        ("why " * 501, "the question has 2,003 characters, expected at most 2,000: shorten it"),
    ],
)
def test_a_mistake_is_one_line(visit: Visit, seeds_url: str, question: str, line: str) -> None:
    page = visit(seeds_url)
    ask(page, question)
    expect(page.get_by_role("alert")).to_have_text(line)
    expect(page.locator("#results")).to_have_text(line)
    assert violations(page) == []
    expect(page.get_by_text("Traceback")).to_have_count(0)
    ask(page, FOUND)
    expect(page.locator(".sentence")).to_contain_text(FOUND_SENTENCE)


@pytest.mark.parametrize("width", [360, 375])
def test_a_phone_never_scrolls_sideways(visit: Visit, seeds_url: str, width: int) -> None:
    page = visit(seeds_url, width, 740, has_touch=True, is_mobile=True)
    assert not scrolls_sideways(page)
    ask(page, CUT)
    assert not scrolls_sideways(page)
    open_first(page)
    assert not scrolls_sideways(page)
    box = page.locator("#source").bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, width)
    expect(page.locator("#source .cited").first).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.getElementById('page').inert")
    page.get_by_role("button", name="Close the article").tap()
    expect(page.locator("#source")).to_be_hidden()
    assert not page.evaluate("document.getElementById('page').inert")


@pytest.mark.parametrize(("query", "scheme"), [("", "dark"), ("?__theme=dark", "light")])
def test_dark_mode_is_dark(visit: Visit, seeds_url: str, query: str, scheme: str) -> None:
    page = visit(seeds_url + query, color_scheme=scheme)
    ask(page, FOUND)
    open_first(page)
    for place in ("body", "#source"):
        assert max(colour(page, place, "backgroundColor")) < 60
        assert min(colour(page, place, "color")) > 180


def colour(page: Page, selector: str, name: str) -> list[int]:
    found = page.locator(selector).evaluate(f"element => getComputedStyle(element).{name}")
    return [int(number) for number in re.findall(r"\d+", found)][:3]


def test_the_page_says_what_the_articles_are_now(visit: Visit, tmp_path: Path) -> None:
    folder, index = tmp_path / "articles", tmp_path / "index"
    folder.mkdir()
    (folder / "rivers.txt").write_text(f"Otters of the rivers\n\n{OTTERS}", encoding="utf-8")
    with served(folder, index, "toy") as url:
        page = visit(url)
        # One article is enough.
        expect(page.locator("#masthead")).to_contain_text("1 article, 1 passage")
        ask(page, "otters in cold rivers")
        expect(page.locator(".card")).to_have_count(1)
        (folder / "bears.txt").write_text(
            "Bears of the woods\n\nUpdated: 2021-07-13\n\nBears sleep all winter.", encoding="utf-8"
        )
        qa.load(folder, index=index, encoder=ToyEncoder())
        page.goto(url)
        expect(page.locator("#masthead")).to_contain_text("2 articles, 2 passages, 2021")
        expect(page.locator("#examples").get_by_role("link")).to_have_count(2)
        page.get_by_text("Filter", exact=True).click()
        expect(page.get_by_label("From")).to_be_visible()
        page.get_by_label("File").fill("bea")
        expect(page.locator("#sources option")).to_have_count(1)


def test_every_script_is_read_in_its_own_direction_and_long_words_wrap(visit: Visit, varied_url: str) -> None:
    page = visit(varied_url, 360, 740)
    ask(page, ARABIC)
    card = page.locator(".card").filter(has_text="arabic.txt")
    expect(card.locator(".text")).to_have_css("direction", "rtl")
    expect(box(page)).to_have_css("direction", "rtl")
    card.locator(".title").click()
    expect(page.locator("#source .body")).to_have_css("direction", "rtl")
    expect(page.locator("#source .cited")).to_have_text(ARABIC)
    assert not scrolls_sideways(page)
    page.keyboard.press("Escape")
    ask(page, "水獭在哪里游泳？")
    expect(page.locator(".card").first).to_contain_text("chinese.txt")
    expect(page.locator(".card").first.locator(".text")).to_have_css("direction", "ltr")
    ask(page, "Where do bears sleep?")
    expect(page.locator(".card .title").filter(has_text=LONG)).to_be_visible()
    assert not scrolls_sideways(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong(visit: Visit, seeds_url: str, scheme: str) -> None:
    page = visit(seeds_url, color_scheme=scheme)
    assert violations(page) == []
    ask(page, MISSING + " since 2021")
    assert violations(page) == []
    page.get_by_text("Filter", exact=True).click()
    ask(page, "How much raw coal did Yangquan produce in 2021?")
    for summary in page.locator(".card").first.locator("summary").all():
        summary.click()
    open_first(page)
    assert violations(page) == []


@pytest.mark.parametrize("width", [1024, 1920, 3840])
def test_wide_screens_are_used_for_the_article_beside_its_answer(visit: Visit, seeds_url: str, width: int) -> None:
    page = visit(seeds_url, width, 1000)
    ask(page, FOUND)
    open_first(page)
    answer, source = page.locator(".answer").bounding_box(), page.locator("#source").bounding_box()
    assert answer
    assert source
    assert answer["x"] + answer["width"] <= source["x"]
    assert not scrolls_sideways(page)
    # The way out stands where the text ends; what would be small on a wall of pixels is larger, and no line too long.
    close = page.locator("#source .close").bounding_box()
    text = page.evaluate(
        """() => {
            const range = document.createRange();
            range.selectNodeContents(document.querySelector("#source .body"));
            return range.getBoundingClientRect().right;
        }"""
    )
    assert close
    type_size = float(page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)"))
    assert type_size == {1024: 16, 1920: 16, 3840: 22}[width]
    assert source["width"] <= 60 * type_size
    assert abs(close["x"] + close["width"] - text) < 3 * type_size


def test_the_text_of_an_article_stays_text(visit: Visit, hostile_url: str) -> None:
    page = visit(hostile_url)
    # Another corpus is not offered questions about the seeds, but about its own titles.
    expect(page.locator("#examples").get_by_role("link")).to_have_text(f"What is said about {HOSTILE['title']}?")
    page.locator("#examples").get_by_role("link").click()
    expect(page.locator(".card .title").first).to_have_text(HOSTILE["title"])
    question = f"Where do otters swim {SCRIPT} {IMAGE} ${{1+1}} {{{{value}}}} \"' & ?"
    ask(page, question)
    paragraph = HOSTILE["text"].split("\n\n")[0]
    expect(page.locator(".card .text").filter(has_text="Otters")).to_have_text(paragraph)
    open_first(page)
    assert page.locator("#source .body").text_content() == HOSTILE["text"]
    expect(page.locator("#source h2")).to_have_text(HOSTILE["title"])
    assert page.evaluate("window.hacked") is None
    assert page.locator("#page img, #source img, #broken, #page script, #source script").count() == 0


def test_a_request_that_leaves_the_machine_is_noticed(browser: Browser) -> None:
    elsewhere = "http://192.0.2.1/font.png"
    with pytest.raises(AssertionError, match=rf"\['{re.escape(elsewhere)}'"), walking.visits(browser) as open_page:
        open_page(f"data:text/html,<img src={elsewhere}>")


def test_a_taken_port_is_one_line(make_library: Callable[[dict[str, str]], qa.Library]) -> None:
    import app

    library = make_library({"otters.txt": "Otters swim in rivers every day of the year."})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(qa.UserError, match=f"127.0.0.1:{port} cannot be served .*choose another"):
            app.serve(library, port=port)


def test_app_without_an_index_says_what_to_run(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, ROOT / "app.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "run: qa index seeds" in done.stderr
