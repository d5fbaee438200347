"""The answer and the passages that it cites, as the page shows them."""

from html import escape

from index.question import read_question
from qa.answer import Answer, Hit
from qa.html import NOT_FOUND, NOTHING_SAYS_SO, confidence_words, corrected_words, date_words, place_words, sureness, title
from qa.page.asked import ANY, Asked
from qa.page.confined import UNCONFINED, Confined, chips
from qa.page.copying import answer_actions, cite_aside
from qa.page.dotted import dotted
from qa.page.matched import marked_text
from qa.page.shortfall import lacking, shortfall
from qa.page.timeline import timeline
from qa.page.verdicts import nothing_aside, verdict_aside
from qa.page.why import best_scores, why
from qa.words import count_of

_CITED = '<span aria-hidden="true">[1]</span> <cite>{}</cite>'
# The others wait behind "More passages".
_SHOWN, _SHOWN_MISSING = 5, 3


def answer_panel(answer: Answer, build: str, asked: Asked | None = None, confined: Confined = UNCONFINED) -> str:
    """The answering sentence with its citation, or that there is none; then the passages as cards.

    Whatever opens an article has `data-hit`, inside an element with `data-asked`, the question's address, and
    `data-build`, which of the index's builds answered: together they name the passage. What the address calls it, in every
    build, is its button's `data-passage`.
    """
    asked = asked or Asked(answer.question)
    shown = _found(answer) if answer.found else _missing(answer, asked, filtered=bool(confined.where))
    named = f'data-question="{escape(answer.question)}" data-asked="{escape(asked.link)}" data-build="{escape(build)}"'
    return f"<div {named}>{chips(asked, confined)}{shown}{_passages(answer, asked)}</div>"


def problem(message: str) -> str:
    """A mistake of the user's, as the one line that says what to do."""
    return f'<p class="problem" role="alert">{escape(message)}</p>'


def _found(answer: Answer) -> str:
    hit = answer.hits[0]
    return (
        # The citation stays on the line of the last character.
        f'<section class="answer" aria-label="Answer"><p class="sentence" dir="auto">{escape(answer.sentence[:-1])}'
        f'<span class="unbroken">{escape(answer.sentence[-1:])}<button type="button" class="cite" data-hit="1" '
        f'aria-label="[1] {escape(_opens(hit))}">[1]</button></span></p>'
        f'<p class="origin">{_origin(hit)}</p>{_corrected(answer)}'
        f'<p class="confidence" data-sure="{sureness(answer)}" title="Confidence {answer.confidence:.2f} of 1">'
        f'{confidence_words(answer)}<span class="unseen">, confidence {answer.confidence:.2f} of 1</span></p>'
        f"{answer_actions(answer)}</section>"
    )


def _missing(answer: Answer, asked: Asked, *, filtered: bool) -> str:
    nearest = answer.hits[:_SHOWN_MISSING]
    if nearest:
        reason = lacking(answer.question, nearest)
        why = f"The passages below come nearest. They do not claim to answer the question. {reason}"
    elif filtered:
        why = "There is nothing to search: no passage is within the filter."
    elif read_question(answer.question).is_plain:
        why = "There are no passages to search."
    else:
        why = NOTHING_SAYS_SO
    wider = asked.but(since=ANY, until="", sources=(), kinds=()).link
    way_out = f' <a href="{escape(wider)}">Ask without the filter</a>' if filtered else ""
    return (
        f'<section class="answer missing" aria-label="Answer"><p class="sentence">{NOT_FOUND}</p>'
        f'<p class="origin" dir="auto">{escape(why.strip())}{way_out}</p>{_corrected(answer)}</section>'
    )


def _corrected(answer: Answer) -> str:
    words = " ".join(corrected_words(answer.hits))
    return f'<p class="origin" dir="auto">{escape(words)}</p>' if words else ""


def _passages(answer: Answer, asked: Asked) -> str:
    if not answer.hits:
        return ""
    best, question = best_scores(answer.hits), "" if answer.found else answer.question
    shown = _SHOWN if answer.found else _SHOWN_MISSING
    cards = [
        _card(hit, best, question if number < shown else "", None if number else answer.confidence)
        for number, hit in enumerate(answer.hits)
    ]
    first, rest = "".join(cards[:shown]), "".join(cards[shown:])
    more = (
        f'<details class="more"><summary>{len(cards) - shown} more</summary><ol class="cards">{rest}</ol></details>'
        if rest
        else ""
    )
    heading = "Passages" if answer.found else "Nearest passages"
    return (
        f'<section class="passages" aria-label="{heading}"><h2>{heading}</h2>{timeline(asked, answer.hits.listed)}'
        f'<ol class="cards">{first}</ol>{more}{nothing_aside(asked)}</section>'
    )


def _card(hit: Hit, best: tuple[float, float], missed: str, sure: float | None) -> str:
    """A passage; with why it falls short of a question that was `missed`, and how sure the answer is that rests on it."""
    short = f'<p class="short" dir="auto">{escape(shortfall(missed, hit))}</p>' if missed else ""
    return (
        f'<li class="card passage" data-hit="{hit.rank}">'
        f'<p class="head"><span class="rank" aria-hidden="true">{hit.rank}</span>'
        f'<button type="button" class="title" data-hit="{hit.rank}" data-passage="{escape(hit.passage.id)}" '
        f'aria-label="{escape(_opens(hit))}" dir="auto">'
        f"{escape(title(hit.passage.article))}</button></p>"
        f'<p class="place">{_place(hit)}</p>'
        f'<blockquote class="text" dir="auto">{marked_text(hit)}</blockquote>{short}'
        f'<div class="asides">{_twins(hit)}{why(hit, best, sure)}{cite_aside()}{verdict_aside(hit)}</div></li>'
    )


def _twins(hit: Hit) -> str:
    """Where else almost the same stands, each place a button that opens it."""
    if not hit.twins:
        return ""
    places = "".join(
        f'<li><button type="button" class="link" data-hit="{hit.rank}.{number}" '
        f'data-passage="{escape(twin.passage.id)}" aria-label="{escape(_opens(twin))}">'
        f"<bdi>{escape(title(twin.passage.article))}</bdi></button> {_place(twin)}</li>"
        for number, twin in enumerate(hit.twins, 1)
    )
    summary = f"Also in {count_of(len(hit.twins), 'other')}"
    return f'<details class="twins"><summary>{summary}</summary><ul class="told">{places}</ul></details>'


def _origin(hit: Hit) -> str:
    article = hit.passage.article
    return dotted(
        [_CITED.format(escape(title(article))), escape(article.source if article.title else ""), date_words(article)]
    )


def _place(hit: Hit) -> str:
    article = hit.passage.article
    return dotted([escape(article.source if article.title else ""), date_words(article), place_words(hit)])


def _opens(hit: Hit) -> str:
    return f"{title(hit.passage.article)}, {place_words(hit)}: open the article here"
