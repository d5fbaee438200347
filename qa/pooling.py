"""Blind pools: what several systems find for a question, put together so that nothing tells who found what."""

import hashlib
from collections.abc import Sequence

from index import Passage
from qa.library import Library
from qa.retriever import System

_ASKED_AT_ONCE = 64


def pooled(
    library: Library, questions: Sequence[tuple[str, str]], systems: Sequence[System], k: int, seed: int = 0
) -> list[list[Passage]]:
    """For each question, given by id and text, every passage that a system has among its k best.

    A question's passages are shuffled: their order depends on the seed, the question's id and their own, on nothing
    else, so that adding a question leaves the others' as they are. Raises QuestionError.
    """
    pools = []
    for start in range(0, len(questions), _ASKED_AT_ONCE):
        batch = questions[start : start + _ASKED_AT_ONCE]
        # Which sentence answers is not asked here, nor whether any does, and both take time.
        asked = library.ask_systems([text for _, text in batch], systems, k, marked=1, reading=False)
        for (question_id, _), answers in zip(batch, asked, strict=True):
            found = {hit.passage.id: hit.passage for answer in answers.values() for hit in answer.hits}
            pools.append([found[name] for name in sorted(found, key=lambda name: _shuffled(seed, question_id, name))])
    return pools


def _shuffled(seed: int, question_id: str, passage: str) -> bytes:
    """Where a passage comes in the order of a question's: by chance, but always the same."""
    return hashlib.sha256(repr((seed, question_id, passage)).encode(errors="replace")).digest()
