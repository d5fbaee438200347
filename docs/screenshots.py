"""Photographs the pages over the seed articles, and over an index without any: docs/screenshots (`make screenshots`)."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, sync_playwright

_FOLDER = Path(__file__).parent / "screenshots"
_SEEDS = Path(__file__).parent.parent / "seeds"
_ANSWER = "?q=How+many+countries+are+Fenjiu+products+sold+to%3F"
_FILTERED = "?q=How+much+coal+was+produced+since+2021%3F&kind=paragraph"
_QUESTIONS = "How many countries are Fenjiu products sold to?\nHow much raw coal did Yangquan produce in 2021?"
_FILES = {
    "harvest.txt": b"The harvest of 2024\n\nApples were many, and honey was scarce.",
    "orchard.txt": "The café in the orchard\n\nIt opens in May.".encode("latin-1"),
    "pictures.zip": b"PK",
    "empty.md": b"",
}
_DESKTOP = {"viewport": {"width": 1280, "height": 860}}
_MODES: dict[str, dict[str, Any]] = {
    "": _DESKTOP,
    "-phone": {"viewport": {"width": 390, "height": 844}},
    "-dark": {**_DESKTOP, "color_scheme": "dark"},
}
# Text on a few grounds, and its edges, need no more, and a picture is less than half as large.
_COLOURS = 256


def main() -> None:
    """Indexes the seeds into a folder of its own, serves them, and takes the pictures."""
    shutil.rmtree(_FOLDER, ignore_errors=True)
    _FOLDER.mkdir()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        articles, none = Path(scratch, "seeds"), Path(scratch, "none")
        shutil.copytree(_SEEDS, articles)
        none.mkdir()
        with _served(articles) as seeds, _served(none, "--empty") as empty:
            pages: dict[str, tuple[str, Callable[[Page], None]]] = {
                "answer": (seeds + _ANSWER, _nothing),
                "source": (seeds + _ANSWER, _open_source),
                "judge": (f"{seeds}judge", _judge),
                "articles": (f"{seeds}articles", _nothing),
                "evaluation": (f"{seeds}evaluation", _open_report),
                "empty": (empty, _nothing),
                "error": (f"{seeds}?q=-coal", _nothing),
            }
            for mode, options in _MODES.items():
                for name, (url, use) in pages.items():
                    _photograph(browser, name + mode, url, use, options)
            _photograph(browser, "filter", seeds + _FILTERED, _nothing, _DESKTOP)
            _photograph(browser, "why", seeds + _ANSWER, _ask_why, _DESKTOP)
            _photograph(browser, "judged", f"{seeds}judge", _give_verdicts, _DESKTOP)
            # Last, for it changes the articles.
            _photograph(browser, "upload", f"{seeds}articles", _add_files, _DESKTOP)
        browser.close()


@contextmanager
def _served(articles: Path, *options: str) -> Iterator[str]:
    """The address of the page over a folder of articles; its index, judgements and reports stand beside the folder."""
    place, index = articles.parent, f"{articles.name}-index"
    qa = [sys.executable, "-m", "qa"]
    subprocess.run([*qa, "index", articles.name, "--index", index, *options], check=True, cwd=place)  # noqa: S603
    command = [*qa, "serve", "--index", index, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=place) as server:  # noqa: S603
        assert server.stdout
        try:
            address = re.search(r"http://[^ ]+", server.stdout.readline())
            assert address, "the page could not be served"
            yield address[0]
        finally:
            server.terminate()


def _photograph(browser: Browser, name: str, url: str, use: Callable[[Page], None], options: dict[str, Any]) -> None:
    context = browser.new_context(reduced_motion="reduce", **options)
    page = context.new_page()
    page.goto(url)
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_load_state("networkidle")
    use(page)
    page.wait_for_timeout(500)
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    # Colours of small places count as well; those of large ones are then made exact.
    picture = picture.quantize(_COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE)
    picture.save(_FOLDER / f"{name}.png", optimize=True)
    context.close()


def _nothing(_: Page) -> None:
    pass


def _open_source(page: Page) -> None:
    page.locator(".card .title").first.click()
    page.locator("#source mark").first.wait_for()


def _ask_why(page: Page) -> None:
    page.locator(".card").first.get_by_text("Why this?").click()
    page.locator(".card").nth(1).scroll_into_view_if_needed()


def _judge(page: Page) -> None:
    page.get_by_label("Your name").fill("Ann")
    page.get_by_label("Questions, one a line").fill(_QUESTIONS)
    page.get_by_role("button", name="Judge", exact=True).click()
    page.locator("#judge .pool .card").first.wait_for()


def _give_verdicts(page: Page) -> None:
    _judge(page)
    for key in "3321":
        page.keyboard.press(key)
    page.keyboard.press("ArrowUp")


def _open_report(page: Page) -> None:
    page.get_by_role("button", name="eval/report.json").click()
    page.get_by_role("img", name="nDCG@10").wait_for()


def _add_files(page: Page) -> None:
    files = [FilePayload(name=name, mimeType="", buffer=data) for name, data in _FILES.items()]
    page.locator("#articles input[type=file]").set_input_files(files)
    page.locator(".lines .notice").wait_for()


if __name__ == "__main__":
    main()
