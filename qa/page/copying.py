"""Buttons that copy a citation, or an answer with its citations, in the styles of qa.styles."""

from collections.abc import Callable
from html import escape

from qa.answer import Answer, Hit
from qa.styles import answer_markdown, answer_plain_text, bibtex, csl_json, markdown, plain_text

_STYLES: dict[str, Callable[[Hit], str]] = {
    "Plain text": plain_text,
    "Markdown": markdown,
    "BibTeX": bibtex,
    "CSL-JSON": lambda hit: csl_json([hit]),
}


def cite_aside() -> str:
    """Beside a passage: its citation, made by `citations` once somebody opens it."""
    return '<details class="cite-as"><summary>Cite</summary><div class="told actions"></div></details>'


def citations(hit: Hit) -> str:
    """A citation, to be copied in one of four styles: `data-copy` is what the button copies."""
    return f"Copy as {''.join(_button(name, style(hit)) for name, style in _STYLES.items())}"


def answer_actions(answer: Answer) -> str:
    """An answer with its citations, to be copied as text or Markdown, or to be kept as JSON."""
    return (
        f'<div class="actions">{_button("Copy", answer_plain_text(answer), "Copy answer")}'
        f"{_button('Copy as Markdown', answer_markdown(answer))}"
        '<button type="button" class="button quiet" data-download="answer.json">Download JSON</button></div>'
    )


def _button(name: str, text: str, label: str = "") -> str:
    label = f' aria-label="{label}"' if label else ""
    return f'<button type="button" class="button quiet" data-copy="{escape(text)}"{label}>{name}</button>'
