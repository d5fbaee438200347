"""Where a system is good and where it is not: figures by kind, article, date, length of question and script."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from eval.evaluation import Evaluation, SystemResult
from eval.gold import GoldQuestion
from eval.statistics import Interval
from index.article import Article
from index.scripts import HAN, HANGUL, KANA

_SCRIPTS = {
    "Chinese script": f"[{HAN}]",
    "Japanese script": f"[{KANA}]",
    "Korean script": f"[{HANGUL}]",
    "Cyrillic script": r"[\u0400-\u04ff]",
    "Arabic script": r"[\u0600-\u06ff]",
    "Latin script": r"[A-Za-z\u00c0-\u024f]",
}


@dataclass(frozen=True, slots=True)
class Slice:
    """Some of the answerable questions, and what each system makes of them: its mean with its interval."""

    by: str
    value: str
    questions: tuple[str, ...]
    means: Mapping[str, Interval]


def slices(evaluation: Evaluation, articles: Sequence[Article], measure: str) -> list[Slice]:
    """The answerable questions cut in five ways, each cut's largest slice first. A question on two articles is in both."""
    published = {article.id: article.published for article in articles}
    cuts: dict[str, Callable[[GoldQuestion], list[str]]] = {
        "kind": lambda question: [question.kind or "-"],
        "article": lambda question: sorted(_articles(question)),
        "date": lambda question: sorted({_month(published.get(article)) for article in _articles(question)}),
        "length": lambda question: [_length(question.question)],
        "script": lambda question: [_script(question.question)],
    }
    found = []
    for by, values in cuts.items():
        members: dict[str, list[str]] = defaultdict(list)
        for question in evaluation.questions:
            if question.answerable:
                for value in values(question):
                    members[value].append(question.id)
        for value, ids in sorted(members.items(), key=lambda item: (-len(item[1]), item[0])):
            means = {result.system: result.interval(measure, ids) for result in evaluation.results}
            found.append(Slice(by, value, tuple(ids), means))
    return found


def worst_questions(evaluation: Evaluation, result: SystemResult, measure: str, count: int = 10) -> list[GoldQuestion]:
    """The answerable questions with the lowest figures, the surest mistakes first among equals."""
    answerable = [question for question in evaluation.questions if question.answerable]

    def key(question: GoldQuestion) -> tuple[float, float]:
        outcome = result.outcomes.get(question.id)
        return result.figures[measure].get(question.id, 0.0), -(outcome.confidence if outcome else 0.0)

    return sorted(answerable, key=key)[:count]


def _articles(question: GoldQuestion) -> set[str]:
    return {span.article for span in question.relevant} | set(question.articles)


def _month(day: object) -> str:
    return f"{day:%Y-%m}" if day else "undated"


def _length(question: str) -> str:
    words = len(question.split())
    return "up to 5 words" if words <= 5 else "6 to 12 words" if words <= 12 else "over 12 words"


def _script(question: str) -> str:
    """The script that most of a question's letters are of: as much as few words tell with certainty."""
    counts = {name: len(re.findall(pattern, question)) for name, pattern in _SCRIPTS.items()}
    # A few Latin names do not make a Chinese question a Latin one: its characters are words.
    counts["Latin script"] = len(re.findall(r"[A-Za-z\u00c0-\u024f]+", question))
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else "no letters"
