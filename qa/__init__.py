"""Ask a folder of articles: `library = qa.load("seeds"); library.ask("…")`.

Importing this takes milliseconds; what a name needs is imported when the name is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from index import Article, Encoder, Passage, UserError
    from qa.answer import Answer, Citation, Hit, Hits
    from qa.library import Library, load

_HOMES = {
    "Answer": "qa.answer",
    "Article": "index",
    "Citation": "qa.answer",
    "Encoder": "index",
    "Hit": "qa.answer",
    "Hits": "qa.answer",
    "Library": "qa.library",
    "Passage": "index",
    "UserError": "index",
    "load": "qa.library",
}

__all__ = ["Answer", "Article", "Citation", "Encoder", "Hit", "Hits", "Library", "Passage", "UserError", "load"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'qa' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
