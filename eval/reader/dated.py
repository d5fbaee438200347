"""Examples of articles that say when they were published: what is asked of a year is then told by the date, or not told."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from random import Random

from eval.reader.examples import Example
from index.article import Span
from index.sentences import split_sentences

# So many examples have a date; of these so many have the year that is asked for in the date instead of the text, and so many
# that ask for no year are asked of one: of the year that the text tells of, or of another, whether it answers or not.
_DATED, _MOVED, _ASKED = 0.6, 0.7, 0.25
_RIGHT = 0.5
# Articles that name no year of these are of any of them.
_YEARS = range(1990, 2027)
_OTHERS = (-15, -9, -6, -4, -3, -2, 2, 3, 5)
# Until so far into a year, articles tell of the one that has ended, and half of them without saying so.
_EARLY, _LATE = 3, 12
# What "In 2021" and " in 2021" become, in an article of so many years later and of no later month.
_WAYS = (
    ("This year", " this year", 0, _LATE),
    ("This year", "", 0, _LATE),
    ("Last year", "", 1, _EARLY),
    ("Last year", " last year", 1, _LATE),
)
_YEAR = re.compile(r"\b(?:1\d{3}|20\d{2})\b")
_TO_COME = re.compile(r"\bnext (?:year|month|spring|summer|autumn|winter)\b|\bwill\b", re.IGNORECASE)
_BEFORE = re.compile(r"\b(?:last|past|previous) year\b|\bthe year before\b", re.IGNORECASE)
# Whoever asks so asks for the time itself.
_ASKS_WHEN = re.compile(r"\bwhen\b|\byears?\b|\bhow (?:long|old)\b|\bdates?\b", re.IGNORECASE)


def as_dated(example: Example, random: Random) -> Example:
    """The example as it is, or with the date of its article, and then some with a question of a year."""
    if random.random() >= _DATED:
        return example
    asked = _years(example.question)
    if len(asked) == 1 and random.random() < _MOVED:
        return _moved(example, asked[0], random)
    told = [year for year in _years(example.excerpt.text) if year in _YEARS]
    year = min(_YEARS[-1], max(told) + random.choice((0, 0, 1))) if told else random.choice(_YEARS)
    day = _day(year, random)
    dated = _published(example, day)
    return dated if asked or random.random() >= _ASKED else _of_a_year(dated, day, random)


def _years(text: str) -> list[int]:
    return [int(year) for year in _YEAR.findall(text)]


def _day(year: int, random: Random, last_month: int = _LATE) -> date:
    return date(year, random.randint(1, last_month), random.randint(1, 28))


def _published(example: Example, day: date) -> Example:
    return replace(example, excerpt=replace(example.excerpt, published=day))


def _moved(example: Example, year: int, random: Random) -> Example:
    """The example with the year that is asked for in its date: "in 2021" becomes "this year", or nothing at all, or "last
    year" in an article of 2022, or nothing in one of its first months."""
    excerpt = example.excerpt
    first, words, later, last_month = random.choice(_WAYS)
    dated = _published(example, _day(year + later, random, last_month))
    naming = re.compile(rf"\bIn {year}\b| in {year}\b(?! and| or|-|–|/)")
    begins, ends = example.answer or (0, 0)
    if any(match.start() < ends and match.end() > begins for match in naming.finditer(excerpt.text)):
        return dated

    def instead(match: re.Match[str]) -> str:
        return first if match[0].startswith("In") else words

    def shifted(place: int) -> int:
        return place + sum(len(instead(match)) - len(match[0]) for match in naming.finditer(excerpt.text, 0, place))

    text = naming.sub(instead, excerpt.text)
    around = _both(shifted, excerpt.around)
    answer = _both(shifted, example.answer) if example.answer else None
    return replace(example, excerpt=replace(dated.excerpt, text=text, around=around), answer=answer)


def _both(shifted: Callable[[int], int], span: Span) -> Span:
    return shifted(span[0]), shifted(span[1])


def _of_a_year(example: Example, day: date, random: Random) -> Example:
    """The example, of an article of some day, with its question asked of the year that it tells of, or of another.

    As it is where the question asks for the time, or the sentence tells of another.
    """
    text, around = example.excerpt.text, example.answer or example.excerpt.around
    sentence = next((text[start:end] for start, end in split_sentences(text) if start <= around[0] < end), text)
    if _ASKS_WHEN.search(example.question) or _YEAR.search(sentence) or _TO_COME.search(sentence):
        return example
    unsaid = day.month <= _EARLY and random.random() < _RIGHT
    told = day.year - 1 if unsaid or _BEFORE.search(sentence) else day.year
    right = random.random() < _RIGHT
    asked = told if right else told + random.choice(_OTHERS)
    if not right and asked in _years(text):
        return example
    question = example.question.rstrip("? ")
    if random.random() < _RIGHT or not question[:1].isupper():
        question = f"{question} in {asked}?"
    else:
        question = f"In {asked}, {question[0].lower()}{question[1:]}?"
    return replace(example, question=question, answer=example.answer if right else None)
