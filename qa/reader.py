"""The first passages of a ranking read beside the question: which of them answers (index/reader.py)."""

from index import Index
from index.reader import Excerpt, ReadingEncoder
from index.searchers import UNDERSTOOD, Query
from qa.highlight import best_sentence
from qa.retriever import Found, read


def read_first(index: Index, query: Query, found: Found) -> Found:
    """Ranked rows, the first of them read.

    As they are where the encoder does not read, or not the question's language, or where nothing is asked but something
    stated: the reader learnt from questions.
    """
    encoder = index.encoder
    if not isinstance(encoder, ReadingEncoder) or query.familiar < UNDERSTOOD or query.words.rstrip().endswith("."):
        return found

    def log_odds(row: int) -> float:
        passage = index.passages[row]
        marked = best_sentence(passage.text, query, index, row)
        article = passage.article
        excerpt = Excerpt(article.title, passage.text, marked[0] if marked else (0, 0), article.published)
        return float(encoder.read(query.words, [excerpt])[0])

    return read(found, log_odds)
