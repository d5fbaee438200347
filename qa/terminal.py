"""Answers as text for a terminal."""

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from qa.answer import Answer, Hit

_NEAREST = 3
_CITED = 3


def answer_text(answer: Answer) -> Group:
    """The answer card: the sentence with its source, or that there is none; then the nearest passages."""
    if not answer.found:
        heading = Text(f"Not in these articles (confidence {answer.confidence:.2f}).", style="bold")
        nearest = [_entry(hit) for hit in answer.hits[:_NEAREST]]
        return Group(heading, *([Text("\nNearest passages:")] if nearest else []), *nearest)
    heading = Text(answer.sentence, style="bold")
    source = Text(f"[1] {_place(answer.hits[0])} · confidence {answer.confidence:.2f}", style="dim")
    return Group(heading, source, Text("\nPassages:"), *(_entry(hit) for hit in answer.hits[:_CITED]))


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
    return " · ".join(filter(None, [article.title, article.source, date, f"{hit.passage.kind} {hit.passage.number}"]))
