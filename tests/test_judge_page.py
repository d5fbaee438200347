"""The page where passages are judged, walked in a real browser: by keyboard, with undo, by two people at once."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import SEEDS, ToyEncoder
from playwright.sync_api import Browser, Locator, Page, Route, expect
from walking import CHROMIUM, Visit, scrolls_sideways, served, violations

import qa
from eval.gold import read_gold
from index.sentences import split_sentences
from qa.judgements import Judgements
from qa.pooling import pooled

SERVE = """
import sys
from pathlib import Path
import app, qa
from qa.page import Settings
from tests.conftest import ToyEncoder
folder, index, judgements = sys.argv[1:]
library = qa.load(folder, index=index, encoder=ToyEncoder())
app.serve(library, port=0, settings=Settings(read_only=True, judgements=Path(judgements)))
"""
QUESTIONS = ["How many countries are Fenjiu products sold to?", "What does the village of Jing benefit from?", "Who sang?"]

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
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path: the page is not walked"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("judging")


@pytest.fixture(scope="module")
def library(folder: Path) -> qa.Library:
    return qa.load(SEEDS, index=folder / "index", encoder=ToyEncoder())


@pytest.fixture(scope="module")
def url(folder: Path, library: qa.Library) -> Iterator[str]:
    with served(SERVE, SEEDS, folder / "index", folder / "judgements.jsonl") as root:
        yield f"{root}judge"


@pytest.fixture
def file(folder: Path) -> Path:
    """The file that the page writes, not there yet."""
    path = folder / "judgements.jsonl"
    path.unlink(missing_ok=True)
    return path


def begin(page: Page, questions: list[str], who: str = "Ann") -> None:
    page.get_by_label("Your name").fill(who)
    page.get_by_label("Questions, one a line").fill("\n".join(questions))
    page.get_by_role("button", name="Judge", exact=True).click()
    ready(page, questions[0])


def ready(page: Page, question: str) -> None:
    """Waits until a question's passages are there."""
    expect(page.locator("#judge .question")).to_have_text(question)
    expect(page.locator("#judge .pool")).not_to_have_attribute("aria-busy", "true")


def press(page: Page, keys: str) -> None:
    for key in keys.split():
        page.keyboard.press(key)


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def wait_for(file: Path, count: int, page: Page) -> list[dict[str, Any]]:
    for _ in range(800):
        if len(lines(file)) >= count:
            break
        page.wait_for_timeout(25)
    assert len(lines(file)) == count
    return lines(file)


def select(page: Page, card: Locator, words: str) -> None:
    """Selects words of a passage with the mouse."""
    places = card.locator(".text").evaluate(
        """(text, words) => {
            // A paragraph whose words may be parted by a mark.
            const nodes = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
            while (nodes.nextNode() && !nodes.currentNode.data.includes(words));
            const node = nodes.currentNode, start = node.data.indexOf(words), range = document.createRange();
            const box = (from, to) => (range.setStart(node, from), range.setEnd(node, to), range.getBoundingClientRect());
            text.scrollIntoView({ block: "center" });
            const first = box(start, start + 1), last = box(start + words.length - 1, start + words.length);
            return [[first.left, first.top + first.height / 2], [last.right, last.top + last.height / 2]];
        }""",
        words,
    )  # fmt: skip
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=5)
    page.mouse.up()


def test_the_pool_is_blind_and_shuffled(visit: Visit, url: str, file: Path, library: qa.Library) -> None:
    page = visit(url)
    begin(page, QUESTIONS)
    (pool,) = pooled(library, [(QUESTIONS[0], QUESTIONS[0])], ["bm25", "dense", "hybrid"], 10)
    cards = page.locator("#judge .card")
    expect(cards.locator(".text")).to_have_text([passage.text for passage in pool])
    expect(page.locator("#judge .count")).to_have_text("0 of 3")
    best = [hit.passage.id for hit in library.search(QUESTIONS[0])]
    shown = [card.get_attribute("data-passage") for card in cards.all()]
    assert set(best) <= set(shown)
    assert [name for name in shown if name in best] != best
    html = page.locator("#judge .pool").inner_html()
    assert not re.search(r"bm25|dense|hybrid|score|rank|<mark|cosine", html, re.IGNORECASE)
    assert lines(file) == []


def test_by_keyboard_alone_every_verdict_is_written_at_once(visit: Visit, url: str, file: Path, library: qa.Library) -> None:
    page = visit(url)
    begin(page, QUESTIONS)
    cards = page.locator("#judge .card")
    expect(cards.nth(0)).to_be_focused()
    names = [str(card.get_attribute("data-passage")) for card in cards.all()]
    press(page, "1")
    expect(cards.nth(1)).to_be_focused()
    press(page, "ArrowDown 2 ArrowUp ArrowUp 3")
    said = wait_for(file, 3, page)
    assert [(line["passage"], line["verdict"]) for line in said] == [
        (names[0], "answers"),
        (names[2], "partly"),
        (names[1], "no"),
    ]
    passages = {passage.id: passage for passage in library.passages}
    for line in said:
        passage = passages[line["passage"]]
        assert (line["who"], line["question"], line["shown"]) == ("Ann", QUESTIONS[0], len(names))
        assert (line["build"], line["encoder"]) == (library.index.manifest.build, "toy")
        assert [(quote["start"], quote["end"]) for quote in line["quotes"]] == list(passage.spans)
    assert violations(page) == []
    for place, verdict in enumerate(("Answers it", "Does not", "Partly")):
        pressed = cards.nth(place).get_by_role("button", pressed=True)
        expect(pressed).to_have_count(1)
        expect(pressed).to_have_accessible_name(verdict)
    # Nothing here answers: the next question.
    press(page, "n")
    ready(page, QUESTIONS[1])
    expect(page.locator("#judge .count")).to_have_text("1 of 3")
    assert wait_for(file, 4, page)[-1]["verdict"] == "nothing"
    # The last passage of a question leads to the next one too.
    count = page.locator("#judge .card").count()
    for done in range(count):
        press(page, "3")
        wait_for(file, 5 + done, page)
    ready(page, QUESTIONS[2])
    expect(page.locator("#judge .count")).to_have_text("2 of 3")
    assert violations(page) == []
    press(page, "n")
    expect(page.locator("#judge-told")).to_contain_text("All 3 judged")
    assert violations(page) == []
    # A letter that is typed is no verdict.
    page.get_by_role("button", name="Other questions").click()
    page.get_by_label("Questions, one a line").press_sequentially("n1u3")
    assert len(wait_for(file, 5 + count, page)) == 5 + count


def test_undo_takes_back_one_after_another(visit: Visit, url: str, file: Path) -> None:
    page = visit(url)
    begin(page, QUESTIONS)
    cards = page.locator("#judge .card")
    press(page, "1 1 n")
    ready(page, QUESTIONS[1])
    press(page, "2")
    said = wait_for(file, 4, page)
    press(page, "u")
    expect(cards.nth(0)).to_be_focused()
    expect(cards.get_by_role("button", pressed=True)).to_have_count(0)
    press(page, "u")
    ready(page, QUESTIONS[0])
    expect(cards.get_by_role("button", pressed=True)).to_have_count(2)
    expect(page.locator("#judge .count")).to_have_text("0 of 3")
    # Also after the page is loaded again.
    page.reload()
    ready(page, QUESTIONS[0])
    expect(cards.get_by_role("button", pressed=True)).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(cards.get_by_role("button", pressed=True)).to_have_count(1)
    expect(cards.nth(1)).to_be_focused()
    now = wait_for(file, 7, page)
    assert now[:4] == said
    assert [line["takes_back"] for line in now[4:]] == [said[3]["id"], said[2]["id"], said[1]["id"]]
    assert [each.id for each in Judgements(file).standing()] == [said[0]["id"]]
    press(page, "u")
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    assert Judgements(file).standing() == []


@pytest.mark.parametrize("width", [360, 1280])
def test_the_question_and_how_far_it_is_stay_in_sight(visit: Visit, url: str, file: Path, width: int) -> None:
    page = visit(url, width, 740)
    begin(page, QUESTIONS)
    cards = page.locator("#judge .card")
    question, bar, tools = page.locator("#judge .asked"), page.locator("#judge progress"), page.locator("#judge .tools")
    for place in range(1, cards.count()):
        press(page, "ArrowDown")
        expect(cards.nth(place)).to_be_focused()
    for _ in range(cards.count()):
        for seen in (page.locator("#judge .question"), page.locator("#judge .count"), bar):
            expect(seen).to_be_in_viewport(ratio=1)
        # The card that keys are about is not under them, nor under the buttons.
        top, card, bottom = (
            question.bounding_box(),
            page.locator("#judge [aria-current]").bounding_box(),
            tools.bounding_box(),
        )
        assert top
        assert card
        assert bottom
        assert top["y"] + top["height"] <= card["y"]
        assert card["y"] + card["height"] <= bottom["y"]
        press(page, "ArrowUp")


def test_a_verdict_that_is_pressed_moves_nothing(visit: Visit, url: str, file: Path) -> None:
    page = visit(url)
    begin(page, QUESTIONS)
    card = page.locator("#judge .card").first
    for verdict in ("Answers it", "Partly", "Does not"):
        button = card.get_by_role("button", name=verdict)
        expect(button).to_have_css("font-weight", "400")
        before = in_its_card(card)
        button.click()
        expect(button).to_have_css("font-weight", "700")
        assert in_its_card(card) == before


def in_its_card(card: Locator) -> list[tuple[float, float, float, float]]:
    """Where a card's buttons are in it: the page itself scrolls to the next card, if that is not whole in sight."""
    whole, *buttons = (each.bounding_box() for each in (card, *card.get_by_role("button").all()))
    assert whole
    assert all(buttons)
    return [(each["x"] - whole["x"], each["y"] - whole["y"], each["width"], each["height"]) for each in buttons if each]


def test_exact_words_are_chosen_with_the_mouse(visit: Visit, url: str, file: Path, library: qa.Library) -> None:
    page = visit(url)
    begin(page, [QUESTIONS[1]])
    texts = page.locator("#judge .card .text").all_text_contents()
    place = next(number for number, text in enumerate(texts) if text.startswith("The village where Jing lives"))
    # These words stand in two places of the source: a caption cuts their paragraph in two.
    card = page.locator("#judge .card").nth(place)
    select(page, card, "lives is one of the beneficiaries")
    expect(card.locator(".chosen q")).to_have_text("lives is one of the beneficiaries")
    card.get_by_role("button", name="Answers it").click()
    (line,) = wait_for(file, 1, page)
    assert [quote["quote"] for quote in line["quotes"]] == ["lives is one", "of the beneficiaries"]
    article = next(each for each in library.articles if each.id == line["quotes"][0]["article"])
    assert all(article.text[quote["start"] : quote["end"]] == quote["quote"] for quote in line["quotes"])
    # They are still marked when the page is loaded again, and can be let go. A verdict that the page has not yet heard of as
    # written would be sent, and written, once more.
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()
    page.reload()
    ready(page, QUESTIONS[1])
    expect(card.locator("mark")).to_have_text("lives is one of the beneficiaries")
    card.get_by_role("button", name="All of the passage").click()
    expect(card.locator(".chosen")).to_be_hidden()
    card.get_by_role("button", name="Partly").click()
    assert len(wait_for(file, 2, page)[1]["quotes"]) == 2
    assert wait_for(file, 2, page)[1]["quotes"] != line["quotes"]


def test_a_sentence_is_chosen_by_keyboard(visit: Visit, url: str, file: Path, library: qa.Library) -> None:
    page = visit(url)
    begin(page, [QUESTIONS[0]])
    cards = page.locator("#judge .card")
    text = cards.first.locator(".text").text_content() or ""
    sentences = [text[slice(*span)] for span in split_sentences(text)]
    press(page, "s")
    expect(cards.first.locator("mark")).to_have_text(sentences[0])
    for _ in sentences:
        press(page, "s")
    expect(cards.first.locator("mark")).to_have_count(0)
    press(page, "s 2")
    (line,) = wait_for(file, 1, page)
    assert "".join(line["quotes"][0]["quote"].split()) == "".join(sentences[0].split())


def test_two_who_judge_at_once_lose_nothing(visit: Visit, url: str, file: Path) -> None:
    pages = [visit(url), visit(url)]
    for page, who in zip(pages, ("Ann", "Ben"), strict=True):
        begin(page, QUESTIONS, who)
    counts = [page.locator("#judge .card").count() for page in pages]
    assert counts[0] == counts[1]
    # Without waiting for what was written.
    for number in range(counts[0] - 1):
        press(pages[0], "1" if number % 2 else "2")
        press(pages[1], "3")
    press(pages[0], "u")
    said = wait_for(file, 2 * counts[0] - 1, pages[0])
    assert [line["verdict"] for line in said if line["who"] == "Ben"] == ["no"] * (counts[0] - 1)
    standing = Judgements(file).standing()
    assert [each.who for each in standing].count("Ann") == counts[0] - 2
    assert Judgements(file).warnings() == []
    # Neither sees what the other said.
    pages[1].reload()
    ready(pages[1], QUESTIONS[0])
    expect(pages[1].get_by_role("button", name="Does not", pressed=True)).to_have_count(counts[0] - 1)
    expect(pages[1].get_by_role("button", name="Answers it", pressed=True)).to_have_count(0)


def test_what_gets_no_answer_is_kept_and_sent_again(browser: Browser, url: str, file: Path) -> None:
    calls = "**/component_server/**"
    # With a context of its own: that the browser complains is meant.
    page = browser.new_page()
    page.goto(url)
    begin(page, QUESTIONS)
    lost: list[Route] = []

    def lose(route: Route) -> None:
        """The server hears of a verdict, but its answer is lost on the way, once."""
        if not lost:
            route.fetch()
            lost.append(route)
            route.abort()
        else:
            route.continue_()

    page.route(calls, lose)
    press(page, "1")
    said = wait_for(file, 2, page)
    assert said[0]["id"] == said[1]["id"]
    assert len(Judgements(file).standing()) == 1
    page.unroute(calls)
    page.route(calls, lambda route: route.abort())
    press(page, "2 3")
    expect(page.get_by_role("alert")).to_contain_text("Not written yet, but kept: 2 of your verdicts", timeout=20_000)
    assert len(lines(file)) == 2
    page.unroute(calls)
    page.reload()
    # One that was on its way when the page was loaded again may be written twice: it is one.
    for _ in range(800):
        said = {line["id"]: line["verdict"] for line in lines(file)}
        if len(said) == 3:
            break
        page.wait_for_timeout(25)
    assert list(said.values()) == ["answers", "partly", "no"]
    assert len(Judgements(file).standing()) == 3
    ready(page, QUESTIONS[0])
    page.close()


def test_what_was_judged_is_exported_as_gold(visit: Visit, url: str, file: Path, tmp_path: Path) -> None:
    page = visit(url)
    page.get_by_role("button", name="Export gold").click()
    expect(page.locator("#judge-told")).to_contain_text("nothing to export")
    listed = [json.dumps({"id": f"q{number}", "question": question}) for number, question in enumerate(QUESTIONS)]
    page.get_by_label("Your name").fill("Ann")
    page.locator("#judge-begin [type=file]").set_input_files(
        {"name": "questions.jsonl", "mimeType": "text/plain", "buffer": "\n".join(listed).encode()}
    )
    expect(page.get_by_label("Questions, one a line")).to_have_value("\n".join(listed))
    page.get_by_role("button", name="Judge", exact=True).click()
    ready(page, QUESTIONS[0])
    press(page, "1 ArrowRight")
    ready(page, QUESTIONS[1])
    press(page, "n")
    ready(page, QUESTIONS[2])
    press(page, "3")
    wait_for(file, 3, page)
    with page.expect_download() as download:
        page.locator("#judge-work").get_by_role("button", name="Export gold").click()
    download.value.save_as(tmp_path / "gold.jsonl")
    expect(page.locator("#judge-told")).to_have_text("gold.jsonl: 2 questions; 1 left out, not judged whole")
    first, second = read_gold(tmp_path / "gold.jsonl")
    assert (first.id, first.question, first.answerable, second.id, second.answerable) == (
        "q0", QUESTIONS[0], True, "q1", False
    )  # fmt: skip
    assert first.relevant


def test_passages_of_an_answer_are_judged_where_they_stand(visit: Visit, url: str, file: Path, library: qa.Library) -> None:
    begin(page := visit(url), QUESTIONS)
    page.goto(url.removesuffix("judge"))
    page.get_by_role("textbox", name="Question").fill(QUESTIONS[1])
    page.keyboard.press("Enter")
    cards = page.locator("#results .passage")
    hits = library.ask(QUESTIONS[1]).hits
    expect(cards).to_have_count(len(hits))
    place = next(place for place, hit in enumerate(hits) if hit.passage.text.startswith("The village where Jing lives"))
    page.locator("#results .more summary").first.click()
    card = cards.nth(place)
    card.get_by_text("Judge", exact=True).click()
    select(page, card, "is one of the")
    card.get_by_role("button", name="Partly").click()
    expect(card.get_by_role("button", pressed=True)).to_have_text("Partly")
    (line,) = wait_for(file, 1, page)
    assert (line["who"], line["question"], line["verdict"]) == ("Ann", QUESTIONS[1], "partly")
    assert line["passage"] == hits[place].passage.id
    assert [quote["quote"] for quote in line["quotes"]] == ["is one", "of the"]
    # Judging opens no article, and says nothing of what was not judged.
    expect(page.locator("#source")).to_be_hidden()
    assert line["shown"] == 0
    card.get_by_role("button", name="Partly").click()
    expect(card.get_by_role("button", pressed=True)).to_have_count(0)
    assert wait_for(file, 2, page)[1]["takes_back"] == line["id"]
    page.get_by_role("button", name="Nothing here answers it").click()
    assert wait_for(file, 3, page)[2]["verdict"] == "nothing"
    card.get_by_role("button", name="Does not").click()
    wait_for(file, 4, page)
    # Of some of the articles that is not said: of all it would be untrue.
    page.goto(f"{page.url}&from=2021-01-01")
    expect(cards.first).to_be_visible()
    expect(page.get_by_role("button", name="Nothing here answers it")).to_have_count(0)
    # The page for judging knows what was said of a passage, but asks again of all that the systems find.
    page.goto(url)
    ready(page, QUESTIONS[0])
    expect(page.locator("#judge .count")).to_have_text("0 of 3")
    page.get_by_role("button", name="Next question").click()
    ready(page, QUESTIONS[1])
    expect(page.locator("#judge").get_by_role("button", pressed=True)).to_have_count(1)
    expect(page.locator("#judge .card", has=page.get_by_role("button", pressed=True)).locator(".text")).to_have_text(
        hits[place].passage.text
    )
    # What was asked can be judged.
    page.get_by_role("button", name="Other questions").click()
    page.get_by_role("button", name="My recent questions").click()
    expect(page.get_by_label("Questions, one a line")).to_have_value(QUESTIONS[1])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "no questions: expected one a line"),
        ("Where?\n-not", "line 2: the question only says what to leave out, '-not'"),
        ('{"id": "q1"}', "line 1: expected _id or id, and text or question; found id"),
        ("{broken", "line 1: not JSON"),
        ("\n".join(f"Where is {number}?" for number in range(2_001)), "2,001 questions, expected at most 2,000"),
    ],
)
def test_a_list_that_cannot_be_used_is_one_line(visit: Visit, url: str, file: Path, text: str, line: str) -> None:
    page = visit(url)
    page.get_by_label("Questions, one a line").fill(text)
    page.get_by_role("button", name="Judge", exact=True).click()
    expect(page.locator("#judge-told")).to_contain_text(line)
    expect(page.locator("#judge-work")).to_be_hidden()


def test_a_file_that_cannot_be_written_is_told_and_nothing_seems_judged(
    visit: Visit, folder: Path, library: qa.Library, tmp_path: Path
) -> None:
    (tmp_path / ".judgements.jsonl.lock").mkdir()
    with served(SERVE, SEEDS, folder / "index", tmp_path / "judgements.jsonl") as root:
        page = visit(f"{root}judge")
        begin(page, QUESTIONS)
        press(page, "1")
        expect(page.get_by_role("alert")).to_contain_text("cannot be written (Is a directory): nothing was judged")
        expect(page.locator("#judge .card").get_by_role("button", pressed=True)).to_have_count(0)
        (tmp_path / ".judgements.jsonl.lock").rmdir()
        press(page, "2")
        expect(page.get_by_role("button", name="Partly", pressed=True)).to_have_count(1)
        (line,) = wait_for(tmp_path / "judgements.jsonl", 1, page)
        assert line["verdict"] == "partly"
        page.close()


def test_hostile_text_stays_text(visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_text(json.dumps(HOSTILE), encoding="utf-8")
    file = tmp_path / "judgements.jsonl"
    question = f"Where do otters swim {SCRIPT} {IMAGE} ${{1+1}} {{{{value}}}} ' & ?"
    with served(SERVE, tmp_path, tmp_path / "index", file) as root:
        page = visit(f"{root}judge")
        begin(page, [question], who=f"{IMAGE}{SCRIPT}")
        expect(page.locator("#judge .as")).to_contain_text(f"{IMAGE}{SCRIPT}")
        expect(page.locator("#judge .place b").first).to_have_text(HOSTILE["title"])
        otters = page.locator("#judge .card").filter(has_text="Otters swim")
        expect(otters.locator(".text")).to_have_text(HOSTILE["text"].split("\n\n")[0])
        otters.locator(".text").click()
        press(page, "s 1")
        expect(otters.locator("mark")).to_contain_text("<script>")
        (line,) = wait_for(file, 1, page)
        assert (line["question"], line["who"]) == (question, f"{IMAGE}{SCRIPT}")
        assert line["passage"].startswith(HOSTILE["_id"])
        assert page.evaluate("window.hacked") is None
        assert page.locator("#judge img, #judge script, #broken").count() == 0
        page.close()


@pytest.mark.parametrize("width", [360, 1280, 3840])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_every_width_and_is_read_in_light_and_dark(
    visit: Visit, url: str, file: Path, width: int, scheme: str
) -> None:
    page = visit(url, width, 740, color_scheme=scheme)
    begin(page, QUESTIONS)
    press(page, "1")
    assert not scrolls_sideways(page)
    button = page.locator("#judge .verdict[aria-pressed=true]").first
    for place in (button, page.locator("#judge .text").first, page.locator("#judge .place").first):
        assert contrast(page, place) >= 4.5


def contrast(page: Page, place: Locator) -> float:
    """The contrast of a text to what it stands on, by WCAG."""
    ink, ground = place.evaluate(
        """place => {
            let behind = place;
            while (/, 0\\)$|^transparent$/.test(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement;
            return [getComputedStyle(place).color, getComputedStyle(behind).backgroundColor];
        }"""
    )

    def light(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(ink), light(ground)), reverse=True)
    return (high + 0.05) / (low + 0.05)
