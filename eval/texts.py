"""The source texts that gold spans stand in, and the articles that share one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from eval.gold import GoldSpan, same_text
from index.article import Article


class Texts:
    """Finds the text that a span's offsets count in: a file's, shared by a page's articles, or a corpus line's own."""

    def __init__(self, articles: Iterable[Article]) -> None:
        self._by_id: dict[tuple[str, str], Article] = {}
        self._by_source: dict[str, list[Article]] = defaultdict(list)
        for article in articles:
            self._by_id[article.source, article.id] = article
            self._by_source[article.source].append(article)

    def sharing(self, span: GoldSpan) -> Sequence[Article]:
        """The articles in whose source text the span's offsets count; none if its source is not there."""
        together = self._by_source.get(span.source, [])
        if together and same_text(span, together[0]):
            return [article for article in together if same_text(span, article)]
        own = self._by_id.get((span.source, span.article))
        return [own] if own else []

    def text(self, span: GoldSpan) -> str | None:
        """The source text that a span stands in, None if it is not there."""
        articles = self.sharing(span)
        return articles[0].text if articles else None

    def article(self, span: GoldSpan) -> Article | None:
        """The article that holds most of a span; the one that the span names, if that holds as much."""

        def shared(article: Article) -> tuple[int, bool]:
            start, end = article.extent
            return min(end, span.end) - max(start, span.start), article.id == span.article

        return max(self.sharing(span), key=shared, default=None)

    def find(self, source: str, article: str) -> Article | None:
        """The article of that source and id."""
        return self._by_id.get((source, article))

    def named(self, name: str) -> list[Article]:
        """All articles of the source of that name, or else those with that id."""
        return self._by_source.get(name) or [article for (_, own), article in self._by_id.items() if own == name]

    @property
    def names(self) -> list[str]:
        """What `named` knows: the sources, then the ids."""
        return list(dict.fromkeys([*self._by_source, *(own for _, own in self._by_id)]))
