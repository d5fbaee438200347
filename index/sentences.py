"""Where sentences stand in a text."""

import re

import sentencex

from index.article import Span
from index.scripts import HAN, KANA

_CHINESE = re.compile(f"[{HAN}]")
_JAPANESE = re.compile(f"[{KANA}]")


def split_sentences(text: str) -> list[Span]:
    """(start, end) of each sentence, in order, without the white space between them (sentencex)."""
    language = "ja" if _JAPANESE.search(text) else "zh" if _CHINESE.search(text) else "en"
    spans = []
    for boundary in sentencex.get_sentence_boundaries(language, text):
        start, end = boundary["start_index"], boundary["end_index"]
        piece = text[start:end]
        if piece.strip():
            spans.append((start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())))
    return spans
