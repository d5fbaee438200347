"""How often the marked sentence holds an answer that people marked."""

from collections.abc import Sequence
from dataclasses import replace

from eval.beir import Answers
from eval.gold import GoldQuestion
from eval.relevance import Holders
from index.progress import Progress
from qa.highlight import best_sentence
from qa.library import Library

_AT_ONCE = 64


def marked_right(library: Library, questions: Sequence[GoldQuestion], answers: Answers, progress: Progress) -> list[float]:
    """1 for every question whose marked sentence, in the passage that holds an answer, holds an answer; else 0.

    Questions with an answer that stands in a passage of the index count; an answer holds if its words are in the sentence.
    """
    asked = [question for question in questions if answers.spans.get(question.id)]
    spans = [span for question in asked for span in answers.spans[question.id]]
    holders = Holders(library.passages, [_with(question, answers) for question in asked]) if spans else None
    right: list[float] = []
    for start in range(0, len(asked), _AT_ONCE):
        progress("Marking sentences", start, len(asked))
        batch = asked[start : start + _AT_ONCE]
        for question, query in zip(batch, library.index.queries([each.question for each in batch]), strict=True):
            found = holders.of(answers.spans[question.id][0]) if holders else []
            if not found:
                continue
            row, passage = found[0]
            marked = [passage.text[slice(*span)] for span in best_sentence(passage.text, query, library.index, row)]
            right.append(float(any(span.quote in text for text in marked for span in answers.spans[question.id])))
    progress("Marking sentences", len(asked), len(asked))
    return right


def _with(question: GoldQuestion, answers: Answers) -> GoldQuestion:
    return replace(question, relevant=tuple(answers.spans[question.id]))
