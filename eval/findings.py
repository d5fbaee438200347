"""What an evaluation tells, each part worked out once and only where it is asked for: in the terminal or in a report."""

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
from eval.words import number
from qa.library import Library
from qa.retriever import SYSTEMS, System

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Findings:
    """An evaluation with all that is derived from it, and the library that was asked."""

    evaluation: Evaluation
    library: Library

    @property
    def measure(self) -> str:
        """The main measure: the first."""
        return self.evaluation.measures[0]

    @property
    def spans(self) -> int:
        """How many gold spans there are."""
        return sum(len(question.relevant) for question in self.evaluation.questions)

    @cached_property
    def asked(self) -> SystemResult | None:
        """The last system whose outcomes are known, the one that questions are followed through; None of runs alone."""
        return next((result for result in reversed(self.evaluation.results) if result.outcomes), None)

    @cached_property
    def qualities(self) -> Mapping[str, AnswerQuality]:
        """System to the quality of its answers."""
        return qualities(self.evaluation)

    @cached_property
    def costs(self) -> Mapping[str, Cost]:
        """System to what an answer costs. Asks the library some questions again."""
        own = {result.system: _own(result) for result in self.evaluation.results if result.outcomes}
        return {name: cost(self.library, self.evaluation.questions, system) for name, system in own.items() if system}

    @cached_property
    def slices(self) -> Sequence[Slice]:
        """The answerable questions cut in several ways."""
        return slices(self.evaluation, self.library.articles, self.measure)

    @cached_property
    def misses(self) -> Sequence[Miss]:
        """The gold spans that the followed system misses or refuses. Asks the library the questions again."""
        system = _own(self.asked) if self.asked else None
        if not self.asked or not system or not self.spans:
            return ()
        return attribute(self.library, self.evaluation.questions, self.asked.found, system=system)

    @cached_property
    def ranking(self) -> list[SystemResult]:
        """The systems by their mean of the main measure, the best first; of equal ones the later."""
        answerable = self.evaluation.answerable
        latest_first = self.evaluation.results[::-1]
        return sorted(latest_first, key=lambda each: -each.mean(self.measure, answerable))

    @cached_property
    def level(self) -> list[str]:
        """The systems that share the highest mean of the main measure, as far as it is shown."""
        answerable = self.evaluation.answerable
        best = number(self.ranking[0].mean(self.measure, answerable))
        return [each.system for each in self.ranking if number(each.mean(self.measure, answerable)) == best]

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
        """What so many questions can show, in words; nothing of two systems that are equal on all of them."""
        figures = {result.system: result.figures[self.measure] for result in self.evaluation.results}
        answerable = self.evaluation.answerable
        differences = [figures[system].get(each, 0.0) - figures[other].get(each, 0.0) for each in answerable]
        return detectable_in_words(len(differences), detectable_difference(differences)) if any(differences) else ""

    def figure(self, result: SystemResult, question: str) -> float:
        """A question's figure of the main measure; 0 if it was not measured."""
        return result.figures[self.measure].get(question, 0.0)

    def worst(self, count: int) -> list[GoldQuestion]:
        """The answerable questions that the followed system did worst on; none that it did perfectly on."""
        followed = self.asked or self.ranking[0]
        worst = worst_questions(self.evaluation, followed, self.measure, count)
        return [question for question in worst if self.figure(followed, question.id) < 1]

    def record(self) -> dict[str, Any]:
        """All of it as one JSON object."""
        return {
            **evaluation_record(self.evaluation),
            "cost": {system: asdict(each) for system, each in self.costs.items()},
            "slices": [asdict(each) for each in self.slices],
            "stages": {str(stage): count for stage, count in count_stages(self.misses).items()},
            "misses": [asdict(each) for each in self.misses],
        }


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
