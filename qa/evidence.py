"""What speaks for an answer, gathered from a ranking and from reading its first passage beside the question."""

import re
from collections.abc import Sequence
from datetime import date

from index import Index
from index.analyzer import distinct_terms
from index.filter import Filter
from index.passages import searchable_text
from index.reader import Excerpt, ReadingEncoder
from index.searchers import Query
from qa.answer import Hit
from qa.confidence import Evidence
from qa.highlight import matched_terms
from qa.retriever import Candidates

# So many of the first passages are looked at for a year that the question names.
_LOOKED_AT = 3
# A question that the encoder reads letter by letter, at least in half, is not understood in reading either.
_UNDERSTOOD = 0.5
_YEAR = re.compile(r"1\d{3}|20\d{2}")


def gather_evidence(
    index: Index, query: Query, candidates: Candidates, hits: Sequence[Hit], where: Filter, read: dict[str, float] | None
) -> Evidence:
    """What the first of at least one hit say for an answer.

    `read` remembers what reading a passage beside this question said, by the passage's id, as systems often agree on it;
    None if nothing is to be read.
    """
    first = [hit.passage for hit in hits[:_LOOKED_AT]]
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
        reading=_reading(index, query, hits[0], read),
    )


def _reading(index: Index, query: Query, first: Hit, read: dict[str, float] | None) -> float | None:
    """The log-odds that the first hit answers.

    None where the encoder does not read, or not the question's language, or where nothing is asked but something stated.
    """
    if read is None or not isinstance(index.encoder, ReadingEncoder):
        return None
    if query.familiar < _UNDERSTOOD or query.text.rstrip().endswith("."):
        return None
    passage = first.passage
    if passage.id not in read:
        marked = first.highlight[0] if first.highlight else (0, 0)
        [odds] = index.encoder.read(query.text, [Excerpt(passage.article.title, passage.text, marked)]).tolist()
        read[passage.id] = odds
    return read[passage.id]


def _years(where: Filter) -> set[str]:
    """The years that a question may name only because it is confined to them: "since 2022", "after 2021"."""
    limits = [(where.since, -1), (where.until, 1)]
    days = [day.toordinal() + beyond for day, step in limits if day for beyond in (0, step)]
    return {str(date.fromordinal(day).year) for day in days if 0 < day <= date.max.toordinal()}
