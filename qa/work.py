"""One piece of long work at a time, in a thread of its own: it tells how far it is, and can be stopped."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock, Thread
from typing import Literal, TypeAlias

from index.errors import UserError
from index.progress import Progress

State: TypeAlias = Literal["idle", "running", "done", "stopped", "failed"]


class Caution(str):
    """A line about what was done, though not whole."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """How far work is: `done` of `total` in its `stage` (a total of 0: nobody knows), and how long that still takes.

    `number` tells one piece of work from the next; once it is over, `lines` say what came of it.
    """

    number: int = 0
    state: State = "idle"
    stage: str = ""
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    lines: tuple[str, ...] = ()


class BusyError(UserError):
    """Somebody else's work goes on."""


class StoppedError(Exception):
    """Raised out of a progress report when the work is to stop; whoever works may catch it to tidy up, and raises it on."""


class Work:
    """The one piece of work that goes on, or the last one that did. Safe to use from several threads."""

    def __init__(self, busy: str) -> None:
        """`busy` is the line for who starts work while some goes on."""
        self._busy, self._lock = busy, Lock()
        self._standing, self._stopping = Standing(), False
        self._began = 0.0

    @property
    def standing(self) -> Standing:
        with self._lock:
            return self._standing

    @property
    def goes_on(self) -> bool:
        return self.standing.state == "running"

    def check_free(self) -> None:
        """Raises BusyError if work goes on."""
        if self.goes_on:
            raise BusyError(self._busy)

    def start(self, stage: str, work: Callable[[Progress], tuple[str, ...]]) -> int:
        """Starts work that begins with `stage` and returns the lines to be told in the end; returns its number.

        What it raises of UserError ends it as failed, a line each. Raises BusyError if other work goes on.
        """
        with self._lock:
            if self._standing.state == "running":
                raise BusyError(self._busy)
            number = self._standing.number + 1
            self._standing, self._stopping = Standing(number, "running", stage), False
            self._began = time.monotonic()
        Thread(target=self._run, args=(work,), name=f"work-{number}", daemon=True).start()
        return number

    def stop(self, number: int) -> None:
        """Has work stop at its next report, if it is still the one that goes on."""
        with self._lock:
            self._stopping = self._stopping or (self._standing.number == number and self._standing.state == "running")

    def _run(self, work: Callable[[Progress], tuple[str, ...]]) -> None:
        state: State = "failed"
        lines: tuple[str, ...] = ("It broke off for a reason that nobody foresaw: see what the server printed.",)
        try:
            state, lines = "done", work(self._report)
        except StoppedError:
            state, lines = "stopped", ()
        except UserError as error:
            state, lines = "failed", tuple(str(error).splitlines())
        finally:
            # Whatever was raised, the next work can start.
            with self._lock:
                self._standing = replace(self._standing, state=state, seconds_left=None, lines=lines)

    def _report(self, stage: str, done: int, total: int) -> None:
        with self._lock:
            if self._stopping:
                raise StoppedError
            if stage != self._standing.stage:
                self._began = time.monotonic()
            spent = time.monotonic() - self._began
            left = spent / done * (total - done) if done else None
            self._standing = replace(self._standing, stage=stage, done=done, total=total, seconds_left=left)
