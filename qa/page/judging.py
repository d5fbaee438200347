"""What the page can do about judgements: hand out passages, write down verdicts, take them back, export them."""

from collections.abc import Callable
from typing import Any, TypeAlias

from index import Passage, QuestionError
from qa.judged import Opinion, gold_lines, gold_records, opinion
from qa.judgements import VERDICTS, Judgement, Judgements, words_of
from qa.library import Library, check_question
from qa.page.calls import Call, call, field, texts
from qa.page.kept import Kept
from qa.pooling import pooled
from qa.questions import listed_questions
from qa.retriever import System
from qa.words import count_of

Wanted: TypeAlias = dict[str, Any]

SYSTEMS: tuple[System, ...] = ("bm25", "dense", "hybrid")
K = 10
_MOST_QUESTIONS = 2_000
_LONGEST_ID = 200
_GONE = "the index was brought up to date since these passages were shown: open the question again"


class Pools:
    """The passages to judge for a question, by the build of the index that found them; the last ones are kept."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._kept: Kept[tuple[str, str], list[Passage]] = Kept()

    def pool(self, question: str) -> tuple[list[Passage], str]:
        """What the systems find now, in an order that tells nothing, and the build. Raises QuestionError."""
        index = self.library.catch_up().index
        build = index.manifest.build
        passages = self._kept.get((question, build))
        if passages is None:
            # Of this index, even if it is replaced meanwhile.
            library = Library(index, self.library.reranker)
            (passages,) = pooled(library, [(question, question)], SYSTEMS, K)
        self._kept.keep((question, build), passages)
        return passages, build

    def given(self, question: str, build: str) -> list[Passage]:
        """The passages that a build found. Raises QuestionError if that build is gone."""
        passages = self._kept.get((question, build))
        if passages is None:
            passages, now = self.pool(question)
            if now != build:
                raise QuestionError(_GONE)
        return passages


def judging(library: Library, judgements: Judgements, panel: Callable[..., str]) -> tuple[Call, ...]:
    """What the page's script calls.

    `panel` makes the HTML of a question's passages, from them and from what one judge says of them.
    """
    pools = Pools(library)

    def list_questions(said: Wanted) -> dict[str, Any]:
        """The questions of a list that was pasted or read from a file."""
        asked = listed_questions(_text(said, "text"))
        if len(asked) > _MOST_QUESTIONS:
            raise QuestionError(
                f"{count_of(len(asked), 'question')}, expected at most {_MOST_QUESTIONS:,}: judge them in parts"
            )
        return {"questions": [{"id": question_id, "question": question} for question_id, question in asked]}

    def judged_questions(said: Wanted) -> dict[str, Any]:
        """Which of some questions someone has judged all of."""
        who = _text(said, "who")
        return {"done": [said_of_pool(judgements, who, _whole(text)).is_complete for text in texts(said, "questions")]}

    def pool_question(said: Wanted) -> dict[str, Any]:
        """The passages to judge for a question, as HTML, with what was said of them."""
        question = _text(said, "question")
        check_question(question)
        passages, build = pools.pool(question)
        return {"html": panel(passages, said_of_pool(judgements, _text(said, "who"), question)), "build": build}

    def judge_passage(said: Wanted) -> dict[str, Any]:
        """Writes down a verdict; whether the question is done with it."""
        question, who, build = (_text(said, name) for name in ("question", "who", "build"))
        passages = pools.given(question, build)
        passage = next((each for each in passages if each.id == said.get("passage")), None)
        encoder = library.index.manifest.encoder
        judgement = write_verdict(judgements, encoder, said, question, passage, shown=max(1, len(passages)))
        return {"id": judgement.id, "done": said_of_pool(judgements, who, question).is_complete}

    def export_judgements(_: Wanted) -> dict[str, Any]:
        """All judgements, of everyone, as the text of a gold set."""
        standing = judgements.standing()
        records = gold_records(standing)
        if not records:
            raise QuestionError("nothing to export: judge a passage that answers, or all of a question's, first")
        left = len({each.question for each in standing}) - len(records)
        counts = [count_of(len(records), "question"), f"{left} left out, not judged whole" if left else ""]
        passed_over = len(judgements.warnings())
        counts.append(f"{count_of(passed_over, 'line')} of the file that cannot be read" if passed_over else "")
        return {"gold": gold_lines(records), "told": "; ".join(filter(None, counts))}

    functions = (list_questions, judged_questions, pool_question, judge_passage, export_judgements)
    return (*map(call, functions), taking_back(judgements))


def said_of_pool(judgements: Judgements, who: str, question: str) -> Opinion:
    """What someone says of the passages that are to be judged.

    That nothing answers, said beside an answer, was said of one system's passages, and not of all.
    """
    return opinion(each for each in judgements.of(who, question) if each.verdict != "nothing" or each.shown)


def taking_back(judgements: Judgements) -> Call:
    """What the script calls to undo."""

    def take_back_judgement(said: Wanted) -> dict[str, Any]:
        """Takes back a verdict of one's own; which question and passage it was about, and whether that is still done."""
        who = _text(said, "who")
        judgement = judgements.take_back(_text(said, "id"), who)
        done = said_of_pool(judgements, who, judgement.question).is_complete
        return {"question": judgement.question, "passage": judgement.passage, "done": done}

    return call(take_back_judgement)


def write_verdict(
    judgements: Judgements, encoder: str, said: Wanted, question: str, passage: Passage | None, shown: int
) -> Judgement:
    """Writes down what was said of a passage, or of all. Raises UserError for what cannot be said, or not be written."""
    verdict = _text(said, "verdict")
    if verdict not in VERDICTS:
        raise QuestionError(f"no verdict {verdict[:40]!r}, expected one of {', '.join(VERDICTS)}")
    if (verdict == "nothing") != (passage is None):
        raise QuestionError(_GONE if passage is None else "that nothing answers is said of all passages, not of one")
    return judgements.add(
        who=_text(said, "who"),
        build=_text(said, "build"),
        encoder=encoder,
        question=question,
        verdict=verdict,
        passage=passage.id if passage else "",
        quotes=words_of(passage, _chosen_words(said)) if passage else (),
        shown=shown,
        question_id=_text({"id": "", **said}, "id")[:_LONGEST_ID],
        key=_text(said, "key"),
    )


def _chosen_words(said: Wanted) -> tuple[int, int] | None:
    """The words that were chosen, as offsets in the passage's text; None for all of them. Raises QuestionError."""
    start, end = said.get("start"), said.get("end")
    if (start is None and end is None) or said.get("verdict") == "no":
        return None
    if type(start) is not int or type(end) is not int:
        raise QuestionError("the chosen words have no beginning and end: select them again")
    return start, end


def _text(said: Wanted, name: str) -> str:
    return _whole(field(said, name, str))


def _whole(text: str) -> str:
    """A text without half characters, which no file holds: each becomes a question mark."""
    return text.encode("utf-8", "replace").decode()
