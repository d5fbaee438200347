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
    passage, article = hit.passage, hit.passage.article
    return {
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
        "why": {
            "dense": _leg(hit.why.dense),
            "lexical": _leg(hit.why.lexical),
            "late": {"score": None if hit.why.late is None else round(hit.why.late, 6)},
        },
    }


def _leg(leg: LegScore) -> dict[str, Any]:
    return {"rank": leg.rank, "score": round(leg.score, 6)}
