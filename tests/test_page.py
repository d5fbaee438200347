"""The page, walked in a real browser as a person would: every request must stay on this machine."""

import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from conftest import ROOT, SEEDS
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

import qa

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
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
    "title": f"Otters & </script>{SCRIPT}{IMAGE} ${{1+1}} {{{{value}}}}",
    "text": f"Otters swim in rivers {SCRIPT} and {IMAGE} and ${{1+1}} and {{{{value}}}} every day.\n\n"
    f"Bears </textarea></span></div> eat honey `${{window.hacked = 1}}` in the forest.",
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


@contextmanager
def served(folder: Path, index: Path, encoder: str) -> Iterator[str]:
    """The address of the page over a folder's articles, served by a process of its own."""
    command = [sys.executable, "-c", SERVE, str(folder), str(index), encoder]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        assert server.stdout is not None
        said = server.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/", said)
        try:
            assert address, said + server.communicate()[0]
            yield address.group()
        finally:
            server.terminate()
            rest = server.stdout.read()
    assert "Traceback" not in rest, rest


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Opens a page, ready to be asked; afterwards, nothing may have left the machine or gone wrong in the browser."""
    requests: list[Request] = []
    wrong: list[str] = []
    contexts = []

    def go(url: str, width: int = 1280, height: int = 800, **options: object) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        context.on("request", lambda request: requests.append(request))
        # Seen and counted, but stopped here.
        context.route(lambda address: not is_local(address), lambda route: route.abort())
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text) if message.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.goto(url)
        expect(page.get_by_label("Question")).to_be_visible()
        return page

    yield go
    for context in contexts:
        context.close()
    assert requests
    assert foreign(requests) == []
    assert wrong == []


def is_local(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"data", "blob"} or parts.hostname in {"127.0.0.1", "localhost"}


def foreign(requests: list[Request]) -> list[str]:
    return [request.url for request in requests if not is_local(request.url)]


def ask(page: Page, question: str) -> None:
    """Asks with Enter, and waits for what comes back."""
    page.get_by_label("Question").fill(question)
    page.keyboard.press("Enter")
    page.wait_for_function(
        """question => document.querySelector("[data-question]")?.dataset.question === question
        || document.querySelector(".problem")""",
        arg=question,
    )


def open_first(page: Page) -> None:
    page.locator(".card").first.get_by_role("button").click()
    expect(page.locator("#source")).to_be_visible()


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def test_the_box_has_the_focus_and_enter_asks(visit: Visit, seeds_url: str) -> None:
    page = visit(seeds_url)
    expect(page.get_by_label("Question")).to_be_focused()
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


def test_every_passage_has_its_card(visit: Visit, seeds_url: str, seeds: qa.Library) -> None:
    page = visit(seeds_url)
    ask(page, FOUND)
    hits = seeds.ask(FOUND).hits
    cards = page.locator(".card")
    expect(cards).to_have_count(len(hits))
    for place, hit in enumerate(hits):
        card = cards.nth(place)
        expect(card.locator(".rank")).to_have_text(str(hit.rank))
        expect(card.get_by_role("button", include_hidden=True)).to_have_text(hit.passage.article.title)
        expect(card.locator(".place")).to_contain_text(hit.passage.article.source)
        expect(card.locator(".place")).to_contain_text(f"paragraph {hit.passage.number}")
        assert card.locator(".text").text_content() == hit.passage.text
        assert card.locator("mark").all_text_contents() == [hit.passage.text[slice(*span)] for span in hit.highlight]
    expect(cards.nth(4)).to_be_visible()
    expect(cards.nth(5)).to_be_hidden()
    page.get_by_text(f"{len(hits) - 5} more").click()
    expect(cards.nth(5)).to_be_visible()


def test_why_a_passage_was_found_is_told_in_words(visit: Visit, seeds_url: str) -> None:
    page = visit(seeds_url)
    ask(page, FOUND)
    why = page.locator(".card").first.locator(".why")
    why.get_by_text("Why this?").click()
    expect(why).to_contain_text(
        re.compile(r"By meaning: 1st, cosine 0\.\d\d\. By words: 1st, BM25 \d+\.\d\. Word for word: 1st, 0\.\d\d\. Score")
    )
    expect(why).to_contain_text("countries")
    expect(page.locator("#source")).to_be_hidden()


def test_examples_and_the_button_ask(visit: Visit, seeds_url: str) -> None:
    page = visit(seeds_url)
    example = page.locator("#examples").get_by_role("button").first
    question = example.inner_text()
    example.click()
    expect(page.locator("[data-question]")).to_have_attribute("data-question", question)
    expect(page.get_by_label("Question")).to_have_value(question)
    expect(page.locator(".sentence")).to_contain_text("105 talent apartments")
    page.get_by_label("Question").fill(MISSING)
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


def test_what_is_not_there_is_said_plainly(visit: Visit, seeds_url: str) -> None:
    page = visit(seeds_url)
    ask(page, MISSING)
    expect(page.locator(".sentence")).to_have_text("Not in these articles.")
    expect(page.get_by_role("heading", name="Nearest passages")).to_be_visible()
    expect(page.locator(".answer")).to_contain_text("do not claim to answer")
    expect(page.locator(".confidence")).to_have_count(0)
    open_first(page)
    expect(page.locator("#source .cited").first).to_be_in_viewport()


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("", "the question is empty: ask in words"),
        ("  ", "the question is empty: ask in words"),
        ("why " * 501, "the question has 2,004 characters, expected at most 2,000: shorten it"),
    ],
)
def test_a_mistake_is_one_line(visit: Visit, seeds_url: str, question: str, line: str) -> None:
    page = visit(seeds_url)
    ask(page, question)
    expect(page.get_by_role("alert")).to_have_text(line)
    expect(page.locator("#results")).to_have_text(line)
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


def test_the_text_of_an_article_stays_text(visit: Visit, hostile_url: str) -> None:
    page = visit(hostile_url)
    # Another corpus is not offered questions about the seeds, but its own titles.
    expect(page.locator("#examples").get_by_role("button")).to_have_text(HOSTILE["title"])
    page.locator("#examples").get_by_role("button").click()
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
    requests: list[Request] = []
    page = browser.new_page()
    page.on("request", lambda request: requests.append(request))
    page.route("**/*", lambda route: route.abort())
    page.set_content('<img src="http://192.0.2.1/font.png"><img src="http://127.0.0.1:9/here.png">')
    page.close()
    assert foreign(requests) == ["http://192.0.2.1/font.png"]


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
