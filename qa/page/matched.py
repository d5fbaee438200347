"""A passage's text with its best sentence marked, and in it the words that it shares with the question."""

import re
from collections.abc import Iterator, Sequence

from index import Span
from index.analyzer import word_terms
from index.scripts import CJK
from qa.answer import Hit
from qa.html import inside, mark
from qa.words import FUNCTION_WORDS

_WORD = re.compile(rf"[{CJK}]+|[^\W{CJK}]+(?:['’.,:/-][^\W{CJK}]+)*")
_FUNCTION_TERMS = {term for word in FUNCTION_WORDS for term in word_terms(word)}
_IS_CJK = re.compile(rf"[{CJK}]")


def marked_text(hit: Hit) -> str:
    """The passage as HTML: a <mark> around the sentences highlighted, a <b> around each shared word."""
    text, words = hit.passage.text, list(_shared(hit))
    pieces, position = [], 0
    for start, end in [*sorted(hit.highlight), (len(text), len(text))]:
        start = max(start, position)
        pieces.append(_words(text, words, (position, start)))
        if start < end:
            pieces += ["<mark>", _words(text, words, (start, end)), "</mark>"]
        position = max(start, end)
    return "".join(pieces)


def _words(text: str, words: Sequence[Span], piece: Span) -> str:
    return mark(text[slice(*piece)], inside(words, piece), "<b>", "</b>")


def _shared(hit: Hit) -> Iterator[Span]:
    """Where the words stand that the question has too; of Chinese and Japanese, the pairs of characters."""
    shared = set(hit.why.matched) - _FUNCTION_TERMS
    for match in _WORD.finditer(hit.passage.text):
        start, end = match.span()
        if _IS_CJK.match(match.group()):
            yield from ((at, min(at + 2, end)) for at in range(start, end) if hit.passage.text[at : at + 2] in shared)
        elif shared.intersection(word_terms(match.group())):
            yield start, end
