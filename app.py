"""The web page: ask in the browser, read cited passages, open each in its article. Nothing leaves the machine."""

import os
import socket
import sys
from collections.abc import Callable
from typing import Any

# Read when Gradio is imported.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import gradio as gr

from qa import Library, UserError
from qa.html import holdings
from qa.page import (
    DEFAULTS,
    SCRIPT,
    STYLE,
    Answers,
    Settings,
    answer_panel,
    example_questions,
    masthead,
    parts,
    problem,
    source_gone,
    source_panel,
)

HOST, PORT = "127.0.0.1", 7860
_QUESTIONS_AT_ONCE = 4


class Page(gr.Blocks):
    """Blocks that launch with the page's looks, and with nothing that would call out of the machine."""

    def launch(self, *args: Any, **options: Any) -> Any:
        """As Gradio's own, whose options take precedence over the page's."""
        ours = {
            "theme": _theme(),
            # Not as `css`: that is rewritten so that media queries reach no further than Gradio's own boxes.
            "head": f"<style>{STYLE}</style>",
            "quiet": True,
            "share": False,
            "ssr_mode": False,
            "pwa": False,
            "mcp_server": False,
            "run_history": False,
            "enable_monitoring": False,
            "footer_links": [],
        }
        return super().launch(*args, **{**ours, **options})


def build_app(library: Library, settings: Settings = DEFAULTS) -> gr.Blocks:
    """The page over a library, ready to launch."""
    answers = Answers(library)
    ask, read_source = _asking(answers), _reading(answers)
    page = Page(title="Ask the articles", analytics_enabled=False, fill_width=True)
    with page:
        with gr.Column(elem_id="page"):
            gr.HTML(masthead(library), apply_default_css=False)
            with gr.Row(elem_id="ask"):
                question = gr.Textbox(
                    label="Question", show_label=False, placeholder="Ask a question", max_lines=5,
                    autofocus=True, container=False, elem_id="question",
                )  # fmt: skip
                go = gr.Button("Ask", variant="primary", elem_id="go")
            with gr.Row(elem_id="examples"):
                examples = [gr.Button(text, elem_classes="example") for text in example_questions(library)]
            results = gr.HTML(elem_id="results", apply_default_css=False, js_on_load=SCRIPT, server_functions=[read_source])
        page.queue(default_concurrency_limit=_QUESTIONS_AT_ONCE)
        gr.on([question.submit, go.click], ask, question, results, show_progress="minimal", trigger_mode="always_last")
        for button in examples:
            button.click(lambda text: (text, ask(text)), button, [question, results], show_progress="minimal")
    for part in parts(library, settings):
        with page.route(part.name, part.path), gr.Column(elem_id="page"):
            gr.HTML(
                part.html, apply_default_css=False, js_on_load=part.script, server_functions=list(part.functions) or None
            )
    return page


def serve(library: Library, host: str = HOST, port: int = PORT, open_browser: bool = False) -> None:
    """Serves the page until Ctrl+C. Port 0 takes a free one. Raises UserError if the address cannot be had."""
    page = build_app(library)
    try:
        port = _free_port(host, port)
        library.warm_up()
        _bypass_proxies(host)
        name = f"[{host}]" if ":" in host else host
        page.launch(server_name=name, server_port=port, inbrowser=open_browser, prevent_thread_lock=True)
    except OSError as error:
        reason = error.strerror or error
        raise UserError(
            f"{host}:{port} cannot be served ({reason}): choose another, as in qa serve --port {port + 1}"
        ) from None
    sys.stdout.write(f"{holdings(library)}: ask at {page.local_url} (Ctrl+C stops)\n")
    sys.stdout.flush()
    page.block_thread()


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


def _asking(answers: Answers) -> Callable[[str], str]:
    def ask(question: str) -> str:
        try:
            return answer_panel(*answers.ask(question))
        except UserError as error:
            return problem(str(error))

    return ask


def _reading(answers: Answers) -> Callable[[dict[str, Any]], str]:
    def read_source(wanted: dict[str, Any]) -> str:
        # `wanted` is what the browser read off the passage: which rank, in the answer to which question.
        answer = answers.given(wanted["question"], wanted["build"])
        return next(source_panel(hit) for hit in answer.hits if hit.rank == wanted["rank"]) if answer else source_gone()

    return read_source


def _theme() -> gr.themes.Base:
    # A font that comes with Gradio, in the two weights of it that are whole; then the system's.
    fonts: list[gr.themes.Font | str] = [gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)), "system-ui", "sans-serif"]
    return gr.themes.Base(primary_hue="teal", neutral_hue="stone", font=fonts).set(
        body_background_fill="#faf9f6",
        body_background_fill_dark="#171715",
        body_text_color="#1f1e1b",
        body_text_color_dark="#ecebe5",
    )


def _free_port(host: str, port: int) -> int:
    """The port, or a free one for 0. Raises OSError if it is taken or the host is not this machine's."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # A port that was just let go is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        return int(probe.getsockname()[1])


def _bypass_proxies(host: str) -> None:
    """Keeps a proxy of the user's out of the call that Gradio makes to its own server when it starts."""
    for variable in ("NO_PROXY", "no_proxy"):
        os.environ[variable] = ",".join(filter(None, [os.environ.get(variable), "localhost", HOST, host]))


if __name__ == "__main__":
    raise SystemExit(main())
