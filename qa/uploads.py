"""Files that people send to a library: under names that are safe, piece by piece, and read before they may stay.

They wait in a hidden folder, which no index reads, beside where they are to stand; nothing is written elsewhere.
"""

import re
import secrets
import shutil
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from index.errors import SourceError
from index.sources import SUFFIXES, SourceFile, read_sources

MAX_BYTES = 20_000_000
MAX_FILES = 200
MAX_WAITING = 200_000_000
PIECE = 1 << 20
WAITING = ".incoming"
_MAX_NAME = 120
_FORGOTTEN_AFTER = 600.0
_ARCHIVES = {".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".zst", ".7z", ".rar"}
# Names that Windows has for devices, and characters that it has no names with.
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
_NO_NAME = '<>:"|?*/\\'
# A folder's corpus.jsonl would hide all other files there (see index/sources.py).
_RESERVED = {"corpus.jsonl"}
# Controls, halves of characters, what turns the direction of writing, and ends of lines, by Unicode's categories.
_UNSEEN = re.compile("C.|Zl|Zp")
# They join or part letters, and stand in names of several languages and in emoji.
_JOINERS = "\u200c\u200d"


def clean_name(name: object) -> str:
    """A file's name as it may be written: one part, visible, an article's suffix. Raises SourceError for any other."""
    if not isinstance(name, str):
        raise SourceError(f"a file's name is {type(name).__name__}, expected text")
    shown = _shown(name)
    name = unicodedata.normalize("NFC", name)
    if any(_UNSEEN.match(unicodedata.category(each)) and each not in _JOINERS for each in name):
        raise SourceError(f"{shown}: a name with characters that cannot be seen: rename the file")
    if any(each in _NO_NAME for each in name) or _DEVICE.match(name) or name.casefold() in _RESERVED:
        raise SourceError(f"{shown}: no name for an article's file: rename it to letters, digits, spaces, - and _")
    if name != name.strip(" .") or not name:
        raise SourceError(f"{shown}: a name that begins or ends with a dot or a space: rename the file")
    if len(name) > _MAX_NAME or len(name.encode()) > 2 * _MAX_NAME:
        raise SourceError(f"{shown}: a name of {len(name)} characters, expected at most {_MAX_NAME}: shorten it")
    suffix = Path(name).suffix.lower()
    if suffix in _ARCHIVES:
        raise SourceError(f"{shown}: an archive: unpack it, and add the files that it holds")
    if suffix not in SUFFIXES:
        raise SourceError(f"{shown}: expected a file of {', '.join(SUFFIXES)}, found {suffix or 'no suffix'}: convert it")
    return name


@dataclass(slots=True)
class Upload:
    """A file on its way: its name, its bytes, how many of them have come, and where they wait.

    `replaces` if whoever sends it agreed that a file of that name is replaced. Once it was read, `ids` are its articles'.
    """

    name: str
    size: int
    replaces: bool
    path: Path
    received: int = 0
    ids: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Uploads:
    """The files that wait to be added. Safe to use from several threads.

    When nothing has come for ten minutes, what waits is forgotten; what an earlier process left is removed.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._uploads: dict[str, Upload] = {}
        self._cleaned: set[Path] = set()
        self._last_came = 0.0

    def begin(self, folder: Path, name: object, size: object, *, replaces: bool = False) -> str:
        """Makes ready for a file of `size` bytes; returns the token that its pieces come under. Raises SourceError.

        Raises FileThereError if a file of that name is there, unless it is to be replaced.
        """
        name = clean_name(name)
        if type(size) is not int or not 0 <= size <= MAX_BYTES:
            found = f"{size / 1e6:,.1f} MB" if type(size) is int and size > 0 else "no size"
            raise SourceError(f"{name}: {found}, expected at most {MAX_BYTES / 1e6:,.0f} MB: cut it into several files")
        if not size:
            raise SourceError(f"{name}: the file is empty, expected an article: write one or leave it out")
        if not replaces and namesakes(folder, name):
            raise FileThereError(f"{name}: a file of this name is there already")
        token = secrets.token_hex(16)
        with self._lock:
            self._forget()
            waiting = sum(upload.size for upload in self._uploads.values())
            if len(self._uploads) >= MAX_FILES or waiting + size > MAX_WAITING:
                raise SourceError(
                    f"{name}: too much at once, expected at most {MAX_FILES} files and {MAX_WAITING / 1e6:,.0f} MB: "
                    "add the rest when these are in"
                )
            path = self._make_ready(folder, token + Path(name).suffix.lower())
            self._uploads[token] = Upload(name, size, replaces, path)
            self._last_came = time.monotonic()
        return token

    def send(self, token: object, offset: object, data: bytes) -> int:
        """Takes the piece of a file that begins at `offset`; returns how many bytes are to come. Raises SourceError."""
        with self._lock:
            upload = self._uploads.get(token) if isinstance(token, str) else None
            if upload is None:
                raise SourceError("this file is not awaited any more: add it again")
            if type(offset) is int and offset >= 0 and data and offset + len(data) == upload.received:
                # It came before, and the answer was lost.
                return upload.size - upload.received
            if offset != upload.received or len(data) > min(PIECE, upload.size - upload.received) or not data:
                self._drop([str(token)])
                raise SourceError(f"{upload.name}: not the piece that was expected: add the file again")
            try:
                with open(upload.path, "ab") as file:
                    file.write(data)
            except OSError as error:
                self._drop([str(token)])
                raise SourceError(
                    f"{upload.name}: cannot be written ({error.strerror}): see whether the disk is full"
                ) from None
            upload.received += len(data)
            self._last_came = time.monotonic()
            return upload.size - upload.received

    def read(self, token: str, cited: str) -> int:
        """Reads a file that has come, as one that is cited by a name; returns how many articles it has.

        Raises SourceError for one that cannot be used.
        """
        with self._lock:
            upload = self._uploads.get(token)
            if upload is None or upload.received < upload.size:
                raise SourceError("this file has not come to its end: add it again")
        reading = read_sources([SourceFile(upload.path, cited)])
        if reading.problems:
            self.drop([token])
            raise SourceError("\n".join(upload.name + line.removeprefix(cited) for line in reading.problems))
        upload.warnings = tuple(upload.name + line.removeprefix(cited) for line in reading.warnings)
        upload.ids = tuple(draft.article.id for draft in reading.drafts)
        return len(upload.ids)

    def name(self, token: str) -> str:
        """The name of a file on its way. Raises SourceError."""
        with self._lock:
            if token not in self._uploads:
                raise SourceError("this file is not awaited any more: add it again")
            return self._uploads[token].name

    def take(self, tokens: Sequence[str]) -> list[Upload]:
        """The files that have come and were read, by their tokens; the others are passed over. They wait no longer."""
        with self._lock:
            return [self._uploads.pop(token) for token in dict.fromkeys(tokens) if self._is_ready(token)]

    def drop(self, tokens: Sequence[str]) -> None:
        """Forgets files, whether they have come or not."""
        with self._lock:
            self._drop([token for token in tokens if token in self._uploads])

    def _is_ready(self, token: str) -> bool:
        return token in self._uploads and bool(self._uploads[token].ids)

    def _drop(self, tokens: Sequence[str]) -> None:
        for token in tokens:
            self._uploads.pop(token).path.unlink(missing_ok=True)

    def _forget(self) -> None:
        if time.monotonic() - self._last_came > _FORGOTTEN_AFTER:
            self._drop(list(self._uploads))

    def _make_ready(self, folder: Path, name: str) -> Path:
        """An empty file in the folder that files wait in; that is emptied first of what an earlier process left there."""
        waiting = folder / WAITING
        try:
            if waiting not in self._cleaned:
                if folder.is_symlink() or waiting.is_symlink():
                    raise SourceError(f"{folder}: leads elsewhere: make it a folder of its own")
                shutil.rmtree(waiting, ignore_errors=True)
                self._cleaned.add(waiting)
            waiting.mkdir(parents=True, exist_ok=True)
            with open(waiting / name, "xb"):
                return waiting / name
        except OSError as error:
            raise SourceError(f"{folder}: cannot be written ({error.strerror}): check its permissions") from None


class FileThereError(SourceError):
    """A file of that name is there, and nobody said that it is to be replaced."""


def namesakes(folder: Path, name: str) -> list[Path]:
    """The files of a name that a folder has, letter case and Unicode's ways of writing it aside."""
    return [folder / each for each in file_names(folder) if folded(each) == folded(name)]


def file_names(folder: Path) -> list[str]:
    """The files in a folder that an index reads, by name; none if there is no folder."""
    if not folder.is_dir() or folder.is_symlink():
        return []
    return sorted(
        path.name
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def folded(name: str) -> str:
    """What two names have in common that some systems hold for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _shown(name: str) -> str:
    """A name as a line can show it: what cannot be seen as an escape, and not too long."""
    seen = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in name)
    return seen if len(seen) <= 60 else f"{seen[:59]}…"
