"""An article as it stands in its source, with the cited passage and its sentence marked."""

from collections.abc import Sequence
from html import escape

from index import Span
from qa.answer import Hit
from qa.html import date_words, mark, title


def source_panel(hit: Hit) -> str:
    """The article of a hit: its passage in `.cited`, one for each span, and in them the citation's words in <mark>."""
    article = hit.passage.article
    lines = [
        " · ".join(filter(None, [article.source if article.title else "", date_words(article), article.section])),
        " · ".join(filter(None, [f"By {article.byline}" if article.byline else "", article.url])),
    ]
    about = "".join(f'<p class="about">{escape(line)}</p>' for line in lines if line)
    return (
        f'<header><div><h2 tabindex="-1">{escape(title(article))}</h2>{about}</div>'
        '<button type="button" class="close" data-close aria-label="Close the article">×</button></header>'
        f'<div class="body" tabindex="0" role="region" aria-label="The article’s text">{_text(hit)}</div>'
    )


def source_gone() -> str:
    """Instead of an article that the page can no longer open."""
    return (
        '<header><div><h2 tabindex="-1">This answer is no longer kept: ask again</h2></div>'
        '<button type="button" class="close" data-close aria-label="Close the article">×</button></header>'
    )


def _text(hit: Hit) -> str:
    text, (position, stop) = hit.passage.article.text, hit.passage.article.extent
    pieces = []
    for start, end in hit.passage.spans:
        cited = mark(text[start:end], _inside(hit.citation.spans, (start, end)))
        pieces += [escape(text[position:start]), f'<span class="cited">{cited}</span>']
        position = end
    return "".join([*pieces, escape(text[position:stop])])


def _inside(spans: Sequence[Span], piece: Span) -> list[Span]:
    """The parts of spans that lie in a piece of text, as offsets in the piece."""
    first, last = piece
    return [(max(start, first) - first, min(end, last) - first) for start, end in spans if start < last and first < end]
