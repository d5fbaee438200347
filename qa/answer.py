"""What a question gets back: hits with their reasons, citations, an answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, overload

from index import Article, Passage, Span, clean_up
from qa.confidence import Evidence

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class LegScore:
    """How one stage saw a passage: its rank among the stage's candidates (from 1, None if not among them) and its score."""

    rank: int | None
    score: float


@dataclass(frozen=True, slots=True)
class Why:
    """Why a passage was found: its cosine (dense), its BM25 score (lexical), the terms it shares with the question.

    `fused` is the legs' convex sum; `late` how near its words come to each of the question's, -1 to 1; `reading` the
    probability that it answers, told by reading both together (index/reader.py); `rerank` what a cross-encoder says, 0 to 1:
    None where a stage did not see the passage. `corrected` holds words of the question that no passage has, each with the
    term that this one has in its place.
    """

    dense: LegScore
    lexical: LegScore
    matched: tuple[str, ...] = ()
    fused: LegScore | None = None
    late: LegScore | None = None
    reading: LegScore | None = None
    rerank: LegScore | None = None
    corrected: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Citation:
    """Exact words of an article. `quote` is what `article.text` says at `spans`, as a reader reads it."""

    article: Article
    spans: tuple[Span, ...]
    quote: str

    def __str__(self) -> str:
        parts = [self.article.title, self.article.source]
        if self.article.published:
            parts.append(self.article.published.isoformat())
        return f"“{self.quote}” ({', '.join(filter(None, parts))})"


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found: rank from 1, score (higher is better), why, where in its text the best sentences stand.

    `twins` are hits that say the same in almost the same words, and would have followed: of the same rank.
    """

    passage: Passage
    rank: int
    score: float
    why: Why
    highlight: tuple[Span, ...]
    twins: tuple["Hit", ...] = ()

    @property
    def citation(self) -> Citation:
        """The highlighted words, or the whole passage if nothing is highlighted, at their place in the source."""
        return _cite(self.passage, self.highlight)

    def __repr__(self) -> str:
        return f"Hit({self.rank}, {self.score:.3f}, {self.passage!r})"

    def _repr_html_(self) -> str:
        from qa.html import hits_html

        return hits_html([self])


@lru_cache(maxsize=64)
def _cite(passage: Passage, highlight: tuple[Span, ...]) -> Citation:
    # Remembered: a page says the same few citations in several places and styles.
    if not highlight:
        return Citation(passage.article, passage.spans, passage.text)
    clean = clean_up(passage.article.text, passage.spans)
    spans = [span for start, end in highlight for span in clean.source_spans(start, end)]
    return Citation(passage.article, tuple(spans), " ".join(passage.text[slice(*span)] for span in highlight))


class Hits(Sequence[Hit]):
    """Hits, best first: index them, iterate over them, or turn them into a data frame."""

    def __init__(self, question: str, hits: Sequence[Hit]) -> None:
        self.question = question
        self._hits = tuple(hits)

    @overload
    def __getitem__(self, position: int) -> Hit: ...
    @overload
    def __getitem__(self, position: slice) -> "Hits": ...
    def __getitem__(self, position: int | slice) -> "Hit | Hits":
        if isinstance(position, slice):
            return Hits(self.question, self._hits[position])
        return self._hits[position]

    def __len__(self) -> int:
        return len(self._hits)

    def __iter__(self) -> Iterator[Hit]:
        return iter(self._hits)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hits) and (self.question, self._hits) == (other.question, other._hits)

    def __hash__(self) -> int:
        return hash((self.question, self._hits))

    @property
    def listed(self) -> tuple[Hit, ...]:
        """Every hit and every twin in the order of their scores: the ranking before twins were put together."""
        return tuple(sorted((each for hit in self for each in (hit, *hit.twins)), key=lambda hit: -hit.score))

    def to_frame(self) -> "pd.DataFrame":
        """A pandas DataFrame, one row a hit, with the quote, the passage and each stage's ranks and scores."""
        import pandas as pd

        columns = (
            "rank", "score", "title", "published", "source", "kind", "number", "quote", "text",
            "dense_rank", "dense_score", "lexical_rank", "lexical_score", "late_score", "reading_score",
        )  # fmt: skip
        rows = [
            (
                hit.rank, hit.score, hit.passage.article.title, hit.passage.article.published,
                hit.passage.article.source, hit.passage.kind, hit.passage.number, hit.citation.quote, hit.passage.text,
                hit.why.dense.rank, hit.why.dense.score, hit.why.lexical.rank, hit.why.lexical.score,
                hit.why.late.score if hit.why.late else None, hit.why.reading.score if hit.why.reading else None,
            )
            for hit in self
        ]  # fmt: skip
        frame = pd.DataFrame(rows, columns=columns)
        return frame.astype(
            {"dense_rank": "Int64", "lexical_rank": "Int64", "late_score": "float64", "reading_score": "float64"}
        )

    def __repr__(self) -> str:
        lines = [f"{hit.rank:>3}. {hit.score:.3f} {hit.citation}" for hit in self]
        return "\n".join([f"Hits({len(self)} for {self.question!r})", *lines])

    def _repr_html_(self) -> str:
        from qa.html import hits_html

        return hits_html(self)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the articles say to a question. `confidence`, 0 to 1, is how likely they answer it; `found` is the verdict.

    `evidence` is what it was told from; None without hits.
    """

    question: str
    found: bool
    confidence: float
    hits: Hits
    evidence: Evidence | None = None

    @property
    def sentence(self) -> str:
        """The words that answer best; empty if nothing was found."""
        return self.hits[0].citation.quote if self.found else ""

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The highlighted words of every hit, best first; none if the articles do not answer."""
        return tuple(hit.citation for hit in self.hits) if self.found else ()

    def __repr__(self) -> str:
        if not self.found:
            return f"Answer({self.question!r}: not in these articles, confidence {self.confidence:.2f})"
        return f"Answer({self.question!r}: {self.citations[0]}, confidence {self.confidence:.2f})"

    def _repr_html_(self) -> str:
        from qa.html import answer_html

        return answer_html(self)
