"""What a word that no passage has was most likely meant to be: one that they have, spelled nearly alike."""

import re
from collections.abc import Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from index.analyzer import analyze, word_terms
from index.article import Passage
from index.lexical import LexicalSearcher
from index.passages import searchable_text

_LETTERS = re.compile(r"[^\W\d_]+")
_POSSESSIVE = re.compile(r"['’]s$", re.IGNORECASE)
# Shorter words have too many neighbours; from so many letters on, two edits are near.
_SHORTEST, _LONG = 4, 8
# Of a word's nearest terms so many are looked up, each in so many passages.
_TERMS, _PASSAGES = 20, 30


def meant(word: str, lexical: LexicalSearcher, passages: Sequence[Passage]) -> str | None:
    """The word that a question's word was meant to be, as passages spell it; None if it is known, or none is near.

    Near is one edit (two from eight letters on; swapped neighbours are one) of the word and of its term, with the same
    first letter. Of near words the nearest is meant, then the one that more passages have.
    """
    typed = _POSSESSIVE.sub("", word).lower()
    terms = analyze(typed)
    if len(typed) < _SHORTEST or not typed.isalpha() or len(terms) != 1 or terms[0] in lexical:
        return None
    edits = 1 if len(typed) < _LONG else 2
    best: str | None = None
    for term in lexical.near(terms[0], edits)[:_TERMS]:
        for row in lexical.having([term])[:_PASSAGES].tolist():
            written = _LETTERS.findall(searchable_text(passages[row]))
            near = process.extract(typed, written, scorer=OSA.distance, processor=str.lower, score_cutoff=edits, limit=None)
            right = [(distance, found) for found, distance, _ in near if term in word_terms(found)]
            if right:
                distance, best = min(right)
                edits = distance - 1
                if not edits:
                    return best
    return best
