"""The list of articles: a page of it as a table, and an article as it stands in its source."""

from collections.abc import Collection
from datetime import date
from html import escape
from threading import Lock

from index import Article, QuestionError
from index.catalogue import COLUMNS, Card, Catalogue, Column
from qa.html import day_words
from qa.library import Library
from qa.words import count_of, count_of_kind

AT_ONCE = 50
_MAX_WORDS = 200
_HEADINGS: dict[Column, str] = {"title": "Title", "source": "Source", "date": "Date", "passages": "Passages"}
# Roles are said, as a narrow list is no table for the browser.
_LAST_HEADS = '<th role="columnheader" scope="col" class="kinds">Kinds</th><td role="cell"></td>'


class Listing:
    """A library's articles, listed as its index is now. Safe to use from several threads."""

    def __init__(self, library: Library) -> None:
        self._library, self._lock = library, Lock()
        self._known: Catalogue | None = None

    def catalogue(self) -> Catalogue:
        """The catalogue of the index as it is now; made when the index has changed. Raises IndexFolderError."""
        index = self._library.catch_up().index
        with self._lock:
            if self._known is None or self._known.build != index.manifest.build:
                self._known = Catalogue.open(index.folder)
            return self._known

    def article(self, number: int, build: str) -> Article:
        """An article by its number in a build. Raises QuestionError if the index has another build by now."""
        index = self._library.index
        if build != index.manifest.build or not 0 <= number < len(index.articles):
            raise QuestionError("The articles have changed meanwhile: search again")
        return index.articles[number]

    def html(self, words: str, column: str, descending: bool, page: int, removable: Collection[str]) -> str:
        """A page of the articles with these words, sorted, with buttons to sort, to turn the page, to open and to remove.

        Raises QuestionError.
        """
        if column not in COLUMNS or len(words) > _MAX_WORDS:
            raise QuestionError(f"{column[:40]!r}, {len(words):,} characters: expected a column and at most {_MAX_WORDS}")
        catalogue = self.catalogue()
        found = catalogue.find(words, column, descending=descending)
        pages = max(1, -(-len(found) // AT_ONCE))
        page = min(max(page, 1), pages)
        start = (page - 1) * AT_ONCE
        cards = [catalogue.card(number) for number in found[start : start + AT_ONCE].tolist()]
        if not len(catalogue):
            return '<p class="none" role="status">There are no articles yet.</p>'
        if not cards:
            return f'<p class="none" role="status">No article has “{escape(words.strip())}” in its title or source.</p>'
        rows = "".join(_row(card, catalogue, removable) for card in cards)
        of = f" of {len(found):,}" if pages > 1 else ""
        many = f"{start + 1:,} to {start + len(cards):,}{of}" if pages > 1 else count_of(len(found), "article")
        return (
            f'<p class="count" role="status">{many}</p><table role="table" data-build="{escape(catalogue.build)}">'
            f'<caption class="unseen">Articles</caption>{_head(column, descending)}'
            f'<tbody role="rowgroup">{rows}</tbody></table>{_pager(page, pages)}'
        )


def _head(column: Column, descending: bool) -> str:
    cells = []
    for name, heading in _HEADINGS.items():
        now = ("descending" if descending else "ascending") if name == column else ""
        said = f' aria-sort="{now}"' if now else ""
        arrow = {"ascending": "↑", "descending": "↓", "": ""}[now]
        cells.append(
            f'<th role="columnheader" scope="col" class="{name}"{said}><button type="button" data-sort="{name}">{heading}'
            f'<span aria-hidden="true">{arrow}</span></button></th>'
        )
    return f'<thead role="rowgroup"><tr role="row">{"".join(cells)}{_LAST_HEADS}</tr></thead>'


def _row(card: Card, catalogue: Catalogue, removable: Collection[str]) -> str:
    kinds = ", ".join(count_of_kind(count, kind).replace(" ", "\N{NO-BREAK SPACE}") for kind, count in card.kinds.items())
    remove = ""
    if card.source in removable:
        name, count = card.source.split("/", 1)[1], catalogue.of_source(card.source)
        remove = (
            f'<button type="button" class="button quiet" data-remove="{escape(name)}" data-articles="{count}" '
            f'aria-label="Remove {escape(name)}">Remove</button>'
        )
    day = day_words(date.fromordinal(card.day)) if card.day else ""
    number, unit = count_of(card.passages, "passage").split(" ")
    cells = {
        "title": f'<button type="button" data-number="{card.number}" dir="auto">{escape(card.title)}</button>',
        "source": escape(card.source),
        "date": day,
        "passages": f'{number}<span class="unit"> {unit}</span>',
        "kinds": escape(kinds),
        "remove": remove,
    }
    said = "".join(f'<td role="cell" class="{name}">{value}</td>' for name, value in cells.items())
    return f'<tr role="row">{said}</tr>'


def _pager(page: int, pages: int) -> str:
    if pages == 1:
        return ""

    def turn(to: int, label: str) -> str:
        off = "" if 1 <= to <= pages else " disabled"
        return f'<button type="button" class="button quiet" data-page="{to}"{off}>{label}</button>'

    return (
        f'<nav class="pager" aria-label="Pages of the list">{turn(page - 1, "Previous")}'
        f"<span>Page {page:,} of {pages:,}</span>{turn(page + 1, 'Next')}</nav>"
    )
