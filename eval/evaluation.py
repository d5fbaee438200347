"""An evaluation: systems over a gold set, a figure for every question, and what follows from the figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from eval.difference import Differences, Measured, differences
from eval.gold import GoldQuestion
from eval.measures import MEASURES, Figures, Run, cutoff, measure
from eval.outcomes import Outcome, ask_all
from eval.relevance import Holders, relevant_articles, relevant_passages
from eval.standing import check_run, stand
from eval.statistics import Comparison, Interval, bootstrap_interval, compare_all
from index.progress import Progress, no_progress
from qa.library import Library
from qa.retriever import System

if TYPE_CHECKING:
    import pandas as pd

SYSTEMS: tuple[System, ...] = ("bm25", "dense", "hybrid")

_PASSAGES_AN_ARTICLE = 5

Level: TypeAlias = Literal["passage", "article"]
"""What the measures count: passages that hold gold spans, or articles."""


@dataclass(frozen=True, slots=True)
class SystemResult:
    """What one system did: a figure for each measure and answerable question, and its outcomes.

    `recalls` are the shares of relevant passages, articles and gold spans among the first ten passages, each by
    question. A run from elsewhere has no outcomes.
    """

    system: str
    figures: Figures
    recalls: Figures = field(default_factory=dict)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)

    def mean(self, measure: str, questions: Sequence[str]) -> float:
        """The mean of a measure over question ids; a question that was not measured counts as 0."""
        values = self.figures[measure]
        return sum(values.get(question, 0.0) for question in questions) / len(questions) if questions else 0.0

    def interval(self, measure: str, questions: Sequence[str]) -> Interval:
        """The mean of a measure over question ids with its 95% bootstrap interval."""
        return bootstrap_interval([self.figures[measure].get(question, 0.0) for question in questions])

    @property
    def found(self) -> frozenset[str]:
        """The ids of the questions that the system says the articles answer."""
        return frozenset(question for question, outcome in self.outcomes.items() if outcome.found)

    def characters(self, questions: Sequence[str], k: int = 10) -> float:
        """The mean number of characters in the first k passages: what a reader would have to read."""
        lengths = [sum(self.outcomes[question].lengths[:k]) for question in questions if question in self.outcomes]
        return sum(lengths) / len(lengths) if lengths else 0.0


@dataclass(frozen=True, slots=True, repr=False)
class Evaluation:
    """Systems measured on the same questions, their spans where they stand now.

    `broken` says which quotes no longer stand in their source, and count as missed; `anchored` which stand elsewhere or
    were edited, and are looked for there. `remarks` say what of the gold the index does not have, and what of the
    questions or the index a run from elsewhere does not have.
    """

    library: str
    questions: tuple[GoldQuestion, ...]
    results: tuple[SystemResult, ...]
    broken: tuple[str, ...] = ()
    anchored: tuple[str, ...] = ()
    level: Level = "passage"
    measures: tuple[str, ...] = MEASURES
    remarks: tuple[str, ...] = ()

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
        return {result.system: {name: result.mean(name, questions) for name in self.measures} for result in self.results}

    def refused(self, result: SystemResult) -> tuple[int, int]:
        """How many of the unanswerable questions a system refused, and how many of the answerable ones."""
        return len(set(self.unanswerable) - result.found), len(set(self.answerable) - result.found)

    @property
    def figures(self) -> dict[str, Figures]:
        """System to measure to question id to figure."""
        return {result.system: result.figures for result in self.results}

    @property
    def measured(self) -> Measured:
        """What a later evaluation is compared with."""
        asked = {question.id: question.digest for question in self.questions if question.answerable}
        return Measured(self.figures, asked, self.level)

    def to_frame(self) -> "pd.DataFrame":
        """A pandas DataFrame, one row a system, question and measure."""
        import pandas as pd

        kinds = {question.id: question.kind for question in self.questions}
        rows = [
            (system, question, kinds.get(question, ""), measure, value)
            for system, figures in self.figures.items()
            for measure, values in figures.items()
            for question, value in values.items()
        ]
        return pd.DataFrame(rows, columns=("system", "question", "kind", "measure", "figure"))

    def diff(self, other: "Evaluation") -> Differences:
        """What changed from this evaluation to another one. Raises UserError if they have nothing in common."""
        return differences(self.measured, other.measured)

    def __repr__(self) -> str:
        rows = [
            f"  {system}: {', '.join(f'{name} {value:.3f}' for name, value in means.items())}"
            for system, means in self.table(self.answerable).items()
        ]
        return "\n".join([f"Evaluation({len(self.questions)} questions, {self.library})", *rows])

    def _repr_html_(self) -> str:
        import pandas as pd

        table = pd.DataFrame(self.table(self.answerable)).T
        caption = escape(f"{len(self.answerable)} answerable questions, {self.library}")
        return f"<p>{caption}</p>{table.to_html(float_format='{:.3f}'.format)}"

    def comparisons(self, measure: str) -> dict[tuple[str, str], Comparison]:
        """Every pair of systems compared on a measure over the answerable questions, Holm-corrected over the pairs.

        The later of two against the earlier: the baseline is named first.
        """
        values = {
            result.system: [result.figures[measure].get(question, 0.0) for question in self.answerable]
            for result in reversed(self.results)
        }
        return compare_all(values)


def evaluate(
    library: Library,
    questions: Sequence[GoldQuestion],
    systems: Sequence[System] = SYSTEMS,
    progress: Progress = no_progress,
    *,
    measures: Sequence[str] = MEASURES,
    level: Level | None = None,
    runs: Mapping[str, Run] | None = None,
    log: Path | None = None,
) -> Evaluation:
    """Asks every system every question and measures what comes back, with `runs` from elsewhere beside it.

    `level` is passages where the gold has spans, else articles; `runs` name what the level counts. `log` makes
    it resumable, see `ask_all`. Raises UserError if there is nothing to measure, if the index has nothing that the gold
    names, and for a run that has nothing of this gold set or this index.
    """
    standing = stand(questions, library.articles)
    questions, remarks = standing.questions, list(standing.missing)
    holders = Holders(library.passages, questions)
    level = level or ("passage" if any(question.relevant for question in questions) else "article")
    by_passage, by_article = relevant_passages(questions, holders), relevant_articles(questions, holders)
    qrels = by_passage if level == "passage" else by_article
    if runs:
        known = {passage.id if level == "passage" else passage.article.id: None for passage in library.passages}
        remarks += [remark for name, run in runs.items() for remark in check_run(name, run, qrels, known, level)]
    results = []
    # Several of the first passages may be of one article.
    k = cutoff(measures) * (1 if level == "passage" else _PASSAGES_AN_ARTICLE)
    for system, outcomes in ask_all(library, questions, systems, k, log, progress).items():
        passages = {question: outcome.passages for question, outcome in outcomes.items()}
        articles = {question: outcome.articles for question, outcome in outcomes.items()}
        figures = measure(qrels, passages if level == "passage" else articles, measures)
        recalls = {
            "passages": measure(by_passage, passages, ["R@10"])["R@10"] if by_passage else {},
            # The articles of the first ten passages, however few they are.
            "articles": measure(by_article, {name: found[:10] for name, found in articles.items()}, ["R@10"])["R@10"],
            "spans": _span_recall(outcomes),
        }
        results.append(SystemResult(system, figures, recalls, outcomes))
    for name, run in (runs or {}).items():
        results.append(SystemResult(name, measure(qrels, run, measures)))
    return Evaluation(
        library=repr(library),
        questions=standing.questions,
        results=tuple(results),
        broken=standing.broken,
        anchored=standing.anchored,
        level=level,
        measures=tuple(measures),
        remarks=tuple(remarks),
    )


def _span_recall(outcomes: Mapping[str, Outcome]) -> dict[str, float]:
    """The share of each question's gold spans that the first ten passages hold."""
    return {
        question: sum(0 < rank <= 10 for rank in outcome.span_ranks) / len(outcome.span_ranks)
        for question, outcome in outcomes.items()
        if outcome.span_ranks
    }
