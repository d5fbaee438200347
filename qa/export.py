"""Answers as JSON: the shape that other tools rely on."""

import json
from typing import Any

from qa.answer import Answer, Hit, LegScore


def answer_record(answer: Answer, question_id: str | None = None) -> dict[str, Any]:
    """An answer as the JSON object of the command line."""
    return {
        "id": question_id,
        "question": answer.question,
        "found": answer.found,
        "confidence": round(answer.confidence, 4),
        "hits": [_hit(hit) for hit in answer.hits],
    }


def answer_json(answer: Answer, question_id: str | None = None) -> str:
    """`answer_record` on one line."""
    return json.dumps(answer_record(answer, question_id), ensure_ascii=False, allow_nan=False)


def _hit(hit: Hit) -> dict[str, Any]:
    """A hit's fields; its `citation` says where the quoted words stand in the source.

    `twins`, and `reading`, `rerank` and `corrected` in `why`, only where there are some.
    """
    passage, article, citation = hit.passage, hit.passage.article, hit.citation
    why: dict[str, Any] = {
        "dense": _stage(hit.why.dense),
        "lexical": _stage(hit.why.lexical),
        "late": {"score": None if hit.why.late is None else round(hit.why.late.score, 6)},
    }
    if hit.why.reading:
        why["reading"] = _stage(hit.why.reading)
    if hit.why.rerank:
        why["rerank"] = _stage(hit.why.rerank)
    if hit.why.corrected:
        why["corrected"] = dict(hit.why.corrected)
    record = {
        "rank": hit.rank,
        "score": round(hit.score, 6),
        "article": article.id,
        "source": article.source,
        "title": article.title,
        "published": article.published.isoformat() if article.published else None,
        "kind": passage.kind,
        "spans": [list(span) for span in passage.spans],
        "text": passage.text,
        "highlight": [list(span) for span in hit.highlight],
        "citation": {"quote": citation.quote, "spans": [list(span) for span in citation.spans]},
        "why": why,
    }
    return {**record, "twins": [_hit(twin) for twin in hit.twins]} if hit.twins else record


def _stage(leg: LegScore) -> dict[str, Any]:
    return {"rank": leg.rank, "score": round(leg.score, 6)}
