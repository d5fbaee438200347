"""What programs call: over HTTP and by a language model's client, from a server in a process of its own."""

import asyncio
import inspect
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
import walking
from conftest import ROOT, SEEDS, ToyEncoder
from mcp import ClientSession, McpError
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, ServerCapabilities, TextContent, Tool

import qa
from index import build_index
from index.store import MANIFEST
from qa.api import MOST_CHARACTERS, Api
from qa.endpoints import Endpoints
from qa.export import answer_record
from qa.guard.wire import Message, Receive, Scope, Send

MakeLibrary = Callable[[dict[str, str]], qa.Library]

NAMES = {"search_articles", "ask_articles", "read_article"}
FILES = {
    "otters.txt": "Otters in the river\n\nUpdated: 2021-05-06\n\nOtters swim in the river every day.\n\nThey eat “fish”.",
    "bears.txt": "Bears in the forest\n\nUpdated: 2023-02-01\n\nBears eat honey in the forest.\n\nThey sleep in the winter.",
}
QUESTION = "What do bears eat in the forest?"
SERVE = """
import sys
import app, qa
from tests.conftest import ToyEncoder
from qa.guard import Safety
folder, index, encoder, tools, token = sys.argv[1:]
library = qa.load(folder, index=index, encoder=ToyEncoder() if encoder == "toy" else None)
app.serve(library, port=0, tools=tools == "tools", safety=Safety(token=token or None))
"""


@pytest.fixture
def api(make_library: MakeLibrary) -> Api:
    return Api(make_library(FILES))


def test_an_answer_is_the_object_that_the_command_line_prints(make_library: MakeLibrary) -> None:
    library = make_library(FILES)
    search, ask, _ = Api(library).functions
    assert search(QUESTION) == answer_record(library.ask(QUESTION, k=10))
    assert ask(QUESTION) == answer_record(library.ask(QUESTION, k=3))
    assert ask(QUESTION, 1) == answer_record(library.ask(QUESTION, k=1))


def test_answers_are_confined_as_on_the_command_line(api: Api) -> None:
    def sources(**options: Any) -> set[str]:
        found = api.search_articles("river forest", **options)
        assert api.ask_articles("river forest", 10, **options) == found
        return {hit["source"] for hit in found["hits"]}

    assert sources() == {"otters.txt", "bears.txt"}
    assert sources(since="2022") == sources(since="2023-02-01", until="2023-02") == {"bears.txt"}
    assert sources(until="2021-05") == sources(sources=["otters.txt"]) == {"otters.txt"}
    assert sources(kinds=["caption"]) == set()


def test_an_article_is_read_with_what_is_known_of_it(make_library: MakeLibrary) -> None:
    library = make_library(
        {"corpus.jsonl": '{"_id": "d 7/ü", "title": "Parks", "text": "The park opened.", "url": "http://x/"}'}
    )
    read = Api(library).read_article("d 7/ü")
    assert read["text"] == "The park opened."
    assert (read["article"], read["source"], read["title"]) == ("d 7/ü", "corpus.jsonl", "Parks")
    assert (read["extent"], read["start"], read["end"], read["left"]) == ([0, 16], 0, 16, 0)
    article = library.articles[0]
    assert read["url"] == article.url
    assert (read["byline"], read["section"], read["credits"], read["published"]) == ("", "", [], None)


def test_the_parts_of_an_article_are_the_whole_and_say_what_is_left(api: Api) -> None:
    parts, start = [], 0
    while not parts or parts[-1]["left"]:
        parts.append(api.read_article("otters.txt", start, 7))
        start = parts[-1]["end"]
    text = "".join(part["text"] for part in parts)
    assert text == FILES["otters.txt"]
    assert {len(part["text"]) for part in parts[:-1]} == {7}
    assert [part["left"] for part in parts] == [len(text) - part["end"] for part in parts]
    assert api.read_article("otters.txt", len(text))["text"] == ""


def test_an_article_is_read_where_a_passage_says_that_it_stands(seeds: qa.Library) -> None:
    """Stories of a page share its text: of each only its own is read, by the places that citations name."""
    api = Api(seeds)
    hits = api.search_articles("apples in the village", k=100)["hits"]
    assert len({hit["article"] for hit in hits}) > len({hit["source"] for hit in hits}) > 1
    for hit in hits:
        whole = api.read_article(hit["article"], 0, MOST_CHARACTERS)
        begin, end = whole["extent"]
        assert (whole["start"], whole["end"], whole["left"]) == (begin, end, 0)
        for start, stop in (*hit["spans"], *hit["citation"]["spans"]):
            assert begin <= start < stop <= end
            part = api.read_article(hit["article"], start, stop - start)
            assert (part["text"], part["left"]) == (whole["text"][start - begin : stop - begin], end - stop)
        words = " ".join(whole["text"][start - begin : stop - begin] for start, stop in hit["citation"]["spans"])
        assert words.split()[0] == hit["citation"]["quote"].split()[0]


@pytest.mark.parametrize(
    ("name", "values", "line"),
    [
        ("ask_articles", {"question": " "}, "the question is empty"),
        ("ask_articles", {"question": 5}, "question is int, expected text"),
        ("ask_articles", {"question": None}, "question is NoneType, expected text"),
        ("ask_articles", {"question": "half \ud800"}, "question holds half a character"),
        ("ask_articles", {"question": "why " * 501}, "the question has 2,004 characters, expected at most 2,000"),
        ("ask_articles", {"question": "-bears"}, "only says what to leave out"),
        ("ask_articles", {"question": "?", "k": 0}, "k is 0, expected a whole number from 1 to 100"),
        ("search_articles", {"question": "?", "k": 101}, "k is 101, expected a whole number from 1 to 100"),
        ("search_articles", {"question": "?", "k": "5"}, "k is '5', expected a whole number"),
        ("search_articles", {"question": "?", "k": True}, "k is True, expected a whole number"),
        ("search_articles", {"question": "?", "since": "soon"}, "'soon' is no day: expected one as 2021-07-15"),
        ("search_articles", {"question": "?", "since": 2021}, "since is int, expected text"),
        ("search_articles", {"question": "?", "since": "2022", "until": "2021"}, "expected the earlier day first"),
        ("search_articles", {"question": "?", "sources": ["no.txt"]}, "no source 'no.txt' in the index"),
        ("search_articles", {"question": "?", "sources": "bears.txt"}, "sources is str, expected a list of texts"),
        ("search_articles", {"question": "?", "sources": [1]}, "one of sources is int, expected text"),
        ("search_articles", {"question": "?", "kinds": ["poem"]}, "no kind 'poem', expected paragraph"),
        ("read_article", {"article": "no\nsuch"}, r"no article 'no\nsuch'"),
        ("read_article", {"article": ["bears.txt"]}, "article is list, expected text"),
        ("read_article", {"article": "bears.txt", "start": -1}, "start is -1, expected a whole number from 0"),
        ("read_article", {"article": "bears.txt", "start": 1_000}, "start is 1,000, the article ends at 99: begin before"),
        (
            "read_article",
            {"article": "bears.txt", "start": 10**5_000},
            "start is out of all bounds, expected",
        ),
        ("read_article", {"article": "bears.txt", "length": 0}, "length is 0, expected a whole number from 1 to 50,000"),
        ("read_article", {"article": "bears.txt", "length": 50_001}, "length is 50,001, expected"),
        ("read_article", {"article": "bears.txt", "length": 1e3}, "length is 1000.0, expected a whole number"),
    ],
)
def test_a_mistake_is_one_line(api: Api, name: str, values: dict[str, Any], line: str) -> None:
    with pytest.raises(qa.UserError) as caught:
        getattr(api, name)(**values)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_the_index_has_now_is_searched_and_read(tmp_path: Path) -> None:
    folder, index = tmp_path / "articles", tmp_path / "index"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    api = Api(qa.load(folder, index=index, encoder=ToyEncoder()))
    old = api.read_article("bears.txt")
    (folder / "bears.txt").unlink()
    (folder / "otters.txt").write_text(f"{FILES['otters.txt']} They dive.", encoding="utf-8")
    (folder / "storks.txt").write_text("Storks\n\nStorks nest on the roof.", encoding="utf-8")
    build_index([folder], index, ToyEncoder())
    assert api.search_articles("storks on the roof", 1)["hits"][0]["article"] == "storks.txt"
    assert api.read_article("storks.txt")["title"] == "Storks"
    assert api.read_article("otters.txt")["text"].endswith("They dive.")
    with pytest.raises(qa.UserError, match=r"no article 'bears\.txt'"):
        api.read_article("bears.txt")
    (folder / "bears.txt").write_text(FILES["bears.txt"], encoding="utf-8")
    build_index([folder], index, ToyEncoder())
    assert api.read_article("bears.txt") == old
    (index / MANIFEST).rename(index / "aside")
    assert api.search_articles("storks on the roof", 1)["hits"][0]["article"] == "storks.txt"
    assert api.read_article("bears.txt") == old


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (b'{"error": null}', 500),
        (b"Internal Server Error", 500),
        (b"[]", 500),
        (b'{"error": "k is 0"}', 400),
    ],
)
def test_a_failure_that_is_no_mistake_of_the_callers_stays_one(api: Api, told: bytes, status: int) -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        assert json.loads((await receive())["body"]) == {"data": ["bears.txt", 0, 10_000]}
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": told[:3], "more_body": True})
        await send({"type": "http.response.body", "body": told[3:]})

    async def receive() -> Message:
        return {"type": "http.request", "body": b'{"article": "bears.txt"}'}

    async def send(message: Message) -> None:
        sent.append(message)

    sent: list[Message] = []
    scope = {"type": "http", "method": "POST", "path": "/gradio_api/run/read_article", "headers": []}
    asyncio.run(Endpoints(failing, api.functions)(scope, receive, send))
    assert sent[0]["status"] == status
    assert b"".join(message.get("body", b"") for message in sent) == told


def served(folder: Path, index: Path, encoder: str, tools: str = "tools", token: str = "") -> AbstractContextManager[str]:
    """The address of a server in a process of its own; afterwards, no traceback may stand in what it printed."""
    return walking.served(SERVE, folder, index, encoder, tools, token)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> qa.Library:
    folder = tmp_path_factory.mktemp("served")
    (folder / "articles").mkdir()
    for name, text in FILES.items():
        (folder / "articles" / name).write_text(text, encoding="utf-8")
    return qa.load(folder / "articles", index=folder / "index", encoder=ToyEncoder())


@pytest.fixture(scope="module")
def url(library: qa.Library) -> Iterator[str]:
    folder = library.index.folder
    with served(folder.parent / "articles", folder, "toy") as address:
        yield address


def request(url: str, path: str, body: object = None) -> tuple[int, Any]:
    """The status and the JSON of a GET, or of a POST if there is a body."""
    with httpx.Client(trust_env=False, timeout=60) as client:
        if body is None:
            reply = client.get(url + path)
        else:
            # As JSON says it, half characters and all.
            reply = client.post(url + path, content=json.dumps(body), headers={"Content-Type": "application/json"})
    return reply.status_code, reply.json()


def test_three_functions_are_named_and_nothing_else_of_the_page(url: str) -> None:
    info = request(url, "gradio_api/info")[1]
    assert {name.strip("/") for name in info["named_endpoints"]} == NAMES
    assert info["unnamed_endpoints"] == {}
    described = {
        name.strip("/"): [
            (each["parameter_name"], each["type"]["type"], each["parameter_has_default"], each["parameter_default"])
            for each in endpoint["parameters"]
        ]
        for name, endpoint in info["named_endpoints"].items()
    }
    where = [("since", "string", True, ""), ("until", "string", True, ""), ("sources", "array", True, []),
             ("kinds", "array", True, [])]  # fmt: skip
    assert described == {
        "search_articles": [("question", "string", False, None), ("k", "integer", True, 10), *where],
        "ask_articles": [("question", "string", False, None), ("k", "integer", True, 3), *where],
        "read_article": [
            ("article", "string", False, None), ("start", "integer", True, 0), ("length", "integer", True, 10_000),
        ],
    }  # fmt: skip
    paths = request(url, "gradio_api/openapi.json")[1]["paths"]
    assert {path.split("/")[4] for path in paths if path.startswith("/gradio_api/call/v2/")} == NAMES


def test_a_request_gets_the_object_of_the_command_line(url: str, library: qa.Library) -> None:
    status, reply = request(url, "gradio_api/run/ask_articles", {"data": [QUESTION, 2, "2022", "", ["bears.txt"], []]})
    where = qa.Filter(since=date(2022, 1, 1), sources=("bears.txt",))
    assert (status, reply["data"]) == (200, [answer_record(library.ask(QUESTION, k=2, where=where))])
    status, reply = request(url, "gradio_api/run/search_articles", {"data": [QUESTION, 10, "", "", [], []]})
    assert (status, reply["data"]) == (200, [answer_record(library.ask(QUESTION, k=10))])
    status, reply = request(url, "gradio_api/run/read_article", {"data": ["otters.txt", 0, 10]})
    assert (status, reply["data"][0]["text"], reply["data"][0]["left"]) == (200, "Otters in ", len(FILES["otters.txt"]) - 10)


def test_values_are_given_by_name_and_what_has_a_default_is_left_out(url: str, library: qa.Library) -> None:
    first, nearest = answer_record(library.ask(QUESTION, k=1)), answer_record(library.ask(QUESTION, k=3))
    for body, expected in (
        ({"question": QUESTION, "k": 1}, first),
        ({"question": QUESTION}, nearest),
        ({"data": [QUESTION, 1]}, first),
        ({"data": [QUESTION], "fn_index": 99, "session_hash": "anyone's", "event_id": "x"}, nearest),
    ):
        status, reply = request(url, "gradio_api/run/ask_articles", body)
        assert (status, reply["data"]) == (200, [expected])


def test_gradios_two_requests_give_the_same(url: str, library: qa.Library) -> None:
    def call(name: str, **values: object) -> tuple[str, Any]:
        event = request(url, f"gradio_api/call/v2/{name}", values)[1]["event_id"]
        with httpx.Client(trust_env=False, timeout=60) as client:
            reply = client.get(f"{url}gradio_api/call/{name}/{event}")
        outcome, data = re.findall(r"(?:event|data): (.*)", reply.text)
        return outcome, json.loads(data)

    assert call("search_articles", question=QUESTION) == ("complete", [answer_record(library.ask(QUESTION, k=10))])
    assert call("ask_articles", question=QUESTION, k=1) == ("complete", [answer_record(library.ask(QUESTION, k=1))])
    outcome, error = call("ask_articles", question="  ")
    assert (outcome, error["error"]) == ("error", "the question is empty: ask in words")


@pytest.mark.parametrize(
    ("name", "values", "line"),
    [
        ("ask_articles", ["", 3, "", "", [], []], "the question is empty: ask in words"),
        ("ask_articles", ["bears?", 0, "", "", [], []], "k is 0, expected a whole number from 1 to 100"),
        ("search_articles", ["half \ud800", 3, "", "", [], []], "question holds half a character, expected whole ones"),
        ("search_articles", [{"a": [None]}, None, 1, 2, 3, 4], "question is dict, expected text"),
        ("read_article", ["../../etc/passwd", 0, 10], "no article '../../etc/passwd': give the id that"),
        ("read_article", [], "article is missing, expected article, start, length"),
        ("read_article", [1, 2, 3, 4], "4 values, expected at most 3: article, start, length"),
    ],
)
def test_a_mistake_over_http_is_the_one_line(url: str, name: str, values: list[object], line: str) -> None:
    status, reply = request(url, f"gradio_api/run/{name}", {"data": values})
    assert (status, reply["error"].count("\n")) == (400, 0)
    assert reply["error"].startswith(line)
    assert request(url, "gradio_api/run/ask_articles", {"data": [QUESTION, 1, "", "", [], []]})[0] == 200


@pytest.mark.parametrize("way", ["run", "api", "call", "call/v2"])
@pytest.mark.parametrize(
    ("body", "line"),
    [
        ([], "expected an object with article, start, length"),
        ("bears.txt", "expected an object with article, start, length"),
        ({}, "article is missing, expected article, start, length"),
        ({"data": "bears.txt"}, "no parameter 'data', expected article, start, length"),
        ({"article": "bears.txt", "begin": 5}, "no parameter 'begin', expected article, start, length"),
        ({"data": [1, 2, 3, 4]}, "4 values, expected at most 3: article, start, length"),
    ],
)
def test_a_request_that_fits_no_function_is_refused_in_one_line(url: str, way: str, body: object, line: str) -> None:
    assert request(url, f"gradio_api/{way}/read_article", body) == (400, {"error": line})


def with_client(address: str, use: Callable[[ClientSession], Any], headers: dict[str, str] | None = None) -> Any:
    """What `use` makes of a session of the MCP package's own client."""

    async def run() -> Any:
        async with (
            httpx.AsyncClient(headers=headers, trust_env=False, timeout=60) as http,
            streamable_http_client(address, http_client=http) as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            return await use(session)

    return asyncio.run(run())


def call_tools(url: str, *calls: tuple[str, dict[str, Any]]) -> list[CallToolResult]:
    async def use(session: ClientSession) -> list[CallToolResult]:
        return [await session.call_tool(name, values) for name, values in calls]

    return with_client(f"{url}gradio_api/mcp/", use)


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def test_a_client_finds_three_tools_described_for_a_language_model(url: str) -> None:
    async def use(session: ClientSession) -> list[Tool]:
        return (await session.list_tools()).tools

    tools = {tool.name: tool for tool in with_client(f"{url}gradio_api/mcp/", use)}
    assert set(tools) == NAMES
    for tool in tools.values():
        assert tool.description is not None
        assert "quote" in tool.description
        assert "never an instruction" in tool.description
        properties = tool.inputSchema["properties"]
        assert all(each["description"] for each in properties.values())
        assert tool.inputSchema["required"] == [next(iter(properties))]
    assert "do not answer" in str(tools["ask_articles"].description)
    assert tools["search_articles"].inputSchema["properties"]["k"]["default"] == 10
    assert "caption" in tools["search_articles"].inputSchema["properties"]["kinds"]["items"]["enum"]


def test_tools_are_all_that_a_client_finds(url: str) -> None:
    async def use(session: ClientSession) -> ServerCapabilities | None:
        for ask in (session.list_prompts, session.list_resources, session.list_resource_templates):
            with pytest.raises(McpError, match="Method not found"):
                await ask()
        with pytest.raises(McpError, match="Method not found"):
            await session.get_prompt("ask_articles", {"question": QUESTION})
        await session.send_ping()
        return session.get_server_capabilities()

    offered = with_client(f"{url}gradio_api/mcp/", use)
    assert offered.tools
    assert (offered.prompts, offered.resources) == (None, None)


def test_each_tool_answers_in_json(url: str, library: qa.Library) -> None:
    search, ask, refused, read = call_tools(
        url,
        ("search_articles", {"question": QUESTION, "kinds": ["paragraph"]}),
        ("ask_articles", {"question": QUESTION, "k": 1}),
        ("ask_articles", {"question": "Who painted the Mona Lisa?"}),
        ("read_article", {"article": "otters.txt", "start": 10}),
    )
    assert not any(result.isError for result in (search, ask, refused, read))
    paragraphs = qa.Filter(kinds=("paragraph",))
    assert json.loads(text_of(search)) == answer_record(library.ask(QUESTION, k=10, where=paragraphs))
    assert json.loads(text_of(ask)) == answer_record(library.ask(QUESTION, k=1))
    assert json.loads(text_of(refused))["found"] is False
    assert "“fish”" in text_of(read)
    assert json.loads(text_of(read))["text"] == FILES["otters.txt"][10:]


def test_many_calls_at_once_are_answered_each_with_its_own(url: str, library: qa.Library) -> None:
    async def use(session: ClientSession) -> list[CallToolResult]:
        calls = (session.call_tool("ask_articles", {"question": QUESTION, "k": 1 + number % 4}) for number in range(16))
        return await asyncio.gather(*calls)

    for number, result in enumerate(with_client(f"{url}gradio_api/mcp/", use)):
        assert json.loads(text_of(result)) == answer_record(library.ask(QUESTION, k=1 + number % 4))


def test_wrong_arguments_are_an_error_result_and_no_crash(url: str) -> None:
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("ask_articles", {}, "'question' is a required property"),
        ("ask_articles", {"question": ""}, "the question is empty: ask in words"),
        ("ask_articles", {"question": 5}, "5 is not of type 'string'"),
        ("ask_articles", {"question": "bears?", "k": 101}, "k is 101, expected a whole number from 1 to 100"),
        ("ask_articles", {"question": "bears?", "colour": "brown"}, "colour"),
        ("search_articles", {"question": "bears?", "kinds": ["poem"]}, "'poem' is not one of"),
        ("search_articles", {"question": "bears?", "since": "soon"}, "'soon' is no day: expected one as 2021-07-15"),
        ("read_article", {"article": "no.txt"}, "no article 'no.txt': give the id that `article` is in a passage"),
        ("burn_articles", {}, "burn_articles"),
    ]  # fmt: skip
    *results, last = call_tools(
        url, *((name, values) for name, values, _ in wrong), ("ask_articles", {"question": QUESTION})
    )
    for (_, _, line), result in zip(wrong, results, strict=True):
        assert result.isError
        assert line in text_of(result)
        assert "\n" not in text_of(result)
    assert not last.isError


def test_a_token_opens_functions_and_tools(library: qa.Library) -> None:
    folder, token = library.index.folder, "a token of some length"
    names, asked = {"Authorization": f"Bearer {token}"}, {"data": [QUESTION, 1, "", "", [], []]}

    async def use(session: ClientSession) -> CallToolResult:
        return await session.call_tool("ask_articles", {"question": QUESTION, "k": 1})

    with served(folder.parent / "articles", folder, "toy", token=token) as url:
        with httpx.Client(trust_env=False, timeout=60) as client:
            for path in (*(f"gradio_api/run/{name}" for name in NAMES), "gradio_api/mcp/"):
                assert client.post(url + path, json=asked).status_code == 401
            reply = client.post(f"{url}gradio_api/run/ask_articles", json=asked, headers=names)
        assert reply.json()["data"] == [answer_record(library.ask(QUESTION, k=1))]
        result = with_client(f"{url}gradio_api/mcp/", use, names)
    assert json.loads(text_of(result)) == answer_record(library.ask(QUESTION, k=1))


def test_tools_are_served_only_where_they_are_asked_for(library: qa.Library) -> None:
    folder = library.index.folder
    with served(folder.parent / "articles", folder, "toy", "no tools") as url:
        with httpx.Client(trust_env=False, timeout=60) as client:
            assert client.post(f"{url}gradio_api/mcp/", json={"jsonrpc": "2.0", "id": 1}).status_code == 404
        assert request(url, "gradio_api/run/read_article", {"data": ["otters.txt", 0, 10]})[0] == 200


@pytest.mark.model
def test_without_the_package_one_line_says_what_to_install(seeds_index: Path) -> None:
    code = "import sys; sys.modules['mcp'] = None; from qa.__main__ import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, "serve", "--mcp", "--port", "0", "--index", str(seeds_index)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    (wanted,) = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"][
        "mcp"
    ]
    assert done.stderr == f"qa: tools for language models need the package mcp: pip install '{wanted}'\n"


GUIDE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:7860/"


@pytest.fixture(scope="module")
def seeds_url(seeds_index: Path) -> Iterator[str]:
    with served(SEEDS, seeds_index, "default") as address:
        yield address


@pytest.mark.model
@pytest.mark.parametrize(
    ("language", "code", "shown"), re.findall(r"```(sh|python)\n(.*?)```\n\n```text\n(.*?)```", GUIDE, re.DOTALL)
)
def test_the_examples_of_the_guide_print_what_it_shows(seeds_url: str, language: str, code: str, shown: str) -> None:
    program = [sys.executable, "-c"] if language == "python" else ["bash", "-ec"]
    code = code.replace(ADDRESS.rstrip("/"), seeds_url.rstrip("/"))
    direct = os.environ | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    done = subprocess.run([*program, code], capture_output=True, text=True, check=True, env=direct)
    pattern = ".*".join(re.escape(part) for part in shown.strip().split("…"))
    assert re.fullmatch(pattern, done.stdout.strip(), re.DOTALL), done.stdout
    assert done.stderr == ""


@pytest.mark.model
def test_every_example_of_the_guide_is_among_those(seeds_url: str) -> None:
    shell = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    assert [block for block in shell if "curl" not in block] == ["pip install '.[mcp]'\nqa serve --mcp\n"]
    assert len(re.findall(r"```text\n", GUIDE)) == len(re.findall(r"```(?:sh|python)\n", GUIDE)) - 1
    (configuration,) = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    (server,) = json.loads(configuration)["mcpServers"].values()
    assert server["type"] == "http"
    assert server["url"].startswith(ADDRESS)

    async def use(session: ClientSession) -> set[str]:
        return {tool.name for tool in (await session.list_tools()).tools}

    assert with_client(server["url"].replace(ADDRESS, seeds_url), use) == NAMES


def test_the_guide_names_the_functions_as_they_are() -> None:
    for function in Api(None).functions:  # type: ignore[arg-type]
        (row,) = re.findall(rf"^\| `{function.__name__}` \| (.*?) \|", GUIDE, re.MULTILINE)
        said = [
            f"`{name}`" if each.default is each.empty else f"`{name}` = {json.dumps(each.default)}"
            for name, each in inspect.signature(function).parameters.items()
        ]
        assert row == ", ".join(said)
