"""When the passages found are from: columns over the months, years or decades, each a link to that time alone."""

from calendar import monthrange
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from qa.answer import Hit
from qa.page.asked import Asked
from qa.words import count_of

# Fewer months are shown month by month, fewer years year by year.
_MONTHS, _YEARS = 18, 24
# As many words stand side by side under the columns on a phone; more columns than _ROOMY are too narrow on any screen.
_SIDE_BY_SIDE, _ROOMY = 6, 18


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
    labels = _labels(spans, counts)
    landmarks = _landmarks(labels)
    columns = "".join(
        _column(asked, span, label, counts[number], highest, landmark=number in landmarks)
        for number, (span, label) in enumerate(zip(spans, labels, strict=True))
    )
    rest = len(days) - len(known)
    note = f"; {count_of(rest, 'passage')} without a date" if rest else ""
    return (
        f'<figure class="timeline{" narrow" if len(spans) > _ROOMY else ""}"><figcaption>'
        f"When these passages’ articles were published{note}</figcaption><ol>{columns}</ol></figure>"
    )


def _labels(spans: Sequence[_Time], counts: Mapping[int, int]) -> list[str]:
    """What stands under each column, empty where there is no passage. Of the months of a year, the first says which year;
    the last of all says it too, unless it is the first one's."""
    labels, year, last = [], 0, spans[-1]
    for number, span in enumerate(spans):
        if not counts.get(number):
            labels.append("")
            continue
        says = span.label != span.name and (span.since.year != year or (span is last and year != spans[0].since.year))
        year = span.since.year
        labels.append(f"{span.label} {year}" if says else span.label)
    return labels


def _landmarks(labels: Sequence[str]) -> set[int]:
    """The columns whose labels stay where there is no room for all: the first, the last, and between them the months that
    say a year, or any year, each as far from the others as its words are wide."""
    apart, last = -(-len(labels) // _SIDE_BY_SIDE), len(labels) - 1
    kept = [0]
    for number, label in enumerate(labels):
        if label and not label.isalpha() and kept[-1] + apart <= number <= last - apart:
            kept.append(number)
    return {*kept, last}


def _column(asked: Asked, time: _Time, label: str, count: int, highest: int, *, landmark: bool) -> str:
    height = round(40 * count / highest)
    drawn = (
        '<svg viewBox="0 0 1 40" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect y="{40 - height}" width="1" height="{height}"></rect></svg>'
        f'<span class="{"landmark" if landmark else "between"}">{label}</span>'
    )
    if not count:
        return f'<li><span aria-hidden="true">{drawn}</span></li>'
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
