"""What a report tells, worked out once for the page, the summary and the JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from eval.answers import AnswerQuality, Cost, cost, qualities
from eval.attribution import Miss, attribute, count_stages
from eval.evaluation import Evaluation, SystemResult
from eval.gold import GoldQuestion
from eval.record import evaluation_record
from eval.slices import Slice, slices, worst_questions
from eval.statistics import Comparison, Interval, detectable_difference, detectable_in_words
from qa.library import Library
from qa.retriever import SYSTEMS, System

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Findings:
    """An evaluation with all that is derived from it.

    `asked` is the last system whose outcomes are known: the one that questions are followed through. None if there is
    none, as where only runs from elsewhere were measured.
    """

    evaluation: Evaluation
    library: Library
    asked: SystemResult | None
    qualities: Mapping[str, AnswerQuality]
    costs: Mapping[str, Cost]
    slices: Sequence[Slice]
    misses: Sequence[Miss]

    @property
    def measure(self) -> str:
        """The main measure: the first."""
        return self.evaluation.measures[0]

    @cached_property
    def ranking(self) -> list[SystemResult]:
        """The systems by their mean of the main measure, the best first; of equal ones the later."""
        answerable = self.evaluation.answerable
        latest_first = self.evaluation.results[::-1]
        return sorted(latest_first, key=lambda each: -each.mean(self.measure, answerable))

    @cached_property
    def comparisons(self) -> dict[str, dict[tuple[str, str], Comparison]]:
        """By measure, every pair of systems compared, the better of the main measure against the other."""
        order = [result.system for result in self.ranking]
        return {
            measure: {
                pair if (right := order.index(pair[0]) < order.index(pair[1])) else pair[::-1]: each
                if right
                else _turned(each)
                for pair, each in self.evaluation.comparisons(measure).items()
            }
            for measure in self.evaluation.measures
        }

    @cached_property
    def intervals(self) -> dict[str, dict[str, Interval]]:
        """System to measure to its mean over the answerable questions, with the interval."""
        answerable = self.evaluation.answerable
        return {
            result.system: {name: result.interval(name, answerable) for name in self.evaluation.measures}
            for result in self.evaluation.results
        }

    def detectable(self, system: str, other: str) -> str:
        """What so many questions can show, in words."""
        figures = {result.system: result.figures[self.measure] for result in self.evaluation.results}
        answerable = self.evaluation.answerable
        differences = [figures[system].get(each, 0.0) - figures[other].get(each, 0.0) for each in answerable]
        return detectable_in_words(len(differences), detectable_difference(differences))

    def figure(self, result: SystemResult, question: str) -> float:
        """A question's figure of the main measure; 0 if it was not measured."""
        return result.figures[self.measure].get(question, 0.0)

    def worst(self, count: int) -> list[GoldQuestion]:
        """The answerable questions that the followed system did worst on."""
        return worst_questions(self.evaluation, self.asked or self.ranking[0], self.measure, count)

    def record(self) -> dict[str, Any]:
        """All of it as one JSON object."""
        return {
            **evaluation_record(self.evaluation),
            "cost": {system: asdict(each) for system, each in self.costs.items()},
            "slices": [asdict(each) for each in self.slices],
            "stages": {str(stage): count for stage, count in count_stages(self.misses).items()},
            "misses": [asdict(each) for each in self.misses],
        }


def examine(evaluation: Evaluation, library: Library) -> Findings:
    """Works out what a report tells. Asks the library some questions again, for what it costs and what was missed."""
    asked = next((result for result in reversed(evaluation.results) if result.outcomes), None)
    own = {result.system: system for result in evaluation.results if result.outcomes and (system := _own(result))}
    misses: Sequence[Miss] = ()
    if asked and asked.system in own and any(question.relevant for question in evaluation.questions):
        misses = attribute(library, evaluation.questions, asked.found, system=own[asked.system])
    return Findings(
        evaluation=evaluation,
        library=library,
        asked=asked,
        qualities=qualities(evaluation),
        costs={name: cost(library, evaluation.questions, system) for name, system in own.items()},
        slices=slices(evaluation, library.articles, evaluation.measures[0]),
        misses=misses,
    )


def _own(result: SystemResult) -> System | None:
    """The system of this library that a result is of."""
    return next((system for system in SYSTEMS if system == result.system), None)


def _turned(comparison: Comparison) -> Comparison:
    """The same comparison, seen from the other system."""
    interval, effect = comparison.difference, comparison.effect_size
    return replace(
        comparison,
        difference=Interval(-interval.mean, -interval.high, -interval.low),
        effect_size=None if effect is None else -effect,
        wins=comparison.losses,
        losses=comparison.wins,
    )
