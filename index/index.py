"""An opened index: articles, passages, both legs, the tokens, and the encoder that made it."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, TypeAlias, TypeVar, overload

import numpy as np
import numpy.typing as npt

from index.analyzer import ANALYZER_VERSION, analyze
from index.arrays import Rows, TokenSpans, TokenVectors, Vector
from index.article import Article, Passage, Span
from index.chinese import is_chinese, read_chinese
from index.dense import DenseSearcher
from index.encoder import Encoder, encoder_name, open_encoder, weights_hash
from index.errors import IndexFolderError
from index.filter import EVERYTHING, Facets, Filter
from index.late import LateInteraction, QueryTokens, TokenFile, turn
from index.lexical import LexicalSearcher, Postings
from index.passages import CHUNKER_VERSION, searchable_text
from index.places import GONE, Places
from index.question import Asked, read_question, says
from index.scripts import CJK
from index.searchers import UNDERSTOOD, Query
from index.segment import Segment, digest
from index.spelling import meant
from index.state import places_of, read_order
from index.store import SEAL, Manifest, damaged, open_named, verify
from index.threads import one_thread
from index.tokens import encode_with_tokens

_Encoded: TypeAlias = tuple[Vector, TokenVectors | None]
# Words that may be of different rarity; Chinese, Japanese and Korean do not part them.
_WORD = re.compile(rf"[{CJK}]|[^\W_{CJK}]+(?:['’.,][^\W_{CJK}]+)*")

Item = TypeVar("Item", Article, Passage)


class Index:
    """What a folder of articles became: passages in order, each known to both legs by its row."""

    def __init__(self, folder: Path, manifest: Manifest, encoder: Encoder) -> None:
        self.folder, self.manifest, self.encoder = folder, manifest, encoder
        parts = [folder / name for name, _ in manifest.segments]
        segments = [Segment(part) for part in parts]
        order = read_order(folder / manifest.build)
        articles, passages = places_of(order, segments)
        self._segments, self._places, self._article_places = segments, passages, articles
        self.articles: Lazy[Article] = Lazy(articles, [segment.article for segment in segments])
        self.passages: Lazy[Passage] = Lazy(passages, [segment.passage for segment in segments])
        self.dense = DenseSearcher.open(parts, passages)
        postings = [Postings.open(part) for part in parts]
        tokens = [TokenFile(part) for part in parts] if manifest.token_dimensions else []
        for number, segment in enumerate(segments):
            if {len(leg[number]) for leg in (postings, tokens) if leg} != {len(segment)}:
                raise damaged(segment.folder / SEAL, "its files are of different numbers of passages")
        if self.dense.dimensions != manifest.dimensions or {part.width for part in tokens} - {manifest.token_dimensions}:
            raise damaged(parts[0] / SEAL, "its vectors have other dimensions than the index")
        self.lexical = LexicalSearcher(postings, passages)
        self.late = LateInteraction(tokens, passages) if tokens else None

    @classmethod
    def open(cls, folder: Path, encoder: Encoder | None = None) -> "Index":
        """Opens the index in `folder` with the encoder that it names, or with `encoder`, which must be the same.

        Raises IndexFolderError if the index is missing, damaged, of another version or of another encoder,
        and EncoderError if the encoder that it names cannot be loaded.
        """

        def read(manifest: Manifest) -> "Index":
            check_versions(folder, manifest)
            its_own = encoder or open_encoder(manifest.encoder)
            check_encoder(folder, manifest, its_own)
            verify(folder, manifest)
            return cls(folder, manifest, its_own)

        return open_named(folder, read)

    def queries(self, texts: Sequence[str]) -> list[Query]:
        """Questions made ready, encoded together."""
        asked = [read_question(text) for text in texts]
        encoded = self._encoded([each.words for each in asked])
        return [self._understood(*each) for each in zip(texts, asked, encoded, strict=True)]

    def _understood(self, text: str, asked: Asked, encoded: _Encoded) -> Query:
        """A question in words that encoder and passages have, as far as there are any: from Chinese that neither has, or
        from misspelt ones."""
        _, tokens = encoded
        words, read = asked.words, dict[str, str]()
        if tokens and _familiarity(words, tokens.spans, is_chinese) < UNDERSTOOD:
            words, read = read_chinese(words, self.lexical.__contains__)
        if not read:
            words, read = self._spelled(asked.words, tokens)
        if read:
            asked = replace(asked, words=words)
            # An encoder that does not tell its tokens may well know words that passages lack: it reads what was typed.
            encoded = self._encoded([words])[0] if tokens else encoded
        with one_thread():
            return self._query(text, asked, encoded, read)

    def _spelled(self, text: str, tokens: TokenVectors | None) -> tuple[str, dict[str, str]]:
        """A question with its misspelt words as passages spell them, and what each was read as.

        A word that the encoder has whole is a word, and no misspelling of one that the passages have.
        """
        words = _words(text)
        touched = _touched(words, tokens.spans).sum(axis=1) if tokens else np.zeros(len(words), np.int64)
        read = {}
        for word, count in reversed([*zip(words, touched.tolist(), strict=True)]):
            right = meant(word.text, self.lexical, self.passages) if count != 1 else None
            if right:
                start, end = word.span
                text, read[word.text] = text[:start] + right + text[end:], right
        return text, dict(reversed(read.items()))

    def _encoded(self, texts: Sequence[str]) -> list[_Encoded]:
        encoded = encode_with_tokens(self.encoder, texts, query=True)
        if encoded.vectors.shape[1] != self.manifest.dimensions:
            raise IndexFolderError(
                f"{self.folder}: vectors of {self.manifest.dimensions} dimensions, {encoder_name(self.encoder)} gives "
                f"{encoded.vectors.shape[1]}: build it again with qa index PATH --model {encoder_name(self.encoder)}"
            )
        tokens: Sequence[TokenVectors | None] = encoded.tokens or [None] * len(texts)
        return list(zip(encoded.vectors, tokens, strict=True))

    def allowed(self, query: Query, where: Filter = EVERYTHING) -> Rows | None:
        """The rows of the passages that a filter lets through, and that say all of a question's phrases and none of its
        excluded words; None for any. Raises QuestionError for a source that there is not."""
        if not query.phrases and not query.excluded:
            return self.facets.rows(where) if where else None
        rows = self.lexical.having([term for phrase in query.phrases for term in analyze(phrase, compounds=False)])
        for word in query.excluded:
            terms = analyze(word, compounds=False)
            if terms:
                rows = np.setdiff1d(rows, self.lexical.having(terms))
        if where:
            rows = np.intersect1d(rows, self.facets.rows(where))
        said = [
            row for row in rows.tolist() if all(says(searchable_text(self.passages[row]), each) for each in query.phrases)
        ]
        return np.array(said, dtype=np.int64) if query.phrases else rows

    def article(self, article_id: str) -> Article | None:
        """The article of that id; None if there is none."""
        key = np.frombuffer(digest(article_id.encode()), np.uint8)
        for segment, rows in zip(self._segments, self._article_places.rows, strict=True):
            for number in np.flatnonzero((segment.article_keys == key).all(axis=1)).tolist():
                if rows[number] != GONE:
                    return segment.article(number)
        return None

    @cached_property
    def facets(self) -> Facets:
        """What the passages can be filtered by."""
        return Facets(self._segments, self._places)

    def _query(self, text: str, asked: Asked, encoded: _Encoded, read: Mapping[str, str]) -> Query:
        vector, tokens = encoded
        return Query(
            text=text,
            terms=tuple(analyze(asked.words)),
            vector=vector,
            tokens=self._tokens(_words(asked.words), tokens) if tokens else None,
            familiar=_familiarity(asked.words, tokens.spans) if tokens else 1.0,
            corrected=tuple(read.items()),
            words=asked.words,
            phrases=asked.phrases,
            excluded=asked.excluded,
        )

    def _tokens(self, words: Sequence["_Word"], tokens: TokenVectors) -> QueryTokens | None:
        """A question's tokens as this index compares them: each weighs what the rarest term of its word does, over the root
        of how many pieces the word came in, so that a name in six pieces is not six names."""
        if self.late is None:
            return None
        touched = _touched(words, tokens.spans)
        rarities = [max(self.lexical.idf(word.terms), default=0.0) for word in words]
        pieces = np.maximum(touched.sum(axis=1), 1)
        weights = (touched * (np.array(rarities) / np.sqrt(pieces)).reshape(-1, 1)).max(axis=0, initial=0.0)
        total = weights.sum()
        return QueryTokens(turn(tokens.vectors), weights / total) if total else None

    def __len__(self) -> int:
        return len(self.passages)

    def __repr__(self) -> str:
        return f"Index({len(self.articles)} articles, {len(self)} passages, {self.manifest.encoder})"


def _familiarity(text: str, tokens: TokenSpans, is_letter: Callable[[str], bool] = str.isalpha) -> float:
    """How well an encoder knows the language of a text, 0 to 1: not at all if it reads it letter by letter.

    1 if half of the letters stand in tokens of two and more.
    """
    letters = np.array([sum(map(is_letter, text[start:end])) for start, end in tokens.tolist()])
    whole = letters[(tokens[:, 1] - tokens[:, 0]) > 1].sum()
    return min(1.0, 2 * float(whole / letters.sum())) if letters.sum() else 1.0


class _Word(NamedTuple):
    """A word of a question: where it stands, and its terms."""

    text: str
    span: Span
    terms: list[str]


def _words(text: str) -> list[_Word]:
    return [_Word(match.group(), match.span(), analyze(match.group())) for match in _WORD.finditer(text)]


def _touched(words: Sequence[_Word], tokens: TokenSpans) -> npt.NDArray[np.bool_]:
    """Which tokens each word is made of: shape (words, tokens)."""
    spans = np.array([word.span for word in words], dtype=np.int64).reshape(-1, 2)
    return np.asarray((tokens[:, 0] < spans[:, 1:]) & (tokens[:, 1] > spans[:, :1]))


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
    """Articles or passages, read from the index's parts when they are asked for."""

    def __init__(self, places: Places, parts: Sequence[Callable[[int], Item]]) -> None:
        self._places = places
        self._parts: tuple[Callable[[int], Item], ...] = tuple(parts)

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, position: int) -> Item: ...
    @overload
    def __getitem__(self, position: slice) -> list[Item]: ...
    def __getitem__(self, position: int | slice) -> Item | list[Item]:
        if isinstance(position, slice):
            return [self[number] for number in range(*position.indices(len(self)))]
        if not -len(self) <= position < len(self):
            raise IndexError(f"{position} of {len(self)}")
        row = int(position) % len(self)
        return self._parts[int(self._places.part[row])](int(self._places.local[row]))

    def __iter__(self) -> Iterator[Item]:
        return (self[position] for position in range(len(self)))
