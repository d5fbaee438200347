"""What judges say of questions, together: a gold set, which keeps who said what."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from qa.judgements import Judgement, Quote
from qa.words import count_of

_ACCEPTED = ("answers", "partly")


@dataclass(slots=True)
class Opinion:
    """What one judge says of a question: the last word on each passage, and on all of them if that is "nothing"."""

    passages: dict[str, Judgement] = field(default_factory=dict)
    nothing: Judgement | None = None

    @property
    def is_complete(self) -> bool:
        """Whether all that was shown is judged."""
        shown = max((each.shown for each in self.passages.values()), default=0)
        return self.nothing is not None or 0 < shown <= len(self.passages)

    @property
    def finds_nothing(self) -> bool:
        """Whether it is that nothing that was shown answers."""
        return self.is_complete and all(each.verdict == "no" for each in self.passages.values())

    def of(self, passage: str) -> str:
        """The verdict on a passage; empty if there is none."""
        if passage in self.passages:
            return self.passages[passage].verdict
        return "no" if self.nothing else ""


def opinion(judgements: Iterable[Judgement]) -> Opinion:
    """What one judge's judgements of a question come to, in their order.

    "Nothing" takes the place of what was said before, and a passage that answers that of "nothing".
    """
    found = Opinion()
    for judgement in judgements:
        if judgement.verdict == "nothing":
            found = Opinion(nothing=judgement)
        else:
            found.passages[judgement.passage] = judgement
            if judgement.verdict in _ACCEPTED:
                found.nothing = None
    return found


def gold_records(judgements: Iterable[Judgement]) -> list[dict[str, Any]]:
    """The judgements as the objects of a gold set's lines, in the order in which the questions were first judged.

    A passage is relevant if as many judges or more find that it answers, wholly or partly, as find that it does not. Of
    quotes of which one holds the other, the narrower is kept. A question is unanswerable if nothing is relevant and a
    judge found nothing in all that was shown; with neither it is left out. `judgements` keeps what each judge said, and
    `note` tells how far they agree.
    """
    questions: dict[str, dict[str, list[Judgement]]] = {}
    for judgement in judgements:
        questions.setdefault(judgement.question, {}).setdefault(judgement.who, []).append(judgement)
    records: dict[str, dict[str, Any]] = {}
    for question, by_judge in questions.items():
        opinions = {who: opinion(said) for who, said in by_judge.items()}
        quotes = _relevant(opinions)
        if not quotes and not any(each.finds_nothing for each in opinions.values()):
            continue
        named = next((each.question_id for said in by_judge.values() for each in said if each.question_id), "")
        question_id = named if named and named not in records else _name_of(question)
        records[question_id] = {
            "id": question_id,
            "question": question,
            "kind": "",
            "relevant": [asdict(quote) for quote in quotes],
            "answerable": bool(quotes),
            "note": _note(opinions),
            "judgements": [_said(each) for one in opinions.values() for each in _all_of(one)],
        }
    return list(records.values())


def gold_lines(records: Iterable[Mapping[str, Any]]) -> str:
    """Records as a gold set's text, one JSON object a line."""
    return "".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records)


def _relevant(opinions: Mapping[str, Opinion]) -> list[Quote]:
    """The words that answer by most of those who judged their passage."""
    quotes: dict[Quote, None] = {}
    for passage in dict.fromkeys(name for each in opinions.values() for name in each.passages):
        verdicts = [verdict for each in opinions.values() if (verdict := each.of(passage))]
        accepted = sum(verdict in _ACCEPTED for verdict in verdicts)
        if accepted and 2 * accepted >= len(verdicts):
            found = [each.passages[passage] for each in opinions.values() if each.of(passage) in _ACCEPTED]
            quotes.update(dict.fromkeys(quote for judgement in found for quote in judgement.quotes))
    return [quote for quote in quotes if not any(_holds(quote, other) for other in quotes if other != quote)]


def _holds(quote: Quote, other: Quote) -> bool:
    same = (quote.source, quote.article) == (other.source, other.article)
    return same and quote.start <= other.start and other.end <= quote.end


def _note(opinions: Mapping[str, Opinion]) -> str:
    passages = list(dict.fromkeys(name for each in opinions.values() for name in each.passages))
    verdicts = {name: [verdict for each in opinions.values() if (verdict := each.of(name))] for name in passages}
    partly = [name for name in passages if "partly" in verdicts[name]]
    several = [said for said in verdicts.values() if len(said) > 1]
    alike = sum(len(set(said)) == 1 for said in several)
    names = ", ".join(who or "someone" for who in opinions)
    parts = [f"judged by {names}", f"partly: {', '.join(partly)}" if partly else ""]
    parts.append(f"the same verdict on {alike} of {count_of(len(several), 'passage')}" if several else "")
    return "; ".join(filter(None, parts))


def _all_of(one: Opinion) -> Sequence[Judgement]:
    return [*one.passages.values(), *([one.nothing] if one.nothing else [])]


def _said(judgement: Judgement) -> dict[str, str]:
    names = ("who", "verdict", "passage", "time", "build", "encoder")
    return {name: getattr(judgement, name) for name in names}


def _name_of(question: str) -> str:
    """An id that the same question always gets."""
    return f"q{hashlib.sha256(question.encode()).hexdigest()[:12]}"
