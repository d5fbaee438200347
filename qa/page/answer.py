"""The answer and the passages that it cites, as the page shows them."""

from collections.abc import Sequence
from html import escape

from qa.answer import Answer, Hit
from qa.html import (
    NOT_FOUND,
    confidence_words,
    date_words,
    mark,
    place_words,
    shared_words,
    title,
    twins_words,
    why_words,
)

# The others wait behind "More passages".
_SHOWN = 5


def answer_panel(answer: Answer, build: str) -> str:
    """The answering sentence with its citation, or that there is none; then the passages as cards.

    Whatever opens an article has `data-rank`, inside an element with `data-question` and
    `data-build`, which of the index's builds answered: together they name the passage.
    """
    top, heading = (_found(answer), "Passages") if answer.found else (_missing(), "Nearest passages")
    passages = f"<h2>{heading}</h2>{_cards(answer.hits[:_SHOWN])}{_more(answer.hits[_SHOWN:])}"
    named = f'data-question="{escape(answer.question)}" data-build="{escape(build)}"'
    return f'<div {named}>{top}<section class="passages">{passages}</section></div>'


def problem(message: str) -> str:
    """A mistake of the user's, as the one line that says what to do."""
    return f'<p class="problem" role="alert">{escape(message)}</p>'


def _found(answer: Answer) -> str:
    hit = answer.hits[0]
    return (
        # The citation stays on the line of the last character.
        f'<section class="answer"><p class="sentence">{escape(answer.sentence[:-1])}'
        f'<span class="unbroken">{escape(answer.sentence[-1:])}<button type="button" class="cite" data-rank="1" '
        f'aria-label="{escape(_opens(hit))}">[1]</button></span></p>'
        f'<p class="origin"><span aria-hidden="true">[1]</span> {_origin(hit)}</p>'
        f'<p class="confidence" title="Confidence {answer.confidence:.2f} of 1">{confidence_words(answer)}'
        f'<span class="unseen">, confidence {answer.confidence:.2f} of 1</span></p></section>'
    )


def _missing() -> str:
    return (
        f'<section class="answer missing"><p class="sentence">{NOT_FOUND}</p>'
        '<p class="origin">The passages below come nearest. They do not claim to answer the question.</p></section>'
    )


def _cards(hits: Sequence[Hit]) -> str:
    return f'<ol class="cards">{"".join(_card(hit) for hit in hits)}</ol>'


def _more(hits: Sequence[Hit]) -> str:
    return f'<details class="more"><summary>{len(hits)} more</summary>{_cards(hits)}</details>' if hits else ""


def _card(hit: Hit) -> str:
    return (
        f'<li class="card" data-rank="{hit.rank}"><p class="head"><span class="rank" aria-hidden="true">{hit.rank}</span>'
        f'<button type="button" class="title" data-rank="{hit.rank}" aria-label="{escape(_opens(hit))}">'
        f"{escape(title(hit.passage.article))}</button></p>"
        f'<p class="place">{_place(hit)}</p>'
        f'<blockquote class="text">{mark(hit.passage.text, hit.highlight)}</blockquote>{_twins(hit)}{_why(hit)}</li>'
    )


def _twins(hit: Hit) -> str:
    return f'<p class="place">{escape(twins_words(hit))}</p>' if hit.twins else ""


def _why(hit: Hit) -> str:
    words = shared_words(hit)
    shared = f"<p>Words shared with the question: {escape(', '.join(dict.fromkeys(words)))}.</p>" if words else ""
    return f'<details class="why"><summary>Why this?</summary><p>{escape(why_words(hit))}</p>{shared}</details>'


def _origin(hit: Hit) -> str:
    article = hit.passage.article
    return _dotted(
        [f"<cite>{escape(title(article))}</cite>", escape(article.source if article.title else ""), date_words(article)]
    )


def _place(hit: Hit) -> str:
    article = hit.passage.article
    return _dotted([escape(article.source if article.title else ""), date_words(article), place_words(hit)])


def _dotted(parts: Sequence[str]) -> str:
    return " · ".join(f"<span>{part}</span>" for part in parts if part)


def _opens(hit: Hit) -> str:
    return f"{title(hit.passage.article)}, {place_words(hit)}: open the article here"
