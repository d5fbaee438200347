"""What each step of the pipeline adds: every arm over the same questions, measured against the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.gold import GoldQuestion
from eval.measures import Qrels, measure
from eval.relevance import Holders, relevant_passages
from index.analyzer import analyze
from index.dense import DenseSearcher
from index.encoder import encode_documents
from index.lexical import LexicalSearcher
from index.progress import Progress
from qa.library import Library
from qa.reader import read_first
from qa.retriever import System, gather, rank

MEASURES = ("nDCG@10", "MRR@10", "Recall@10")
_AT_ONCE = 64
# Deep enough for ten articles, several of whose passages may be among the first.
_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Arm:
    """One way of ranking: a system over passages alone, or with the title and heading that they stand under; its first
    passages read, or not."""

    name: str
    system: System
    context: bool
    reading: bool = False


ARMS = (
    Arm("bm25, passages alone", "bm25", False),
    Arm("dense, passages alone", "dense", False),
    Arm("RRF, passages alone", "rrf", False),
    Arm("convex, passages alone", "convex", False),
    Arm("bm25", "bm25", True),
    Arm("dense", "dense", True),
    Arm("RRF", "rrf", True),
    Arm("convex", "convex", True),
    Arm("convex + late", "hybrid", True),
    Arm("convex + late + reading (the default)", "hybrid", True, reading=True),
)
BASELINE, DEFAULT = "RRF", ARMS[-1].name

Figures = dict[str, dict[str, list[float]]]
"""Arm to measure to a figure a question, in the questions' order."""


def figures(library: Library, questions: Sequence[GoldQuestion], progress: Progress) -> Figures:
    """Every arm's measures for every answerable question, by passages where the gold has spans, else by articles."""
    asked = [question for question in questions if question.answerable]
    by_passage = any(question.relevant for question in asked)
    names = [passage.id if by_passage else passage.article.id for passage in library.passages]
    qrels: Qrels = (
        relevant_passages(asked, Holders(library.passages, asked))
        if by_passage
        else {question.id: question.articles for question in asked}
    )
    runs: dict[str, dict[str, list[str]]] = {arm.name: {} for arm in ARMS}
    index, alone = library.index, _passages_alone(library, progress)
    for start in range(0, len(asked), _AT_ONCE):
        progress("Asking questions", start, len(asked))
        batch = asked[start : start + _AT_ONCE]
        for question, query in zip(batch, index.queries([each.question for each in batch]), strict=True):
            with_context = gather(index.dense, index.lexical, query, late=index.late)
            without = gather(*alone, query)
            for arm in ARMS:
                found = rank(with_context if arm.context else without, _DEPTH, arm.system)
                found = read_first(index, query, found) if arm.reading else found
                runs[arm.name][question.id] = [names[row] for row in found.rows.tolist()]
    progress("Asking questions", len(asked), len(asked))
    return {name: _measured(qrels, run, asked) for name, run in runs.items()}


def _measured(qrels: Qrels, run: Mapping[str, list[str]], asked: Sequence[GoldQuestion]) -> dict[str, list[float]]:
    found = measure(qrels, run, MEASURES)
    return {name: [found[name][question.id] for question in asked] for name in MEASURES}


def _passages_alone(library: Library, progress: Progress) -> tuple[DenseSearcher, LexicalSearcher]:
    """Both legs over the bare passages, cut as in the library's index."""
    import numpy as np

    texts = [passage.text for passage in library.passages]
    order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
    vectors = np.empty((len(texts), library.index.manifest.dimensions), dtype=np.float32)
    for start in range(0, len(order), _AT_ONCE):
        progress("Embedding passages without their context", start, len(order))
        batch = order[start : start + _AT_ONCE]
        vectors[batch] = encode_documents(library.index.encoder, [texts[place] for place in batch])
    progress("Embedding passages without their context", len(order), len(order))
    return DenseSearcher.build(vectors), LexicalSearcher.build([analyze(text) for text in texts])
