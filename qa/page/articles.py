"""The page of the articles: what the index is made of, all articles in a list, and files added and removed."""

import base64
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from html import escape
from threading import Lock
from typing import Any

from index import SourceError, UserError
from index.progress import Progress
from index.sources import SUFFIXES
from qa.additions import add, added_folder, check_removable, cited_as, removable, remove, update
from qa.html import holdings
from qa.library import Library
from qa.page.calls import Call, call, field, texts
from qa.page.listing import Listing
from qa.page.part import Part, Settings, script
from qa.page.source import article_panel, source_gone
from qa.page.working import WORKING, work_calls
from qa.status import Status, read_status, status_rows
from qa.uploads import MAX_BYTES, MAX_FILES, PIECE, FileThereError, Uploads
from qa.work import Work

_BUSY = "The articles are being changed already: wait until that is done, then try again"
_READ_ONLY = "Articles are not changed on this page: it only reads"
# Looking at every file of an index, and of its articles, takes a while where there are many.
_CARD_STANDS = 30.0


def articles_part(library: Library, settings: Settings) -> Part:
    """The page of the articles. With `read_only` there is nothing to add or to remove, and what tries it is refused."""
    listing, card = Listing(library), _IndexCard(library)

    def list_articles(wanted: dict[str, Any]) -> dict[str, Any]:
        """A page of the list."""
        words, column = field(wanted, "words", str), field(wanted, "column", str)
        descending, page = field(wanted, "descending", bool), field(wanted, "page", int)
        can_go = frozenset[str]() if settings.read_only else removable(library)
        return {"html": listing.html(words, column, descending, page, can_go), "holdings": holdings(library)}

    def read_article(wanted: dict[str, Any]) -> dict[str, Any]:
        """An article's text."""
        try:
            article = listing.article(field(wanted, "number", int), field(wanted, "build", str))
            return {"html": article_panel(article, escape(article.text[slice(*article.extent)]))}
        except UserError as error:
            return {"html": source_gone(str(error))}

    def index_card(_: dict[str, Any]) -> dict[str, Any]:
        """What the index is made of."""
        return {"html": card.html(may_update=not settings.read_only)}

    reading = (call(list_articles), call(read_article), call(index_card))
    page = _page(library, bool(settings.read_only))
    # What the scripts of adding and removing need is not there where the page only reads.
    names = ("calls.js", "panel.js", "articles.js", *(() if settings.read_only else ("work.js", "adding.js")))
    changes = _Changes(library, read_only=bool(settings.read_only))
    return Part("Articles", "/articles", page, script(*names), (*reading, *changes.calls))


class _Changes:
    """What changes the articles, for the script to call; refused where the page only reads."""

    def __init__(self, library: Library, *, read_only: bool) -> None:
        self._library, self._read_only = library, read_only
        self._uploads, self._work = Uploads(), Work(_BUSY)

    @property
    def calls(self) -> tuple[Call, ...]:
        changes = (
            self.begin_file,
            self.send_piece,
            self.forget_files,
            self.add_files,
            self.remove_file,
            self.update_index,
        )
        return (*map(call, changes), *work_calls(self._work, refused=_READ_ONLY if self._read_only else ""))

    def begin_file(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Makes ready for a file: its token, or the line that one of its name is `there`."""
        self._check()
        self._work.check_free()
        folder, replaces = added_folder(self._library), field(wanted, "replaces", bool)
        try:
            return {"token": self._uploads.begin(folder, wanted.get("name"), wanted.get("size"), replaces=replaces)}
        except FileThereError as error:
            return {"there": str(error)}

    def send_piece(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Takes a piece; with the last one the file is read."""
        self._check()
        token = field(wanted, "token", str)
        if self._uploads.send(token, wanted.get("offset"), _piece(field(wanted, "data", str))):
            return {}
        return {"articles": self._uploads.read(token, cited_as(self._uploads.name(token)))}

    def forget_files(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Forgets files that were sent and are not to be added."""
        self._check()
        self._uploads.drop(texts(wanted, "tokens"))
        return {}

    def add_files(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Adds the files that were sent."""
        self._check()
        self._work.check_free()
        taken = self._uploads.take(texts(wanted, "tokens"))
        if not taken:
            raise SourceError("no file to add: none has come")
        try:
            return self._start("Reading the files", partial(add, self._library, taken))
        except UserError:
            for upload in taken:
                upload.path.unlink(missing_ok=True)
            raise

    def remove_file(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Removes a file that was added."""
        self._check()
        name = field(wanted, "name", str)
        check_removable(self._library, name)
        return self._start(f"Removing {name}", partial(remove, self._library, name))

    def update_index(self, _: dict[str, Any]) -> dict[str, Any]:
        """Reads the files again that have changed."""
        self._check()
        return self._start("Reading the files", partial(update, self._library))

    def _check(self) -> None:
        if self._read_only:
            raise UserError(_READ_ONLY)

    def _start(self, stage: str, what: Callable[[Progress], tuple[str, ...]]) -> dict[str, Any]:
        return {"number": self._work.start(stage, what)}


def _piece(data: str) -> bytes:
    """A piece of a file; none, which is not expected either, for what is no base64 or too long."""
    try:
        return base64.b64decode(data, validate=True) if len(data) <= 2 * PIECE else b""
    except ValueError:
        return b""


class _IndexCard:
    """The index card, made anew when the index has changed, and else now and then."""

    def __init__(self, library: Library) -> None:
        self._library, self._lock = library, Lock()
        self._made: tuple[str, float, Status] | None = None

    def html(self, *, may_update: bool) -> str:
        """The card, with a button to read changed files again. Raises IndexFolderError."""
        index = self._library.index
        with self._lock:
            made = self._made
            if made is None or made[0] != index.manifest.build or time.monotonic() - made[1] > _CARD_STANDS:
                made = self._made = (index.manifest.build, time.monotonic(), read_status(index.folder))
        rows = "".join(
            f"<dt>{escape(name)}</dt><dd>{escape(value).replace(chr(10), '<br>')}</dd>"
            for name, value in status_rows(made[2])
        )
        update = ""
        if made[2].changed and may_update:
            update = '<button type="button" class="button" data-update>Read the changed files</button>'
        return f"<dl>{rows}</dl>{update}"


def _page(library: Library, read_only: bool) -> str:
    changing = "" if read_only else f"{_drop_area(library)}{WORKING}{_CONFIRM}"
    return f"""<div id="articles" class="wide">
<header><h1>Articles</h1><p class="promise" data-holdings>{escape(holdings(library))}</p></header>
{changing}
<section class="all" aria-label="All articles">
  <form role="search"><input type="search" name="words" aria-label="Search titles and sources" maxlength="200"
    placeholder="Search titles and sources" autocomplete="off" dir="auto"></form>
  <div class="found"></div>
</section>
<details class="index-card"><summary>Index card</summary><div></div></details>
</div>"""


def _drop_area(library: Library) -> str:
    kinds = ", ".join(SUFFIXES)
    where = ""
    with suppress(SourceError):
        folder = added_folder(library)
        where = f" They are kept in {folder.parent.name}/{folder.name}."
    return f"""<form class="drop" data-piece="{PIECE}">
  <p><strong>Drop files here</strong> or
    <label class="button">choose files<input type="file" class="unseen" multiple accept="{kinds}"></label></p>
  <p class="about">{kinds}: up to {MAX_FILES} at once, of up to {MAX_BYTES // 1_000_000} MB each.{escape(where)}
    Questions are answered meanwhile.</p>
</form>
"""


_CONFIRM = """<dialog class="confirm" aria-labelledby="confirm-question">
  <p id="confirm-question"></p><ul></ul>
  <div><button type="button" class="button" value="">Keep</button>
    <button type="button" class="button primary" value="yes"></button></div>
</dialog>"""
