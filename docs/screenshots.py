"""Photographs the pages over the seed articles, and over an index without any: docs/screenshots (`make screenshots`)."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

_FOLDER = Path(__file__).parent / "screenshots"
_SEEDS = Path(__file__).parent.parent / "seeds"
_ANSWER = "?q=How+many+countries+are+Fenjiu+products+sold+to%3F"
_QUESTIONS = "How many countries are Fenjiu products sold to?\nHow much raw coal did Yangquan produce in 2021?"


def main() -> None:
    """Indexes the seeds into a folder of its own, serves them, and takes the pictures."""
    _FOLDER.mkdir(exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        articles, none = Path(scratch, "seeds"), Path(scratch, "none")
        shutil.copytree(_SEEDS, articles)
        none.mkdir()
        with _served(articles) as url:
            _photograph(browser, "begin", url)
            _photograph(browser, "answer", url + _ANSWER)
            _photograph(browser, "answer-dark", url + _ANSWER, scheme="dark")
            _photograph(browser, "answer-phone", url + _ANSWER, width=390, height=844)
            _photograph(browser, "source", url + _ANSWER, _open_source)
            _photograph(browser, "source-phone", url + _ANSWER, _open_source, width=390, height=844)
            _photograph(browser, "not-there", url + "?q=What+is+the+capital+of+France%3F")
            _photograph(browser, "error", url + "?q=-coal")
            _photograph(browser, "judge", url + "judge", _judge)
            _photograph(browser, "judge-phone", url + "judge", _judge, width=390, height=844)
            _photograph(browser, "articles", url + "articles")
            _photograph(browser, "articles-dark", url + "articles", scheme="dark")
            _photograph(browser, "evaluation", url + "evaluation", _open_report)
        with _served(none, "--empty") as url:
            _photograph(browser, "empty", url)
            _photograph(browser, "empty-articles", url + "articles")
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


def _photograph(
    browser: Browser,
    name: str,
    url: str,
    use: Callable[[Page], None] = lambda _: None,
    *,
    width: int = 1280,
    height: int = 860,
    scheme: Literal["light", "dark"] = "light",
) -> None:
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    page.goto(url)
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_load_state("networkidle")
    use(page)
    page.wait_for_timeout(500)
    page.screenshot(path=_FOLDER / f"{name}.png")
    context.close()


def _open_source(page: Page) -> None:
    page.locator(".card .title").first.click()
    page.locator("#source mark").first.wait_for()


def _judge(page: Page) -> None:
    page.get_by_label("Your name").fill("Ann")
    page.get_by_label("Questions, one a line").fill(_QUESTIONS)
    page.get_by_role("button", name="Judge", exact=True).click()
    page.locator("#judge .pool .card").first.wait_for()


def _open_report(page: Page) -> None:
    page.get_by_role("button", name="eval/report.json").click()
    page.get_by_role("img", name="nDCG@10").wait_for()


if __name__ == "__main__":
    main()
