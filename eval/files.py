"""The text files of an evaluation: strictly UTF-8, every error with its line, replaced whole or not at all."""

import csv
import io
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from index.errors import GoldError
from index.sources import read_record


def check_target(path: Path, force: bool = False) -> None:
    """Raises GoldError where no file can be written, and for one that is there already, unless `force`."""
    check_parent(path)
    if path.is_dir():
        raise GoldError(f"{path}: a folder, expected a file: name a file in it")
    if path.exists() and not force:
        raise GoldError(f"{path}: is there already: name another file, or overwrite it with --force")


def check_parent(path: Path) -> None:
    """Raises GoldError if the folder that a file or folder is to stand in is not there or cannot be written."""
    parent = path.absolute().parent
    try:
        if not parent.is_dir():
            raise GoldError(f"{path}: there is no folder {parent.name}: make it first, or name one that is there")
        if not os.access(parent, os.W_OK | os.X_OK):
            raise GoldError(f"{path}: its folder cannot be written: name another, or change its permissions")
    except OSError as error:
        raise _unreadable(path, error) from None


def make_folder(folder: Path) -> None:
    """Makes a folder, and those above it, where they are not there yet. Raises GoldError if it cannot."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GoldError(f"{folder}: cannot be made a folder ({error.strerror}): name another") from None


def read_text(path: Path) -> str:
    """A file's text without its byte order mark, line ends as they are. Raises GoldError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise GoldError(f"{path}:{line}: not UTF-8 at byte {error.start} of the file: save it as UTF-8") from None


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """A file's lines that are not blank, without their ends, numbered from 1; one at a time. Raises GoldError."""
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    text = line.decode("utf-8-sig" if number == 1 else "utf-8")
                except UnicodeDecodeError as error:
                    where = f"{path}:{number}: not UTF-8 at byte {error.start} of the line"
                    raise GoldError(f"{where}: save it as UTF-8") from None
                if text.strip():
                    yield number, text.rstrip("\r\n")
    except OSError as error:
        raise _unreadable(path, error) from None


def read_records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a JSONL file, each with its place. Raises GoldError, SourceError for what is no object."""
    for number, line in read_lines(path):
        yield (place := f"{path}:{number}"), read_record(line, place)


def read_table(path: Path, delimiter: str | None = None) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file that are not blank, each with the line that it ends in. Raises GoldError.

    Without `delimiter` it is what the first line has most of: comma, semicolon (spreadsheets of many countries) or tab.
    """
    text = read_text(path)
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or max(",;\t", key=first.count), strict=True)
    try:
        for row in rows:
            if any(cell.strip() for cell in row):
                yield rows.line_num, row
    except csv.Error as error:
        raise GoldError(f"{path}:{rows.line_num}: not a row of a table ({error}): mend its quotation marks") from None


def write_table(path: Path, rows: Iterable[Sequence[object]], delimiter: str = ",", mark: str = "") -> None:
    """Writes rows as CSV, after `mark`. Raises GoldError if it cannot."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\n" if delimiter == "\t" else "\r\n").writerows(rows)
    write_text(path, mark + text.getvalue())


def json_line(record: Mapping[str, Any]) -> str:
    """A record as a line of JSON, its characters readable; escaped where it has half a character, which no file holds."""
    line = json.dumps(record, ensure_ascii=False)
    try:
        line.encode()
    except UnicodeEncodeError:
        line = json.dumps(record)
    return line + "\n"


def write_text(path: Path, text: str) -> None:
    """Writes a file as UTF-8, whole. Raises GoldError if it cannot."""
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        half = error.object[error.start : error.end]
        raise GoldError(f"{path}: cannot be written: {half!r} is half a character: correct it in the gold set") from None
    write_bytes(path, data)


def append_text(path: Path, text: str) -> None:
    """Adds to the end of a file. Raises GoldError if it cannot."""
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise _unwritable(path, error) from None


def write_bytes(path: Path, data: bytes) -> None:
    """Writes a file beside `path`, then puts it in its place: who reads sees the old file or the new. Raises GoldError."""
    target = path.resolve()
    scratch = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        with open(scratch, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, scratch)
        scratch.replace(target)
    except OSError as error:
        with suppress(OSError):
            scratch.unlink()
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> GoldError:
    return GoldError(f"{path}: cannot be written ({error.strerror}): name a file in a folder that can")


def _unreadable(path: Path, error: OSError) -> GoldError:
    return GoldError(f"{path}: cannot be read ({error.strerror}): check the name and its permissions")
