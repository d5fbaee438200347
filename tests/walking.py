"""A page of the application in a real browser: served by a process of its own, and watched while it is walked."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conftest import ROOT
from playwright.sync_api import Browser, Page, sync_playwright

from qa.page import Part

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
_QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
          "--disable-component-update", "--disable-sync",
          "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.*, EXCLUDE localhost"]  # fmt: skip

Visit = Callable[..., Page]
Ask = Callable[..., dict[str, Any]]


def calls(part: Part) -> Ask:
    """Calls a function of a page by its name, as its script does."""
    by_name = {function.__name__: function for function in part.functions}

    def ask(function: str, /, **wanted: Any) -> dict[str, Any]:
        told: dict[str, Any] = by_name[function](wanted)
        return told

    return ask


@contextmanager
def served(code: str, *arguments: str | Path) -> Iterator[str]:
    """The address that a program tells first, which serves there."""
    command = [sys.executable, "-c", code, *arguments]
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


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_QUIET)
        yield browser
        browser.close()


@contextmanager
def visits(browser: Browser) -> Iterator[Visit]:
    """Opens pages; afterwards, nothing may have left the machine or gone wrong in the browser."""
    wrong: list[str] = []
    contexts = []

    def go(url: str, width: int = 1280, height: int = 800, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        context.on("request", lambda request: None if _is_local(request.url) else wrong.append(request.url))
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text) if message.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.goto(url)
        return page

    yield go
    for context in contexts:
        context.close()
    assert wrong == [], wrong


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def violations(page: Page) -> list[str]:
    """What axe-core says is wrong with a page: which rule, and where."""
    page.evaluate(_AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{each['id']}: {node['target']}" for each in found for node in each["nodes"]]


def _is_local(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"data", "blob", "about"} or parts.hostname in {"127.0.0.1", "localhost"}
