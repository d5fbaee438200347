"""The answers that the page shows: each stays as it was when the index is brought up to date meanwhile."""

from index.filter import EVERYTHING, Filter
from index.threads import ASKING
from qa.answer import Answer
from qa.library import Library
from qa.page.kept import Kept


class Answers:
    """A library's answers, by question, filter and the build of the index that gave them; the last ones are kept."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._kept: Kept[tuple[str, Filter, str], Answer] = Kept()

    def ask(self, question: str, where: Filter = EVERYTHING) -> tuple[Answer, str]:
        """What the articles say now, and the build that says so. Raises QuestionError."""
        build = self.refresh()
        # Reading takes as long as all the rest: while others wait for their turn it is left out.
        reading = not ASKING.waited_for
        answer = self.given(question, build, where) or self._library.ask(question, where=where, reading=reading)
        self._kept.keep((question, where, build), answer)
        return answer, build

    def refresh(self) -> str:
        """Takes up an index that was brought up to date; the build that answers from now on."""
        return self._library.catch_up().index.manifest.build

    def given(self, question: str, build: str, where: Filter = EVERYTHING) -> Answer | None:
        """The answer that a build gave; None if it is not kept."""
        return self._kept.get((question, where, build))
