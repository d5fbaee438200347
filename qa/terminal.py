"""Answers as text for a terminal."""

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from qa.answer import Answer, Hit
from qa.html import place_words


def answer_text(answer: Answer, count: int) -> Group:
    """The answer card: the sentence with its source, or that there is none; then the first `count` passages."""
    if not answer.found:
        heading = Text(f"Not in these articles (confidence {answer.confidence:.2f}).", style="bold")
        nearest = [_entry(hit) for hit in answer.hits[:count]]
        return Group(heading, *([Text("\nNearest passages:")] if nearest else []), *nearest)
    heading = Text(answer.sentence, style="bold")
    source = Text(f"[1] {_place(answer.hits[0])} · confidence {answer.confidence:.2f}", style="dim")
    return Group(heading, source, Text("\nPassages:"), *(_entry(hit) for hit in answer.hits[:count]))


def hits_text(answer: Answer) -> Group:
    """Every passage in order; one line if there is none."""
    if not answer.hits:
        return Group(Text("No passage matches."))
    return Group(*(_entry(hit) for hit in answer.hits))


def _entry(hit: Hit) -> Group:
    text = Text(hit.passage.text)
    for start, end in hit.highlight:
        text.stylize("bold", start, end)
    why = hit.why
    reasons = f"score {hit.score:.3f} · {_leg('meaning', why.dense.rank)} · {_leg('words', why.lexical.rank)}"
    heading = Text.assemble((f"{hit.rank:>2}. ", "bold"), (_place(hit), "cyan"), (f" · {reasons}", "dim"))
    return Group(heading, Padding(text, (0, 0, 0, 4), expand=False))


def _leg(name: str, rank: int | None) -> str:
    return f"{name} #{rank}" if rank else f"{name} –"


def _place(hit: Hit) -> str:
    article = hit.passage.article
    date = article.published.isoformat() if article.published else ""
    return " · ".join(filter(None, [article.title, article.source, date, place_words(hit)]))
