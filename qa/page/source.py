"""An article as it stands in its source, with the cited passage and its sentence marked."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from index import Article
from qa.answer import Hit
from qa.html import date_words, inside, mark, title
from qa.page.dotted import dotted

_CLOSE = '<button type="button" class="close" data-close aria-label="Close the article">×</button>'


def source_panel(hit: Hit, among: Mapping[str, Hit] | None = None) -> str:
    """The article of a hit: its passage in `.cited`, one for each span, and in them the citation's words in <mark>.

    Of the hits `among` which it is, those in the same article are one step away, and their passages in `.found`.
    """
    here = {name: other for name, other in (among or {}).items() if other.passage.article == hit.passage.article}
    return article_panel(hit.passage.article, _text(hit, here.values()), _steps(hit, here))


def article_panel(article: Article, text: str, steps: str = "") -> str:
    """An article with what is told of it, and its `text` and the way from passage to passage as HTML."""
    lines = [
        [article.source if article.title else "", date_words(article), article.section],
        [f"By {article.byline}" if article.byline else "", article.url],
    ]
    about = "".join(f'<p class="about">{dotted(map(escape, line))}</p>' for line in lines if any(line))
    return (
        f'<header><div><h2 tabindex="-1" dir="auto">{escape(title(article))}</h2>{about}{steps}</div>{_CLOSE}</header>'
        f'<div class="body" tabindex="0" role="region" aria-label="The article’s text" dir="auto">{text}</div>'
    )


def source_gone(reason: str) -> str:
    """Instead of an article that the page can no longer open."""
    return f'<header><div><h2 tabindex="-1">{escape(reason[:1].upper() + reason[1:])}</h2></div>{_CLOSE}</header>'


def _steps(hit: Hit, there: Mapping[str, Hit]) -> str:
    """The way to the passages before and after, of those found in the same article."""
    here = sorted(there, key=lambda name: there[name].passage.spans)
    place = next((number for number, name in enumerate(here) if there[name] is hit), 0)
    if len(here) < 2:
        return ""
    before, after = _step(here, place - 1, "Previous", "←"), _step(here, place + 1, "Next", "→")
    return f'<p class="steps">{before}<span>Passage {place + 1} of {len(here)} found here</span>{after}</p>'


def _step(here: Sequence[str], to: int, name: str, key: str) -> str:
    there = f'data-hit="{here[to]}"' if 0 <= to < len(here) else "disabled"
    return (
        f'<button type="button" class="button" data-step="{name}" {there} '
        f'aria-label="{name} passage found in this article" title="{name} passage ({key})">{key}</button>'
    )


def _text(hit: Hit, others: Iterable[Hit]) -> str:
    text, (position, stop) = hit.passage.article.text, hit.passage.article.extent
    marked = {(start, end): ("found", escape(text[start:end])) for other in others for start, end in other.passage.spans}
    for start, end in hit.passage.spans:
        marked[start, end] = "cited", mark(text[start:end], inside(hit.citation.spans, (start, end)))
    pieces = []
    for (start, end), (name, words) in sorted(marked.items()):
        pieces += [escape(text[position:start]), f'<span class="{name}">{words}</span>']
        position = end
    return "".join([*pieces, escape(text[position:stop])])
