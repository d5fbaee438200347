"""Answers that were given, as a script names them: by the address that asked for them and the build that gave them."""

from typing import Any

from index import QuestionError
from qa.answer import Answer, Hit
from qa.library import Library
from qa.page.answers import Answers
from qa.page.asked import Asked
from qa.page.calls import field
from qa.page.confined import confine_in


class Given:
    """What was asked of a library and is still kept."""

    def __init__(self, library: Library, answers: Answers) -> None:
        self._library, self._answers = library, answers

    def answer(self, wanted: dict[str, Any]) -> Answer:
        """Raises UserError, also for an answer that is no longer kept."""
        asked = Asked.read(field(wanted, "asked", str))
        answer = self._answers.given(asked.question, field(wanted, "build", str), confine_in(self._library, asked).where)
        if answer is None:
            raise QuestionError("this answer is no longer kept: ask again")
        return answer

    def hits(self, wanted: dict[str, Any]) -> dict[str, Hit]:
        """The hits of an answer by their ranks, and their twins by "1.1", "1.2" …: what the page calls them."""
        hits = self.answer(wanted).hits
        named = {str(hit.rank): hit for hit in hits}
        return named | {f"{hit.rank}.{number}": twin for hit in hits for number, twin in enumerate(hit.twins, 1)}

    def hit(self, wanted: dict[str, Any]) -> Hit:
        """The hit that a script names. Raises UserError."""
        hit = self.hits(wanted).get(field(wanted, "hit", str))
        if hit is None:
            raise QuestionError("this answer has no such passage: ask again")
        return hit
