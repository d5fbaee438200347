"""Questions to begin with, for whatever articles a library holds: only such as it answers."""

import re
from collections.abc import Iterator
from itertools import islice

from index import Article, QuestionError
from qa.library import Library
from qa.page.asked import Asked
from qa.page.confined import confine_in
from qa.page.kept import Kept

COUNT = 4
# Each is asked before it is shown, which takes a few milliseconds.
_TRIED = 12
_LONGEST = 90
# Of an article that may be a whole book.
_READ = 20_000
# For the articles in seeds/, by the file that answers; a library without that file does not show its question.
_KNOWN = {
    "000_671c52dbc03a6a6a.txt": "How many talent apartments has Yuxian county built?",
    "001_53f2f2d93d4f63c9.txt": "How much raw coal did Yangquan produce in 2021?",
    "003_f1603e24cc27520e.txt": "How many characteristic towns will Shanxi have by 2025?",
    "004_33f3439c0dfbbcc0.txt": "What used to be at the site of the park near Du'erping Coal Mine?",
}
# None of its words tells anything, so that the title's decide.
_NEUTRAL = "What is said about {}?"
# Where a sentence or a line begins, without quotation marks, which would ask for the very words.
_SENTENCE = re.compile(r"(?<![\w,;] )\b(?:How|What|When|Where|Which|Who|Why) (?:[^.!?\"“”\n]|\n(?!\s*\n)){10,110}\?")
# Several words in capitals within a sentence.
_NAME = re.compile(r"(?<=[a-zà-ÿ,] )[A-Z]\w+(?: [A-Z]\w+){1,3}")


class Examples:
    """Up to four questions that a library answers, found once for each build of its index."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._kept: Kept[str, list[str]] = Kept()

    def questions(self) -> list[str]:
        build = self._library.index.manifest.build
        kept = self._kept.get(build)
        if kept is None:
            kept = example_questions(self._library)
            self._kept.keep(build, kept)
        return kept


def example_questions(library: Library) -> list[str]:
    """Known questions for known articles, then those that articles ask themselves, then what is said of their subjects."""
    sample = _sample(library)
    ways = (_known, _asked_there, _subject)
    candidates = dict.fromkeys(question for way in ways for article in sample for question in islice(way(article), 1))
    answered = (question for question in islice(candidates, _TRIED) if _is_answered(library, question))
    return list(islice(answered, COUNT))


def _sample(library: Library) -> list[Article]:
    """Articles from all over the library, the first four far from each other. Not every one: there may be very many."""
    articles = library.articles[:: max(1, len(library.articles) // (COUNT * COUNT))]
    apart = max(1, len(articles) // COUNT)
    return [article for start in range(apart) for article in articles[start::apart]]


def _known(article: Article) -> Iterator[str]:
    if article.source in _KNOWN:
        yield _KNOWN[article.source]


def _asked_there(article: Article) -> Iterator[str]:
    """The title, if it is a question, and the questions in the text."""
    title = _clean(article.title)
    if _asks(title) and len(title) <= _LONGEST:
        yield title
    start, stop = article.extent
    yield from (_clean(found[0]) for found in _SENTENCE.finditer(article.text, start, min(stop, start + _READ)))


def _subject(article: Article) -> Iterator[str]:
    """What the title names; of an article without one, a name in its text."""
    title = _clean(article.title).rstrip(".")
    if title and len(title) <= _LONGEST and not _asks(title):
        yield _NEUTRAL.format(title)
    elif not title and (name := _NAME.search(article.text, *article.extent)):
        yield _NEUTRAL.format(name[0])


def _clean(text: str) -> str:
    return " ".join(text.replace("_", " ").split())


def _asks(text: str) -> bool:
    return text.rstrip("”\"' ").endswith(("?", "？"))


def _is_answered(library: Library, question: str) -> bool:
    """Whether the page answers, and with something else than a question."""
    try:
        answer = library.ask(question, where=confine_in(library, Asked(question)).where)
    except QuestionError:
        return False
    return answer.found and not _asks(answer.sentence)
