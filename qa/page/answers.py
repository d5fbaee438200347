"""The answers that the page shows: each stays as it was when the index is brought up to date meanwhile."""

from collections import OrderedDict
from contextlib import suppress
from threading import Lock

from index.errors import IndexFolderError
from index.filter import EVERYTHING, Filter
from qa.answer import Answer
from qa.library import Library

_KEPT = 256


class Answers:
    """A library's answers, by question, filter and the build of the index that gave them; the last ones are kept."""

    def __init__(self, library: Library) -> None:
        self._library, self._lock = library, Lock()
        self._kept: OrderedDict[tuple[str, Filter, str], Answer] = OrderedDict()

    def ask(self, question: str, where: Filter = EVERYTHING) -> tuple[Answer, str]:
        """What the articles say now, and the build that says so. Raises QuestionError."""
        build = self.refresh()
        answer = self.given(question, build, where) or self._library.ask(question, where=where)
        with self._lock:
            self._kept[question, where, build] = answer
            self._kept.move_to_end((question, where, build))
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return answer, build

    def refresh(self) -> str:
        """Takes up an index that was brought up to date; the build that answers from now on."""
        # One that cannot be opened leaves the one that is open.
        with suppress(IndexFolderError):
            self._library.refresh()
        return self._library.index.manifest.build

    def given(self, question: str, build: str, where: Filter = EVERYTHING) -> Answer | None:
        """The answer that a build gave; None if it is not kept."""
        with self._lock:
            return self._kept.get((question, where, build))
