"""How many threads a question may use, and how many questions are worked out at once."""

import os
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock, local
from typing import Any


class Turns:
    """A few callers at once, the others wait, each for those before it. Whoever is in already does not wait for itself."""

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self._lock, self._own, self._free = Lock(), local(), at_once
        # Those who wait, in order, each before a lock of its own. A semaphore would let in whoever comes by at the right
        # time, and a few would wait for very long.
        self._waiting: deque[Lock] = deque()

    @property
    def waited_for(self) -> bool:
        """Whether anybody waits for a turn."""
        with self._lock:
            return bool(self._waiting)

    @contextmanager
    def take(self) -> Iterator[None]:
        if getattr(self._own, "taken", False):
            yield
            return
        self._come()
        self._own.taken = True
        try:
            yield
        finally:
            self._own.taken = False
            self._go()

    def _come(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            mine = Lock()
            mine.acquire()
            self._waiting.append(mine)
        try:
            mine.acquire()
        except BaseException:  # Ctrl+C: the turn must not be given to someone who has left
            with self._lock:
                waits = mine in self._waiting
                if waits:
                    self._waiting.remove(mine)
            if not waits:
                self._go()
            raise

    def _go(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


PROCESSORS = os.cpu_count() or 1
# More questions at once would only take Python's lock from each other: eight on two processors had two thirds of the answers
# a second that one has. Half of searching is Python, which does one thing at a time; encoding leaves it alone.
ASKING, SEARCHING = Turns(PROCESSORS), Turns(max(1, PROCESSORS // 2))


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for FAISS's, NumPy's and torch's products meanwhile, and a turn at SEARCHING.

    A question is answered in milliseconds: starting several threads, and waiting for one that another program holds up,
    takes longer than they save.
    """
    with SEARCHING.take(), one_thread_of_blas(), _libraries("torch" in sys.modules).limit(limits=1, user_api="openmp"):
        yield


@contextmanager
def one_thread_of_blas() -> Iterator[None]:
    """One thread for NumPy's products meanwhile: others wait for the next one by turning, which takes a core from torch."""
    _blas.take()
    try:
        yield
    finally:
        _blas.give_back()


class _Blas:
    """BLAS's limit, which is the whole process's: set by the first that wants it, and taken off by the last.

    threadpoolctl has one thread set it and says nothing to others, whose limits would not hold: here they take turns.
    """

    def __init__(self) -> None:
        self._lock, self._wanted = Lock(), 0
        self._limit: Any = None

    def take(self) -> None:
        with self._lock:
            if not self._wanted:
                _let_any_thread_set_it()
                self._limit = _libraries("torch" in sys.modules).limit(limits=1, user_api="blas")
            self._wanted += 1

    def give_back(self) -> None:
        with self._lock:
            self._wanted -= 1
            if not self._wanted:
                _let_any_thread_set_it()
                self._limit.restore_original_limits()


_blas = _Blas()


def _let_any_thread_set_it() -> None:
    from threadpoolctl import OpenBLASController

    OpenBLASController.clear_controlling_thread(force=True)


@cache
def _libraries(_torch: bool) -> Any:
    """The libraries that have threads, of those that are loaded by now: torch's come late, if at all."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
