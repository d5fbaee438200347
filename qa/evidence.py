"""What speaks for an answer, gathered from a ranking and from reading its first passages beside the question."""

import re
from collections.abc import Sequence
from datetime import date
from math import inf

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

# So many of the first passages are looked at for a year that the question names, and read.
LOOKED_AT = 3
# A question that the encoder reads letter by letter, at least in half, is not understood in reading either.
_UNDERSTOOD = 0.5
# Log-odds at which a passage is more likely to answer than not: those after it need not be read.
_ANSWERS = 0.0
_YEAR = re.compile(r"1\d{3}|20\d{2}")


def gather_evidence(
    index: Index, query: Query, candidates: Candidates, hits: Sequence[Hit], where: Filter, read: dict[str, float]
) -> Evidence:
    """What the first of at least one hit say for an answer.

    `read` remembers what reading a passage beside this question said, by the passage's id: systems have many in common.
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


def _reading(index: Index, query: Query, hits: Sequence[Hit], read: dict[str, float]) -> float | None:
    """The highest log-odds among the hits, read in their order until one answers.

    None where the encoder does not read, or not the question's language, or where nothing is asked but something stated.
    """
    if not isinstance(index.encoder, ReadingEncoder) or query.familiar < _UNDERSTOOD or query.text.rstrip().endswith("."):
        return None
    highest = -inf
    for hit in hits:
        passage = hit.passage
        if passage.id not in read:
            marked = hit.highlight[0] if hit.highlight else (0, 0)
            [odds] = index.encoder.read(query.text, [Excerpt(passage.article.title, passage.text, marked)]).tolist()
            read[passage.id] = odds
        highest = max(highest, read[passage.id])
        if highest >= _ANSWERS:
            break
    return highest


def _years(where: Filter) -> set[str]:
    """The years that a question may name only because it is confined to them: "since 2022", "after 2021"."""
    limits = [(where.since, -1), (where.until, 1)]
    days = [day.toordinal() + beyond for day, step in limits if day for beyond in (0, step)]
    return {str(date.fromordinal(day).year) for day in days if 0 < day <= date.max.toordinal()}
