"""From articles to passages: paragraphs, with those beyond the encoder's limit split at sentences."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from index.article import Article, Passage, Span
from index.cleanup import CLEANUP_VERSION, CleanText, clean_up
from index.encoder import TokenBudget
from index.markdown import MARKDOWN_VERSION
from index.sentences import split_sentences
from index.sources import Draft
from index.stories import STORIES_VERSION, Block

CHUNKER_VERSION = f"1 (cleanup {CLEANUP_VERSION}, stories {STORIES_VERSION}, markdown {MARKDOWN_VERSION})"
# A context that would take more than this share of the encoder's tokens is shortened.
_CONTEXT_SHARE = 3


@dataclass(frozen=True, slots=True)
class Searchable:
    """A passage and the text that both legs search: its context (title, heading above it) and its own text."""

    passage: Passage
    text: str


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """A block of an article, read: what is asked of the encoder before it becomes one passage or several."""

    article: Article
    block: Block
    clean: CleanText

    @property
    def context(self) -> str:
        return context_of(self.article, self.block.section)

    @property
    def searchable(self) -> str:
        return _with_context(self.context, self.clean.text)


def context_of(article: Article, section: str) -> str:
    """What both legs search with a passage, ahead of its own text: the title, and the heading above it."""
    return "\n".join(filter(None, (article.title, section)))


def searchable_text(passage: Passage) -> str:
    """What both legs search of a passage, unless the encoder's limit had its context shortened."""
    return _with_context(context_of(passage.article, passage.section), passage.text)


def make_passages(drafts: Sequence[Draft], budget: TokenBudget | None = None) -> list[Searchable]:
    """The passages of articles, in reading order, each with its searchable text.

    With the encoder's token `budget` no searchable text is beyond it: paragraphs are split at sentences, a
    sentence beyond it at words, and a context that takes over a third of it is shortened. Raises ValueError
    if the budget leaves no room for any text.
    """
    paragraphs = [paragraph for draft in drafts for paragraph in _paragraphs(draft)]
    fitting = [True] * len(paragraphs)
    if budget and paragraphs:
        counts = budget.count([paragraph.searchable for paragraph in paragraphs])
        fitting = [tokens <= budget.limit for tokens in counts]
    made: list[Searchable] = []
    numbers: dict[str, int] = {}
    for paragraph, fits in zip(paragraphs, fitting, strict=True):
        article, block = paragraph.article, paragraph.block
        whole_paragraph = [(paragraph.clean, paragraph.context)]
        for clean, context in whole_paragraph if fits or not budget else _split(paragraph, budget):
            number = numbers[article.id] = numbers.get(article.id, 0) + 1
            passage = Passage(article, clean.spans, block.kind, clean.text, block.section, number)
            made.append(Searchable(passage, _with_context(context, clean.text)))
    return made


def _paragraphs(draft: Draft) -> Iterator[_Paragraph]:
    # In reading order, whatever order the blocks were recognised in.
    for block in sorted(draft.blocks, key=lambda block: block.spans[0]):
        clean = clean_up(draft.article.text, block.spans)
        if clean.text:
            yield _Paragraph(draft.article, block, clean)


def _with_context(context: str, text: str) -> str:
    return f"{context}\n{text}" if context else text


def _split(paragraph: _Paragraph, budget: TokenBudget) -> Iterator[tuple[CleanText, str]]:
    """A paragraph's parts, each with its context, within the budget: the fewest sentences will make, of like length."""
    context = _shorten(paragraph.context, budget)
    if not budget.fits(_with_context(context, "x")):
        raise ValueError(f"an encoder that reads {budget.limit} tokens has no room for a passage")
    text = paragraph.clean.text

    def read(span: Span) -> CleanText:
        # Read anew from the source: a part may hold half of some markup, and so say a little more than its range.
        return clean_up(paragraph.article.text, paragraph.clean.source_spans(*span))

    def fits(span: Span) -> bool:
        return budget.fits(_with_context(context, read(span).text))

    pieces = [piece for sentence in split_sentences(text) for piece in _halve(text, sentence, fits)]
    # Aim at equal parts, so that no short tail is left.
    target = len(text) / -(-budget.count([_with_context(context, text)])[0] // budget.limit)
    parts: list[Span] = []
    for start, end in pieces:
        if parts and (start + end) / 2 - parts[-1][0] <= target and fits((parts[-1][0], end)):
            parts[-1] = parts[-1][0], end
        else:
            parts.append((start, end))
    for span in parts:
        yield read(span), context


def _halve(text: str, span: Span, fits: Callable[[Span], bool]) -> list[Span]:
    """A range of text as ranges that fit, cut at the space nearest the middle, or in the middle if there is none."""
    start, end = span
    if end - start <= 1 or fits(span):
        return [span]
    middle = (start + end) // 2
    before, after = text.rfind(" ", start + 1, middle), text.find(" ", middle, end - 1)
    spaces = [cut for cut in (before, after) if cut > start]
    cut = min(spaces, key=lambda cut: abs(cut - middle), default=middle)
    return [*_halve(text, (start, cut), fits), *_halve(text, (cut + bool(spaces), end), fits)]


def _shorten(context: str, budget: TokenBudget) -> str:
    """A context cut at words until it takes no more than its share of the budget; empty if not even one word does."""
    words = context.split()
    while words and budget.count([" ".join(words)])[0] > max(1, budget.limit // _CONTEXT_SHARE):
        words = words[: len(words) * 3 // 4]
    return context if len(words) == len(context.split()) else " ".join(words)
