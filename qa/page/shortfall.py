"""In words, why passages that come nearest do not answer."""

import re
from collections.abc import Sequence

from index.analyzer import analyze, distinct_terms
from index.chinese import is_chinese
from index.passages import searchable_text
from index.question import read_question
from qa.answer import Hit
from qa.dates import days_in
from qa.words import FUNCTION_WORDS

_YEAR = re.compile(r"\b(?:1\d{3}|20\d{2})\b")
# From here on passages mean about what is asked; below the other, something else.
_NEAR, _LOOSE = 0.55, 0.35
_TERMS_IN_A_WORD = 3


def lacking(question: str, hits: Sequence[Hit]) -> str:
    """What none of the passages says of a question, as a sentence; empty if that is nothing."""
    words, years = _asked(question)
    none = [word for word in words if all(_lacks(word, hit) for hit in hits)]
    unsaid = [year for year in years if all(_is_undated(year, hit) for hit in hits)]
    parts = [f"says {_quoted(none, 'or')}"] if none else []
    parts += [f"is of {_listed(unsaid, 'or')} or mentions it"] if unsaid else []
    return f"None of them {', and none '.join(parts)}." if parts else ""


def shortfall(question: str, hit: Hit) -> str:
    """Why one passage falls short: "It says “capital”, but not “France”. Its meaning is far from the question's."."""
    words, years = _asked(question)
    gone = [word for word in words if _lacks(word, hit)]
    # What only its title says is not lacking, but it does not say it.
    own = distinct_terms(hit.passage.text)
    said = [word for word in words if word not in gone and own.intersection(analyze(word))]
    unsaid = [year for year in years if _is_undated(year, hit)]
    parts = []
    if said and gone:
        parts.append(f"It says {_quoted(said, 'and')}, but not {_quoted(gone, 'or')}.")
    elif gone:
        parts.append(f"It does not say {_quoted(gone, 'or')}.")
    elif said:
        parts.append("It says the question’s words, but not as an answer to it.")
    if unsaid:
        parts.append(f"It is not of {_listed(unsaid, 'or')}, and does not mention it.")
    return " ".join([*parts, f"{_nearness(hit.why.dense.score)} (cosine {hit.why.dense.score:.2f})."])


def _nearness(cosine: float) -> str:
    if cosine >= _NEAR:
        return "Its meaning is near the question’s, which alone is not enough"
    return f"Its meaning is {'only loosely near' if cosine >= _LOOSE else 'far from'} the question’s"


def _asked(question: str) -> tuple[list[str], list[str]]:
    """A question's telling words as it spells them, without its times, and the years that it asks about."""
    timeless = unlimited = question
    for days in reversed(days_in(question)):
        start, end = days.span
        timeless = timeless[:start] + timeless[end:]
        if days.limits:
            unlimited = unlimited[:start] + unlimited[end:]
    words = [word.strip("“”‘’\"'()[]{}.,;:!?—–-？。，、") for word in read_question(timeless).words.split()]
    told = [word for word in dict.fromkeys(words) if word and word.casefold() not in FUNCTION_WORDS and analyze(word)]
    return told, list(dict.fromkeys(_YEAR.findall(unlimited)))


def _lacks(word: str, hit: Hit) -> bool:
    for typed, _ in hit.why.corrected:
        # A run of Chinese has words that were read one by one, of which only some are said.
        if typed.casefold() == word.casefold() or (is_chinese(typed) and typed in word):
            return False
    terms = analyze(word, compounds=False)
    said = distinct_terms(searchable_text(hit.passage))
    # A run of Chinese or Japanese is many pairs of characters: some of them are enough.
    enough = any if len(terms) > _TERMS_IN_A_WORD else all
    return not (enough(term in said for term in terms) or said.intersection(analyze(word)).difference(terms))


def _is_undated(year: str, hit: Hit) -> bool:
    published = hit.passage.article.published
    return year not in distinct_terms(searchable_text(hit.passage)) and not (published and str(published.year) == year)


def _quoted(words: Sequence[str], last: str) -> str:
    return _listed([f"“{word}”" for word in words], last)


def _listed(words: Sequence[str], last: str) -> str:
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
