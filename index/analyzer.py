"""From text to the terms that BM25 counts. The same for passages and questions."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

import Stemmer

from index.scripts import CJK

ANALYZER_VERSION = "4"

_TOKEN = re.compile(
    rf"""
      (?P<cjk>[{CJK}]+)
    | (?P<number>\d+(?:[.,:/–-]\d+)*)
    | (?P<word>[^\W\d_{CJK}]+(?:['’][^\W\d_{CJK}]+)*)
    """,
    re.VERBOSE,
)
_MARKS = re.compile(r"[\u0300-\u036f]")
# Soft hyphens, joiners and other characters that nobody sees.
_UNSEEN = re.compile(r"[\u00ad\u200b-\u200d\u2060\ufeff]")
# French articles and pronouns before an apostrophe: l'eau, d'abord, qu'il, lorsqu'elle.
_ELISION = re.compile(r"^(?:[cdjlmnst]|(?:jus|lors|puis|quoi)?qu)['’](?=\w{2})")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_POSSESSIVE = re.compile(r"['’]s$")
# What ties two parts of one name: IL-6, e-mail. Other hyphens become one of these by NFKD; dashes do not.
_HYPHENS = frozenset("-\u2010")
_CENTURY = re.compile(r"(1\d|20)(\d\d)")
_STEMMER = Stemmer.Stemmer("english")


def analyze(text: str, *, compounds: bool = True) -> list[str]:
    """The terms of a text, in order, repeated as often as they occur.

    Case and accents are folded (NFKD, combining marks and unseen characters dropped), possessives and French elisions
    taken off, words stemmed (Snowball's English), numbers kept whole without thousands separators (`20.15`, `160-400`;
    a range also gives its ends, 2016-20 the year 2020), runs of Chinese, Japanese and Korean cut into overlapping pairs.
    With `compounds` a word and what a hyphen ties to it give one term more, as do a word and a number right behind it:
    `email` for e-mail, `il6` for IL-6 and IL6.
    """
    folded = _MARKS.sub("", unicodedata.normalize("NFKD", _UNSEEN.sub("", text))).casefold()
    folded = unicodedata.normalize("NFC", folded)
    terms: list[str] = []
    # The word before, unless the text goes on elsewhere, and where it ends.
    word, end = "", 0
    for match in _TOKEN.finditer(folded):
        token, between = match.group(), folded[end : match.start()]
        if match.lastgroup == "cjk":
            terms.extend(token[start : start + 2] for start in range(max(1, len(token) - 1)))
            word = ""
        elif match.lastgroup == "number":
            number = _THOUSANDS.sub("", token)
            parts = re.split("[-/–]", number)
            terms.extend([number, *parts] if len(parts) > 1 else [number])
            terms.extend(_last_year(parts))
            if compounds and word and (not between or between in _HYPHENS):
                terms.extend(word + part for part in parts)
            word = ""
        else:
            before, word = word, token if token.isalpha() else _without_apostrophes(token)
            terms.append(_stem(word))
            if compounds and before and between in _HYPHENS:
                terms.append(_stem(before + word))
        end = match.end()
    return terms


def _last_year(ends: Sequence[str]) -> Iterator[str]:
    """2020, of 2016-20."""
    if len(ends) == 2 and (first := _CENTURY.fullmatch(ends[0])) and len(ends[1]) == 2 and ends[1] > first[2]:
        yield first[1] + ends[1]


@lru_cache(maxsize=16_384)
def word_terms(word: str) -> tuple[str, ...]:
    """The terms of one word, remembered: each word of each passage that is shown is looked at by itself."""
    return tuple(analyze(word))


@lru_cache(maxsize=2_048)
def distinct_terms(text: str) -> frozenset[str]:
    """The terms of a text without their order, remembered: the same few passages are looked at several times a question."""
    return frozenset(analyze(text))


def _without_apostrophes(word: str) -> str:
    return _ELISION.sub("", _POSSESSIVE.sub("", word)).replace("’", "").replace("'", "")


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    return str(_STEMMER.stemWord(word))
