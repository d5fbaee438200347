"""What a user holds: a library of articles that can be searched and asked."""

import hashlib
import math
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Lock

from index import Article, Encoder, EncoderError, Index, Passage, QuestionError, build_index, is_current, open_encoder
from index.analyzer import word_terms
from index.arrays import Rows
from index.errors import IndexFolderError, SourceError
from index.filter import EVERYTHING, Filter
from index.index import Lazy
from index.passages import searchable_text
from index.progress import Progress, no_progress
from index.question import read_question
from index.reader import Excerpt, ReadingEncoder
from index.reranker import Reranker, open_reranker, rerank_scores
from index.searchers import Query
from index.store import MANIFEST, read_manifest
from index.threads import ASKING
from qa.answer import Answer, Hit, Hits, LegScore, Why
from qa.confidence import confidence, is_found, logistic
from qa.evidence import LOOKED_AT, gather_evidence
from qa.highlight import best_sentence, matched_terms
from qa.reader import read_first
from qa.retriever import CANDIDATES, SYSTEMS, Candidates, Found, System, gather, rank, rerank
from qa.twins import collapse
from qa.words import count_of

DEFAULT_STORE = Path("index/store")
MAX_QUESTION = 2_000
DEFAULT_K = 10
# The idf of a term in a quarter of the passages: ln(1 + 3/4 / 1/4).
_RARE = math.log(4)


class Library:
    """Articles with their index. Safe to ask from several threads at once.

    With a `reranker` (a sentence-transformers CrossEncoder) the first 20 passages of the hybrid ranking are put in its
    order.
    """

    def __init__(self, index: Index, reranker: Reranker | None = None) -> None:
        self.index, self.reranker = index, reranker
        self._refreshing = Lock()

    @classmethod
    def open(
        cls,
        folder: str | os.PathLike[str] = DEFAULT_STORE,
        encoder: Encoder | None = None,
        reranker: Reranker | None = None,
    ) -> "Library":
        """The library of the index in `folder`. Raises IndexFolderError and EncoderError."""
        return cls(Index.open(Path(folder), encoder), reranker)

    @property
    def articles(self) -> Lazy[Article]:
        return self.index.articles

    @property
    def passages(self) -> Lazy[Passage]:
        return self.index.passages

    def search(
        self,
        question: str,
        k: int = DEFAULT_K,
        system: System = "hybrid",
        where: Filter = EVERYTHING,
        *,
        reading: bool = True,
    ) -> Hits:
        """The k best passages of those that `where` lets through, best first; all of them if there are fewer.

        Without `reading` the ranking of both legs and late interaction stands, in half the time. Raises QuestionError.
        """
        with ASKING.take():
            index, [(query, candidates)] = self._gather([question], [system], k, where)
            return self._hits(index, query, self._found(index, query, candidates, system, reading=reading), k, k)

    def ask(
        self,
        question: str,
        k: int = DEFAULT_K,
        system: System = "hybrid",
        where: Filter = EVERYTHING,
        *,
        reading: bool = True,
    ) -> Answer:
        """What the articles that `where` lets through say to a question, with the k best passages.

        Without `reading` the ranking of both legs and late interaction stands, and confidence is told from similarity alone,
        in half the time. Raises QuestionError.
        """
        return self.ask_systems([question], [system], k, where=where, reading=reading)[0][system]

    def ask_many(
        self, questions: Sequence[str], k: int = DEFAULT_K, system: System = "hybrid", where: Filter = EVERYTHING
    ) -> list[Answer]:
        """`ask` for several questions, encoded together. Raises QuestionError."""
        return [answers[system] for answers in self.ask_systems(questions, [system], k, where=where)]

    def ask_systems(
        self,
        questions: Sequence[str],
        systems: Sequence[System],
        k: int = DEFAULT_K,
        marked: int | None = None,
        where: Filter = EVERYTHING,
        *,
        reading: bool = True,
    ) -> list[dict[System, Answer]]:
        """What each system answers to each question, from the same candidates, of passages that `where` lets through.

        Sentences are marked in the first `marked` hits, or in all. Raises QuestionError.
        """
        with ASKING.take():
            index, asked = self._gather(questions, systems, k, where)
            return [
                {
                    system: self._answer(index, query, candidates, system, k, marked or k, where, reading=reading)
                    for system in systems
                }
                for query, candidates in asked
            ]

    def refresh(self) -> bool:
        """Opens the index again if it was brought up to date since it was opened; whether it was.

        Questions that are being answered go on with the one that they began with, and so does whoever refreshes while
        another thread does. Raises IndexFolderError, and keeps the index that is open, if the new one cannot be opened.
        """
        if read_manifest(self.index.folder).build == self.index.manifest.build:
            return False
        if not self._refreshing.acquire(blocking=False):
            return False
        try:
            self.index = Index.open(self.index.folder, self.index.encoder)
        finally:
            self._refreshing.release()
        return True

    def catch_up(self) -> "Library":
        """`refresh`, where an index that cannot be opened leaves the one that is open without a word."""
        with suppress(IndexFolderError):
            self.refresh()
        return self

    def warm_up(self) -> "Library":
        """Loads what the first question would load."""
        [query] = self.index.queries(["warm up"])
        if isinstance(self.index.encoder, ReadingEncoder):
            self.index.encoder.read(query.text, [Excerpt("", query.text, (0, 0))])
        return self

    def _gather(
        self, questions: Sequence[str], systems: Sequence[System], k: int, where: Filter
    ) -> tuple[Index, list[tuple[Query, Candidates]]]:
        """Each question made ready, with its candidates, and the index that they are rows of, even if it is replaced
        meanwhile. Raises QuestionError."""
        if isinstance(k, bool) or not isinstance(k, int) or k < 1:
            raise QuestionError(f"k is {k!r}, expected a whole number of 1 or more: say how many passages to return")
        if isinstance(questions, str):
            raise QuestionError(f"questions is {questions[:40]!r}, expected a list of questions: put it in brackets")
        for system in systems:
            if system not in SYSTEMS:
                raise QuestionError(f"no system {system!r}, expected one of {', '.join(SYSTEMS)}")
        if not isinstance(where, Filter):
            raise QuestionError(f"where is {where!r}, expected a filter as qa.Filter(since=datetime.date(2021, 7, 15))")
        for number, question in enumerate(questions, 1):
            check_question(question, f"question {number}" if len(questions) > 1 else "the question")
        index, asked = self.index, []
        for query in index.queries(questions) if questions else []:
            among = index.allowed(query, where)
            asked.append((query, gather(index.dense, index.lexical, query, max(CANDIDATES, k), index.late, among)))
        return index, asked

    def _found(self, index: Index, query: Query, candidates: Candidates, system: System, *, reading: bool) -> Found:
        found = rank(candidates, len(candidates.rows), system)
        if system == "hybrid":
            found = read_first(index, query, found) if reading else found
            if self.reranker:
                judge = partial(rerank_scores, self.reranker, query.text)
                found = rerank(found, lambda rows: judge(_texts(index, rows)))
        return found

    def _hits(self, index: Index, query: Query, found: Found, k: int, marked: int) -> Hits:
        shown = collapse((index.passages[row].text for row in found.rows.tolist()), k)
        hits = [
            replace(
                _hit(index, query, found, each.place, number, mark=number <= marked),
                twins=tuple(_hit(index, query, found, twin, number, mark=number <= marked) for twin in each.twins),
            )
            for number, each in enumerate(shown, 1)
        ]
        return Hits(query.text, hits)

    def _answer(
        self,
        index: Index,
        query: Query,
        candidates: Candidates,
        system: System,
        k: int,
        marked: int,
        where: Filter,
        *,
        reading: bool,
    ) -> Answer:
        found = self._found(index, query, candidates, system, reading=reading)
        hits = self._hits(index, query, found, k, marked)
        # How sure an answer is does not depend on how many passages are asked for.
        first = hits if k >= LOOKED_AT else self._hits(index, query, found, LOOKED_AT, 0)
        evidence = gather_evidence(index, query, candidates, found, first, where) if hits else None
        sure = confidence(evidence) if evidence else 0.0
        return Answer(query.text, evidence is not None and is_found(sure), sure, hits, evidence)

    def __len__(self) -> int:
        return len(self.articles)

    def __repr__(self) -> str:
        articles, passages = count_of(len(self.articles), "article"), count_of(len(self.passages), "passage")
        return f"Library({articles}, {passages}, {self.index.manifest.encoder})"

    def _repr_html_(self) -> str:
        from qa.html import library_html

        return library_html(self)


def _texts(index: Index, rows: Rows) -> list[str]:
    return [searchable_text(index.passages[row]) for row in rows.tolist()]


def _hit(index: Index, query: Query, found: Found, place: int, rank: int, *, mark: bool) -> Hit:
    row = int(found.rows[place])
    passage = index.passages[row]
    matched = matched_terms(passage.text, query.terms)
    said = set(matched)
    return Hit(
        passage=passage,
        rank=rank,
        score=float(found.scores[place]),
        why=Why(
            dense=_stage(found.dense_ranks[place], found.dense[place]),
            lexical=_stage(found.lexical_ranks[place], found.lexical[place]),
            matched=_telling(index, matched),
            fused=_stage(found.fused_ranks[place], found.fused[place]),
            late=_seen(found.late_ranks[place], found.late[place]),
            reading=_seen(found.reading_ranks[place], logistic(found.reading[place])),
            rerank=_seen(found.rerank_ranks[place], found.rerank[place]),
            corrected=tuple(pair for pair in query.corrected if said.intersection([pair[1], *word_terms(pair[1])])),
        ),
        highlight=best_sentence(passage.text, query, index, row, by_meaning=rank == 1) if mark else (),
    )


def _telling(index: Index, terms: tuple[str, ...]) -> tuple[str, ...]:
    """The terms that tell something: those in at most a quarter of the passages; all, if none is that rare."""
    weights = index.lexical.idf(terms).tolist()
    rare = tuple(term for term, weight in zip(terms, weights, strict=True) if weight >= _RARE)
    return rare or terms


def _stage(rank: int, score: float) -> LegScore:
    return LegScore(int(rank) or None, float(score))


def _seen(rank: int, score: float) -> LegScore | None:
    return _stage(rank, score) if rank else None


def load(
    path: str | os.PathLike[str],
    index: str | os.PathLike[str] | None = None,
    encoder: Encoder | str | None = None,
    *,
    reranker: Reranker | str | None = None,
    progress: Progress = no_progress,
) -> Library:
    """The library of a folder of articles, indexed first if it is not yet or has changed; or of an index folder.

    Without `index` the index is kept in index/store: in that folder itself if it is of these articles
    already, else in one of its own below it. `encoder` is an Encoder, or the name of one, `reranker` a
    CrossEncoder, or the name of one. Raises UserError.
    """
    if not isinstance(path, str | os.PathLike):
        raise SourceError(
            f"{path!r}: expected the path of one folder: index several with qa index PATH..., and load the index"
        )
    path = Path(path)
    judge = open_reranker(reranker, download=True) if isinstance(reranker, str) else reranker
    model = open_encoder(encoder, download=True) if isinstance(encoder, str) else encoder
    if model is not None and not isinstance(model, Encoder):
        raise EncoderError(
            f"{type(model).__name__} is no encoder: expected encode_query and encode_document, or a model's name"
        )
    if (path / MANIFEST).is_file():
        return Library.open(path, model, judge)
    model = model or open_encoder()
    folder = Path(index) if index is not None else _own_store(path, model)
    if not is_current(folder, [path], model):
        build_index([path], folder, model, progress=progress)
    return Library.open(folder, model, judge)


def check_question(question: str, name: str = "the question") -> None:
    """Raises QuestionError, which calls it by `name`, for a question that is empty, too long, or no text."""
    if not isinstance(question, str):
        raise QuestionError(f"{name} is {type(question).__name__}, expected text: ask in words")
    if not question.strip():
        raise QuestionError(f"{name} is empty: ask in words")
    if not read_question(question).words:
        raise QuestionError(f"{name} only says what to leave out, {question.strip()!r}: ask for something as well")
    if len(question) > MAX_QUESTION:
        raise QuestionError(f"{name} has {len(question):,} characters, expected at most {MAX_QUESTION:,}: shorten it")


def _own_store(path: Path, encoder: Encoder) -> Path:
    if path.exists() and is_current(DEFAULT_STORE, [path], encoder):
        return DEFAULT_STORE
    return DEFAULT_STORE / f"{path.resolve().name}-{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]}"
