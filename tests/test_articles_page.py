"""The page of the articles: its functions attacked directly, and the page walked in a real browser."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Locator, Page, Route, expect
from walking import CHROMIUM, Ask, Visit, calls, scrolls_sideways, served, violations

import qa
from qa.page import Settings
from qa.page.articles import articles_part
from qa.page.listing import AT_ONCE

OTTERS = {"otters.txt": "Otters swim in rivers every day of the year."}
BEARS = b"Bears eat honey in the forest, and sleep all winter."
SCRIPT = "<script>window.hacked = 1</script>"
HOSTILE = f"{SCRIPT}<img src=x onerror=alert(window.hacked=1)>\"'><b id=broken>"
CHANGES = ("begin_file", "send_piece", "forget_files", "add_files", "remove_file", "update_index", "stop_work")


@pytest.fixture
def library(make_library: Callable[..., qa.Library]) -> qa.Library:
    return make_library(OTTERS)


@pytest.fixture
def page_calls(library: qa.Library) -> Ask:
    return calls(articles_part(library, Settings()))


def sent(ask: Ask, name: str, data: bytes) -> str:
    token = str(ask("begin_file", name=name, size=len(data), replaces=False)["token"])
    assert ask("send_piece", token=token, offset=0, data=base64.b64encode(data).decode()) == {"articles": 1}
    return token


def settled(ask: Ask) -> dict[str, Any]:
    while (standing := ask("work_standing"))["state"] == "running":
        Event().wait(0.005)
    return standing


def listed(ask: Ask, words: str = "", column: str = "order", descending: bool = False, page: int = 1) -> str:
    return str(ask("list_articles", words=words, column=column, descending=descending, page=page)["html"])


def test_a_file_is_sent_added_listed_and_removed(library: qa.Library, page_calls: Ask) -> None:
    token = sent(page_calls, "bears.txt", BEARS)
    assert "number" in page_calls("add_files", tokens=[token])
    assert settled(page_calls)["lines"] == ["Added bears.txt: 1 article added, 1 passage embedded."]
    assert library.ask("honey").hits[0].passage.article.source == "added/bears.txt"
    assert 'data-remove="bears.txt"' in listed(page_calls)
    assert page_calls("remove_file", name="bears.txt").keys() == {"number"}
    assert settled(page_calls)["lines"] == ["Removed bears.txt: 1 article removed, 0 passages embedded."]
    assert "bears.txt" not in listed(page_calls)


@pytest.mark.parametrize("name", CHANGES)
def test_what_only_reads_refuses_every_change(library: qa.Library, page_calls: Ask, name: str) -> None:
    wanted = {
        "name": "x.txt",
        "size": 3,
        "replaces": True,
        "token": "x",
        "offset": 0,
        "data": "eHh4",
        "tokens": [],
        "number": 1,
    }
    part = articles_part(library, Settings(read_only=True))
    assert calls(part)(name, **wanted) == {"problem": "Articles are not changed on this page: it only reads"}
    assert "Drop files" not in part.html
    assert "begin_file" not in part.script
    assert not Path(library.index.manifest.paths[0], "added").exists()


def test_what_only_reads_lists_and_opens(library: qa.Library) -> None:
    ask = calls(articles_part(library, Settings(read_only=True)))
    assert "otters.txt" in listed(ask)
    assert OTTERS["otters.txt"] in ask("read_article", number=0, build=library.index.manifest.build)["html"]
    assert "data-update" not in ask("index_card")["html"]


@pytest.mark.parametrize("wanted", [None, [], "text", 7, {}, {"name": {}}, {"token": [], "tokens": "x", "number": "1"}])
def test_nonsense_is_one_line_and_changes_nothing(library: qa.Library, wanted: Any) -> None:
    for function in articles_part(library, Settings()).functions:
        # These three want nothing.
        if function.__name__ not in {"index_card", "work_standing", "update_index"}:
            told = function(wanted)
            line = told["problem"] if "problem" in told else told["html"]
            assert "expected" in line
            assert "\n" not in line
    assert not Path(library.index.manifest.paths[0], "added").exists()


@pytest.mark.parametrize("data", ["not base64!", "", "====", "A" * 4_000_000, "ж"])
def test_a_piece_that_is_none_is_refused(page_calls: Ask, data: str) -> None:
    token = page_calls("begin_file", name="x.txt", size=3, replaces=False)["token"]
    assert "not the piece that was expected" in page_calls("send_piece", token=token, offset=0, data=data)["problem"]


def test_several_bad_lines_of_a_file_are_told(page_calls: Ask) -> None:
    data = b'{"_id": "a"}'
    token = page_calls("begin_file", name="bad.jsonl", size=len(data), replaces=False)["token"]
    told = page_calls("send_piece", token=token, offset=0, data=base64.b64encode(data).decode())
    assert told["problem"].startswith("bad.jsonl:1: expected a text")


def test_a_file_of_a_name_that_is_there_asks_first(page_calls: Ask) -> None:
    page_calls("add_files", tokens=[sent(page_calls, "bears.txt", BEARS)])
    settled(page_calls)
    assert "is there already" in page_calls("begin_file", name="BEARS.txt", size=3, replaces=False)["there"]
    assert "token" in page_calls("begin_file", name="bears.txt", size=3, replaces=True)


def test_the_list_is_turned_sorted_and_searched(make_library: Callable[..., qa.Library]) -> None:
    count = 2 * AT_ONCE + 5
    records = [{"_id": str(number), "title": f"Title {number:03}", "text": "Words."} for number in range(count)]
    ask = calls(articles_part(make_library({"corpus.jsonl": "\n".join(map(json.dumps, records))}), Settings()))

    def titles(html: str) -> list[str]:
        return re.findall(r"Title \d{3}", html)

    assert titles(listed(ask)) == [f"Title {number:03}" for number in range(AT_ONCE)]
    assert f"1 to {AT_ONCE} of {count}" in listed(ask)
    assert titles(listed(ask, page=3)) == [f"Title {number:03}" for number in range(2 * AT_ONCE, count)]
    assert listed(ask, page=99) == listed(ask, page=3)
    assert listed(ask, page=-5) == listed(ask, page=1)
    assert titles(listed(ask, column="title", descending=True))[0] == f"Title {count - 1:03}"
    assert titles(listed(ask, words="title 007")) == ["Title 007"]
    assert "No article has" in listed(ask, words=HOSTILE)
    assert SCRIPT not in listed(ask, words=HOSTILE)
    for wrong in ({"column": "kinds"}, {"words": "x" * 201}):
        told = ask("list_articles", **{"words": "", "column": "title", "descending": False, "page": 1, **wrong})
        assert "expected" in told["problem"]


def test_an_article_of_another_build_is_not_opened(library: qa.Library, page_calls: Ask) -> None:
    build = library.index.manifest.build
    for number, named in ((0, "state-0"), (1, build), (-1, build), (10**30, build)):
        assert "The articles have changed" in page_calls("read_article", number=number, build=named)["html"]


def test_the_index_card_offers_to_read_changed_files(library: qa.Library, page_calls: Ask) -> None:
    Path(library.index.manifest.paths[0], "wolves.txt").write_text("Wolves howl at the moon.")
    card = page_calls("index_card")["html"]
    assert "changed since" in card
    assert "data-update" in card
    page_calls("update_index")
    assert settled(page_calls)["lines"] == ["Up to date: 1 article added, 1 passage embedded."]
    assert "as they were" in page_calls("index_card")["html"]


# The page in a browser.

SERVE = """
import sys, time
from pathlib import Path
from threading import Lock
import app, index.embedding, qa
from qa.page import Settings
from tests.conftest import ToyEncoder

folder, place, read_only = sys.argv[1:]
# However many this machine has: the first two batches are worked on side by side, and then the next.
index.embedding.PROCESSORS = 2

class Gated(ToyEncoder):
    # Texts that are read slowly wait until somebody opens the gate, for as many batches as it says, or for all.
    passed, lock = 0, Lock()

    def encode_document(self, inputs, /):
        while any("slowly" in text for text in inputs) and not self.passes():
            time.sleep(0.01)
        return super().encode_document(inputs)

    def passes(self):
        gate = Path(folder, ".gate")
        with self.lock:
            opens = gate.exists() and self.passed < int(gate.read_text() or 1_000)
            self.passed += opens
        return opens

app.serve(qa.load(folder, index=place, encoder=Gated()), port=0, settings=Settings(read_only=read_only == "yes"))
"""

walked = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path: the page is not walked")


def fill(folder: Path) -> Path:
    """A folder of articles, one of them hostile."""
    for name, text in OTTERS.items():
        (folder / name).write_text(text)
    corpus: list[dict[str, Any]] = [
        {"_id": str(number), "title": f"Report {number:03}", "text": f"Report {number} is about trees.",
         "metadata": {"date": f"2021-01-{number % 28 + 1:02}"}}
        for number in range(AT_ONCE + 10)
    ]  # fmt: skip
    corpus.append({"_id": HOSTILE, "title": HOSTILE, "text": HOSTILE})
    (folder / "reports.jsonl").write_text("\n".join(map(json.dumps, corpus)))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "articles").mkdir()
    return fill(tmp_path / "articles")


@pytest.fixture
def url(folder: Path, tmp_path: Path) -> Iterator[str]:
    with served(SERVE, folder, tmp_path / "index", "no") as address:
        yield address


@pytest.fixture
def only_reads(folder: Path, tmp_path: Path) -> Iterator[str]:
    (folder / "added").mkdir()
    (folder / "added" / "bears.txt").write_bytes(BEARS)
    with served(SERVE, folder, tmp_path / "index", "yes") as address:
        yield address


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address for whoever changes nothing."""
    folder = fill(tmp_path_factory.mktemp("articles"))
    with served(SERVE, folder, tmp_path_factory.mktemp("index"), "no") as address:
        yield address


def drop(page: Page, **files: bytes) -> None:
    """Gives the page files to add: name_txt is name.txt."""
    named = [FilePayload(name=name.replace("_", "."), mimeType="", buffer=data) for name, data in files.items()]
    page.locator("#articles input[type=file]").set_input_files(named)


def row(page: Page, text: str) -> Locator:
    return page.locator("#articles tbody tr").filter(has_text=text)


def many(count: int) -> bytes:
    return "\n\n".join(f"Paragraph {number} tells slowly of bears." for number in range(count)).encode()


@walked
@pytest.mark.browser
def test_files_are_dropped_and_each_bad_one_has_its_line(url: str, visit: Visit, folder: Path) -> None:
    page = visit(f"{url}articles")
    expect(page.locator("[data-holdings]")).to_contain_text("62 articles")
    cafe = "Wolves of the café howl.".encode("latin-1")
    drop(
        page, bears_txt=BEARS, cafe_txt=cafe, zip_txt=b"PK\3\4\0\0", things_zip=b"PK\3\4", empty_md=b"", bad_jsonl=b"no json"
    )
    lines = page.locator(".lines li")
    expect(lines).to_have_text(
        [
            "things.zip: an archive: unpack it, and add the files that it holds",
            "empty.md: the file is empty, expected an article: write one or leave it out",
            "zip.txt: a binary file, expected UTF-8 text: convert it to text or leave it out",
            re.compile("^bad.jsonl:1: not JSON"),
            "Added bears.txt, cafe.txt: 2 articles added, 2 passages embedded.",
            "cafe.txt: not valid UTF-8 at byte 17: 1 character read as U+FFFD",
        ]
    )
    # Red for what was not added; not for what was, and is to be minded.
    red, amber = (lines.nth(place).evaluate("line => getComputedStyle(line).color") for place in (0, 5))
    assert red != amber
    expect(page.locator(".lines .problem")).to_have_count(4)
    expect(page.locator(".lines .caution")).to_have_count(1)
    assert violations(page) == []
    expect(page.locator("[data-holdings]")).to_contain_text("64 articles")
    assert {path.name for path in (folder / "added").iterdir() if path.is_file()} == {"bears.txt", "cafe.txt"}
    page.goto(f"{url}?q=honey")
    expect(page.locator(".card").first).to_contain_text("Bears eat honey")


@walked
@pytest.mark.browser
def test_a_drop_on_the_page_adds_as_well(url: str, visit: Visit) -> None:
    page = visit(f"{url}articles")
    expect(page.locator("#articles table")).to_be_visible()
    transfer = page.evaluate_handle(
        """text => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], "bears.txt"));
            return transfer;
        }""",
        BEARS.decode(),
    )
    page.dispatch_event("#articles .drop", "dragover", {"dataTransfer": transfer})
    expect(page.locator("#articles .drop")).to_have_attribute("data-over", "")
    page.dispatch_event("#articles .drop", "drop", {"dataTransfer": transfer})
    expect(page.locator(".lines .notice")).to_have_text("Added bears.txt: 1 article added, 1 passage embedded.")
    expect(page.locator("#articles .drop[data-over]")).to_have_count(0)


@walked
@pytest.mark.browser
def test_progress_is_seen_questions_are_answered_and_another_is_told(url: str, visit: Visit, folder: Path) -> None:
    page = visit(f"{url}articles")
    drop(page, slow_txt=many(600))
    working = page.locator(".working")
    expect(working.locator(".stage")).to_have_text("Embedding passages")
    expect(working.locator(".rest")).to_contain_text("of 600")
    bar = working.get_by_role("progressbar", name="Embedding passages")
    expect(bar).to_be_visible()
    assert violations(page) == []
    # It is as long as the work that is done.
    lengths = [0.0]
    for batches in ("2", "6"):
        (folder / ".gate").write_text(batches)
        page.wait_for_function("before => document.querySelector('.working progress').value > before", arg=lengths[-1])
        lengths.append(bar.evaluate("bar => bar.value"))
    assert lengths == sorted(set(lengths))
    assert lengths[-1] < bar.evaluate("bar => bar.max") == 600

    asked = visit(f"{url}?q=rivers")
    expect(asked.locator(".card").first).to_contain_text("Otters swim")

    other = visit(f"{url}articles")
    expect(other.locator(".working .stage")).to_have_text("Embedding passages")
    drop(other, bears_txt=BEARS)
    expect(other.locator(".lines li")).to_have_text(
        "The articles are being changed already: wait until that is done, then add the files."
    )
    (folder / ".gate").write_text("")
    for each in (page, other):
        expect(each.locator(".lines .notice")).to_contain_text("Added slow.txt: 1 article added, 600 passages embedded.")
        expect(each.locator(".working")).to_be_hidden()
        expect(each.locator("[data-holdings]")).to_contain_text("63 articles")


@walked
@pytest.mark.browser
def test_work_is_stopped_and_nothing_has_changed(url: str, visit: Visit, folder: Path) -> None:
    page = visit(f"{url}articles")
    drop(page, slow_txt=many(600))
    expect(page.locator(".working .stage")).to_have_text("Embedding passages")
    page.get_by_role("button", name="Stop").click()
    (folder / ".gate").touch()
    expect(page.locator(".lines li")).to_have_text("Stopped: nothing was added, the articles are as they were.")
    expect(page.locator("[data-holdings]")).to_contain_text("62 articles")
    assert list((folder / "added").glob("*.txt")) == []


@walked
@pytest.mark.browser
def test_a_large_file_that_is_stopped_on_its_way_leaves_nothing(url: str, visit: Visit, folder: Path) -> None:
    page = visit(f"{url}articles")
    expect(page.locator("#articles table")).to_be_visible()
    held: list[Route] = []
    sent: list[int] = []

    def hold(route: Route) -> None:
        """Lets two pieces pass, and keeps the third on its way."""
        called = json.loads(route.request.post_data or "{}")
        if called.get("fn_name") == "send_piece":
            sent.append(called["data"]["offset"])
        if len(sent) == 3 and not held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/component_server/**", hold)
    drop(page, large_txt=b"Bears eat honey in the forest. " * 200_000)
    expect(page.locator(".working .stage")).to_have_text("Sending large.txt")
    page.wait_for_function("document.querySelector('.working progress').value >= 2 ** 21")
    assert list((folder / "added" / ".incoming").iterdir())
    page.get_by_role("button", name="Stop").click()
    for route in held:
        route.continue_()
    expect(page.locator(".lines li")).to_have_text("Stopped: nothing was added, the articles are as they were.")
    expect(page.locator(".working")).to_be_hidden()
    for _ in range(200):
        left = [path for path in (folder / "added").rglob("*") if path.is_file()]
        if not left:
            break
        page.wait_for_timeout(25)
    assert left == []
    assert len(sent) == 3
    expect(page.locator("[data-holdings]")).to_contain_text("62 articles")
    drop(page, bears_txt=BEARS)
    expect(page.locator(".lines .notice")).to_contain_text("Added bears.txt")


@walked
@pytest.mark.browser
def test_replacing_and_removing_ask_first(url: str, visit: Visit, folder: Path) -> None:
    page = visit(f"{url}articles")
    drop(page, bears_txt=BEARS)
    expect(page.locator(".lines .notice")).to_be_visible()
    drop(page, bears_txt=b"Bears fish for salmon.")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("A file of this name is there already. Replace it?bears.txt")
    expect(page.locator(".working")).to_be_hidden()
    assert violations(page) == []
    keep, replace = (dialog.get_by_role("button", name=name).bounding_box() or {} for name in ("Keep", "Replace"))
    assert keep["height"] == replace["height"]
    page.keyboard.press("Escape")
    expect(page.locator(".lines li")).to_have_text("bears.txt: not added, a file of this name is there already")
    assert (folder / "added" / "bears.txt").read_bytes() == BEARS
    drop(page, bears_txt=b"Bears fish for salmon.")
    dialog.get_by_role("button", name="Replace").click()
    expect(page.locator(".lines .notice")).to_contain_text("Added bears.txt")
    assert (folder / "added" / "bears.txt").read_bytes() == b"Bears fish for salmon."

    page.get_by_label("Search titles and sources").fill("bears")
    remove = row(page, "added/bears.txt").get_by_role("button", name="Remove bears.txt")
    remove.click()
    expect(dialog).to_contain_text("Remove this file with its article?")
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog).to_be_hidden()
    assert (folder / "added" / "bears.txt").exists()
    remove.click()
    dialog.get_by_role("button", name="Remove").click()
    expect(page.locator(".lines .notice")).to_contain_text("Removed bears.txt: 1 article removed")
    expect(page.locator("#articles .none")).to_contain_text("No article has “bears”")
    assert not (folder / "added" / "bears.txt").exists()


@walked
@pytest.mark.browser
def test_the_list_is_sorted_searched_turned_and_opened_by_keyboard(visit: Visit, unchanged: str) -> None:
    page = visit(f"{unchanged}articles")
    titles = page.locator("#articles td.title")
    expect(titles).to_have_count(AT_ONCE)
    date = page.get_by_role("button", name="Date")
    date.press("Enter")
    expect(page.locator("th.date")).to_have_attribute("aria-sort", "ascending")
    expect(page.locator("td.date").first).to_have_text("1 January 2021")
    expect(page.get_by_role("button", name="Date")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("th.date")).to_have_attribute("aria-sort", "descending")
    expect(page.locator("td.date").first).to_have_text("28 January 2021")
    page.get_by_role("button", name="Next").press("Enter")
    expect(page.locator(".pager span")).to_have_text("Page 2 of 2")
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    page.get_by_label("Search titles and sources").fill("report 007")
    expect(titles).to_have_text(["Report 007"])
    expect(page.locator(".count")).to_have_text("1 article")
    titles.get_by_role("button").press("Enter")
    expect(page.locator("#source h2")).to_be_focused()
    expect(page.locator("#source .body")).to_have_text("Report 7 is about trees.")
    page.keyboard.press("Escape")
    expect(page.locator("#source")).to_be_hidden()
    expect(titles.get_by_role("button")).to_be_focused()
    page.get_by_text("Index card").click()
    expect(page.locator(".index-card dl")).to_contain_text("62, 60 with a date")


@walked
@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_the_list_is_set_like_a_table(visit: Visit, unchanged: str, width: int) -> None:
    page = visit(f"{unchanged}articles", width, 800)
    first = page.locator("#articles tbody tr").first
    expect(first.locator(".kinds")).to_have_text("1\N{NO-BREAK SPACE}paragraph")
    expect(first.locator(".passages")).to_have_css("font-variant-numeric", "tabular-nums")
    if width == 1280:
        heads = page.locator("#articles thead button").all()
        assert len({(head.bounding_box() or {})["y"] for head in heads}) == 1
        head, cell = heads[-1].bounding_box(), first.locator(".passages").bounding_box()
        assert head
        assert cell
        expect(first.locator(".passages")).to_have_css("text-align", "end")
        assert head["x"] + head["width"] == pytest.approx(cell["x"] + cell["width"] - 24, abs=1)
    # No line of the helping words is too long to read.
    assert (page.locator(".drop .about").bounding_box() or {})["width"] <= 36 * 16


@walked
@pytest.mark.browser
def test_titles_and_names_stay_text(visit: Visit, unchanged: str) -> None:
    page = visit(f"{unchanged}articles")
    page.get_by_label("Search titles and sources").fill("hacked")
    expect(page.locator(".count")).to_have_text("1 article")
    title = page.locator("#articles td.title button")
    expect(title).to_have_text(HOSTILE)
    title.click()
    expect(page.locator("#source h2")).to_have_text(HOSTILE)
    hostile = FilePayload(name="<img src=x onerror=alert(1)>.txt", mimeType="", buffer=BEARS)
    page.locator("#articles input[type=file]").set_input_files([hostile])
    expect(page.locator(".lines .problem")).to_contain_text(
        "<img src=x onerror=alert(1)>.txt: no name for an article's file"
    )
    assert page.evaluate("window.hacked") is None
    assert page.locator("#page img, #source img, #broken, #page script, #source script").count() == 0


@walked
@pytest.mark.browser
def test_a_page_that_only_reads_has_nothing_to_add_with(only_reads: str, visit: Visit) -> None:
    page = visit(f"{only_reads}articles")
    with page.expect_request("**/component_server/") as asked:
        page.get_by_label("Search titles and sources").fill("bears")
    body = json.loads(asked.value.post_data or "")
    body |= {"fn_name": "begin_file", "data": {"name": "x.txt", "size": 3, "replaces": True}}
    told = page.evaluate(
        """([url, body]) => fetch(url, {method: "POST", headers: {"content-type": "application/json"}, body})
        .then((answer) => answer.json())""",
        [asked.value.url, json.dumps(body)],
    )
    assert told == {"problem": "Articles are not changed on this page: it only reads"}
    expect(row(page, "added/bears.txt")).to_be_visible()
    expect(page.locator("input[type=file]")).to_have_count(0)
    expect(page.get_by_role("button", name="Remove")).to_have_count(0)
    row(page, "added/bears.txt").get_by_role("button").click()
    expect(page.locator("#source .body")).to_have_text(BEARS.decode())


@walked
@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 3840])
def test_the_page_fits_a_phone_and_a_wall(visit: Visit, unchanged: str, width: int) -> None:
    page = visit(f"{unchanged}articles", width, 800)
    expect(page.locator("#articles table")).to_be_visible()
    assert not scrolls_sideways(page)
    page.get_by_text("Index card").click()
    expect(page.locator(".index-card dl")).to_be_visible()
    assert not scrolls_sideways(page)
    page.locator("#articles td.title button").first.click()
    expect(page.locator("#source h2")).to_be_visible()
    assert not scrolls_sideways(page)
