"""From articles to passages: paragraphs, with those beyond the encoder's limit split at sentences."""

from collections.abc import Callable, Iterator, Sequence

from index.article import Article, Passage, Span
from index.cleanup import CLEANUP_VERSION, CleanText, clean_up
from index.encoder import TokenCounter
from index.markdown import MARKDOWN_VERSION
from index.sentences import split_sentences
from index.sources import Draft
from index.stories import STORIES_VERSION, Block

CHUNKER_VERSION = f"1 (cleanup {CLEANUP_VERSION}, stories {STORIES_VERSION}, markdown {MARKDOWN_VERSION})"
# A heading that would take more than this share of the encoder's tokens is shortened in the context.
_CONTEXT_SHARE = 3


def context_of(article: Article, section: str) -> str:
    """What is embedded and indexed with a passage, ahead of its text: the title and the heading above it."""
    return "\n".join(filter(None, (article.title, section)))


def searchable_text(passage: Passage, context: str) -> str:
    """The text that both legs search: the passage with its context."""
    return f"{context}\n{passage.text}" if context else passage.text


def make_passages(
    drafts: Sequence[Draft], limit: int | None = None, count: TokenCounter | None = None
) -> tuple[list[Passage], list[str]]:
    """The passages of articles, in reading order, and the context of each.

    With a token `limit` and the encoder's `count`, no context and passage together exceed the limit: headings
    are shortened to a third of it and paragraphs split at sentences, a sentence beyond it at words. Raises
    ValueError if the limit leaves no room for any text.
    """
    counts = _count_blocks(drafts, limit, count)
    passages: list[Passage] = []
    contexts: list[str] = []
    for draft in drafts:
        # In reading order, whatever order the blocks were recognised in.
        for number, (block, clean, section, spans) in enumerate(_parts(draft, limit, count, counts), 1):
            text = clean.text if spans == clean.spans else clean_up(draft.article.text, spans).text
            passages.append(Passage(draft.article, spans, block.kind, text, block.section, number))
            contexts.append(section)
    return passages, contexts


def _parts(
    draft: Draft, limit: int | None, count: TokenCounter | None, counts: dict[tuple[str, str], int]
) -> Iterator[tuple[Block, CleanText, str, tuple[Span, ...]]]:
    for block in sorted(draft.blocks, key=lambda block: block.spans[0]):
        clean = clean_up(draft.article.text, block.spans)
        context = context_of(draft.article, block.section)
        if not clean.text:
            continue
        if limit is None or count is None or counts[context, clean.text] <= limit:
            yield block, clean, context, clean.spans
            continue
        context = _shorten(context, max(1, limit // _CONTEXT_SHARE), count)
        room = limit - count([f"{context}\n"])[0]
        if room < 1:
            raise ValueError(f"an encoder that reads {limit} tokens has no room for a passage")
        for start, end in _split(clean.text, limit, lambda text, context=context: count([f"{context}\n{text}"])[0]):
            yield block, clean, context, clean.source_spans(start, end)


def _count_blocks(drafts: Sequence[Draft], limit: int | None, count: TokenCounter | None) -> dict[tuple[str, str], int]:
    """Tokens of every context with its text, counted in one batch: most need no splitting."""
    if limit is None or count is None:
        return {}
    keys = {
        (context_of(draft.article, block.section), clean_up(draft.article.text, block.spans).text): None
        for draft in drafts
        for block in draft.blocks
    }
    counted = count([f"{context}\n{text}" for context, text in keys]) if keys else []
    return dict(zip(keys, counted, strict=True))


def _split(text: str, limit: int, count: Callable[[str], int]) -> list[Span]:
    """The fewest parts of a text, of about equal length, each within the limit: at sentences, else at words."""
    pieces = [piece for sentence in split_sentences(text) for piece in _fit(text, sentence, limit, count)]
    # Aim at equal parts, so that no short tail is left.
    target = len(text) / -(-count(text) // limit)
    parts: list[Span] = []
    for start, end in pieces:
        if parts and (start + end) / 2 - parts[-1][0] <= target and count(text[parts[-1][0] : end]) <= limit:
            parts[-1] = parts[-1][0], end
        else:
            parts.append((start, end))
    return parts


def _fit(text: str, span: Span, limit: int, count: Callable[[str], int]) -> list[Span]:
    """A range of text as ranges within the limit, cut at the space nearest the middle, or anywhere if there is none."""
    start, end = span
    if end - start <= 1 or count(text[start:end]) <= limit:
        return [span]
    middle = (start + end) // 2
    space = max(text.rfind(" ", start + 1, middle), -1)
    cut = space if space > start else text.find(" ", middle, end - 1)
    left, right = ((start, cut), (cut + 1, end)) if cut > start else ((start, middle), (middle, end))
    return [*_fit(text, left, limit, count), *_fit(text, right, limit, count)]


def _shorten(context: str, limit: int, count: TokenCounter) -> str:
    """A context cut at a word so that it takes no more than `limit` tokens."""
    words = context.split(" ")
    while len(words) > 1 and count([" ".join(words)])[0] > limit:
        words = words[: max(1, len(words) * 3 // 4)]
    shortened = " ".join(words)
    while len(shortened) > 1 and count([shortened])[0] > limit:
        shortened = shortened[: len(shortened) // 2]
    return shortened
