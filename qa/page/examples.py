"""Questions to begin with, for whatever articles a library holds."""

from index import Article
from qa.library import Library

COUNT = 4
_LONGEST = 120
# For the articles in seeds/, by the file that answers; a library without that file does not show its question.
_QUESTIONS = {
    "000_671c52dbc03a6a6a.txt": "How many talent apartments has Yuxian county built?",
    "001_53f2f2d93d4f63c9.txt": "How much raw coal did Yangquan produce in 2021?",
    "003_f1603e24cc27520e.txt": "How many characteristic towns will Shanxi have by 2025?",
    "004_33f3439c0dfbbcc0.txt": "What used to be at the site of the park near Du'erping Coal Mine?",
}


def example_questions(library: Library) -> list[str]:
    """Up to four questions: known ones for known articles, else titles from all over the library."""
    # Not every article: a library may hold very many.
    step = max(1, len(library.articles) // (COUNT * 4))
    articles = library.articles[::step]
    known = dict.fromkeys(_QUESTIONS[article.source] for article in articles if article.source in _QUESTIONS)
    return _spread(list(known)) or _spread(_titles(articles))


def _titles(articles: list[Article]) -> list[str]:
    return list(dict.fromkeys(article.title for article in articles if 0 < len(article.title) <= _LONGEST))


def _spread(questions: list[str]) -> list[str]:
    """COUNT of the questions, from first to last, or all if there are fewer."""
    return questions[:: max(1, len(questions) // COUNT)][:COUNT]
