"""From gold spans to relevant passages: the same gold set serves any way of cutting passages."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from eval.gold import GoldQuestion, GoldSpan, same_text
from index import Passage


def covered(passage: Passage, span: GoldSpan) -> float:
    """The share of a gold span's characters that a passage's spans hold, 0 to 1."""
    if not same_text(span, passage.article):
        return 0.0
    shared = sum(max(0, min(end, span.end) - max(start, span.start)) for start, end in passage.spans)
    return shared / (span.end - span.start)


def relevant_passages(questions: Iterable[GoldQuestion], passages: Sequence[Passage]) -> dict[str, dict[str, int]]:
    """qrels, question id to passage id to 1: a passage is relevant when it holds the larger part of a gold span.

    A span that no passage holds the larger part of stays as a relevant thing that cannot be found, so that
    text lost before retrieval counts as a miss.
    """
    by_source: dict[str, list[Passage]] = defaultdict(list)
    for passage in passages:
        by_source[passage.article.source].append(passage)
    qrels: dict[str, dict[str, int]] = {}
    for question in questions:
        relevant: dict[str, int] = {}
        for span in question.relevant:
            holders = [passage.id for passage in by_source[span.source] if covered(passage, span) > 0.5]
            for name in holders or [f"lost:{span.source}@{span.start}"]:
                relevant[name] = 1
        if relevant:
            qrels[question.id] = relevant
    return qrels
