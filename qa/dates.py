"""Days and spans of days as people write them: in options, and in questions."""

import calendar
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from index import Filter, QuestionError, Span

_MONTHS = {name.lower(): number for names in (calendar.month_name, calendar.month_abbr) for number, name in enumerate(names)}
_MONTHS = {name: number for name, number in _MONTHS.items() if name} | {"sept": 9}
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?"
_YEAR = r"(?P<year>(?:1[89]|20)\d\d)"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_ORDINAL = rf"(?P<ordinal>{'|'.join(_ORDINALS)})"
# The longest first: each is a span of days.
_TIMES = [
    re.compile(rf"\b{pattern}\b", re.IGNORECASE)
    for pattern in (
        r"(?P<year>(?:1[89]|20)\d\d)-(?P<number>\d\d)-(?P<day>\d\d)",
        rf"{_MONTH} {_DAY},? {_YEAR}",
        rf"{_DAY} {_MONTH},? {_YEAR}",
        rf"(?:the )?{_ORDINAL} quarter of {_YEAR}",
        rf"Q(?P<quarter>[1-4]),? (?:of )?{_YEAR}",
        rf"(?:the )?(?P<half>first|second) half of {_YEAR}",
        rf"{_MONTH},? (?:of )?{_YEAR}",
        r"(?P<year>(?:1[89]|20)\d\d)-(?P<number>\d\d)(?!-\d)",
        rf"{_YEAR}(?!-\d)",
    )
]
_SINCE, _AFTER, _UNTIL, _BEFORE = r"since|from", r"after", r"until|till|up to|through", r"before"
_LIMIT = re.compile(rf"\b(?P<word>{_SINCE}|{_AFTER}|{_UNTIL}|{_BEFORE}|between)\s+(?:the )?$", re.IGNORECASE)
_AND = re.compile(r"\s*(?:and|to|until|till|through|[-–])\s*(?:the )?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Days:
    """From one day to another, both included; None for any. `words` is how a question says it, `span` where.

    `limits` is whether it says so of when (since, before, between …), and not only names a time (in, of …).
    """

    since: date | None
    until: date | None
    words: str
    span: Span
    limits: bool


def read_day(text: str, *, last: bool) -> date:
    """A day as an option gives it, 2021, 2021-07 or 2021-07-15: the first it can be, or the `last`. Raises QuestionError."""
    for pattern in (_TIMES[0], _TIMES[-2], _TIMES[-1]):
        match = pattern.fullmatch(text.strip())
        if match and (days := _days(match)):
            return days[1] if last else days[0]
    raise QuestionError(f"{text!r} is no day: expected one as 2021-07-15, 2021-07 or 2021")


def read_filter(since: str | None, until: str | None, sources: Sequence[str] | None, kinds: Sequence[str] | None) -> Filter:
    """A filter as options give it; what is empty lets all through. Raises QuestionError."""
    first, last = read_day(since, last=False) if since else None, read_day(until, last=True) if until else None
    return Filter(first, last, tuple(sources or ()), tuple(kinds or ()))


def days_in(question: str) -> list[Days]:
    """The times that a question names, in order: "since 2022", "in July 2021", "the first quarter of 2021"."""
    times = list(_times(question))
    found: list[Days] = []
    used = 0
    for number, (start, end, (first, last)) in enumerate(times):
        if start < used:
            continue
        limit = _LIMIT.search(question, 0, start)
        word = limit["word"].lower() if limit else ""
        begin = limit.start() if limit else start
        following = times[number + 1] if number + 1 < len(times) else None
        days: tuple[date | None, date | None] = first, last
        if word in ("between", "from") and following and _AND.fullmatch(question, end, following[0]):
            days, end = (first, following[2][1]), following[1]
        elif word in ("since", "from"):
            days = first, None
        elif word == "after":
            days = last + timedelta(days=1), None
        elif word == "before":
            days = None, first - timedelta(days=1)
        elif word and word != "between":
            days = None, last
        else:
            begin, word = start, ""
        if not (days[0] and days[1] and days[0] > days[1]):
            found.append(Days(*days, question[begin:end], (begin, end), bool(word)))
        used = end
    return found


def _times(question: str) -> Iterator[tuple[int, int, tuple[date, date]]]:
    """Where a question names times, and which: of those that overlap, the longest."""
    taken: list[tuple[int, int, tuple[date, date]]] = []
    for pattern in _TIMES:
        for match in pattern.finditer(question):
            days = _days(match)
            if days and all(match.end() <= start or match.start() >= end for start, end, _ in taken):
                taken.append((*match.span(), days))
    yield from sorted(taken)


def _days(match: re.Match[str]) -> tuple[date, date] | None:
    """The first and the last day of what was matched; None for a day that there is not."""
    said = match.groupdict()
    year = int(said["year"])
    months = {1: 12}
    if said.get("month") or said.get("number"):
        number = _MONTHS[said["month"].lower()] if said.get("month") else int(said["number"])
        months = {number: number}
    elif said.get("ordinal") or said.get("quarter"):
        quarter = _ORDINALS[said["ordinal"].lower()] if said.get("ordinal") else int(said["quarter"])
        months = {3 * quarter - 2: 3 * quarter}
    elif said.get("half"):
        months = {1: 6} if said["half"].lower() == "first" else {7: 12}
    ((first, last),) = months.items()
    try:
        if said.get("day"):
            return (day := date(year, first, int(said["day"]))), day
        return date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1])
    except ValueError:
        return None
