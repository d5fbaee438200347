"""Judgements of passages, in a file that only grows: each is a line, written at once; taking one back is a line too."""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from filelock import FileLock, Timeout

from index import Passage, QuestionError, clean_up
from index.errors import GoldError, SourceError
from index.sources import read_record

VERDICTS = ("answers", "partly", "no", "nothing")
"""A passage answers, answers in part, or does not; and nothing of all that was shown answers."""

_LONGEST_NAME = 80
_WAIT = 30
_TEXTS = ("id", "time", "who", "build", "encoder", "question", "verdict", "passage", "question_id")


@dataclass(frozen=True, slots=True)
class Quote:
    """Exact words, as a gold set has them: `quote` is what the article's source text says from `start` to `end`."""

    source: str
    article: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What someone says of a passage for a question, or with the verdict "nothing" of all that was shown.

    `who` is the name that was typed, or empty; `build` and `encoder` tell the index that was judged. `quotes` are the
    words that were chosen, or all of the passage; `shown` is how many passages were to be judged, 0 if that was left
    open; `question_id` is what a list of questions calls the question.
    """

    id: str
    time: str
    who: str
    build: str
    encoder: str
    question: str
    verdict: str
    passage: str = ""
    quotes: tuple[Quote, ...] = ()
    shown: int = 0
    question_id: str = ""


class Judgements:
    """The judgements in a file: read as the file grows, by whomever it is written.

    Several threads and several processes may write at once. A line that cannot be read is passed over, with a
    warning: a process that ends in the middle of a line loses that line, and no other.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._contents = _Contents()

    def add(
        self,
        *,
        who: str,
        build: str,
        encoder: str,
        question: str,
        verdict: str,
        passage: str = "",
        quotes: tuple[Quote, ...] = (),
        shown: int = 0,
        question_id: str = "",
        key: str = "",
    ) -> Judgement:
        """Writes a judgement, which is on the disk when this returns. Raises GoldError if it cannot be written.

        Of lines with the same `key`, which the judgement's id is made of, one counts: who hears of no success may try again.
        """
        judgement = Judgement(
            id=_id_of(key) if key else secrets.token_hex(8),
            time=_now(),
            who=plain_name(who),
            build=build,
            encoder=encoder,
            question=question,
            verdict=verdict,
            passage=passage,
            quotes=quotes,
            shown=shown,
            question_id=question_id,
        )
        self._append(asdict(judgement))
        return judgement

    def take_back(self, judgement_id: str, who: str) -> Judgement:
        """Takes back a judgement of one's own, by a line that names it.

        Raises GoldError if there is none that stands, or the line cannot be written.
        """
        with self._lock:
            judgement = self._read().standing.get(judgement_id)
        if judgement is None or judgement.who != plain_name(who):
            raise GoldError("this judgement does not stand, or is someone else's: there is nothing to take back")
        self._append({"id": secrets.token_hex(8), "time": _now(), "who": judgement.who, "takes_back": judgement.id})
        return judgement

    def standing(self) -> list[Judgement]:
        """The judgements that were not taken back, in the order in which they were written. Raises GoldError."""
        with self._lock:
            return list(self._read().standing.values())

    def of(self, who: str, question: str) -> list[Judgement]:
        """What someone says of a question: the judgements that stand, in their order. Raises GoldError."""
        with self._lock:
            return list(self._read().by_judge.get((plain_name(who), question), {}).values())

    def warnings(self) -> list[str]:
        """The lines that could not be read, with the reasons. Raises GoldError."""
        with self._lock:
            found = self._read()
            unended = [f"{self.path}:{found.lines + 1}: a line without an end: left out"] if found.rest else []
            return [*found.warnings, *unended]

    def _append(self, record: Mapping[str, Any]) -> None:
        # Half a character, which no file holds, becomes a question mark.
        line = json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        try:
            with FileLock(self.path.with_name(f".{self.path.name}.lock"), timeout=_WAIT, poll_interval=0.005):
                file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
                try:
                    end = os.lseek(file, 0, os.SEEK_END)
                    if end and os.pread(file, 1, end - 1) != b"\n":
                        # Someone was stopped in the middle of a line: it stays, as a line of its own.
                        line = b"\n" + line
                    while line:
                        line = line[os.write(file, line) :]
                    os.fsync(file)
                finally:
                    os.close(file)
        except Timeout:
            raise GoldError(
                f"{self.path}: written by someone else for {_WAIT} seconds: nothing was judged, try again"
            ) from None
        except OSError as error:
            raise GoldError(
                f"{self.path}: cannot be written ({error.strerror}): nothing was judged; qa serve --judgements takes another"
            ) from None

    def _read(self) -> "_Contents":
        """Takes in what was written since the last time; everything, if the file is another now."""
        try:
            with open(self.path, "rb") as file:
                status = os.fstat(file.fileno())
                if (status.st_dev, status.st_ino) != self._contents.file or status.st_size < self._contents.read:
                    self._contents = _Contents((status.st_dev, status.st_ino))
                file.seek(self._contents.read)
                self._contents.take(file.read(), self.path)
        except FileNotFoundError:
            self._contents = _Contents()
        except OSError as error:
            raise GoldError(f"{self.path}: cannot be read ({error.strerror}): check its permissions") from None
        return self._contents


@dataclass(slots=True)
class _Contents:
    """What has been read of a file so far: which file, how many bytes and lines; `rest` is a line still without end."""

    file: tuple[int, int] = (-1, -1)
    read: int = 0
    lines: int = 0
    rest: bytes = b""
    standing: dict[str, Judgement] = field(default_factory=dict)
    by_judge: dict[tuple[str, str], dict[str, Judgement]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def take(self, data: bytes, path: Path) -> None:
        """Takes in what follows in the file."""
        whole, end, self.rest = data.rpartition(b"\n")
        self.read += len(whole) + len(end)
        for line in whole.split(b"\n") if end else []:
            self.lines += 1
            if line.strip():
                self._take_line(line, f"{path}:{self.lines}")

    def _take_line(self, line: bytes, place: str) -> None:
        try:
            record = read_record(line.decode(), place)
            if "takes_back" in record:
                self._drop(record["takes_back"], record["who"])
            else:
                self._keep(_judgement(record))
        except SourceError as error:
            self.warnings.append(f"{error}: left out")
        except (KeyError, TypeError, ValueError):
            self.warnings.append(f"{place}: not a judgement: left out")

    def _keep(self, judgement: Judgement) -> None:
        if judgement.id not in self.standing:
            self.standing[judgement.id] = judgement
            self.by_judge.setdefault((judgement.who, judgement.question), {})[judgement.id] = judgement

    def _drop(self, judgement_id: str, who: str) -> None:
        judgement = self.standing.get(judgement_id)
        if judgement and judgement.who == who:
            del self.standing[judgement.id]
            del self.by_judge[judgement.who, judgement.question][judgement.id]


def is_judgements(path: Path) -> bool:
    """Whether a file is one of judgements: its first line that can be read is one. False if it cannot be read at all."""
    try:
        with open(path, "rb") as file:
            for line in file:
                with suppress(SourceError, ValueError):
                    return "verdict" in read_record(line.decode(), str(path))
    except OSError:
        pass
    return False


def words_of(passage: Passage, chosen: tuple[int, int] | None = None) -> tuple[Quote, ...]:
    """Where words of a passage stand in its source: those from `chosen`, offsets in its text, or all of them.

    A passage that something cuts in two gives a quote for each piece. Raises QuestionError for a choice without words.
    """
    article, spans = passage.article, passage.spans
    if chosen is not None:
        start, end = chosen
        words = passage.text[start:end] if 0 <= start <= end else ""
        start, end = start + len(words) - len(words.lstrip()), start + len(words.rstrip())
        if not words.strip():
            raise QuestionError("no words of the passage are chosen: select some, or judge all of it")
        spans = clean_up(article.text, passage.spans).source_spans(start, end)
    return tuple(Quote(article.source, article.id, start, end, article.text[start:end]) for start, end in spans)


def plain_name(who: str) -> str:
    """A judge's name as it is kept: one line of at most 80 characters, half a character as a question mark."""
    return " ".join(who.encode("utf-8", "replace").decode().split())[:_LONGEST_NAME].strip()


def _judgement(record: Mapping[str, Any]) -> Judgement:
    """A line's judgement. Raises KeyError, TypeError or ValueError for another form."""
    said = {name: record[name] for name in _TEXTS}
    quotes = tuple(Quote(**quote) for quote in record["quotes"])
    sound = (
        all(isinstance(text, str) for text in said.values())
        and said["verdict"] in VERDICTS
        and type(record["shown"]) is int
        and bool(said["id"] and said["question"])
        and (said["verdict"] == "nothing") == (not quotes) == (not said["passage"])
        and all(map(_is_sound, quotes))
    )
    if not sound:
        raise ValueError
    return Judgement(**said, quotes=quotes, shown=record["shown"])


def _is_sound(quote: Quote) -> bool:
    texts = all(isinstance(text, str) for text in (quote.source, quote.article, quote.quote))
    return texts and type(quote.start) is type(quote.end) is int and 0 <= quote.start < quote.end


def _id_of(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:16]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
