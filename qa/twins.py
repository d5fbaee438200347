"""Passages that say the same: one is shown, its twins stay listed and citable under it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from index.analyzer import distinct_terms

# Of the terms that either has, so many are in both; a copy with a word or two changed, not the next edition of a story.
_SHARED = 0.9
# A twin of a passage further down is shown as a passage of its own.
_COMPARED = 100


@dataclass(frozen=True, slots=True)
class _Words:
    terms: frozenset[str]
    numbers: frozenset[str]


@dataclass(slots=True)
class Shown:
    """A place among ranked passages, and those of the ones after it that say the same."""

    place: int
    twins: list[int] = field(default_factory=list)


def collapse(texts: Iterable[str], k: int) -> list[Shown]:
    """The first k texts that say something of their own, each with its near-duplicates that come before the last of them.

    Near-duplicates share nine tenths of their terms, and all of their numbers: two figures are two facts.
    """
    shown: list[Shown] = []
    words: list[_Words] = []
    for place, text in enumerate(texts):
        own = _read(text)
        twin = next((number for number, other in enumerate(words) if _same(own, other)), None)
        if twin is not None:
            shown[twin].twins.append(place)
            continue
        if len(shown) == k:
            break
        shown.append(Shown(place))
        if len(words) < _COMPARED:
            words.append(own)
    return shown


def _read(text: str) -> _Words:
    terms = distinct_terms(text)
    return _Words(terms, frozenset(term for term in terms if term[0].isdigit()))


def _same(one: _Words, other: _Words) -> bool:
    # Lengths first: they tell most passages apart, and cost nothing.
    alike = _SHARED * len(one.terms) <= len(other.terms) <= len(one.terms) / _SHARED
    if not alike or not one.terms or one.numbers != other.numbers:
        return False
    return len(one.terms & other.terms) >= _SHARED * len(one.terms | other.terms)
