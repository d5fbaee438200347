"""Answers as HTML for notebooks, and the words and marks that the web page shares with them.

Whatever comes from an article or a question is escaped; only the tags written here are tags.
"""

from collections.abc import Iterable
from datetime import date
from html import escape
from itertools import islice
from typing import TYPE_CHECKING

from index import Article, Span
from index.analyzer import analyze, word_terms
from qa.answer import Answer, Hit, LegScore
from qa.words import count_of

if TYPE_CHECKING:
    from qa.library import Library

NOT_FOUND = "Not in these articles."
NOTHING_SAYS_SO = "No passage has the words that the question requires, or all have one that it leaves out."
_SURE = ("Perhaps the answer: the nearest words found", "Probably the answer", "Very likely the answer")
# What is less likely than not is not called probable.
_PROBABLE, _VERY_LIKELY = 0.5, 0.75
_LISTED = 10
_TERMS_IN_A_WORD = 3
# Translucent, and with the text's own colour: readable on a light and on a dark notebook.
_MARK = '<mark style="background:rgba(255,196,0,.32);color:inherit;border-radius:2px;padding:0 .1em">'
_BLOCK = "margin:.8em 0;padding:.1em 0 .1em .9em;border-left:3px solid rgba(128,128,128,.4);max-width:46em;line-height:1.5"
_LOUD = "font-size:1.15em;margin:.3em 0"
_QUIET = "opacity:.75;font-size:.9em"


def mark(text: str, spans: Iterable[Span], opening: str = "<mark>", closing: str = "</mark>") -> str:
    """The text, escaped, with a tag around each of `spans`: character offsets, in any order, overlaps marked once."""
    pieces = []
    position = 0
    for start, end in sorted(spans):
        start = max(start, position)
        if start < min(end, len(text)):
            pieces += [escape(text[position:start]), opening, escape(text[start:end]), closing]
            position = end
    return "".join([*pieces, escape(text[position:])])


def inside(spans: Iterable[Span], piece: Span) -> list[Span]:
    """The parts of spans that lie in a piece of text, as offsets in the piece."""
    first, last = piece
    return [(max(start, first) - first, min(end, last) - first) for start, end in spans if start < last and first < end]


def hits_html(hits: Iterable[Hit]) -> str:
    """Passages for a notebook: where each stands, its text with the best sentence marked, and why it was found."""
    return "".join(_hit_html(hit) for hit in hits) or f'<p style="{_QUIET}">No passages.</p>'


def answer_html(answer: Answer) -> str:
    """An answer for a notebook: the sentence with its source, or that there is none; then the passages."""
    if answer.found:
        source = origin(answer.citations[0].article)
        heading = (
            f'<p style="{_LOUD}">{escape(answer.sentence)} [1]</p>'
            f'<p style="{_QUIET};margin:.3em 0">[1] {escape(source)} · {escape(confidence_words(answer))} '
            f"({answer.confidence:.2f})</p>"
        )
    else:
        heading = f'<p style="{_LOUD}">{NOT_FOUND}</p><p style="{_QUIET};margin:.3em 0">Nearest passages:</p>'
    asked = escape(" ".join([answer.question, *corrected_words(answer.hits)]))
    return f'<div><p style="{_QUIET};margin:.3em 0">{asked}</p>{heading}{hits_html(answer.hits)}</div>'


def library_html(library: "Library") -> str:
    """A library for a notebook: what it holds, and its first articles."""
    listed = "".join(f"<li>{escape(origin(article))}</li>" for article in islice(library.articles, _LISTED))
    more = len(library.articles) - _LISTED
    rest = f'<p style="{_QUIET}">and {more:,} more</p>' if more > 0 else ""
    encoder = escape(library.index.manifest.encoder)
    return f"<div><p><strong>{escape(holdings(library))}</strong> · {encoder}</p><ul>{listed}</ul>{rest}</div>"


def holdings(library: "Library") -> str:
    """What a library holds: "9 articles, 140 passages, 2021 to 2023"."""
    manifest = library.index.manifest
    parts = [count_of(manifest.articles, "article"), count_of(manifest.passages, "passage")]
    if manifest.published:
        parts.append(" to ".join(dict.fromkeys(day[:4] for day in manifest.published)))
    return ", ".join(parts)


def origin(article: Article) -> str:
    """Where words come from: title, source and date, as far as they are known."""
    return " · ".join(filter(None, [title(article), article.source if article.title else "", date_words(article)]))


def title(article: Article) -> str:
    """An article's title, or its source's name if it has none."""
    return article.title or article.source or article.id


def date_words(article: Article) -> str:
    """When an article was published, as a reader would write it; empty if that is not known."""
    return day_words(article.published) if article.published else ""


def day_words(day: date) -> str:
    """A day as a reader would write it: 28 July 2023."""
    return f"{day.day} {day:%B %Y}"


def place_words(hit: Hit) -> str:
    """Where a passage stands in its article, its kind named unless it is a paragraph like others."""
    passage = hit.passage
    return f"paragraph {passage.number}" + (f" · {passage.kind}" if passage.kind != "paragraph" else "")


def confidence_words(answer: Answer) -> str:
    """How sure it is that the sentence answers."""
    return _SURE[sureness(answer)]


def sureness(answer: Answer) -> int:
    """How sure it is that the sentence answers, in steps from 0 to 2."""
    return (answer.confidence >= _PROBABLE) + (answer.confidence >= _VERY_LIKELY)


def why_words(hit: Hit) -> str:
    """What each stage made of a passage.

    "By meaning: 2nd, cosine 0.61. By words: 1st, BM25 12.3. Word for word: 1st, 0.58. Score 0.48."
    """
    why = hit.why
    parts = [
        f"By meaning: {rank_words(why.dense)}, cosine {why.dense.score:.2f}.",
        f"By words: {rank_words(why.lexical)}, BM25 {why.lexical.score:.1f}.",
    ]
    if why.late:
        parts.append(f"Word for word: {rank_words(why.late)}, {why.late.score:.2f}.")
    if why.reading:
        parts.append(f"Read: {rank_words(why.reading)}, {why.reading.score:.2f}.")
    if why.rerank:
        parts.append(f"Cross-encoder: {rank_words(why.rerank)}, {why.rerank.score:.2f}.")
    parts.append(f"Score {hit.score:.2f}.")
    return " ".join([*parts, *corrected_words([hit])])


def corrected_words(hits: Iterable[Hit]) -> list[str]:
    """What misspelt words of the question were read as that the passages have: "“orchrads” was read as “orchards”."."""
    pairs = dict.fromkeys(pair for hit in hits for pair in hit.why.corrected)
    return [f"“{typed}” was read as “{term}”." for typed, term in pairs]


def rank_words(leg: LegScore) -> str:
    """A stage's rank in words: "2nd"."""
    return f"{leg.rank:,}{_ordinal(leg.rank)}" if leg.rank else "not among the best"


def twins_words(hit: Hit) -> str:
    """Where else almost the same stands; empty if nowhere."""
    places = [f"{origin(twin.passage.article)}, paragraph {twin.passage.number}" for twin in hit.twins]
    return f"Almost the same stands in {'; '.join(places)}." if places else ""


def shared_words(hit: Hit) -> list[str]:
    """The question's words that a passage has, as the passage spells them."""
    missing = dict.fromkeys(hit.why.matched)
    words = []
    for word in hit.passage.text.split():
        terms = word_terms(word)
        # A run of Chinese or Japanese is many terms and no word: its pairs are named below.
        if any(term in missing for term in terms) and len(analyze(word, compounds=False)) <= _TERMS_IN_A_WORD:
            words.append(word.strip("“”‘’\"'()[]{}.,;:!?—–-").casefold())
            for term in terms:
                missing.pop(term, None)
    return [*words, *missing]


def _hit_html(hit: Hit) -> str:
    where = f"{origin(hit.passage.article)} · {place_words(hit)}"
    return (
        f'<div style="{_BLOCK}"><div style="{_QUIET}">[{hit.rank}] {escape(where)}</div>'
        f"<div>{mark(hit.passage.text, hit.highlight, _MARK)}</div>"
        f'<div style="{_QUIET}">{escape(" ".join(filter(None, [why_words(hit), twins_words(hit)])))}</div></div>'
    )


def _ordinal(number: int) -> str:
    if number % 100 in {11, 12, 13}:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
