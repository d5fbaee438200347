"""Ask a folder of articles: `library = qa.load("seeds"); library.ask("…")`.

Importing this takes milliseconds; what a name needs is imported when the name is first used.
"""

from typing import TYPE_CHECKING

from index.lazy import lazy_names

if TYPE_CHECKING:
    from index.article import Article, Passage
    from index.encoder import Encoder
    from index.errors import UserError
    from index.filter import Filter
    from qa.answer import Answer, Citation, Hit, Hits
    from qa.library import Library, load

_HOMES = {
    "Answer": "qa.answer",
    "Article": "index.article",
    "Citation": "qa.answer",
    "Encoder": "index.encoder",
    "Filter": "index.filter",
    "Hit": "qa.answer",
    "Hits": "qa.answer",
    "Library": "qa.library",
    "Passage": "index.article",
    "UserError": "index.errors",
    "load": "qa.library",
}

__all__ = ["Answer", "Article", "Citation", "Encoder", "Filter", "Hit", "Hits", "Library", "Passage", "UserError", "load"]

__getattr__ = lazy_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return __all__
