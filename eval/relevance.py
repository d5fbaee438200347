"""From gold spans to what is relevant: the same gold set serves any way of cutting passages."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from eval.gold import GoldQuestion, GoldSpan, same_text
from index.article import Article, Passage, Span


def covered(article: Article, spans: Iterable[Span], span: GoldSpan) -> float:
    """The share of a gold span's characters that `spans` of an article hold, 0 to 1."""
    return shared_characters(article, spans, span) / (span.end - span.start)


def shared_characters(article: Article, spans: Iterable[Span], span: GoldSpan) -> int:
    """How many of a gold span's characters `spans` of an article hold."""
    if not same_text(span, article):
        return 0
    return sum(max(0, min(end, span.end) - max(start, span.start)) for start, end in spans)


def holds(passage: Passage, span: GoldSpan) -> bool:
    """Whether a passage holds the larger part of a gold span."""
    return covered(passage.article, passage.spans, span) > 0.5


class Holders:
    """Finds the passages of an index that hold gold spans, by the source that they stand in."""

    def __init__(self, passages: Iterable[Passage], questions: Sequence[GoldQuestion]) -> None:
        wanted = {span.source for question in questions for span in question.relevant}
        self._by_source: dict[str, list[tuple[int, Passage]]] = defaultdict(list)
        if wanted:
            for row, passage in enumerate(passages):
                if passage.article.source in wanted:
                    self._by_source[passage.article.source].append((row, passage))

    def of(self, span: GoldSpan) -> list[tuple[int, Passage]]:
        """The passages that hold the larger part of a span, each with its row."""
        return [(row, passage) for row, passage in self._by_source[span.source] if holds(passage, span)]

    def near(self, span: GoldSpan) -> list[tuple[int, Passage]]:
        """The passages that hold any part of a span, each with its row."""
        candidates = self._by_source[span.source]
        return [(row, passage) for row, passage in candidates if covered(passage.article, passage.spans, span) > 0]


def relevant_passages(questions: Iterable[GoldQuestion], holders: Holders) -> dict[str, dict[str, int]]:
    """qrels of passages: one is relevant when it holds the larger part of a gold span.

    A span that no passage holds the larger part of stays as a relevant thing that cannot be found, so that
    text lost before retrieval counts as a miss.
    """
    qrels: dict[str, dict[str, int]] = {}
    for question in questions:
        for span in question.relevant:
            names = [passage.id for _, passage in holders.of(span)] or [f"lost:{span.source}@{span.start}"]
            qrels.setdefault(question.id, {}).update(dict.fromkeys(names, 1))
    return qrels


def relevant_articles(questions: Iterable[GoldQuestion], holders: Holders) -> dict[str, dict[str, int]]:
    """qrels of articles: those that were judged, or those with a passage that holds the larger part of a gold span."""
    qrels: dict[str, dict[str, int]] = {}
    for question in questions:
        if question.articles:
            qrels[question.id] = dict(question.articles)
        for span in question.relevant:
            names = [passage.article.id for _, passage in holders.of(span)] or [f"lost:{span.article}"]
            qrels.setdefault(question.id, {}).update(dict.fromkeys(names, 1))
    return qrels
