"""Reports of evaluations, as `qa eval --report` writes them: found in a folder, and opened so that they can do nothing."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from index.errors import UserError

PAGE, RECORD = "index.html", "report.json"
_MAX_BYTES = 100_000_000
_LISTED = 100
# What a report's page begins with.
_HEAD = '<!doctype html>\n<html lang="en">\n<head>\n'
# The first policy of a page cannot be taken back by a later one: nothing runs, and nothing is fetched.
_POLICY = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'\">\n"
)
_SCRIPT = re.compile("<script>.*?</script>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Report:
    """A report: the file of its figures, what it is called, and when it was written."""

    path: Path
    name: str
    written: datetime


def find_reports(folder: Path, others: Sequence[Path] = ()) -> list[Report]:
    """The reports in a folder's folders, the newest first, then the `others` that are there: files of figures."""
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        record = path / RECORD
        if not path.name.startswith(".") and record.is_file():
            found.append(Report(record, path.name, _written(record)))
    newest = sorted(found, key=lambda report: report.written, reverse=True)[:_LISTED]
    return newest + [Report(path, f"{path.parent.name}/{path.name}", _written(path)) for path in others if path.is_file()]


def read_page(report: Report) -> str | None:
    """The page of a report, which runs no script and loads nothing; None if it has none. Raises UserError."""
    path = report.path.with_name(PAGE)
    if not path.is_file():
        return None
    text = _read(path)
    if not text.startswith(_HEAD):
        raise UserError(f"{report.name}: {PAGE} is no page that qa eval --report wrote: write the report again")
    # The page is whole without its script, which would not run.
    return _HEAD + _POLICY + _SCRIPT.sub("", text.removeprefix(_HEAD))


def read_record(report: Report) -> dict[str, Any]:
    """The figures of a report. Raises UserError."""
    try:
        record = json.loads(_read(report.path))
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict) or not isinstance(record.get("figures"), dict):
        raise UserError(f"{report.name}: damaged, no figures that qa eval wrote: write the report again")
    return record


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise UserError(f"{path}: too large to be shown: open it in the browser")
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}): check its permissions") from None


def _written(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).astimezone()
