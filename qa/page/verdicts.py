"""Verdicts on the passages of an answer: beside each, whether it answers; below all, that nothing does."""

from typing import Any

from index import QuestionError
from qa.answer import Hit
from qa.judgements import Judgements
from qa.page.asked import Asked
from qa.page.calls import Call, call, field
from qa.page.given import Given
from qa.page.judging import taking_back, write_verdict

VERDICTS = (("answers", "1", "Answers it"), ("partly", "2", "Partly"), ("no", "3", "Does not"))
"""What can be said of a passage, with its key and in words."""

NOTHING = "Nothing here answers it"
"""What can be said of them all."""


def steady(words: str) -> str:
    """Words of a button that are bold once it is pressed, and as wide before: see page.css."""
    return f'<span class="steady" data-name="{words}">{words}</span>'


def verdict_aside(hit: Hit) -> str:
    """Beside a passage of an answer: whether it answers."""
    buttons = "".join(
        f'<button type="button" class="button quiet verdict" data-verdict="{name}" aria-pressed="false">'
        f"{steady(words)}</button>"
        for name, _, words in VERDICTS
    )
    return (
        '<details class="judging"><summary>Judge</summary>'
        f'<div class="actions" role="group" aria-label="Passage {hit.rank}: does it answer?">{buttons}'
        "<span>or select the exact words first</span></div></details>"
    )


def nothing_aside(asked: Asked) -> str:
    """Below the passages of an answer: that nothing answers. Not where the reader chose among which to look."""
    if not _of_all(asked):
        return ""
    return (
        '<div class="actions"><button type="button" class="button verdict" data-verdict="nothing" aria-pressed="false">'
        f"{steady(NOTHING)}</button></div>"
    )


def hit_judging(given: Given, judgements: Judgements, encoder: str) -> tuple[Call, Call]:
    """What the script calls to judge a passage of an answer that was `given`, and to take that back."""

    def judge_hit(said: dict[str, Any]) -> dict[str, Any]:
        """Writes down a verdict on a hit, or with the verdict "nothing" on all of them."""
        answer = given.answer(said)
        passage = given.hit(said).passage if field(said, "hit", str) else None
        if passage is None and not _of_all(Asked.read(field(said, "asked", str))):
            raise QuestionError("nothing answers in some of the articles, which says little of all: ask without the filter")
        # A reader judges what catches the eye, and need not judge the rest.
        judgement = write_verdict(judgements, encoder, said, answer.question, passage, shown=0)
        return {"id": judgement.id}

    return call(judge_hit), taking_back(judgements)


def _of_all(asked: Asked) -> bool:
    return asked == Asked(asked.question)
