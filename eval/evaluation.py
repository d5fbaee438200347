"""An evaluation: systems over a gold set, what they found and what they refused."""

from collections.abc import Sequence
from dataclasses import dataclass

from eval.gold import GoldQuestion, broken_quotes
from eval.measures import DEPTH, MEASURES, Figures, measure
from eval.relevance import relevant_passages
from index.build import Progress, no_progress
from qa.library import Library
from qa.retriever import System

SYSTEMS: tuple[System, ...] = ("bm25", "dense", "hybrid")
_ASKED_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class SystemResult:
    """What one system did: a figure for each measure and answerable question, and the questions that it called found."""

    system: System
    figures: Figures
    found: frozenset[str]

    def mean(self, measure: str, questions: Sequence[str]) -> float:
        """The mean of a measure over question ids; a question that was not measured counts as 0."""
        values = self.figures[measure]
        return sum(values.get(question, 0.0) for question in questions) / len(questions)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Systems measured on the same questions. `broken` says which gold quotes no longer stand in their source."""

    library: str
    questions: tuple[GoldQuestion, ...]
    results: tuple[SystemResult, ...]
    broken: tuple[str, ...]

    @property
    def kinds(self) -> dict[str, list[str]]:
        """The ids of the answerable questions of each kind, the largest kind first."""
        kinds: dict[str, list[str]] = {}
        for question in self.questions:
            if question.answerable:
                kinds.setdefault(question.kind or "-", []).append(question.id)
        return dict(sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0])))

    @property
    def answerable(self) -> list[str]:
        """The ids of the questions that the articles answer."""
        return [question.id for question in self.questions if question.answerable]

    @property
    def unanswerable(self) -> list[str]:
        """The ids of the questions that the articles do not answer."""
        return [question.id for question in self.questions if not question.answerable]

    def table(self, questions: Sequence[str]) -> dict[str, dict[str, float]]:
        """System to measure to mean over question ids."""
        return {result.system: {name: result.mean(name, questions) for name in MEASURES} for result in self.results}

    def refused(self, result: SystemResult) -> tuple[int, int]:
        """How many of the unanswerable questions a system refused, and how many of the answerable ones."""
        return tuple(len(set(ids) - result.found) for ids in (self.unanswerable, self.answerable))  # type: ignore[return-value]


def evaluate(
    library: Library,
    questions: Sequence[GoldQuestion],
    systems: Sequence[System] = SYSTEMS,
    progress: Progress = no_progress,
) -> Evaluation:
    """Asks every system every question and measures what comes back. Raises UserError as `measure`."""
    qrels = relevant_passages(questions, library.passages)
    results = []
    for number, system in enumerate(systems):
        run: dict[str, list[str]] = {}
        found: set[str] = set()
        for start in range(0, len(questions), _ASKED_AT_ONCE):
            progress("Asking questions", number * len(questions) + start, len(systems) * len(questions))
            batch = questions[start : start + _ASKED_AT_ONCE]
            answers = library.ask_many([question.question for question in batch], DEPTH, system)
            for question, answer in zip(batch, answers, strict=True):
                run[question.id] = [hit.passage.id for hit in answer.hits]
                if answer.found:
                    found.add(question.id)
        results.append(SystemResult(system, measure(qrels, run), frozenset(found)))
    progress("Asking questions", len(systems) * len(questions), len(systems) * len(questions))
    return Evaluation(repr(library), tuple(questions), tuple(results), tuple(broken_quotes(questions, library.articles)))
