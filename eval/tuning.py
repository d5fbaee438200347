"""Tuning: searches the ranking's settings on a gold set, honestly.

Settings are chosen on some folds of the questions and measured on the others (nested cross-validation; nothing is
fitted within a setting, so the inner loop is the mean over the other folds), and a change is recommended only when
what was chosen so is significantly better than the settings in use.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from eval.evaluation import Level
from eval.gold import GoldQuestion
from eval.measures import cutoff, measure
from eval.relevance import Holders, relevant_articles, relevant_passages
from eval.standing import stand
from eval.statistics import Comparison, Interval, bootstrap_interval, compare
from index.analyzer import analyze
from index.arrays import Scores
from index.errors import UserError
from index.lexical import K1, B, LexicalSearcher
from index.passages import searchable_text
from index.progress import Progress, no_progress
from qa.library import Library
from qa.retriever import CANDIDATES, DENSE_WEIGHT, gather, rank

_SIGNIFICANCE = 0.05
_SEED = 20


@dataclass(frozen=True, slots=True, order=True)
class Settings:
    """What can be tuned: the dense leg's weight, how many candidates of each leg, and BM25's k1 and b."""

    dense_weight: float = DENSE_WEIGHT
    depth: int = CANDIDATES
    k1: float = K1
    b: float = B

    def __str__(self) -> str:
        return f"dense weight {self.dense_weight:g}, depth {self.depth}, k1 {self.k1:g}, b {self.b:g}"


IN_USE = Settings()

WEIGHTS = tuple(round(number / 10, 1) for number in range(11))
DEPTHS = (50, CANDIDATES)
K1S = (0.9, 1.2, K1, 2.0)
BS = (0.3, 0.5, B, 0.9)


@dataclass(frozen=True, slots=True)
class Tuning:
    """What a search found.

    `curve` is the dense weight's, the other settings as in use; `chosen` what the questions outside each fold chose; `best`
    the best on all questions; `gain` what choosing so brings, against the settings in use, on questions that had no say.
    """

    measure: str
    questions: int
    curve: dict[float, Interval]
    chosen: tuple[Settings, ...]
    best: Settings
    gain: Comparison

    @property
    def recommended(self) -> Settings | None:
        """The best settings, if what was gained on held-out questions is significant; else None: keep those in use."""
        significant = self.gain.difference.mean > 0 and self.gain.p_value < _SIGNIFICANCE
        return self.best if significant and self.best != IN_USE else None


def tune(
    library: Library,
    questions: Sequence[GoldQuestion],
    name: str = "nDCG@10",
    folds: int = 5,
    progress: Progress = no_progress,
) -> Tuning:
    """Searches all settings of the grid. Raises UserError as `stand`, and for fewer answerable questions than folds."""
    asked = [question for question in stand(questions, library.articles).questions if question.answerable]
    if len(asked) < folds or folds < 2:
        raise UserError(
            f"{len(asked)} answerable questions for {folds} folds: expected at least 2 folds and a question for each"
        )
    settings, figures = _figures(library, asked, name, progress)
    fold_of = np.random.default_rng(_SEED).permutation(len(asked)) % folds
    held_out = np.empty(len(asked))
    chosen = []
    for fold in range(folds):
        # The settings in use come first: only what is better takes their place.
        place = int(np.argmax(figures[:, fold_of != fold].mean(axis=1)))
        chosen.append(settings[place])
        held_out[fold_of == fold] = figures[place, fold_of == fold]
    in_use = settings.index(IN_USE)
    curve = {
        each.dense_weight: bootstrap_interval(figures[place].tolist())
        for place, each in sorted(enumerate(settings), key=lambda item: item[1])
        if (each.depth, each.k1, each.b) == (IN_USE.depth, IN_USE.k1, IN_USE.b)
    }
    best = settings[int(np.argmax(figures.mean(axis=1)))]
    gain = compare(held_out.tolist(), figures[in_use].tolist())
    return Tuning(name, len(asked), curve, tuple(chosen), best, gain)


def _figures(
    library: Library, questions: Sequence[GoldQuestion], name: str, progress: Progress
) -> tuple[list[Settings], Scores]:
    """All settings, those in use first, and the measure of each for each question, shape (settings, questions).

    No passage is read: 352 settings would have other ones first, and reading comes after what is tuned here.
    """
    grid = [Settings(*values) for values in product(WEIGHTS, DEPTHS, K1S, BS)]
    settings = [IN_USE, *(each for each in grid if each != IN_USE)]
    holders = Holders(library.passages, questions)
    level: Level = "passage" if any(question.relevant for question in questions) else "article"
    qrels = relevant_passages(questions, holders) if level == "passage" else relevant_articles(questions, holders)
    rows = [passage.id if level == "passage" else passage.article.id for passage in library.passages]
    terms = [analyze(searchable_text(passage)) for passage in library.passages]
    queries = library.index.queries([question.question for question in questions])
    figures = np.empty((len(settings), len(questions)))
    k = cutoff([name])
    done = 0
    for k1, b in product(K1S, BS):
        lexical = LexicalSearcher.build(terms, k1=k1, b=b)
        for depth in DEPTHS:
            found = [gather(library.index.dense, lexical, query, depth, library.index.late) for query in queries]
            for weight in WEIGHTS:
                place = settings.index(Settings(weight, depth, k1, b))
                run = {
                    question.id: [rows[row] for row in rank(candidates, k * 4, dense_weight=weight).rows.tolist()]
                    for question, candidates in zip(questions, found, strict=True)
                }
                measured = measure(qrels, run, [name])[name]
                figures[place] = [measured[question.id] for question in questions]
                done += 1
                progress("Trying settings", done, len(settings))
    return settings, figures
