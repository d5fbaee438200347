"""Which sentence of a passage answers."""

from collections.abc import Sequence

import numpy as np

from index import Index
from index.analyzer import analyze, distinct_terms
from index.arrays import Scores
from index.article import Span
from index.encoder import encode_documents
from index.late import QueryTokens, StoredTokens, from_codes
from index.searchers import Query
from index.sentences import split_sentences
from index.threads import one_thread

# Chosen on questions of SQuAD 2.0's development set: see docs/log.md.
_SHARPNESS, _CLAIM_WEIGHT = 8, 4


def best_sentence(
    text: str, query: Query, index: Index, row: int | None = None, *, by_meaning: bool = False
) -> tuple[Span, ...]:
    """Where the sentence of a passage stands that answers best: the earlier of two that are equal.

    That is the one that covers most of the question's terms, each weighted by its idf, and comes nearest to its tokens, if
    the index has those of the passage, its `row`. Where that tells nothing, the one nearest in meaning, if `by_meaning` (it
    costs encoding the passage again), else none.
    """
    sentences = split_sentences(text)
    if len(sentences) < 2:
        return tuple(sentences)
    weights = dict(zip(query.terms, index.lexical.idf(query.terms).tolist(), strict=True))
    total = sum(weights.values()) or 1.0
    scores = np.array([_covered(text[start:end], weights) / total for start, end in sentences])
    if index.late and query.tokens and row is not None:
        scores += _CLAIM_WEIGHT * claims(query.tokens, index.late.tokens(row), len(text), sentences)
    if not scores.any():
        if not by_meaning:
            return ()
        scores = encode_documents(index.encoder, [text[start:end] for start, end in sentences]) @ query.vector
    return (sentences[int(np.argmax(scores))],)


@one_thread()
def claims(query: QueryTokens, passage: StoredTokens, length: int, sentences: Sequence[Span]) -> Scores:
    """What share of the question each sentence of a passage of `length` characters claims: they sum to 1, or are all 0.

    Each token of the question is shared out by how near the sentences come to it (softmax of 8 x the cosine of the
    nearest token), and counts by its weight. Shape (sentences,).
    """
    starts = passage.starts + length
    sentence_of = np.searchsorted([start for start, _ in sentences], starts, side="right") - 1
    own = (starts >= 0) & (sentence_of >= 0)
    similar = query.vectors @ from_codes(passage.codes[own], query.vectors.shape[1]).T
    nearest = np.full((len(query.weights), len(sentences)), -np.inf)
    for place in np.unique(sentence_of[own]):
        nearest[:, place] = similar[:, sentence_of[own] == place].max(axis=1)
    if not own.any():
        return np.zeros(len(sentences))
    shares = np.exp(_SHARPNESS * (nearest - nearest.max(axis=1, keepdims=True)))
    return np.asarray(query.weights @ (shares / shares.sum(axis=1, keepdims=True)))


def matched_terms(text: str, terms: Sequence[str]) -> tuple[str, ...]:
    """The question's terms that a text has, in the question's order."""
    said = distinct_terms(text)
    return tuple(dict.fromkeys(term for term in terms if term in said))


def _covered(sentence: str, weights: dict[str, float]) -> float:
    said = set(analyze(sentence))
    return sum(weight for term, weight in weights.items() if term in said)
