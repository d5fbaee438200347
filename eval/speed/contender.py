"""What is measured: anything that builds an index of passages, opens it again and finds passages for a question."""

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from eval.speed.collection import Collection

Search = Callable[[str, int], list[str]]
"""From a question and a number to so many passages' ids, best first."""


class Contender(Protocol):
    """A system under measurement. Its packages are imported when it is made, so that no clock runs meanwhile."""

    title: str
    """What the page calls it."""
    packages: tuple[str, ...]
    """The distributions that it needs, the one that names it first."""

    def build(self, collection: Collection, folder: Path) -> None:
        """Writes an index of the collection's passages into `folder`."""

    def open(self, folder: Path) -> None:
        """Opens what `build` wrote, in a process that did not build it."""

    def hand(self, collection: Collection) -> None:
        """Takes over the questions' vectors, before any clock runs."""

    def search(self, question: str, k: int) -> list[str]:
        """The ids of the k best passages, best first, the passages themselves having been read. Threads may share it."""


@runtime_checkable
class Varied(Protocol):
    """A contender that can do less or more for a question than what is compared."""

    @property
    def variants(self) -> Mapping[str, Search]:
        """Other ways to `search`, by what the page calls them."""


@runtime_checkable
class Approximate(Protocol):
    """A contender that can say what its approximations miss."""

    def agreement(self, questions: list[str], k: int) -> Mapping[str, float]:
        """Shares, 0 to 1, of what exact search finds that its own finds, by what the page calls them."""


CONTENDERS = {
    "ours": "eval.speed.ours:Ours",
    "langchain": "eval.speed.peers:LangChain",
    "txtai": "eval.speed.peers:Txtai",
    "haystack": "eval.speed.peers:Haystack",
    "llamaindex": "eval.speed.peers:LlamaIndex",
}
"""Where each contender's class is: module and name."""


def contender_class(place: str) -> Any:
    """The class at `module:name`."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """The version of each package; "" where it is not installed."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = ""
    return found
