"""What is served, attacked over the network: in a real browser, from another site's page, and byte by byte."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from conftest import ROOT
from playwright.sync_api import Browser, Page, expect
from walking import CHROMIUM, served, visits

import app
import qa
from qa.guard import Safety, hash_password
from qa.page import Settings

browsed = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path: the pages are not walked"),
]

SERVE = """
import json, sys
import app, qa
from qa.guard import Safety
from tests.conftest import ToyEncoder
folder, options = sys.argv[1:]
library = qa.load(folder, index=folder + "/index", encoder=ToyEncoder())
app.serve(library, port=0, safety=Safety(**json.loads(options)))
"""
SCRIPT = "<script>window.hacked = 1</script>"
IMAGE = "<img src=x onerror=window.hacked=2>"
ARTICLE = {
    "_id": f"a\"><b id='broken'>{SCRIPT}",
    "title": f"Otters & </script>{SCRIPT}{IMAGE} ${{window.hacked = 3}} {{{{value}}}}",
    "text": f"Otters swim in rivers {SCRIPT} and {IMAGE} and `${{window.hacked = 3}}` every day.\n\nBears eat honey.",
}
PASSWORD, TOKEN = "correct horse battery", "a-token-of-32-letters-or-so-0123"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "corpus.jsonl").write_text(json.dumps(ARTICLE), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with served(SERVE, folder, "{}") as url:
        yield url


@pytest.fixture(scope="module")
def closed_url(folder: Path) -> Iterator[str]:
    """The address of an application that is opened by a password or a token."""
    options = {"accounts": [f"ann:{hash_password(PASSWORD)}"], "token": TOKEN}
    with served(SERVE, folder, json.dumps(options)) as url:
        yield url


class Elsewhere(BaseHTTPRequestHandler):
    """Another site, which notes what is asked of it."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Elsewhere</title>")

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """The address of another site, and the paths that it was asked for."""
    asked: list[str] = []
    handler = type("Handler", (Elsewhere,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.2", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.2:{server.server_port}/", asked
        server.shutdown()


def opened(page: Page) -> Page:
    expect(page.get_by_role("navigation", name="Pages").get_by_role("link").first).to_be_visible()
    return page


class TestInABrowser:
    pytestmark = browsed

    def test_every_page_keeps_to_its_policy(self, browser: Browser, url: str) -> None:
        with visits(browser) as visit:
            page = opened(visit(url))
            links = page.get_by_role("navigation", name="Pages").get_by_role("link")
            addresses = [str(link.evaluate("link => link.href")) for link in links.all()]
            assert len(set(addresses)) == len(addresses) >= 1
            for address in addresses:
                # `visits` counts every breach that the browser tells, and every request to another host.
                opened(visit(address)).wait_for_load_state("networkidle")

    def test_what_gets_into_a_page_can_do_nothing(
        self, browser: Browser, url: str, elsewhere: tuple[str, list[str]]
    ) -> None:
        site, asked = elsewhere
        page = browser.new_page()
        page.goto(url)
        opened(page)
        found = page.evaluate(
            """async site => {
                const breached = new Set();
                document.addEventListener("securitypolicyviolation", event => breached.add(event.effectiveDirective));
                const script = document.createElement("script");
                script.textContent = "window.hacked = 1";
                document.body.append(script);
                const far = document.createElement("script");
                far.src = `${site}script`;
                document.body.append(far);
                const box = document.createElement("div");
                box.innerHTML = `<img src=x onerror="window.hacked = 2"><svg onload="window.hacked = 3"></svg>
                    <iframe srcdoc="<script>parent.hacked = 4<\\/script>"></iframe><iframe src="${site}frame"></iframe>
                    <a href="javascript:window.hacked = 5">x</a><object data="${site}object"></object>
                    <style>@import url(${site}style); @font-face { font-family: far; src: url(${site}font) }
                    b { font-family: far; background: url(${site}background) }</style><b>x</b>
                    <link rel="stylesheet" href="${site}sheet"><img src="${site}image"><video src="${site}video"></video>
                    <form action="${site}form" method="post"></form>`;
                document.body.append(box);
                const base = document.createElement("base");
                base.href = site;
                document.head.prepend(base);
                box.querySelector("a").click();
                box.querySelector("form").submit();
                navigator.sendBeacon(`${site}beacon`, "x");
                new WebSocket(site.replace("http", "ws"));
                try { new EventSource(`${site}events`); } catch { }
                await fetch(`${site}fetch`).catch(() => null);
                // A form is sent, or not, in its own time.
                const pause = () => new Promise(done => setTimeout(done, 500));
                for (let waits = 0; waits < 20 && !breached.has("form-action"); waits++) await pause();
                await pause();
                return { hacked: window.hacked ?? null, breached: [...breached], base: document.baseURI };
            }""",
            site,
        )
        assert found["hacked"] is None
        assert {"script-src-elem", "script-src-attr", "style-src-elem", "img-src", "connect-src", "frame-src", "form-action",
                "base-uri"} <= set(found["breached"])  # fmt: skip
        assert asked == []
        assert found["base"] == url
        page.close()
        # That the other site would have noticed:
        page = browser.new_page()
        page.goto(f"{site}seen")
        page.close()
        assert "/seen" in asked

    def test_another_site_can_neither_read_nor_send_nor_frame(
        self, browser: Browser, url: str, elsewhere: tuple[str, list[str]]
    ) -> None:
        page = browser.new_page()
        page.goto(elsewhere[0])
        found = page.evaluate(
            """async url => {
                const tried = async (path, options) => {
                    try { const reply = await fetch(url + path, options); return await reply.text(); } catch { return null; }
                };
                const loaded = name => new Promise(done => {
                    const element = document.createElement(name);
                    element.onload = () => done(true);
                    element.onerror = () => done(false);
                    element.src = url + "static/img/logo.svg";
                    document.body.append(element);
                });
                const json = { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" };
                const frame = document.createElement("iframe");
                frame.src = url;
                const framed = new Promise(done => { frame.onload = done; });
                document.body.append(frame);
                await framed;
                return {
                    read: await tried("gradio_api/info"),
                    sent: await tried("gradio_api/component_server/", json),
                    plain: await tried("gradio_api/component_server/", { method: "POST", body: "{}", mode: "no-cors" }),
                    image: await loaded("img"), script: await loaded("script"),
                };
            }""",
            url,
        )
        assert found == {"read": None, "sent": None, "plain": None, "image": False, "script": False}
        # What the browser shows instead of a page that it may not frame.
        (frame,) = page.frames[1:]
        frame.wait_for_url("chrome-error:**")
        page.close()

    def test_a_link_with_the_token_opens_the_page(self, browser: Browser, closed_url: str) -> None:
        with visits(browser) as visit:
            page = opened(visit(f"{closed_url}?token={TOKEN}"))
            assert page.url == closed_url
            assert TOKEN not in page.content()
            assert page.evaluate("document.cookie") == ""
            page.reload()
            opened(page)
            # The token does not stand in the history either.
            assert page.evaluate("history.length") <= 2
        stranger = browser.new_context()
        assert stranger.request.get(closed_url).status == 401
        stranger.close()

    def test_whoever_signs_in_can_ask(self, browser: Browser, closed_url: str) -> None:
        with visits(browser) as visit:
            page = opened(visit(closed_url, http_credentials={"username": "ann", "password": PASSWORD}))
            page.get_by_role("textbox").first.fill("Where do otters swim?")
            page.keyboard.press("Enter")
            expect(page.locator(".card").first).to_be_visible()
            assert page.evaluate("window.hacked ?? null") is None


def sent(url: str, *lines: str) -> tuple[int, dict[str, str], str]:
    """The status, headers and body that come back for a request written by hand."""
    address = urlsplit(url)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=60) as connection:
        connection.sendall("\r\n".join([*lines, "connection: close", "", ""]).encode("latin-1"))
        reply = b""
        while part := connection.recv(65_536):
            reply += part
    head, _, body = reply.decode("latin-1").partition("\r\n\r\n")
    status, *headers = head.split("\r\n")
    return int(status.split()[1]), dict(re.split(": *", line.lower(), maxsplit=1) for line in headers), body


def test_nothing_is_told_of_what_serves(url: str) -> None:
    host = f"host: {urlsplit(url).netloc}"
    for path in ("/", "/nothing", "/gradio_api/info"):
        _, headers, _ = sent(url, f"GET {path} HTTP/1.1", host)
        assert not {"server", "x-powered-by"} & set(headers)
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["GET / HTTP/1.0"], 403),
        (["GET / HTTP/1.1", "host: evil.example"], 403),
        (["GET / HTTP/1.1", "host: 127.0.0.1", "host: evil.example"], 400),
        (["GET http://evil.example/ HTTP/1.1", "host: evil.example"], 403),
        (["GET / HTTP/1.1", "host: evil.example", "x-forwarded-host: 127.0.0.1"], 403),
        (["GET /assets/../../../../../../etc/passwd HTTP/1.1", "host: 127.0.0.1"], 404),
        (["GET /static/..%2f..%2f..%2fetc/passwd HTTP/1.1", "host: 127.0.0.1"], 404),
        (["GET /gradio_api/file=/etc/passwd HTTP/1.1", "host: 127.0.0.1"], 404),
        (["CONNECT evil.example:80 HTTP/1.1", "host: 127.0.0.1"], 404),
        (["POST /gradio_api/component_server HTTP/1.1", "host: 127.0.0.1", "content-type: application/json",
          "content-length: 99999999999"], 413),
        (["POST /gradio_api/component_server HTTP/1.1", "host: 127.0.0.1", "content-type: application/json",
          "content-length: -1"], 400),
    ],
)  # fmt: skip
def test_requests_that_no_client_would_write(url: str, lines: list[str], status: int) -> None:
    found, _, body = sent(url, *lines)
    assert found == status
    assert "root:" not in body
    assert "Traceback" not in body


def test_nobody_is_led_elsewhere_by_a_header(url: str) -> None:
    _, _, body = sent(url, "GET / HTTP/1.1", "host: 127.0.0.1", "x-forwarded-host: evil.example", "x-real-ip: 1.1.1.1")
    assert "gradio_config" in body
    assert "evil.example" not in body


@pytest.mark.skipif(signal.getsignal(signal.SIGINT) is signal.SIG_IGN, reason="in the background Ctrl+C is passed over")
def test_stopping_waits_for_no_open_page(folder: Path) -> None:
    command = [sys.executable, "-c", SERVE, str(folder), "{}"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", server.stdout.readline())
        assert found
        with socket.create_connection(("127.0.0.1", int(found[1]))) as page:
            page.sendall(b"GET /gradio_api/heartbeat/abc HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            assert page.recv(1_000).startswith(b"HTTP/1.1 200")
            server.send_signal(signal.SIGINT)
            _, said = server.communicate(timeout=60)
    assert (server.returncode, said) == (0, "")


def test_a_made_up_address_does_not_help_who_guesses(closed_url: str) -> None:
    host = f"host: {urlsplit(closed_url).netloc}"
    statuses = [
        sent(closed_url, "GET / HTTP/1.1", host, f"x-forwarded-for: 10.0.0.{number}", "authorization: Bearer guess")[0]
        for number in range(8)
    ]
    assert statuses[0] == 401
    assert statuses[-1] == 429


def test_web_sockets_are_refused(url: str) -> None:
    upgrade = ["connection: upgrade", "upgrade: websocket", "sec-websocket-key: x", "sec-websocket-version: 13"]
    status, _, _ = sent(url, "GET /gradio_api/queue/join HTTP/1.1", f"host: {urlsplit(url).netloc}", *upgrade)
    assert status == 405


class NotServedError(Exception):
    """Enough is known."""


def settings_of_pages(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """Takes down what pages are made with, instead of making any."""
    made: list[Settings] = []

    def build(_: qa.Library, settings: Settings) -> None:
        made.append(settings)
        raise NotServedError

    monkeypatch.setattr(app, "build_app", build)
    return made


@pytest.mark.parametrize(
    ("words", "read_only"),
    [
        ([], False),
        (["--read-only"], True),
        (["--host", "0.0.0.0", "--token", TOKEN], True),  # noqa: S104
        (["--name", "qa.example.org", "--token", TOKEN], True),
        (["--host", "0.0.0.0", "--token", TOKEN, "--allow-changes"], False),  # noqa: S104
    ],
)
def test_others_read_only_unless_it_is_said(monkeypatch: pytest.MonkeyPatch, words: list[str], read_only: bool) -> None:
    """What the pages are made with; they are not served."""
    from qa.__main__ import main

    made = settings_of_pages(monkeypatch)
    monkeypatch.setattr("qa.__main__._open", lambda *_: None)
    with pytest.raises(NotServedError):
        main(["serve", "--port", "0", *words])
    assert made[0].read_only is read_only


@pytest.mark.parametrize(
    ("host", "names", "read_only"),
    [("127.0.0.1", (), False), ("0.0.0.0", (), True), ("127.0.0.1", ("qa.example.org",), True)],  # noqa: S104
)
def test_so_do_those_of_a_server_started_in_python(
    monkeypatch: pytest.MonkeyPatch, host: str, names: tuple[str, ...], read_only: bool
) -> None:
    made = settings_of_pages(monkeypatch)
    nothing: Any = None
    with pytest.raises(NotServedError):
        app.serve(nothing, host, 0, safety=Safety(token=TOKEN, names=names))
    assert made[0].read_only is read_only
