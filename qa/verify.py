"""Saved citations held against the articles as they are now: intact, moved, edited or gone."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby
from pathlib import Path
from typing import Literal, TypeAlias

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from index.article import Span
from index.cleanup import clean_up
from index.likeness import WORD, is_alike, nearest, occurrences
from index.store import read_manifest
from qa.reading import ReadFile, Reading, read_files
from qa.saved import Cited, SavedCitation, read_saved
from qa.words import count_of

State: TypeAlias = Literal["intact", "moved", "edited", "gone"]
Change: TypeAlias = Literal["same", "removed", "added"]

_STYLES: dict[State, str] = {"intact": "green", "moved": "cyan", "edited": "yellow", "gone": "red"}
_TOKEN = re.compile(rf"\s+|{WORD.pattern}")


@dataclass(frozen=True, slots=True)
class Found:
    """Where cited words stand now.

    * intact: where they stood. White space and markup among them may be other ones.
    * moved: elsewhere in their article or its file, at `spans` of `article`; of several places, the nearest.
    * edited: other words stand there, `quote`, that are 75% alike or more (90% for less than 25 characters).
    * gone: nothing like them does, or their article is not there. `article` is None, `spans` are empty.

    `same_passage`: the whole passage that was shown with them still stands there, word for word.
    """

    state: State
    why: str
    article: str | None = None
    spans: tuple[Span, ...] = ()
    quote: str = ""
    similarity: float = 0.0
    same_passage: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """A saved citation and what has become of it."""

    saved: SavedCitation
    found: Found


def verify_file(path: Path, index: Path) -> list[Checked]:
    """Every citation of a file of saved answers, in order, looked for in the files that an index was built of.

    The index itself is not asked: what counts is what the files say now. Raises UserError if the file of answers, or the
    index, cannot be used.
    """
    citations = read_saved(path)
    paths = read_manifest(index).paths
    files = read_files(paths, dict.fromkeys(each.cited.source for each in citations))
    # The same words answer many questions, and are looked for once.
    found = {cited: _find(cited, files[cited.source]) for cited in dict.fromkeys(each.cited for each in citations)}
    return [Checked(each, found[each.cited]) for each in citations]


def word_diff(before: str, now: str) -> list[tuple[Change, str]]:
    """What makes one text of another: the runs of words that are the same, removed and added, in order."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(now)
    changes: list[tuple[Change, str]] = []
    for tag, low, high, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            changes.append(("same", "".join(old[low:high])))
            continue
        if low < high:
            changes.append(("removed", "".join(old[low:high])))
        if start < end:
            changes.append(("added", "".join(new[start:end])))
    return changes


def checked_json(checked: Checked) -> str:
    """A citation, and what has become of it, as one JSON object on one line."""
    saved, cited, found = checked.saved, checked.saved.cited, checked.found
    record = {
        "id": saved.id,
        "question": saved.question,
        "rank": saved.rank,
        "article": cited.article,
        "source": cited.source,
        "quote": cited.quote,
        "spans": cited.spans,
        "state": found.state,
        "why": found.why,
        "found_article": found.article,
        "found_spans": found.spans,
        "same_passage": found.same_passage,
        "similarity": round(found.similarity, 4),
        "diff": word_diff(cited.quote, found.quote) if found.state == "edited" else [],
    }
    return json.dumps(record, ensure_ascii=False, allow_nan=False)


def checked_text(checked: Sequence[Checked]) -> Group:
    """The citations for a terminal, by question: what has become of each, an edit word by word; last, how many of each."""
    lines: list[Text | Padding] = []
    for (_, question), citations in groupby(checked, key=lambda each: (each.saved.id, each.saved.question)):
        lines += [Text(question, style="bold"), *(line for each in citations for line in _lines(each))]
    counts = Counter(each.found.state for each in checked)
    said = ", ".join(f"{counts[state]:,} {state}" for state in _STYLES)
    return Group(*lines, Text(f"{count_of(len(checked), 'citation')}: {said}"))


def _find(cited: Cited, file: ReadFile) -> Found:
    own = file.of(cited.article)
    found = own and (_unchanged(cited, own) or _edited(cited, own))
    if found:
        return found
    # A line of a corpus may have another id now.
    others = (_moved(cited, line, _places(cited, line)) for line in file.lines.values())
    missing = f"nothing in {cited.article} is like it" if own else file.problem or f"there is no article {cited.article}"
    return next(filter(None, others), Found("gone", missing))


def _unchanged(cited: Cited, own: Reading) -> Found | None:
    """The words as they were, in their place or elsewhere in what their offsets count in."""
    in_place = _in_place(cited, own)
    found = _moved(cited, own, [in_place] if in_place else _places(cited, own))
    if found is None or (found.spans[0][0] != cited.spans[0][0] if cited.exact else not in_place):
        return found
    return replace(found, state="intact", why="" if found.same_passage else "the passage around it has changed")


def _in_place(cited: Cited, own: Reading) -> tuple[Span, ...]:
    """Where the words stand in the source, if the spans of their passage have them where they had them; else nothing."""
    length = len(own.source)
    within = [(start, min(end, length)) for start, end in cited.passage_spans if start < length]
    clean = clean_up(own.source, within)
    places = cited.highlight or ((0, len(cited.passage)),)
    if any(clean.text[start:end] != cited.passage[start:end] for start, end in places):
        return ()
    return tuple(span for place in places for span in clean.source_spans(*place))


def _places(cited: Cited, reading: Reading) -> list[tuple[Span, ...]]:
    return [reading.spans(start, start + len(cited.quote)) for start in occurrences(cited.quote, reading.text)]


def _moved(cited: Cited, reading: Reading, places: Sequence[tuple[Span, ...]]) -> Found | None:
    if not places:
        return None
    spans = min(places, key=lambda spans: abs(spans[0][0] - cited.spans[0][0]))
    article, same_passage = reading.article(spans[0][0]), _has_passage(cited, reading)
    return Found("moved", f"{_where(article, spans)} now", article, spans, cited.quote, 1.0, same_passage)


def _edited(cited: Cited, reading: Reading) -> Found | None:
    best = nearest(cited.quote, reading.text, reading.place(cited.spans[0][0]))
    if best is None or not is_alike(cited.quote, best.similarity):
        return None
    spans = reading.spans(best.start, best.end)
    article, now = reading.article(spans[0][0]), reading.text[best.start : best.end]
    return Found("edited", f"{best.similarity:.0%} alike, {_where(article, spans)}", article, spans, now, best.similarity)


def _has_passage(cited: Cited, reading: Reading) -> bool:
    """Whether the whole passage stands there, in its place or elsewhere: a part of a paragraph may be told only there."""
    in_place = cited.passage_spans[-1][1] <= len(reading.source) and (
        clean_up(reading.source, cited.passage_spans).text == cited.passage
    )
    return in_place or cited.passage in reading.text


def _where(article: str, spans: Sequence[Span]) -> str:
    return f"in {article} from {spans[0][0]} to {spans[-1][1]}"


def _lines(checked: Checked) -> Iterator[Text | Padding]:
    saved, found = checked.saved, checked.found
    why = f" · {found.why}" if found.why else ""
    yield Text.assemble(f"{saved.rank:>2}. ", (found.state, _STYLES[found.state]), f" · {saved.cited.article}", (why, "dim"))
    if found.state == "edited":
        yield Padding(_diff_text(saved.cited.quote, found.quote), (0, 0, 0, 4), expand=False)
    elif found.state != "intact":
        yield Padding(Text(f"“{saved.cited.quote}”"), (0, 0, 0, 4), expand=False)


def _diff_text(before: str, now: str) -> Text:
    """A diff that can be read without colours too: [-removed-] {+added+}."""
    marked = {"same": ("", "", ""), "removed": ("[-", "-]", "red"), "added": ("{+", "+}", "green")}
    pieces = [(words, *marked[change]) for change, words in word_diff(before, now)]
    return Text.assemble(*((f"{opening}{words}{closing}", style) for words, opening, closing, style in pieces))
