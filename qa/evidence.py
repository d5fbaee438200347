"""What speaks for an answer, gathered from a ranking and from what was read of it."""

import re
from collections.abc import Sequence
from datetime import date

import numpy as np

from index import Index
from index.analyzer import distinct_terms
from index.filter import Filter
from index.passages import searchable_text
from index.searchers import Query
from qa.answer import Hit
from qa.confidence import Evidence
from qa.highlight import matched_terms
from qa.retriever import Candidates, Found

# So many of the first passages are looked at for a year that the question names.
LOOKED_AT = 3
_YEAR = re.compile(r"1\d{3}|20\d{2}")


def gather_evidence(
    index: Index, query: Query, candidates: Candidates, found: Found, hits: Sequence[Hit], where: Filter
) -> Evidence:
    """What the first three of at least one hit, and the reading of the first rows found, say for an answer."""
    first = [hit.passage for hit in hits[:LOOKED_AT]]
    terms = tuple(dict.fromkeys(query.terms))
    said = set(matched_terms(searchable_text(first[0]), terms))
    weights = dict(zip(terms, index.lexical.idf(terms).tolist(), strict=True))
    total = sum(weights.values())
    published = [passage.article.published.year for passage in first if passage.article.published]
    # An article of January tells of "the year" that has ended.
    dates = {str(year) for latest in published for year in (latest - 1, latest)} | _years(where)
    written = dates.union(*(distinct_terms(searchable_text(passage)) for passage in first))
    return Evidence(
        best_cosine=float(candidates.dense.max()),
        coverage=sum(weights[term] for term in said) / total if total else 0.0,
        missing_year=float(any(_YEAR.fullmatch(term) and term not in written for term in terms)),
        reading=None if np.isnan(found.reading).all() else float(np.nanmax(found.reading)),
    )


def _years(where: Filter) -> set[str]:
    """The years that a question may name only because it is confined to them: "since 2022", "after 2021"."""
    limits = [(where.since, -1), (where.until, 1)]
    days = [day.toordinal() + beyond for day, step in limits if day for beyond in (0, step)]
    return {str(date.fromordinal(day).year) for day in days if 0 < day <= date.max.toordinal()}
