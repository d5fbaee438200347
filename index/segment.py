"""A segment: some articles, and all that is known of their passages. Written once, and never changed."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from index.analyzer import analyze
from index.arrays import Rows, Vectors
from index.article import Article, Kind, Passage, Span
from index.cleanup import clean_up
from index.dense import DenseSearcher
from index.files import check_text, check_types, map_array, map_starts, map_vectors, reading
from index.late import StoredTokens, TokenFile, TokenWriter
from index.lexical import Postings
from index.passages import Searchable, searchable_text
from index.records import Records, write_records
from index.store import damaged

KEY_BYTES = 16
_KEPT_ARTICLES = 256
KINDS: tuple[str, ...] = get_args(Kind)
# What a record holds, by the types that JSON has.
_ARTICLE: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("id", "title", "source", "byline", "url", "section"), (str,)),
    "text": (int,),
    "extent": (list,),
    "published": (str, type(None)),
    "credits": (list,),
}
_PASSAGE: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("kind", "text", "section"), (str,)),
    "article": (int,),
    "spans": (list,),
    "number": (int,),
}

Keys = npt.NDArray[np.uint8]
"""uint8, shape (n, KEY_BYTES): a digest a row."""


def digest(*parts: bytes) -> bytes:
    """What tells one text, or one list of them, from another: blake2b, KEY_BYTES long."""
    found = hashlib.blake2b(digest_size=KEY_BYTES)
    for part in parts:
        found.update(len(part).to_bytes(8, "little") + part)
    return found.digest()


def list_keys(keys: Keys) -> list[bytes]:
    """The digests, one by one."""
    data = keys.tobytes()
    return [data[start : start + KEY_BYTES] for start in range(0, len(data), KEY_BYTES)]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, or a line of a corpus, as it was read: its digest, and its articles, each with its passages."""

    key: bytes
    articles: tuple[tuple[Article, tuple[Searchable, ...]], ...]

    @property
    def passages(self) -> int:
        return sum(len(passages) for _, passages in self.articles)


@dataclass(frozen=True, slots=True)
class EncodedText:
    """A text as its unit vector, and as its tokens where the encoder tells them."""

    vector: npt.NDArray[np.float32]
    tokens: StoredTokens | None
    width: int


class Segment:
    """An opened segment. Articles, passages and entries are known by their place in it.

    Raises IndexFolderError, when opened or asked, for files that `write_segment` did not write.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._texts, self._articles, self._passages = (Records(folder, name) for name in ("texts", "articles", "passages"))
        self.entry_keys, self.article_keys, self.passage_keys = (
            map_array(folder / f"{name}.keys.npy", np.uint8, KEY_BYTES) for name in ("entries", "articles", "passages")
        )
        articles, passages = len(self._articles), len(self._passages)
        self.entry_starts = map_starts(folder / "entries.starts.npy", len(self.entry_keys), articles)
        self.article_starts = map_starts(folder / "articles.starts.npy", articles, passages)
        self.published = map_array(folder / "articles.published.npy", np.int32)
        self.article_sources = map_array(folder / "articles.sources.npy", np.int32)
        self.passage_kinds = map_array(folder / "passages.kinds.npy", np.uint8)
        for name, found, expected in (
            ("articles.keys", self.article_keys, articles),
            ("articles.published", self.published, articles),
            ("articles.sources", self.article_sources, articles),
            ("passages.keys", self.passage_keys, passages),
            ("passages.kinds", self.passage_kinds, passages),
        ):
            if len(found) != expected:
                raise damaged(folder / f"{name}.npy", f"{len(found)} entries, expected {expected}")
        if articles and not 0 <= self.published.min() <= self.published.max() <= date.max.toordinal():
            raise damaged(folder / "articles.published.npy", "no days")
        sources = Records(folder, "source.names")
        with reading(sources.path):
            self.sources = [str(name) for name in sources]
        if articles and not 0 <= self.article_sources.min() <= self.article_sources.max() < len(self.sources):
            raise damaged(folder / "articles.sources.npy", f"other than the {len(self.sources)} sources")
        if passages and self.passage_kinds.max() >= len(KINDS):
            raise damaged(folder / "passages.kinds.npy", f"other than the {len(KINDS)} kinds")
        # Which passages were found to be what their spans slice to: that is looked at once.
        self._sliced = bytearray(passages)
        self._text = lru_cache(maxsize=_KEPT_ARTICLES)(self._read_text)
        self.article: Callable[[int], Article] = lru_cache(maxsize=_KEPT_ARTICLES)(self._read_article)

    def __len__(self) -> int:
        return len(self._passages)

    def _read_article(self, number: int) -> Article:
        record = self._articles[number]
        with reading(self._articles.path):
            check_types(record, _ARTICLE)
            text = self._text(record["text"])
            _check_span(record["extent"], text)
            return Article(
                **{
                    **record,
                    "text": text,
                    "extent": tuple(record["extent"]),
                    "published": date.fromisoformat(record["published"]) if record["published"] else None,
                    "credits": tuple(record["credits"]),
                }
            )

    def _read_text(self, number: int) -> str:
        text = self._texts[number]
        with reading(self._texts.path):
            if type(text) is not str:
                raise ValueError(f"a text is {type(text).__name__}")
            check_text(text)
        return text

    def _record(self, row: int) -> dict[str, Any]:
        record: dict[str, Any] = self._passages[row]
        with reading(self._passages.path):
            check_types(record, _PASSAGE if "searchable" not in record else _PASSAGE | {"searchable": (str,)})
            _check_spans(record["spans"], self.article(record["article"]).text)
            if record["kind"] not in KINDS:
                raise ValueError(f"kind is {record['kind']!r}, expected one of {', '.join(KINDS)}")
        return record

    def passage(self, row: int) -> Passage:
        """A passage; raises IndexFolderError if its text is not what its spans slice to: no quote of it would be one."""
        return self.searchable(row).passage

    def searchable(self, row: int) -> Searchable:
        """The same with the text that both legs search."""
        made = self.stored(row)
        if not self._sliced[row]:
            if clean_up(made.passage.article.text, made.passage.spans).text != made.passage.text:
                raise damaged(self._passages.path, f"the spans of {made.passage.id} do not slice to its text")
            self._sliced[row] = 1
        return made

    def stored(self, row: int) -> Searchable:
        """A passage as it was written, by whatever version, with the text that both legs search."""
        record = self._record(row)
        spans: tuple[Span, ...] = tuple((start, end) for start, end in record["spans"])
        article = self.article(record["article"])
        passage = Passage(article, spans, record["kind"], record["text"], record["section"], record["number"])
        found: str | None = record.get("searchable")
        return Searchable(passage, searchable_text(passage) if found is None else found)

    def entry(self, number: int) -> Entry:
        """An entry as it was written."""
        return Entry(self.entry_keys[number].tobytes(), tuple(self._entry_articles(number)))

    def _entry_articles(self, number: int) -> Iterator[tuple[Article, tuple[Searchable, ...]]]:
        for article in range(*self.entry_starts[number : number + 2].tolist()):
            rows = range(*self.article_starts[article : article + 2].tolist())
            yield self.article(article), tuple(map(self.searchable, rows))

    def rows(self, entry: int) -> range:
        """The passages of an entry."""
        first, last = self.entry_starts[entry : entry + 2].tolist()
        return range(int(self.article_starts[first]), int(self.article_starts[last]))


def write_segment(
    folder: Path,
    entries: Sequence[Entry],
    encoded: Mapping[bytes, EncodedText],
    shape: tuple[int, int],
    *,
    exact: bool = False,
) -> None:
    """Writes the files that `Segment` and the searchers open. `encoded` has every searchable text by its `digest`.

    `shape` is the dimensions of the vectors and the width of the tokens', or 0: a segment may have no text at all. With
    `exact` no stand-in for many vectors is made.
    """
    articles = [article for entry in entries for article in entry.articles]
    made = [searchable for _, passages in articles for searchable in passages]
    keys = [digest(each.text.encode()) for each in made]
    _write_articles(folder, [article for article, _ in articles])
    rows = [row for row, (_, passages) in enumerate(articles) for _ in passages]
    write_records(folder, "passages", (_passage_record(row, each) for row, each in zip(rows, made, strict=True)))
    _save_keys(folder, "entries", [entry.key for entry in entries])
    _save_keys(folder, "articles", [digest(article.id.encode()) for article, _ in articles])
    _save_keys(folder, "passages", keys)
    _save_starts(folder, "entries", [len(entry.articles) for entry in entries])
    _save_starts(folder, "articles", [len(passages) for _, passages in articles])
    kinds = [KINDS.index(each.passage.kind) for each in made]
    np.save(folder / "passages.kinds.npy", np.array(kinds, dtype=np.uint8), allow_pickle=False)
    days = [article.published.toordinal() if article.published else 0 for article, _ in articles]
    np.save(folder / "articles.published.npy", np.array(days, dtype=np.int32), allow_pickle=False)
    _write_encoded(folder, keys, encoded, shape, exact=exact)
    Postings.build([analyze(each.text) for each in made]).save(folder)


def write_encoded(folder: Path, encoded: Mapping[bytes, EncodedText]) -> None:
    """Writes encoded texts, at least one, by their digest: what `EncodedFolder` opens, of a segment too."""
    keys, texts = list(encoded), encoded.values()
    _save_keys(folder, "passages", keys)
    dimensions = {len(text.vector) for text in texts}
    _write_encoded(folder, keys, encoded, (dimensions.pop(), max(text.width for text in texts)), exact=True)


def _write_encoded(
    folder: Path, keys: Sequence[bytes], encoded: Mapping[bytes, EncodedText], shape: tuple[int, int], *, exact: bool
) -> None:
    dimensions, width = shape
    vectors: Vectors = np.empty((len(keys), dimensions), np.float32)
    none = StoredTokens(np.empty((0, -(-width // 4)), np.uint8), np.empty(0, np.int32))
    with TokenWriter(folder, width) if width else nullcontext() as writer:
        for row, key in enumerate(keys):
            text = encoded[key]
            vectors[row] = text.vector
            if writer:
                writer.add(text.tokens or none)
    DenseSearcher.build(vectors).save(folder, exact=exact)


class EncodedFolder:
    """The texts that a folder has encoded. A build may open very many: each holds as few files open as it can."""

    def __init__(self, folder: Path) -> None:
        self.keys = list_keys(np.array(map_array(folder / "passages.keys.npy", np.uint8, KEY_BYTES)))
        """The texts' digests, row by row."""
        self._tokens, self._vectors = TokenFile.open(folder), map_vectors(folder / DenseSearcher.FILE)
        if len(self._vectors) != len(self.keys):
            raise damaged(folder / DenseSearcher.FILE, f"{len(self._vectors)} vectors, expected {len(self.keys)}")

    @property
    def width(self) -> int:
        return self._tokens.width if self._tokens else 0

    @property
    def dimensions(self) -> int:
        return int(self._vectors.shape[1])

    def __getitem__(self, row: int) -> EncodedText:
        return EncodedText(self._vectors[row], self._tokens[row] if self._tokens else None, self.width)


def _write_articles(folder: Path, articles: Sequence[Article]) -> None:
    # Stories of a page share its text: it is written once.
    places: dict[str, int] = {}
    for article in articles:
        places.setdefault(article.text, len(places))
    write_records(folder, "texts", places)
    sources = {name: number for number, name in enumerate(dict.fromkeys(article.source for article in articles))}
    write_records(folder, "source.names", sources)
    source_of = np.array([sources[article.source] for article in articles], dtype=np.int32)
    np.save(folder / "articles.sources.npy", source_of, allow_pickle=False)
    write_records(folder, "articles", (_article_record(article, places[article.text]) for article in articles))


def _article_record(article: Article, text: int) -> dict[str, Any]:
    return {
        "id": article.id,
        "title": article.title,
        "text": text,
        "source": article.source,
        "extent": article.extent,
        "published": article.published.isoformat() if article.published else None,
        "byline": article.byline,
        "url": article.url,
        "section": article.section,
        "credits": article.credits,
    }


def _passage_record(article: int, made: Searchable) -> dict[str, Any]:
    passage = made.passage
    record: dict[str, Any] = {
        "article": article,
        "spans": passage.spans,
        "kind": passage.kind,
        "text": passage.text,
        "section": passage.section,
        "number": passage.number,
    }
    # Only where the encoder's limit had its context shortened.
    return record if made.text == searchable_text(passage) else {**record, "searchable": made.text}


def _save_keys(folder: Path, name: str, keys: Sequence[bytes]) -> None:
    np.save(folder / f"{name}.keys.npy", np.frombuffer(b"".join(keys), np.uint8).reshape(-1, KEY_BYTES), allow_pickle=False)


def _save_starts(folder: Path, name: str, counts: Sequence[int]) -> None:
    starts: Rows = np.cumsum([0, *counts], dtype=np.int64)
    np.save(folder / f"{name}.starts.npy", starts, allow_pickle=False)


def _check_spans(spans: Sequence[Any], text: str) -> None:
    """Raises ValueError unless there are spans, in order and none empty, all within the text."""
    end = 0
    for span in spans:
        _check_span(span, text)
        if not end <= span[0] < span[1]:
            raise ValueError(f"a span is {span}, expected one that is not empty, from {end} on")
        end = span[1]
    if not end:
        raise ValueError("no spans")


def _check_span(span: Any, text: str) -> None:
    whole = type(span) is list and [type(each) for each in span] == [int, int]
    if not whole or not 0 <= span[0] <= span[1] <= len(text):
        raise ValueError(f"a span is {span}, expected two places in a text of {len(text)} characters")
