"""From text to the terms that BM25 counts. The same for passages and questions."""

import re
import unicodedata
from functools import lru_cache

import Stemmer

ANALYZER_VERSION = "2"

CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
"""The characters of Chinese, Japanese and Korean, as a regular expression's class has them."""

_TOKEN = re.compile(
    rf"""
      (?P<cjk>[{CJK}]+)
    | (?P<number>\d+(?:[.,:/-]\d+)*)
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
_STEMMER = Stemmer.Stemmer("english")


def analyze(text: str) -> list[str]:
    """The terms of a text, in order, repeated as often as they occur.

    Case and accents are folded (NFKD, combining marks and unseen characters dropped), possessives and French elisions
    taken off, words stemmed (Snowball's English), numbers kept whole without thousands separators (`20.15`, `160-400`;
    a range also gives its ends), runs of Chinese, Japanese and Korean cut into overlapping pairs.
    """
    folded = _MARKS.sub("", unicodedata.normalize("NFKD", _UNSEEN.sub("", text))).casefold()
    folded = unicodedata.normalize("NFC", folded)
    terms: list[str] = []
    for match in _TOKEN.finditer(folded):
        token = match.group()
        if match.lastgroup == "cjk":
            terms.extend(token[start : start + 2] for start in range(max(1, len(token) - 1)))
        elif match.lastgroup == "number":
            number = _THOUSANDS.sub("", token)
            terms.append(number)
            if "-" in number or "/" in number:
                terms.extend(re.split("[-/]", number))
        else:
            terms.append(_stem(token if token.isalpha() else _without_apostrophes(token)))
    return terms


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
