"""Which sentence of a passage answers."""

from collections.abc import Sequence

from index.analyzer import analyze
from index.article import Span
from index.searchers import LexicalSearcher
from index.sentences import split_sentences


def best_sentence(text: str, terms: Sequence[str], lexical: LexicalSearcher) -> tuple[Span, ...]:
    """Where the sentence stands that covers most of the question's `terms`, each weighted by its idf.

    The earlier of two that cover as much; nothing for a text without a sentence.
    """
    sentences = split_sentences(text)
    if len(sentences) < 2:
        return tuple(sentences)
    wanted = dict(zip(terms, lexical.idf(terms).tolist(), strict=True))
    covered = []
    for start, end in sentences:
        said = set(analyze(text[start:end]))
        covered.append(sum(idf for term, idf in wanted.items() if term in said))
    return (sentences[covered.index(max(covered))],)


def matched_terms(text: str, terms: Sequence[str]) -> tuple[str, ...]:
    """The question's terms that a text has, in the question's order."""
    said = set(analyze(text))
    return tuple(dict.fromkeys(term for term in terms if term in said))
