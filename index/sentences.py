"""Where sentences stand in a text."""

import re

import sentencex

from index.article import Span

_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_JAPANESE = re.compile(r"[\u3040-\u30ff]")


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
