"""What a question is confined to: what the reader chose, else what the question itself says of when; as chips."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from index.filter import EVERYTHING, Filter
from qa.dates import Days, days_in, read_day
from qa.html import day_words
from qa.library import Library
from qa.page.asked import ANY, Asked
from qa.words import kind_words


@dataclass(frozen=True, slots=True)
class Confined:
    """The filter for a question; the times in its own words that are in it (`applied`), and others that it names."""

    where: Filter
    applied: tuple[Days, ...] = ()
    offered: tuple[Days, ...] = ()


UNCONFINED = Confined(EVERYTHING)

# By their first month and their last.
_PARTS = {
    (1, 3): "first quarter",
    (4, 6): "second quarter",
    (7, 9): "third quarter",
    (10, 12): "fourth quarter",
    (1, 6): "first half",
    (7, 12): "second half",
}


def confine(asked: Asked, *, dated: bool) -> Confined:
    """What a question is confined to. Where no article is `dated`, the times that it names change nothing.

    "since 2022" confines; "in July 2021" is only offered, for articles tell of times before their own. Days that the
    reader chose go before the question's. Raises QuestionError.
    """
    since = read_day(asked.since, last=False) if asked.since not in ("", ANY) else None
    until = read_day(asked.until, last=True) if asked.until not in ("", ANY) else None
    named = tuple(days_in(asked.question)) if dated else ()
    applied: tuple[Days, ...] = ()
    if not asked.since and not asked.until:
        limiting = tuple(days for days in named if days.limits)
        first, last = _common(limiting)
        # Limits that leave no day are no limits that anyone meant.
        if not (first and last and first > last):
            applied, since, until = limiting, first, last
    where = Filter(since, until, asked.sources, asked.kinds)
    offered = tuple(days for days in named if days not in applied and (days.since, days.until) != (since, until))
    return Confined(where, applied, offered)


def confine_in(library: Library, asked: Asked) -> Confined:
    """What a question is confined to among a library's articles. Raises QuestionError."""
    return confine(asked, dated=library.index.manifest.published is not None)


def chips(asked: Asked, confined: Confined) -> str:
    """What confines the question, each a link to the question without it; then what it could be confined to."""
    where = confined.where
    links = [
        _chip(days.words, asked.but(**_without(days, confined.applied)), _only(_published(days)))
        for days in confined.applied
    ]
    if not confined.applied and (where.since or where.until):
        words = _published(Days(where.since, where.until, "", (0, 0), limits=True))
        # Without them the question's own days would come back.
        links.append(_chip(words, asked.but(since=ANY if confined.offered else "", until=""), _only(words)))
    for name in asked.sources:
        links.append(_chip(name, asked.but(sources=_rest(asked.sources, name)), "Only articles of this file"))
    for kind in asked.kinds:
        words = f"only {kind_words(kind)}"
        links.append(_chip(words, asked.but(kinds=_rest(asked.kinds, kind)), words.capitalize()))
    links += [_offer(days, asked) for days in confined.offered]
    listed = "".join(f"<li>{link}</li>" for link in links)
    return f'<ul class="chips" id="chips" aria-label="Filter">{listed}</ul>' if links else ""


def _only(published: str) -> str:
    return f"Only articles {published}, none without a date"


def _chip(words: str, without: Asked, title: str) -> str:
    return (
        f'<a class="chip on" href="{escape(without.link)}" title="{escape(title)}. Click to remove" dir="auto">'
        f'<span class="unseen">Remove: </span>{escape(words)}<span class="sign" aria-hidden="true">×</span></a>'
    )


def _offer(days: Days, asked: Asked) -> str:
    title = f"Only articles {_published(days)}. What happened then is often told by later ones"
    within = asked.but(since=str(days.since or ""), until=str(days.until or ""))
    return (
        f'<a class="chip" href="{escape(within.link)}" title="{escape(title)}" dir="auto">'
        f'<span class="sign" aria-hidden="true">+</span>{escape(_published(days))}</a>'
    )


def _without(gone: Days, applied: Sequence[Days]) -> dict[str, str]:
    """The days that stay when one of several is taken away."""
    since, until = _common([days for days in applied if days is not gone])
    return {"since": str(since or "") or ("" if until else ANY), "until": str(until or "")}


def _common(limits: Sequence[Days]) -> tuple[date | None, date | None]:
    """The first and the last day that are within all limits."""
    since = max((days.since for days in limits if days.since), default=None)
    return since, min((days.until for days in limits if days.until), default=None)


def _published(days: Days) -> str:
    """ "published in July 2021", "published from 1 July 2021 to 2 August 2021", "published from 1 January 2022 on"."""
    since, until = days.since, days.until
    if since and until:
        return f"published {_whole(since, until) or f'from {day_words(since)} to {day_words(until)}'}"
    return f"published from {day_words(since)} on" if since else f"published until {day_words(until)}" if until else ""


def _whole(since: date, until: date) -> str:
    """The day, month, quarter, half, year or years that two days are first and last of; empty if they are of none."""
    if since == until:
        return f"on {day_words(since)}"
    if (since.year, since.month, since.day, until) == (until.year, until.month, 1, _month_end(until)):
        return f"in {since:%B} {since.year}"
    if (since.month, since.day, until.month, until.day) == (1, 1, 12, 31):
        return f"in {since.year}" if since.year == until.year else f"in {since.year} to {until.year}"
    part = _PARTS.get((since.month, until.month))
    if part and (since.year, since.day, until) == (until.year, 1, _month_end(until)):
        return f"in the {part} of {since.year}"
    return ""


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _rest(names: Sequence[str], gone: str) -> tuple[str, ...]:
    return tuple(name for name in names if name != gone)
