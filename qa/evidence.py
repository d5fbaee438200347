"""What speaks for an answer, gathered from a ranking and from reading its first passages beside the question."""

import re
from collections.abc import Sequence
from datetime import date

from index import Index
from index.analyzer import distinct_terms, word_terms
from index.filter import Filter
from index.passages import searchable_text
from index.reader import Excerpt, ReadingEncoder
from index.searchers import UNDERSTOOD, Query
from qa.answer import Hit
from qa.confidence import Evidence, logistic
from qa.highlight import matched_terms
from qa.retriever import Candidates

# So many of the first passages are looked at for a year that the question names, and read until one may answer.
LOOKED_AT = 3
# From this probability on a passage may answer, and the next ones are not read: reading one takes as long as searching.
_MAY_ANSWER = 0.25
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_YEAR = re.compile(r"1\d{3}|20\d{2}")

Read = dict[Excerpt, float]
"""The probability that each excerpt answers a question."""


def gather_evidence(
    index: Index, query: Query, candidates: Candidates, hits: Sequence[Hit], where: Filter, read: Read | None
) -> Evidence:
    """What the first three of at least one hit say for an answer.

    `read` remembers what reading an excerpt beside this question said, as systems often agree on it; None if nothing is to
    be read.
    """
    first = [hit.passage for hit in hits[:LOOKED_AT]]
    terms = tuple(dict.fromkeys(query.terms))
    said = set(matched_terms(searchable_text(first[0]), terms))
    weights = dict(zip(terms, index.lexical.idf(terms).tolist(), strict=True))
    total = sum(weights.values())
    dates = {str(passage.article.published.year) for passage in first if passage.article.published} | _years(where)
    written = dates.union(*(distinct_terms(searchable_text(passage)) for passage in first))
    return Evidence(
        best_cosine=float(candidates.dense.max()),
        coverage=sum(weights[term] for term in said) / total if total else 0.0,
        missing_year=float(any(_YEAR.fullmatch(term) and term not in written for term in terms)),
        reading=_reading(index, query, hits[:LOOKED_AT], read),
    )


def _reading(index: Index, query: Query, first: Sequence[Hit], read: Read | None) -> float | None:
    """The greatest probability that a hit answers; hits are read in turn, as far as to one that may.

    None where the encoder does not read, or not the question's language, or where nothing is asked but something stated.
    """
    if read is None or not isinstance(index.encoder, ReadingEncoder):
        return None
    if query.familiar < UNDERSTOOD or query.words.rstrip().endswith("."):
        return None
    most = 0.0
    for hit in first:
        excerpt = Excerpt(hit.passage.article.title, hit.passage.text, hit.highlight[0] if hit.highlight else (0, 0))
        if excerpt not in read:
            read[excerpt] = logistic(float(index.encoder.read(_spelled(query, hit.passage.text), [excerpt])[0]))
        most = max(most, read[excerpt])
        if most >= _MAY_ANSWER:
            break
    return most


def _spelled(query: Query, text: str) -> str:
    """The question, its misspelt words as a text spells them."""
    words = query.words
    for typed, term in query.corrected:
        right = next((word for word in _WORD.findall(text) if term in word_terms(word)), typed)
        words = re.sub(rf"(?<!\w){re.escape(typed)}(?!\w)", right, words)
    return words


def _years(where: Filter) -> set[str]:
    """The years that a question may name only because it is confined to them: "since 2022", "after 2021"."""
    limits = [(where.since, -1), (where.until, 1)]
    days = [day.toordinal() + beyond for day, step in limits if day for beyond in (0, step)]
    return {str(date.fromordinal(day).year) for day in days if 0 < day <= date.max.toordinal()}
