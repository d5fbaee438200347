"""Why a gold span was missed: the stage that lost it."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from eval.gold import GoldQuestion, GoldSpan, same_text
from eval.relevance import Holders, covered
from index.arrays import Rows
from index.encoder import token_budget
from qa.library import Library
from qa.reader import read_first
from qa.retriever import CANDIDATES, Found, System, gather, rank


class Stage(StrEnum):
    """Where a gold span was lost, in the order of the pipeline; a stage that is added says so here and in `_lost_at`."""

    NOT_INDEXED = "source not indexed"
    GONE = "the quote no longer stands in its source"
    EXTRACTION = "text lost in extraction"
    SPLIT = "split between passages"
    TOKENS = "beyond the token limit"
    FILTER = "hidden by a phrase or a word to leave out"
    TOO_DEEP = "too deep in both legs"
    FUSION = "found by a leg, lost in fusion"
    RERANK = "pushed down by late interaction"
    READING = "pushed down by reading"
    THRESHOLD = "refused by the threshold"


@dataclass(frozen=True, slots=True)
class Miss:
    """A gold span that a question did not get, where it was lost, and the ranks on its way (0: not listed)."""

    question: str
    span: GoldSpan
    stage: Stage
    dense_rank: int = 0
    lexical_rank: int = 0
    fused_rank: int = 0

    def __str__(self) -> str:
        ranks = f"dense {self.dense_rank or '–'}, lexical {self.lexical_rank or '–'}, fused {self.fused_rank or '–'}"
        return f"{self.question}: {self.stage} ({ranks}): {self.span.source}@{self.span.start} {self.span.quote[:60]!r}"


def attribute(
    library: Library,
    questions: Sequence[GoldQuestion],
    found: Collection[str],
    k: int = 10,
    system: System = "hybrid",
) -> list[Miss]:
    """Every gold span that a system's first k passages miss, or that it has but refuses, with the stage that lost it.

    `found` are the ids of the questions that the system says the articles answer.
    """
    holders = Holders(library.passages, questions)
    asked = [question for question in questions if question.relevant]
    queries = library.index.queries([question.question for question in asked]) if asked else []
    misses = []
    for question, query in zip(asked, queries, strict=True):
        index, allowed = library.index, library.index.allowed(query)
        candidates = gather(index.dense, index.lexical, query, max(CANDIDATES, k), index.late, allowed)
        ranked = rank(candidates, len(candidates.rows), system)
        found_rows = read_first(index, query, ranked) if system == "hybrid" else ranked
        for span in question.relevant:
            miss = _trace(library, holders, ranked, found_rows, allowed, system, question.id, span, k)
            if miss and (miss.stage != Stage.THRESHOLD or question.id not in found):
                misses.append(miss)
    return misses


def count_stages(misses: Sequence[Miss]) -> dict[Stage, int]:
    """How many spans each stage lost, in the order of the pipeline, stages that lost none left out."""
    counts = Counter(miss.stage for miss in misses)
    return {stage: counts[stage] for stage in Stage if counts[stage]}


def _trace(
    library: Library,
    holders: Holders,
    ranked: Found,
    found: Found,
    allowed: Rows | None,
    system: System,
    question: str,
    span: GoldSpan,
    k: int,
) -> Miss:
    """Where a span was lost, by what was ranked, then read; a span among the first k can only be refused."""
    held = dict(holders.of(span))
    if not held:
        return Miss(question, span, _lost_before_search(library, holders, span))
    if allowed is not None and not set(held) & set(allowed.tolist()):
        return Miss(question, span, Stage.FILTER)
    places = [place for place, row in enumerate(found.rows.tolist()) if row in held]
    budget = token_budget(library.index.encoder)
    beyond = budget is not None and not budget.fits(next(iter(held.values())).text)
    if not places:
        return Miss(question, span, Stage.TOKENS if beyond else Stage.TOO_DEEP)
    place = places[0]
    dense, lexical = int(found.dense_ranks[place]), int(found.lexical_ranks[place])
    if place < k:
        stage = Stage.THRESHOLD
    elif beyond:
        stage = Stage.TOKENS
    elif held.keys() & set(ranked.rows[:k].tolist()):
        stage = Stage.READING
    elif system == "hybrid" and found.fused_ranks[place] <= k:
        stage = Stage.RERANK
    else:
        stage = Stage.FUSION if 0 < dense <= k or 0 < lexical <= k else Stage.TOO_DEEP
    return Miss(question, span, stage, dense, lexical, place + 1)


def _lost_before_search(library: Library, holders: Holders, span: GoldSpan) -> Stage:
    text = next((article.text for article in library.articles if same_text(span, article)), None)
    if text is None:
        return Stage.NOT_INDEXED
    if text[span.start : span.end] != span.quote:
        return Stage.GONE
    shares = sum(covered(passage.article, passage.spans, span) for _, passage in holders.near(span))
    return Stage.SPLIT if shares > 0.5 else Stage.EXTRACTION
