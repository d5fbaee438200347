"""When the passages found are from: columns over the months, years or decades, each a link to that time alone."""

from calendar import monthrange
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from qa.answer import Hit
from qa.page.asked import Asked
from qa.words import count_of

# Fewer months are shown month by month, fewer years year by year.
_MONTHS, _YEARS = 18, 24


@dataclass(frozen=True, slots=True)
class _Time:
    """Some days, what they are called, and the shorter name under their column."""

    since: date
    until: date
    name: str
    label: str


def timeline(asked: Asked, hits: Sequence[Hit]) -> str:
    """Columns of how many passages each time has; empty if they are all of one time, or of none that is known."""
    days = [hit.passage.article.published for hit in hits]
    known = sorted(day for day in days if day)
    if not known:
        return ""
    spans = _spans(known[0], known[-1])
    if len(spans) < 2:
        return ""
    counts = Counter(next(number for number, span in enumerate(spans) if day <= span.until) for day in known)
    highest = max(counts.values())
    columns, year = "", 0
    for number, span in enumerate(spans):
        # Of the months of a year, the first that has a passage says which year.
        label = f"{span.label} {span.since.year}" if span.label != span.name and span.since.year != year else span.label
        year = span.since.year if counts[number] else year
        columns += _column(asked, span, label, counts[number], highest)
    rest = len(days) - len(known)
    note = f"; {count_of(rest, 'passage')} without a date" if rest else ""
    return (
        f'<figure class="timeline"><figcaption>When these passages’ articles were published{note}</figcaption>'
        f"<ol>{columns}</ol></figure>"
    )


def _column(asked: Asked, time: _Time, label: str, count: int, highest: int) -> str:
    height = round(40 * count / highest)
    drawn = (
        '<svg viewBox="0 0 1 40" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect y="{40 - height}" width="1" height="{height}"></rect></svg><span>{label}</span>'
    )
    if not count:
        return f'<li class="none"><span aria-hidden="true">{drawn}</span></li>'
    words = f"{time.name}: {count_of(count, 'passage')}. Ask of this time alone"
    link = asked.but(since=time.since.isoformat(), until=time.until.isoformat()).link
    return f'<li><a href="{escape(link)}" title="{words}" aria-label="{words}">{drawn}</a></li>'


def _spans(first: date, last: date) -> list[_Time]:
    """Every month, year, decade or century from the first day to the last."""
    if 12 * (last.year - first.year) + last.month - first.month < _MONTHS:
        numbers = range(12 * first.year + first.month - 1, 12 * last.year + last.month)
        return [_month(number // 12, number % 12 + 1) for number in numbers]
    step = next((step for step in (1, 10) if last.year - first.year < step * _YEARS), 100)
    years = range(first.year - first.year % step, last.year + 1, step)
    names = [f"{year}{'s' if step > 1 else ''}" for year in years]
    return [
        _Time(date(max(year, 1), 1, 1), date(year + step - 1, 12, 31), name, name)
        for year, name in zip(years, names, strict=True)
    ]


def _month(year: int, month: int) -> _Time:
    start = date(year, month, 1)
    return _Time(start, start.replace(day=monthrange(year, month)[1]), f"{start:%B} {year}", f"{start:%b}")
