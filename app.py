"""The web page: ask in the browser, read cited passages, open each in its article. Nothing leaves the machine."""

import gc
import json
import os
import socket
import sys
import warnings
import webbrowser
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any

# Read when Gradio is imported.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import gradio as gr
import uvicorn
from fastapi import FastAPI
from gradio.events import api
from gradio.mcp import GradioMCPServer

from qa import Library, UserError
from qa.api import Api
from qa.endpoints import Endpoints
from qa.guard import GRADIO, TOOLS, Guard, Safety, endpoint_door, is_loopback, page_door
from qa.html import holdings
from qa.page import DEFAULTS, NAVIGATION_SCRIPT, STYLE, Evaluating, Settings, navigation, parts

HOST, PORT = "127.0.0.1", 7860
TITLE = "Ask the articles"
DEFAULT_SAFETY = Safety()
_QUESTIONS_AT_ONCE = 4
# Connections: an open page holds one or two.
_CALLERS, _CALLERS_WAITING = 512, 128
_SECONDS_TO_STOP = 2.0
_INSTALL_TOOLS = "pip install 'mcp>=1.21,<2'"


class Refused(gr.Error):
    """A mistake of the caller's, told in one line, and no cause for one in the server's log."""

    def __init__(self, message: str) -> None:
        super().__init__(message, print_exception=False)

    def __str__(self) -> str:
        return str(self.message)


def build_app(library: Library, settings: Settings = DEFAULTS) -> gr.Blocks:
    """The pages over a library."""
    pages = parts(library, settings if settings.evaluating else replace(settings, evaluating=_EVALUATING))
    page = gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True)
    with page:
        page.queue(default_concurrency_limit=_QUESTIONS_AT_ONCE)
        for function in Api(library).functions:
            # Not queued: one request gets its answer, and a tool's call needs none from the server to itself.
            api(_endpoint(function), queue=False)
    for number, part in enumerate(pages):
        with page.route(part.name, part.path) if number else page, gr.Column(elem_id="page"):
            gr.HTML(navigation(pages, part), apply_default_css=False, js_on_load=NAVIGATION_SCRIPT)
            gr.HTML(
                part.html,
                apply_default_css=False,
                js_on_load=part.script,
                server_functions=list(part.functions) or None,
            )
    return page


def serve(
    library: Library,
    host: str = HOST,
    port: int = PORT,
    open_browser: bool = False,
    tools: bool = False,
    safety: Safety = DEFAULT_SAFETY,
    settings: Settings = DEFAULTS,
) -> None:
    """Serves the page until Ctrl+C, with `tools` as an MCP server too. Port 0 takes a free one.

    Raises UserError if the address cannot be had, or tools cannot, or others could reach the page and nobody said how.
    """
    if tools and find_spec("mcp") is None:
        raise UserError(f"tools for language models need the package mcp: {_INSTALL_TOOLS}")
    safety.access(host)
    try:
        listening = _listen(host, port)
    except OSError as error:
        reason = error.strerror or error
        raise UserError(
            f"{host}:{port} cannot be served ({reason}): choose another, as in qa serve --port {port + 1}"
        ) from None
    with listening:
        application = web_app(library, host, tools, safety, settings)
        library.warm_up()
        # What is there by now stays: no question has to wait until all of it was searched for what could go.
        gc.freeze()
        name = "localhost" if host == "0.0.0.0" else f"[{host}]" if ":" in host else host  # noqa: S104
        url = f"http://{name}:{listening.getsockname()[1]}/"
        sys.stdout.write(f"{holdings(library)}: ask at {url} (Ctrl+C stops)\n")
        if tools:
            sys.stdout.write(f"Tools for language models (MCP) at {url}gradio_api/mcp/\n")
        sys.stdout.flush()
        if open_browser:
            webbrowser.open(url)
        _run(application, listening)


def web_app(
    library: Library,
    host: str = HOST,
    tools: bool = False,
    safety: Safety = DEFAULT_SAFETY,
    settings: Settings = DEFAULTS,
) -> Guard:
    """All that is served to those who reach a host, behind its guard: nothing in it calls out of the machine."""
    if settings.read_only is None:
        settings = replace(settings, read_only=not is_loopback(host) or bool(safety.names))
    page = build_app(library, replace(settings, local=safety.is_local(host)))
    with warnings.catch_warnings():
        # That several pages are not rendered by a server of Node: none is asked for.
        warnings.simplefilter("ignore", UserWarning)
        application = gr.mount_gradio_app(
            FastAPI(docs_url=None, redoc_url=None, openapi_url=None),
            page,
            path="/",
            theme=_theme(),
            # Not as `css`: that is rewritten so that media queries reach no further than Gradio's own boxes.
            head=f"<style>{STYLE}</style>",
            show_error=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=tools,
            run_history=False,
            enable_monitoring=False,
            footer_links=[],
        )
    # Only then does Gradio look at which files it hands out.
    page.has_launched = True
    if tools:
        if not page.mcp_server_obj:
            raise UserError(f"this version of the package mcp does not serve: {_INSTALL_TOOLS}")
        _serve_tools_only(page.mcp_server_obj)
    doors = [*GRADIO, *(page_door(path) for path, *_ in page.pages)]
    functions = Api(library).functions
    for function in functions:
        doors += endpoint_door(function.__name__)
    template = files("gradio").joinpath("templates", "frontend", "index.html").read_text(encoding="utf-8")
    doors += [TOOLS] if tools else []
    return safety.guard(Endpoints(application, functions), host, doors, template, TITLE)


def _evaluate(*wanted: Any) -> None:
    # Only whoever evaluates waits for what that needs.
    from eval.report.running import evaluate_into

    evaluate_into(*wanted)


_EVALUATION = Path(__file__).parent / "eval"
_EVALUATING = Evaluating((_EVALUATION / "gold.jsonl",), (_EVALUATION / "report.json",), _evaluate)


def main() -> int:
    """Serves the index in index/store."""
    try:
        library = Library.open()
    except UserError as error:
        return _refuse(f"{error} (for the articles in seeds, run: qa index seeds)")
    try:
        serve(library)
    except UserError as error:
        return _refuse(str(error))
    return 0


def _refuse(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return 2


def _endpoint(function: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    @wraps(function)
    def answer(*values: Any, **named: Any) -> dict[str, Any]:
        try:
            return function(*values, **named)
        except UserError as error:
            raise Refused(str(error)) from None

    return answer


def _serve_tools_only(server: GradioMCPServer) -> None:
    types, handlers = server.types, server.mcp_server.request_handlers
    # Its prompts and resources would have the server call itself, at the port that the request names.
    for asked in set(handlers) - {types.PingRequest, types.ListToolsRequest, types.CallToolRequest}:
        del handlers[asked]

    def in_json(results: Sequence[Any], _: str) -> list[Any]:
        return [types.TextContent(type="text", text=json.dumps(each, ensure_ascii=False)) for each in results]

    # Gradio's own would write objects as Python does.
    server.postprocess_output_data = in_json  # type: ignore[assignment]


def _theme() -> gr.themes.Base:
    # A font that comes with Gradio, in the two weights of it that are whole; then the system's.
    fonts: list[gr.themes.Font | str] = [gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)), "system-ui", "sans-serif"]
    return gr.themes.Base(primary_hue="teal", neutral_hue="stone", font=fonts).set(
        body_background_fill="#faf9f6",
        body_background_fill_dark="#171715",
        body_text_color="#1f1e1b",
        body_text_color_dark="#ecebe5",
    )


def _listen(host: str, port: int) -> socket.socket:
    """A socket that waits for callers. Raises OSError if the port is taken or the host is not this machine's."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    try:
        # A port that was just let go is free.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_CALLERS_WAITING)
    except OSError:
        listening.close()
        raise
    return listening


def _run(application: Guard, listening: socket.socket) -> None:
    """Serves until Ctrl+C, in a thread of its own, so that stopping waits for no page that is open. Raises UserError."""
    # Without headers of a proxy, which anyone may write: whoever calls is told by the address alone.
    config = uvicorn.Config(
        application,
        log_level="warning",
        lifespan="on",
        server_header=False,
        proxy_headers=False,
        ws="none",
        limit_concurrency=_CALLERS,
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        thread.join()
    except KeyboardInterrupt:
        server.should_exit = True
        thread.join(timeout=_SECONDS_TO_STOP)
    if not server.started:
        raise UserError("the page could not be started: the lines above say why")


if __name__ == "__main__":
    raise SystemExit(main())
