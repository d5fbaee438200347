"""The guard, attacked: by other hosts and sites, by paths and bodies that it should not take, and by those who guess."""

import asyncio
import base64
import io
import json
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import ROOT, ToyEncoder

import app
import qa
from qa.__main__ import main
from qa.guard import Guard, Safety, hash_password
from qa.guard.access import Access, verify_password
from qa.guard.buckets import MOST_ADDRESSES, Buckets
from qa.guard.heads import own_head
from qa.guard.policy import Policy

FILES = {"otters.txt": "Otters in the river\n\nOtters swim in the river every day.\n\nThey eat fish there."}
QUESTION = "Where do otters swim?"
ASK = "/gradio_api/call/v2/ask_articles"
JOIN, CALL = "/gradio_api/queue/join", "/gradio_api/component_server"
HOST, EVERYWHERE = "127.0.0.1:7860", "0.0.0.0"  # noqa: S104
PASSWORD, TOKEN = "correct horse battery", "a-token-of-32-letters-or-so-0123"
HASH = hash_password(PASSWORD)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> qa.Library:
    folder = tmp_path_factory.mktemp("articles")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return qa.load(folder, index=folder / "index", encoder=ToyEncoder())


@dataclass
class Caller:
    """Sends requests to a guarded application as a client at an address would."""

    guard: Guard
    address: str = "127.0.0.1"

    def send(self, method: str, path: str, host: str = HOST, **options: Any) -> httpx.Response:
        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(self.guard, client=(self.address, 40_000))
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
                headers = {"host": host, **options.pop("headers", {})}
                return await client.request(method, path, headers=headers, **options)

        return asyncio.run(call())

    def get(self, path: str = "/", **options: Any) -> httpx.Response:
        return self.send("GET", path, **options)

    def ask(self, **options: Any) -> httpx.Response:
        return self.send("POST", ASK, json={"question": QUESTION}, **options)


def guarded(library: qa.Library, *values: Any, **named: Any) -> Guard:
    """The application, made while an event loop runs: Gradio would leave one of its own open."""

    async def make() -> Guard:
        return app.web_app(library, *values, **named)

    return asyncio.run(make())


@pytest.fixture(scope="module")
def caller(library: qa.Library) -> Caller:
    return Caller(guarded(library))


def reaching(reached: list[str], safety: Safety | None = None, host: str = "127.0.0.1") -> Caller:
    """A caller of an application that only notes what reaches it."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["path"])
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"reached"})

    return Caller((safety or Safety()).guard(application, host, app.GRADIO, "", ""))


def signed(user: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def is_one_line(response: httpx.Response, status: int) -> bool:
    return response.status_code == status and response.text.count("\n") == 1 and "Traceback" not in response.text


class Clock:
    """A clock that goes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


# All that a page may do. Besides the hashes of its own inline scripts there are two exceptions, both for Gradio: it makes
# functions of the page's scripts ('unsafe-eval') and sets styles ('unsafe-inline', which is not among the scripts').
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-eval' HASHES; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; object-src 'none'; frame-ancestors 'none'; "
    "base-uri 'self'; form-action 'self'"
)


@pytest.mark.parametrize("path", ["/", "/judge", "/articles", "/evaluation"])
def test_a_page_comes_with_exactly_this_policy(caller: Caller, path: str) -> None:
    answer = caller.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert re.sub(r"'sha256-[\w+/]{43}='( 'sha256-[\w+/]{43}=')*", "HASHES", policy, flags=re.ASCII) == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]
    assert "server" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/judge", "/articles", "/evaluation"])
def test_the_head_of_a_page_is_the_application_s_own(caller: Caller, path: str) -> None:
    answer = caller.get(path)
    head = answer.text.partition("</head>")[0]
    assert head.count("<title>") == 1
    assert head.index("<title>Ask the articles</title>") < head.index("<script")
    assert not re.search(r"og:|twitter:|content=\"[^\"]*Gradio|Click to try", head)
    addresses = set(re.findall(r"https?://([^/:\"'\s\\]+)", head))
    assert addresses <= {"127.0.0.1"}
    assert len(answer.content) == int(answer.headers["content-length"])


@pytest.mark.parametrize(
    ("host", "safety", "told"),
    [
        ("127.0.0.1", Safety(), True),
        ("::1", Safety(anyone=True), True),
        (EVERYWHERE, Safety(anyone=True), False),
        ("192.168.1.5", Safety(accounts=(f"ann:{HASH}",)), False),
        # Behind a proxy, the page listens here and is read elsewhere.
        ("127.0.0.1", Safety(accounts=(f"ann:{HASH}",)), False),
        ("127.0.0.1", Safety(token=TOKEN), False),
        ("127.0.0.1", Safety(anyone=True, names=("qa.example.org",)), False),
    ],
)
def test_that_nothing_leaves_the_computer_is_told_only_where_it_is_true(
    library: qa.Library, host: str, safety: Safety, told: bool
) -> None:
    caller = Caller(guarded(library, host, safety=safety))
    signed_in = {"cookie": caller.guard.access.cookie} if safety.token else signed("ann", PASSWORD)
    page = caller.get(host=host if host == "192.168.1.5" else HOST, headers=signed_in).text
    assert "Answers are quoted from them, word for word." in page
    assert ("Nothing leaves this computer." in page) is told


def test_a_head_is_made_whatever_it_was() -> None:
    assert own_head("<head lang='en'><title>Gradio</title></head><body><title>", "A & B") == (
        "<head lang='en'>\n\t\t<title>A &amp; B</title></head><body><title>"
    )
    card = '<meta\n property="og:image"\n content="https://example.org/a.png"\n/>'
    assert "example.org" not in own_head(f"<head>{card}</head>", "A")
    assert "example.org" in own_head(f"<head></head><body>{card}", "A")


@pytest.mark.parametrize("path", ["/gradio_api/info", "/favicon.ico", "/nothing", "/theme.css"])
def test_what_is_no_page_may_do_nothing_in_a_browser(caller: Caller, path: str) -> None:
    answer = caller.get(path)
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; frame-ancestors 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


TEMPLATE = "<script>window.config = {{ config }};</script><script src='a.js'></script><script> start(); </script>"


def hashes(html: str) -> int:
    return Policy(TEMPLATE).of(html).count("'sha256-")


def test_only_the_scripts_of_the_template_are_let_run() -> None:
    assert hashes('<script>window.config = {"a": "x"};</script><script> start(); </script>') == 2
    assert hashes("<script>alert(1)</script><script> start(); </script>") == 1
    assert hashes("<script>window.config = alert(1);</script>") == 0
    assert hashes("<script>window.config = {}; alert(1);</script>") == 0
    # Twice: one of them is not the page's own, and nobody knows which.
    assert hashes('<script>window.config = {"a": "evil"};</script><script>window.config = {};</script>') == 0


OTHER_HOSTS = [
    "evil.example", "evil.example:7860", "127.0.0.1.evil.example", "localhost@evil.example",
    "0.0.0.0:7860", "192.168.1.5", "[::2]", "", "127.0.0.1:7860/x", "127.0.0.1 evil",
]  # fmt: skip


@pytest.mark.parametrize("host", OTHER_HOSTS)
def test_another_host_is_refused(caller: Caller, host: str) -> None:
    """DNS rebinding: a site's own name leads to this machine, and its scripts read what is served here."""
    assert is_one_line(caller.get(host=host), 403)
    assert is_one_line(caller.ask(host=host), 403)


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost", "LOCALHOST:8000", "[::1]:7860"])
def test_this_machine_is_served_by_its_names(caller: Caller, host: str) -> None:
    assert caller.get(host=host).status_code == 200


def test_listening_everywhere_is_no_door_for_rebinding() -> None:
    everywhere = reaching([], Safety(anyone=True, names=("qa.example.org",)), EVERYWHERE)
    for host in ("192.168.1.5:7860", "qa.example.org", socket.gethostname(), "localhost:7860"):
        assert everywhere.get("/theme.css", host=host).status_code == 200, host
    assert is_one_line(everywhere.get("/theme.css", host="evil.example"), 403)


OTHER_SITES = [
    "http://evil.example", "null", "http://127.0.0.1:3000", "https://localhost:7860",
    "http://127.0.0.1:7860.evil.example", "http://127.0.0.1:7860, http://evil.example",
]  # fmt: skip


@pytest.mark.parametrize("origin", OTHER_SITES)
def test_another_site_cannot_send(origin: str) -> None:
    reached: list[str] = []
    caller = reaching(reached)
    for path in (JOIN, CALL):
        assert is_one_line(caller.send("POST", path, json={"data": []}, headers={"origin": origin}), 403)
    assert is_one_line(caller.get("/gradio_api/info", headers={"origin": origin}), 403)
    assert reached == []
    assert caller.send("POST", JOIN, json={"data": []}, headers={"origin": f"http://{HOST}"}).text == "reached"


def test_another_site_cannot_ask_whether_it_may_send(caller: Caller) -> None:
    asked = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    assert caller.send("OPTIONS", JOIN, headers=asked).status_code == 403
    own = caller.ask(headers={"origin": f"http://{HOST}"})
    assert own.status_code == 200
    assert not [name for name in own.headers if name.startswith("access-control")]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_cannot_use_what_is_here_but_may_link(caller: Caller, site: str) -> None:
    marks = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors"}
    assert is_one_line(caller.get("/gradio_api/info", headers=marks), 403)
    assert caller.get(headers={**marks, "sec-fetch-mode": "navigate"}).status_code == 200
    assert caller.get(headers={**marks, "sec-fetch-site": "same-origin"}).status_code == 200


CLOSED = [
    ("POST", "/gradio_api/upload"), ("GET", "/gradio_api/upload_progress?upload_id=1"), ("GET",
    "/gradio_api/file=/etc/passwd"),
    ("GET", "/gradio_api/file=http://evil.example/"), ("GET", "/gradio_api/file//etc/passwd"), ("GET", "/file=/etc/passwd"),
    ("GET", "/gradio_api/proxy=http://evil.example/"), ("HEAD", "/gradio_api/proxy=https://a.hf.space/"),
    ("POST", "/gradio_api/stream/1"), ("GET", "/gradio_api/stream/a/b/1/playlist.m3u8"), ("POST", "/gradio_api/reset"),
    ("POST", "/gradio_api/cancel"), ("GET", "/gradio_api/user"), ("GET", "/gradio_api/token"), ("GET", "/gradio_api/app_id"),
    ("GET", "/gradio_api/dev/reload"), ("GET", "/gradio_api/deep_link?session_hash=a"), ("POST", "/gradio_api/vibe-edit"),
    ("GET", "/gradio_api/vibe-code"), ("POST", "/gradio_api/process_recording"), ("GET", "/gradio_api/queue/status"),
    ("GET", "/gradio_api/startup-events"), ("POST", "/gradio_api/run/predict"), ("POST", "/gradio_api/call/lambda"),
    ("GET", "/gradio_api/custom_component/a/client/component/../../../app.py"), ("GET", "/gradio_api/runs"),
    ("GET", "/monitoring"), ("GET", "/monitoring/summary"), ("POST", "/login"), ("GET", "/logout"), ("GET", "/config"),
    ("GET", "/pwa_icon/100000"), ("GET", "/svelte/svelte.js"), ("GET", "/docs"), ("GET", "/openapi.json"),
    ("GET", "/gradio_api/mcp/"), ("POST", "/gradio_api/mcp/"), ("GET", "/?deep_link=../../x"), ("GET", "/?page=nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_what_the_page_does_not_need_is_closed(caller: Caller, method: str, path: str) -> None:
    answer = caller.send(method, path, **({"json": {}} if method == "POST" else {}))
    assert answer.status_code == 404
    assert answer.text == ("" if method == "HEAD" else "there is nothing here\n")


@pytest.mark.parametrize(
    "path",
    ["/assets/../../../../app.py", "/static/..%2f..%2findex.html", "/assets/%2e%2e/index.html", "/static//etc/passwd",
     "/assets/..%5c..%5cindex.html", "/static/%00/etc/passwd", "/assets/.hidden", "//etc/passwd",
     "/static/img/../../index.html",
     "/assets/%252e%252e/index.html"],
)  # fmt: skip
def test_no_path_leads_out_of_its_folder(caller: Caller, path: str) -> None:
    reached: list[str] = []
    for each in (caller, reaching(reached)):
        # As it is: a client would tidy it up.
        url = httpx.URL(f"http://{HOST}", raw_path=path.encode())
        answer = each.send("GET", url)  # type: ignore[arg-type]
        assert answer.status_code == 404
    assert reached == []


WRONG_METHODS = [
    ("POST", "/"), ("DELETE", "/"), ("GET", JOIN), ("PUT", CALL), ("OPTIONS", "/"),
    ("GET", ASK), ("TRACE", "/theme.css"), ("POST", "/gradio_api/queue/data"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), WRONG_METHODS)
def test_a_wrong_method_is_refused(caller: Caller, method: str, path: str) -> None:
    answer = caller.send(method, path)
    assert is_one_line(answer, 405)
    assert method not in answer.headers["allow"]


def test_a_body_is_bounded_whether_it_says_its_length_or_not() -> None:
    reached: list[str] = []
    caller = reaching(reached)
    most = caller.guard.doors.find("POST", JOIN).body
    kind = {"content-type": "application/json"}

    async def endless() -> Any:
        while True:
            yield b" " * 65_536

    whole = json.dumps({"data": ""}).encode().ljust(most)
    assert caller.send("POST", JOIN, content=whole, headers=kind).text == "reached"
    assert is_one_line(caller.send("POST", JOIN, content=whole + b" ", headers=kind), 413)
    assert is_one_line(caller.send("POST", JOIN, content=endless(), headers=kind), 413)
    lying = {**kind, "content-length": "10"}
    assert is_one_line(caller.send("POST", JOIN, content=whole + b" ", headers=lying), 413)
    assert reached == [JOIN]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b'{"data": []}', "text/plain", 415),
        (b'{"data": []}', "application/x-www-form-urlencoded", 415),
        (b"--a\r\n\r\n--a--", "multipart/form-data; boundary=a", 415),
        (b'{"data": []}', "", 415),
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[" * 1_000_000, "application/json", 400),
        (b"\xff\xfe{", "application/json; charset=utf-8", 400),
    ],
)
def test_only_json_is_taken(content: bytes, kind: str, status: int) -> None:
    reached: list[str] = []
    caller = reaching(reached)
    assert is_one_line(caller.send("POST", CALL, content=content, headers={"content-type": kind}), status)
    assert reached == []


FILE = {"path": "http://evil.example/", "url": "http://evil.example/", "meta": {"_type": "gradio.FileData"}}


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"question": FILE}),
        json.dumps({"data": [FILE], "fn_index": 0, "session_hash": "a"}),
        json.dumps({"data": [[{"deep": {"er": {**FILE, "path": "/etc/passwd"}}}]]}),
        json.dumps({"data": [FILE]}).replace("meta", r"\u006deta").replace("path", r"pat\u0068"),
        '{"data": [{"path": 1, "meta": {}, "path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}]}',
    ],
)
def test_nobody_has_the_server_fetch_an_address_or_copy_a_file(caller: Caller, body: str) -> None:
    """Gradio fetches what looks like a file of its own, in any field."""
    reached: list[str] = []
    for each, path in ((caller, ASK), (caller, CALL), (reaching(reached), JOIN)):
        answer = each.send("POST", path, content=body, headers={"content-type": "application/json"})
        assert is_one_line(answer, 403)
    assert reached == []


def test_even_behind_the_guard_no_file_is_copied(
    library: qa.Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    unguarded = Caller(guarded(library).application)  # type: ignore[arg-type]
    body = {"data": [{**FILE, "path": str(ROOT / "README.md")}, 1, "", "", [], []]}
    assert unguarded.send("POST", "/gradio_api/run/ask_articles", json=body).status_code >= 400
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_question_is_bounded(caller: Caller) -> None:
    answer = caller.send("POST", "/gradio_api/run/ask_articles", json={"question": "why " * 501})
    assert answer.status_code == 400
    assert "expected at most 2,000" in answer.json()["error"]


def test_without_the_password_everything_is_closed() -> None:
    reached: list[str] = []
    caller = reaching(reached, Safety(accounts=(f"ann:{HASH}",)))
    for path in ("/gradio_api/info", "/static/img/logo.svg", "/theme.css"):
        answer = caller.get(path)
        assert is_one_line(answer, 401)
        assert answer.headers["www-authenticate"] == 'Basic realm="qa", charset="UTF-8"'
    assert is_one_line(caller.send("POST", CALL, json={}), 401)
    assert reached == []
    assert caller.get("/gradio_api/info", headers=signed("ann", PASSWORD)).status_code == 200
    assert caller.send("POST", CALL, json={}, headers=signed("ann", PASSWORD)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        signed("ann", "correct horse batterz"), signed("ann", ""), signed("", PASSWORD), signed("bob", PASSWORD),
        signed("ann", HASH), {"authorization": "Basic"}, {"authorization": "Basic !!!"}, {"authorization": "Basic /w=="},
        {"authorization": f"Bearer {PASSWORD}"}, {"authorization": f"Digest {PASSWORD}"}, {"cookie": "qa-00000000=x"},
        {"cookie": "=; ;;qa"},
    ],
)  # fmt: skip
def test_nothing_but_the_password_signs_in(headers: dict[str, str]) -> None:
    reached: list[str] = []
    assert is_one_line(reaching(reached, Safety(accounts=(f"ann:{HASH}",))).get("/gradio_api/info", headers=headers), 401)
    assert reached == []


def test_guessing_is_slowed_for_the_one_who_guesses() -> None:
    reached: list[str] = []
    caller, clock = reaching(reached, Safety(accounts=(f"ann:{HASH}",), token=TOKEN)), Clock()
    caller.guard.tries = Buckets(0.1, 3, clock)
    at_home = Caller(caller.guard, "127.0.0.2")
    path, right = "/gradio_api/info", signed("ann", PASSWORD)
    assert at_home.get(path, headers=right).status_code == 200
    for guess in (signed("ann", "guess one"), {"authorization": "Bearer guess"}, None):
        answer = caller.get(path, headers=guess) if guess else caller.get(f"{path}?token=guess")
        assert is_one_line(answer, 401)
    # Even a right guess is not told now.
    answer = caller.get(path, headers={"authorization": f"Bearer {TOKEN}"})
    assert is_one_line(answer, 429)
    assert answer.headers["retry-after"] == "10"
    # Whoever signed in goes on, and so does another.
    assert caller.get(path, headers=right).status_code == 200
    assert at_home.get(path, headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    clock.now = 10
    assert caller.get(path, headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    clock.now = 20
    assert [caller.get(path, headers={"authorization": "Bearer x"}).status_code for _ in range(4)] == [401, 401, 429, 429]


def test_a_link_with_the_token_opens_the_page_for_this_browser() -> None:
    reached: list[str] = []
    caller, path = reaching(reached, Safety(token=TOKEN)), "/gradio_api/info"
    assert is_one_line(caller.get(path), 401)
    assert is_one_line(caller.get(f"{path}?token=another-token-of-32-letters"), 401)
    opened = caller.get(f"{path}?token={TOKEN}&q=otters%22%3E%3Cscript%3E")
    assert opened.status_code == 200
    assert reached == []
    cookie, *attributes = opened.headers["set-cookie"].split("; ")
    assert set(attributes) == {"HttpOnly", "SameSite=Strict", "Path=/"}
    assert TOKEN not in opened.headers["set-cookie"] + opened.text
    assert re.search(r'content="0;url=/gradio_api/info\?q=otters[^<>"]*">', opened.text)
    assert caller.get(path, headers={"cookie": f"other=1; {cookie}"}).text == "reached"
    assert caller.send("POST", CALL, json={}, headers={"cookie": cookie}).text == "reached"
    assert caller.get(path, headers={"authorization": f"Bearer {TOKEN}"}).text == "reached"
    # It opens nothing of another token's, and the same after a restart.
    assert is_one_line(reaching([], Safety(token=TOKEN[::-1])).get(path, headers={"cookie": cookie}), 401)
    assert reaching([], Safety(token=TOKEN)).get(path, headers={"cookie": cookie}).text == "reached"


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "/%2f%2fevil.example", "/@evil.example/"])
def test_the_link_leads_nowhere_else(path: str) -> None:
    caller = reaching([], Safety(token=TOKEN))
    url = httpx.URL(f"http://{HOST}", raw_path=f"{path}?token={TOKEN}".encode())
    answer = caller.send("GET", url)  # type: ignore[arg-type]
    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers


def test_too_many_requests_are_refused_by_address() -> None:
    reached: list[str] = []
    caller, clock = reaching(reached), Clock()
    caller.guard.requests = Buckets(2, 3, clock)
    path = "/gradio_api/info"
    # What another site has a browser send takes nothing away.
    for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert caller.get(path, headers=headers).status_code == 403
    assert [caller.get(path).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert is_one_line(answer := caller.get(path), 429)
    assert answer.headers["retry-after"] == "1"
    assert Caller(caller.guard, "127.0.0.9").get(path).status_code == 200
    # The page's own files do not count: there are many, and they cost nothing.
    assert caller.get("/assets/index.js").status_code == 200
    clock.now = 1
    assert [caller.get(path).status_code for _ in range(3)] == [200, 200, 429]


def test_a_household_of_addresses_is_one_and_memory_is_bounded() -> None:
    buckets = Buckets(1, 1, Clock())
    assert buckets.take("2001:db8::1") == 0
    assert buckets.take("2001:db8::ffff:1") == 1
    assert buckets.take("2001:db8:0:1::1") == 0
    assert buckets.take("203.0.113.7") == 0
    assert buckets.take("::ffff:203.0.113.7") == 1
    for number in range(MOST_ADDRESSES + 100):
        buckets.take(f"10.1.{number // 256}.{number % 256}")
    assert len(buckets) == MOST_ADDRESSES
    assert buckets.take(f"10.1.{(MOST_ADDRESSES + 99) // 256}.{(MOST_ADDRESSES + 99) % 256}") == 1


def test_nobody_holds_all_connections() -> None:
    """Requests that are sent, and whose answers never end."""
    going = 0

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        nonlocal going
        going += 1
        try:
            await asyncio.Event().wait()
        finally:
            going -= 1

    async def statuses(guard: Guard) -> tuple[list[int], int]:
        async def once(address: str) -> int:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(guard, client=(address, 1))) as client:
                return (await client.get(f"http://{HOST}/gradio_api/heartbeat/a")).status_code

        tasks = [asyncio.create_task(once("10.0.0.1")) for _ in range(100)]
        other = asyncio.create_task(once("10.0.0.2"))
        while going + sum(task.done() for task in tasks) <= len(tasks):
            await asyncio.sleep(0.01)
        refused, held = [task.result() for task in tasks if task.done()], going
        assert not other.done()
        for task in (*tasks, other):
            task.cancel()
        await asyncio.gather(*tasks, other, return_exceptions=True)
        assert going == 0
        # They are gone, and others may come.
        late = asyncio.create_task(once("10.0.0.1"))
        while not going and not late.done():
            await asyncio.sleep(0.01)
        assert not late.done()
        late.cancel()
        return refused, held

    refused, held = asyncio.run(statuses(Safety().guard(endless, "127.0.0.1", app.GRADIO, "", "")))
    assert (refused, held) == ([429] * 36, 64 + 1)
    assert asyncio.run(statuses(Safety(rate=0).guard(endless, "127.0.0.1", app.GRADIO, "", ""))) == ([], 101)


def test_a_rate_of_nothing_is_no_limit() -> None:
    buckets = Buckets(0, 0, Clock())
    assert {buckets.take("127.0.0.1") for _ in range(1_000)} == {0}


def test_web_sockets_are_closed() -> None:
    sent: list[dict[str, Any]] = []

    async def go() -> None:
        async def send(message: Any) -> None:
            sent.append(message)

        await reaching([]).guard({"type": "websocket", "path": JOIN, "headers": []}, send, send)  # type: ignore[arg-type]

    asyncio.run(go())
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_a_hash_is_salted_and_holds_its_password_only() -> None:
    assert hash_password(PASSWORD) != HASH
    assert PASSWORD not in HASH
    # Nothing that a shell would read as its own.
    assert re.fullmatch(r"[\w.-]+", HASH)
    assert verify_password(PASSWORD, HASH)
    assert not verify_password(PASSWORD + " ", HASH)
    assert verify_password("пароль-密码 é", hash_password("пароль-密码 é"))
    with pytest.raises(qa.UserError, match="at least 8"):
        hash_password("1234567")


@pytest.mark.parametrize(
    "account",
    ["", "ann", "ann:", f":{HASH}", f"ann:{PASSWORD}", f"ann:{HASH[:-1]}", f"ann:{HASH}x",
     f"ann:{HASH.replace('scrypt', 'plain')}",
     f"ann:{HASH.replace('32768', '2')}", f"ann:{HASH.replace('32768', str(2**40))}", "ann:scrypt.a.b.c.d.e"],
    # The hash is another one each time.
    ids=["nothing", "no hash", "an empty hash", "no name", "a password", "cut", "too long", "another method",
         "too cheap", "too dear", "letters"],
)  # fmt: skip
def test_an_account_that_cannot_be_used_is_one_line(account: str) -> None:
    with pytest.raises(qa.UserError) as caught:
        Access.of([account])
    assert "\n" not in str(caught.value)
    assert "qa hash-password" in str(caught.value)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("name", ["", "https://qa.example.org", "qa.example.org:443", "a/b", "two words"])
def test_a_name_that_is_no_host_is_one_line(name: str) -> None:
    with pytest.raises(qa.UserError, match="is no host: expected one as"):
        Safety(token=TOKEN, names=(name,)).access("127.0.0.1")


@pytest.mark.parametrize("token", ["", "short", "x" * 15])
def test_a_token_that_could_be_guessed_is_refused(token: str) -> None:
    with pytest.raises(qa.UserError, match="at least 16"):
        Access.of([], token)


@pytest.mark.parametrize(
    ("host", "names"), [(EVERYWHERE, ()), ("::", ()), ("192.168.1.5", ()), ("", ()), ("127.0.0.1", ("qa.example.org",))]
)
def test_nobody_else_gets_in_unless_that_was_said(library: qa.Library, host: str, names: tuple[str, ...]) -> None:
    with pytest.raises(qa.UserError, match=r"--auth .* --allow-anyone") as caught:
        app.serve(library, host=host, port=0, safety=Safety(names=names))
    assert "\n" not in str(caught.value)
    for safety in (Safety(accounts=(f"ann:{HASH}",)), Safety(token=TOKEN), Safety(anyone=True)):
        safety.access(host)


def test_the_command_line_makes_hashes_and_never_takes_a_password(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def run(*words: str, given: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert isinstance(ended.value.code, int)
        return ended.value.code, *capsys.readouterr()

    code, out, err = run("hash-password", "ann", given=f"{PASSWORD}\n")
    assert (code, err) == (0, "")
    user, _, hashed = out.strip().partition(":")
    assert user == "ann"
    assert verify_password(PASSWORD, hashed)
    for words in (["hash-password", "an:n"], ["hash-password", "ann"], ["hash-password", "ann", PASSWORD]):
        code, out, err = run(*words, given="short\n")
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "short" not in err
    for words in (["--auth", f"ann:{PASSWORD}"], ["--host", EVERYWHERE], ["--token", "short"], ["--name", "qa.example.org"]):
        code, out, err = run("serve", "--index", str(tmp_path), *words)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "--auth" in err or "token" in err
        assert PASSWORD not in err
