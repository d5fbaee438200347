"""Why a passage was found: what each stage made of it, as bars with words."""

from collections.abc import Sequence
from html import escape

from qa.answer import Hit, LegScore
from qa.html import rank_words, shared_words


def best_scores(hits: Sequence[Hit]) -> tuple[float, float]:
    """The best BM25 score and the best sum among hits: the lengths that bars of those, which have no end, are told by."""
    words = max((hit.why.lexical.score for hit in hits), default=0.0)
    return words, max((hit.why.fused.score for hit in hits if hit.why.fused), default=0.0)


def why(hit: Hit, best: tuple[float, float], sure: float | None = None) -> str:
    """Each stage's rank and score, then the words that a passage shares with the question.

    With the passage that an answer rests on, how `sure` the answer is: told here to those who cannot hover over it.
    """
    found, (best_words, best_sum) = hit.why, best
    stages = [
        _stage("By meaning", found.dense, found.dense.score, f"cosine {found.dense.score:.2f}"),
        _stage(
            "By words",
            found.lexical,
            found.lexical.score / (best_words or 1),
            f"BM25 {found.lexical.score:.1f}, {best_words:.1f} at best",
        ),
    ]
    if found.fused:
        share = found.fused.score / (best_sum or 1)
        stages.append(_stage("Both together", found.fused, share, f"sum {found.fused.score:.2f}, {best_sum:.2f} at best"))
    if found.late:
        stages.append(_stage("Word for word", found.late, found.late.score, f"nearness {found.late.score:.2f}"))
    if found.reading:
        score = f"probability {found.reading.score:.2f} that it answers"
        stages.append(_stage("Read with the question", found.reading, found.reading.score, score))
    if found.rerank:
        stages.append(_stage("Cross-encoder", found.rerank, found.rerank.score, f"probability {found.rerank.score:.2f}"))
    words = dict.fromkeys(shared_words(hit))
    lines = [f"Words shared with the question: {', '.join(words)}." if words else "No words shared with the question."]
    lines += [f"Confidence {sure:.2f} of 1 that the articles answer."] if sure is not None else []
    lines += [f"“{typed}” was read as “{term}”." for typed, term in found.corrected]
    told = "".join(f'<p dir="auto">{escape(line)}</p>' for line in lines)
    bars = f"<dl>{''.join(stages)}</dl>"
    return f'<details class="why"><summary>Why this?</summary><div class="told">{bars}{told}</div></details>'


def _stage(name: str, leg: LegScore, share: float, score: str) -> str:
    width = round(100 * min(1.0, max(0.0, share)))
    return (
        f'<div><dt>{name}</dt><dd><svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect width="{width}" height="1"></rect></svg><span>{rank_words(leg)}, {score}</span></dd></div>'
    )
