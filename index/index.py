"""An opened index: articles, passages, both legs, the tokens, and the encoder that made it."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, overload

import numpy as np

from index.analyzer import ANALYZER_VERSION, CJK, analyze
from index.arrays import TokenVectors
from index.article import Article, Passage, Span
from index.encoder import Encoder, encoder_name, open_encoder, weights_hash
from index.errors import IndexFolderError
from index.late import LateInteraction, QueryTokens
from index.passages import CHUNKER_VERSION
from index.records import Records, write_records
from index.searchers import DenseSearcher, LexicalSearcher, Query
from index.store import Manifest, read_manifest, verify_files
from index.tokens import encode_with_tokens

# Words that may be of different rarity; Chinese, Japanese and Korean do not part them.
_WORD = re.compile(rf"[{CJK}]|[^\s{CJK}]+")

Item = TypeVar("Item", Article, Passage)
_KEPT_ARTICLES = 256


class Index:
    """What a folder of articles became: passages in order, each known to both legs by its row."""

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        encoder: Encoder,
        articles: "Lazy[Article]",
        passages: "Lazy[Passage]",
        dense: DenseSearcher,
        lexical: LexicalSearcher,
        late: LateInteraction | None = None,
    ) -> None:
        self.folder, self.manifest, self.encoder = folder, manifest, encoder
        self.articles, self.passages = articles, passages
        self.dense, self.lexical, self.late = dense, lexical, late

    @classmethod
    def open(cls, folder: Path, encoder: Encoder | None = None) -> "Index":
        """Opens the index in `folder` with the encoder that it names, or with `encoder`, which must be the same.

        Raises IndexFolderError if the index is missing, damaged, of another version or of another encoder,
        and EncoderError if the encoder that it names cannot be loaded.
        """
        manifest = read_manifest(folder)
        check_versions(folder, manifest)
        if encoder is None:
            encoder = open_encoder(manifest.encoder)
        check_encoder(folder, manifest, encoder)
        build = verify_files(folder, manifest)
        articles = open_articles(build)
        passages = open_passages(build, articles)
        dense, lexical = DenseSearcher.open(build), LexicalSearcher.open(build, len(passages))
        return cls(folder, manifest, encoder, articles, passages, dense, lexical, LateInteraction.open(build))

    def queries(self, texts: Sequence[str]) -> list[Query]:
        """Questions made ready, encoded together."""
        encoded = encode_with_tokens(self.encoder, texts, query=True)
        if encoded.vectors.shape[1] != self.manifest.dimensions:
            raise IndexFolderError(
                f"{self.folder}: vectors of {self.manifest.dimensions} dimensions, {encoder_name(self.encoder)} gives "
                f"{encoded.vectors.shape[1]}: build it again with qa index PATH --model {encoder_name(self.encoder)}"
            )
        terms = [self.lexical.known(analyze(text)) for text in texts]
        tokens: Sequence[TokenVectors | None] = encoded.tokens or [None] * len(texts)
        return [
            Query(text, each, vector, self._tokens(text, found) if found else None)
            for text, each, vector, found in zip(texts, terms, encoded.vectors, tokens, strict=True)
        ]

    def _tokens(self, text: str, tokens: TokenVectors) -> QueryTokens | None:
        """A question's tokens as this index compares them, each weighing what the rarest term of its word does."""
        if self.late is None:
            return None
        words = [(match.span(), self.lexical.known(analyze(match.group()))) for match in _WORD.finditer(text)]
        rarity = [(span, max(self.lexical.idf(terms), default=0.0)) for span, terms in words]
        weights = np.array(
            [max((idf for (start, end), idf in rarity if start < last and first < end), default=0.0)
             for first, last in tokens.spans.tolist()]
        )  # fmt: skip
        total = weights.sum()
        return QueryTokens(self.late.projection.apply(tokens.vectors), weights / total) if total else None

    def __len__(self) -> int:
        return len(self.passages)

    def __repr__(self) -> str:
        return f"Index({len(self.articles)} articles, {len(self)} passages, {self.manifest.encoder})"


def check_versions(folder: Path, manifest: Manifest) -> None:
    """Raises IndexFolderError if an index was built by another version of the analyzer or of the chunker."""
    for what, found, expected in (
        ("analyzer", manifest.analyzer, ANALYZER_VERSION),
        ("chunker", manifest.chunker, CHUNKER_VERSION),
    ):
        if found != expected:
            raise IndexFolderError(
                f"{folder}: built with {what} {found}, this is {what} {expected}: "
                f"build it again with qa index PATH --index {folder}"
            )


def check_encoder(folder: Path, manifest: Manifest, encoder: Encoder) -> None:
    """Raises IndexFolderError if `encoder` is not the one that an index was built with."""
    name, weights = encoder_name(encoder), weights_hash(encoder)
    same = weights == manifest.weights if weights and manifest.weights else name == manifest.encoder
    if not same:
        raise IndexFolderError(
            f"{folder}: built with {manifest.encoder} (weights {manifest.weights[:12] or 'unknown'}), opened with {name} "
            f"({weights[:12] or 'unknown'}): run qa index PATH --model {name} --index {folder}, "
            f"or open it with {manifest.encoder}"
        )


class Lazy(Sequence[Item]):
    """Articles or passages, read from the index's files when they are asked for."""

    def __init__(self, records: Records, read: Any) -> None:
        self._records, self._read = records, read

    def __len__(self) -> int:
        return len(self._records)

    @overload
    def __getitem__(self, position: int) -> Item: ...
    @overload
    def __getitem__(self, position: slice) -> list[Item]: ...
    def __getitem__(self, position: int | slice) -> Item | list[Item]:
        if isinstance(position, slice):
            return [self[number] for number in range(*position.indices(len(self)))]
        if not -len(self) <= position < len(self):
            raise IndexError(f"{position} of {len(self)}")
        item: Item = self._read(int(position) % len(self))
        return item

    def __iter__(self) -> Iterator[Item]:
        return (self[position] for position in range(len(self)))


def write_contents(folder: Path, articles: Sequence[Article], passages: Sequence[Passage]) -> None:
    """Writes articles and passages as the files that `open_articles` and `open_passages` read."""
    # Stories of a page share its text: it is written once.
    texts = {id(article.text): article.text for article in articles}
    places = {key: number for number, key in enumerate(texts)}
    write_records(folder, "texts", texts.values())
    write_records(
        folder,
        "articles",
        (
            {
                "id": article.id,
                "title": article.title,
                "text": places[id(article.text)],
                "source": article.source,
                "extent": article.extent,
                "published": article.published.isoformat() if article.published else None,
                "byline": article.byline,
                "url": article.url,
                "section": article.section,
                "credits": article.credits,
            }
            for article in articles
        ),
    )
    rows = {article.id: row for row, article in enumerate(articles)}
    write_records(
        folder,
        "passages",
        (
            {
                "article": rows[passage.article.id],
                "spans": passage.spans,
                "kind": passage.kind,
                "text": passage.text,
                "section": passage.section,
                "number": passage.number,
            }
            for passage in passages
        ),
    )


def open_articles(folder: Path) -> Lazy[Article]:
    """The articles that `write_contents` wrote."""
    records, texts = Records(folder, "articles"), Records(folder, "texts")
    text = lru_cache(maxsize=_KEPT_ARTICLES)(texts.__getitem__)

    @lru_cache(maxsize=_KEPT_ARTICLES)
    def read(row: int) -> Article:
        record = records[row]
        return Article(
            **{
                **record,
                "text": text(record["text"]),
                "extent": tuple(record["extent"]),
                "published": date.fromisoformat(record["published"]) if record["published"] else None,
                "credits": tuple(record["credits"]),
            }
        )

    return Lazy(records, read)


def open_passages(folder: Path, articles: Lazy[Article]) -> Lazy[Passage]:
    """The passages that `write_contents` wrote, each with its article."""
    records = Records(folder, "passages")

    def read(row: int) -> Passage:
        record = records[row]
        spans: tuple[Span, ...] = tuple((start, end) for start, end in record["spans"])
        return Passage(**{**record, "article": articles[record["article"]], "spans": spans})

    return Lazy(records, read)
