"""Answers as text for a terminal."""

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from index.question import read_question
from qa.answer import Answer, Hit
from qa.html import NOTHING_SAYS_SO, confidence_words, corrected_words, place_words, twins_words


def answer_text(answer: Answer, count: int) -> Group:
    """The answer card: the sentence, its source and how sure it is, or that there is none; then `count` passages.

    What misspelt words were read as stands above the passages.
    """
    corrected = [Text(line, style="dim") for line in corrected_words(answer.hits)]
    if not answer.found:
        heading = Text(f"Not in these articles (confidence {answer.confidence:.2f}).", style="bold")
        nearest = [_entry(hit) for hit in answer.hits[:count]]
        if nearest:
            return Group(heading, *corrected, Text("\nNearest passages:"), *nearest)
        # Where a plain question has no passage there is none at all, or none within the filter.
        return Group(heading) if read_question(answer.question).is_plain else Group(heading, Text(NOTHING_SAYS_SO))
    heading = Text(answer.sentence, style="bold")
    source = Text(f"[1] {_place(answer.hits[0])}", style="dim")
    sure = Text(f"{confidence_words(answer)} (confidence {answer.confidence:.2f}).", style="dim")
    return Group(heading, source, sure, *corrected, Text("\nPassages:"), *(_entry(hit) for hit in answer.hits[:count]))


def hits_text(answer: Answer, *, explain: bool = False) -> Group:
    """Every passage in order, with what each stage made of it if `explain`; one line if there is none."""
    if not answer.hits:
        return Group(Text("No passage matches."))
    return Group(*(_entry(hit, explain=explain) for hit in answer.hits))


def _entry(hit: Hit, *, explain: bool = False) -> Group:
    text = Text(hit.passage.text)
    for start, end in hit.highlight:
        text.stylize("bold", start, end)
    why = hit.why
    reasons = f"score {hit.score:.3f} · {_leg('meaning', why.dense.rank)} · {_leg('words', why.lexical.rank)}"
    heading = Text.assemble((f"{hit.rank:>2}. ", "bold"), (_place(hit), "cyan"), (f" · {reasons}", "dim"))
    lines = [text, *(Text(line, style="dim") for line in ([twins_words(hit)] if hit.twins else []))]
    if explain:
        lines.append(_stages(hit))
    return Group(heading, *(Padding(line, (0, 0, 0, 4), expand=False) for line in lines))


def _stages(hit: Hit) -> Text:
    """Every stage's rank and score, a line each; what the question's words were read as, and which of them stand here."""
    why = hit.why
    named = (
        ("meaning (cosine)", why.dense),
        ("words (BM25)", why.lexical),
        ("both (convex sum)", why.fused),
        ("word for word (late interaction)", why.late),
        ("read with the question", why.reading),
        ("cross-encoder", why.rerank),
    )
    lines = [f"{name:<33} {f'#{stage.rank}' if stage.rank else '–':>5} {stage.score:8.3f}" for name, stage in named if stage]
    lines += [f"{'final score':<33} {f'#{hit.rank}':>5} {hit.score:8.3f}"]
    if why.matched:
        lines.append(f"terms in common: {', '.join(why.matched)}")
    lines += corrected_words([hit])
    return Text("\n".join(lines), style="dim")


def _leg(name: str, rank: int | None) -> str:
    return f"{name} #{rank}" if rank else f"{name} –"


def _place(hit: Hit) -> str:
    article = hit.passage.article
    date = article.published.isoformat() if article.published else ""
    return " · ".join(filter(None, [article.title, article.source, date, place_words(hit)]))
