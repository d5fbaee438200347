"""Gold that outlives an edit: where a quote stands now, if its article was changed."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from eval.gold import GoldQuestion, GoldSpan
from eval.texts import Texts
from index.article import Article, Span
from index.likeness import is_alike, likeness_wanted, nearest, occurrences

Status: TypeAlias = Literal["intact", "moved", "edited", "gone"]

_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")


@dataclass(frozen=True, slots=True)
class Anchored:
    """A gold span, and where its quote stands now.

    * intact: the source says the quote from `start` to `end`. `now` is the span itself.
    * moved: the exact quote stands elsewhere in the same source. `now` is the place nearest to the old one.
    * edited: the source has words that are 75% alike or more (90% for a quote under 25 characters). `now` holds them.
    * gone: it has not, or the source itself is not there. `now` is None.

    `similarity` is 0 to 1: twice the characters in common, in order, over the characters of both. Numbers that differ
    leave a quote edited, but `why` names them: the answer may be another now.
    """

    question: str
    span: GoldSpan
    status: Status
    now: GoldSpan | None
    similarity: float
    why: str


def anchor_all(questions: Iterable[GoldQuestion], articles: Sequence[Article]) -> list[Anchored]:
    """Where every gold span of every question stands now, in order."""
    texts = Texts(articles)
    return [_anchor(question.id, span, texts) for question in questions for span in question.relevant]


def re_anchor(questions: Iterable[GoldQuestion], articles: Sequence[Article]) -> list[GoldQuestion]:
    """The questions with moved and edited spans where they stand now.

    Spans that are gone stay as they are, so that they are reported and count as misses.
    """
    texts = Texts(articles)
    return [
        replace(question, relevant=tuple(_anchor(question.id, span, texts).now or span for span in question.relevant))
        for question in questions
    ]


def _anchor(question: str, span: GoldSpan, texts: Texts) -> Anchored:
    text = texts.text(span)
    if text is None:
        return Anchored(question, span, "gone", None, 0.0, f"its source {span.source} is not among the articles")
    if text[span.start : span.end] == span.quote:
        return Anchored(question, span, "intact", span, 1.0, f"stands from {span.start} to {span.end}")
    places = occurrences(span.quote, text)
    if places:
        start = min(places, key=lambda place: abs(place - span.start))
        now = _moved_to(span, (start, start + len(span.quote)), text, texts)
        others = f", the nearest of {len(places)} places" if len(places) > 1 else ""
        return Anchored(question, span, "moved", now, 1.0, f"stands from {now.start} to {now.end} now{others}")
    best = nearest(span.quote, text, span.start)
    if best is None:
        return Anchored(question, span, "gone", None, 0.0, f"nothing in {span.source} is like it")
    if not is_alike(span.quote, best.similarity):
        said = f"from {best.start} to {best.end}, is {best.similarity:.0%} alike, expected {likeness_wanted(span.quote):.0%}"
        return Anchored(question, span, "gone", None, best.similarity, f"the nearest in {span.source}, {said}")
    now = _moved_to(span, (best.start, best.end), text, texts)
    return Anchored(question, span, "edited", now, best.similarity, _difference(span.quote, now.quote, best.similarity))


def _moved_to(span: GoldSpan, place: Span, text: str, texts: Texts) -> GoldSpan:
    start, end = place
    now = replace(span, start=start, end=end, quote=text[start:end])
    article = texts.article(now)
    return replace(now, article=article.id) if article else now


def _difference(quote: str, now: str, similarity: float) -> str:
    if quote.split() == now.split():
        return "only white space differs"
    before, after = Counter(_NUMBER.findall(quote)), Counter(_NUMBER.findall(now))
    if before == after:
        return f"{similarity:.0%} alike"
    lost, new = ", ".join((before - after).elements()), ", ".join((after - before).elements())
    return f"{similarity:.0%} alike, but numbers differ: {lost or 'none'} before, {new or 'none'} now"
