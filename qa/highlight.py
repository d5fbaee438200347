"""Which sentence of a passage answers."""

from collections.abc import Sequence

from index import Index
from index.analyzer import analyze
from index.article import Span
from index.encoder import encode_documents
from index.searchers import Query
from index.sentences import split_sentences


def best_sentence(text: str, query: Query, index: Index, *, by_meaning: bool = False) -> tuple[Span, ...]:
    """Where the sentence of a passage stands that answers best: the earlier of two that are equal.

    That is the one that covers most of the question's terms, each weighted by its idf. Where no sentence has any
    of them, the one nearest in meaning, if `by_meaning` (it costs encoding the passage again), else none.
    """
    sentences = split_sentences(text)
    if len(sentences) < 2:
        return tuple(sentences)
    weights = dict(zip(query.terms, index.lexical.idf(query.terms).tolist(), strict=True))
    scores = [_covered(text[start:end], weights) for start, end in sentences]
    if not any(scores):
        if not by_meaning:
            return ()
        scores = (encode_documents(index.encoder, [text[start:end] for start, end in sentences]) @ query.vector).tolist()
    return (sentences[scores.index(max(scores))],)


def matched_terms(text: str, terms: Sequence[str]) -> tuple[str, ...]:
    """The question's terms that a text has, in the question's order."""
    said = set(analyze(text))
    return tuple(dict.fromkeys(term for term in terms if term in said))


def _covered(sentence: str, weights: dict[str, float]) -> float:
    said = set(analyze(sentence))
    return sum(weight for term, weight in weights.items() if term in said)
