"""Gold that outlives an edit: where a quote stands now, if its article was changed."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from rapidfuzz import fuzz

from eval.gold import GoldQuestion, GoldSpan
from eval.texts import Texts
from index.article import Article, Span

Status: TypeAlias = Literal["intact", "moved", "edited", "gone"]

# Of 2,789 pieces of SQuAD looked for in 15 other paragraphs, 10 of the 1,807 with 25 characters or more met something
# 75% alike by chance. Of the shorter ones ("October", "Octopus") 136 of 982 did, and 23 met something 90% alike.
ALIKE = 0.75
ALIKE_SHORT = 0.9
SHORT = 25

_CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(rf"\d+(?:[.,:/-]\d+)*|[{_CJK}]|[^\W\d_{_CJK}]+(?:['’][^\W\d_{_CJK}]+)*|[^\w\s]|_+")
_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_SHINGLE = 5
_GUESSES = 4
_REACH = 400


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


@dataclass(frozen=True, slots=True)
class Nearest:
    """The words of a text that resemble a quote most, and how much, 0 to 1."""

    start: int
    end: int
    similarity: float


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


def occurrences(quote: str, text: str) -> list[int]:
    """Where a quote begins in a text, every time, overlapping ones too."""
    places = []
    place = text.find(quote)
    while place >= 0:
        places.append(place)
        place = text.find(quote, place + 1)
    return places


def nearest(quote: str, text: str, around: int = 0) -> Nearest | None:
    """The run of whole words of `text` most like `quote`; of equally like ones the nearest to `around`.

    None if the text shares no five characters in a row with the quote.
    """
    found = [_fit(quote, text, guess) for guess in _guesses(quote, text)]
    likely = [each for each in found if each is not None]
    best = max(likely, key=lambda each: (each.similarity, -abs(each.start - around)), default=None)
    return _with_both_ends(quote, text, best) if best else None


def is_alike(quote: str, similarity: float) -> bool:
    """Whether words that resemble a quote so much are taken for the quote, edited."""
    return similarity >= _wanted(quote)


def _wanted(quote: str) -> float:
    return ALIKE_SHORT if len(quote) < SHORT else ALIKE


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
        said = f"from {best.start} to {best.end}, is {best.similarity:.0%} alike, expected {_wanted(span.quote):.0%}"
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


def _guesses(quote: str, text: str) -> list[int]:
    """Where the quote may begin: where most of its pieces would be in their place."""
    size = min(_SHINGLE, len(quote))
    last = len(quote) - size
    width = max(8, len(quote) // 4)
    votes: Counter[int] = Counter()
    # At most some 64 pieces, however long the quote is.
    for offset in range(0, last + 1, max(1, last // 64)):
        votes.update((place - offset) // width for place in occurrences(quote[offset : offset + size], text))
    return [max(0, place * width + width // 2) for place, _ in votes.most_common(_GUESSES)]


def _fit(quote: str, text: str, guess: int) -> Nearest | None:
    """The bounds near a guess that make the text most like the quote: each in turn, until both stay."""
    reach = min(max(40, len(quote) // 2), _REACH)
    beyond = min(guess + len(quote), len(text))
    starts = [start for start, _ in _words(text, guess - reach, guess + reach)]
    ends = [end for _, end in _words(text, beyond - reach, beyond + reach)]
    if not starts or not ends:
        return None
    start, end, similarity = min(starts, key=lambda place: abs(place - guess)), -1, -1.0
    for _ in range(4):
        (_, new_end), _ = _best(quote, [(start, place) for place in ends], text)
        (new_start, _), new_similarity = _best(quote, [(place, new_end) for place in starts], text)
        if new_similarity <= similarity:
            break
        start, end, similarity = new_start, new_end, new_similarity
    return Nearest(start, end, similarity / 100) if start < end else None


def _with_both_ends(quote: str, text: str, found: Nearest) -> Nearest:
    """Where words were put into the quote, the larger part of it is most like it: reaches for its first and last words."""
    start, end = found.start, found.end
    for size in (20, 10):
        if len(quote) < 3 * size:
            continue
        if start == found.start and fuzz.ratio(quote[:size], text[start : start + size]) < 75:
            head = text.rfind(quote[:size], max(0, start - _REACH), start + size)
            start = min(start, head) if head >= 0 else start
        if end == found.end and fuzz.ratio(quote[-size:], text[max(0, end - size) : end]) < 75:
            tail = text.find(quote[-size:], max(0, end - size), end + _REACH)
            end = max(end, tail + size) if tail >= 0 else end
    similarity = fuzz.ratio(quote, text[start:end]) / 100
    return Nearest(start, end, similarity) if is_alike(quote, similarity) else found


def _best(quote: str, places: Iterable[Span], text: str) -> tuple[Span, float]:
    """The first of the spans whose text is most like the quote, and how much, 0 to 100."""
    best, most = (0, 0), -1.0
    for start, end in places:
        # Below the cutoff the ratio is 0, and comes quickly.
        similarity = fuzz.ratio(quote, text[start:end], score_cutoff=max(most, 0)) if start < end else 0.0
        if similarity > most:
            best, most = (start, end), similarity
    return best, most


def _words(text: str, low: int, high: int) -> list[Span]:
    """The words, numbers and marks that stand wholly between two places."""
    found = (match.span() for match in _WORD.finditer(text, max(0, low - 40), max(0, high + 40)))
    return [(start, end) for start, end in found if low <= start and end <= high]
