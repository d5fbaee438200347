"""How many threads a question may use, and how many questions are worked out at once."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore, Lock, local
from typing import Any

AT_ONCE = max(1, (os.cpu_count() or 1) // 2)
"""So many questions are searched for at once: half of one is Python, which does one thing at a time."""

_turns = BoundedSemaphore(AT_ONCE)
_own = local()


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for FAISS's, NumPy's and torch's products meanwhile, and no more than AT_ONCE callers.

    A question is answered in milliseconds: starting several threads, and waiting for one that another program holds up,
    takes longer than they save. Where many ask at once, more of them would only take Python's lock from each other:
    eight on two processors had two thirds of the answers a second that one has.
    """
    with _turn(), one_thread_of_blas(), _libraries("torch" in sys.modules).limit(limits=1, user_api="openmp"):
        yield


@contextmanager
def one_thread_of_blas() -> Iterator[None]:
    """One thread for NumPy's products meanwhile: others wait for the next one by turning, which takes a core from torch."""
    _blas.take()
    try:
        yield
    finally:
        _blas.give_back()


@contextmanager
def _turn() -> Iterator[None]:
    """Waits for one; whoever has one already does not wait for another."""
    if getattr(_own, "turn", False):
        yield
        return
    with _turns:
        _own.turn = True
        try:
            yield
        finally:
            _own.turn = False


class _Blas:
    """BLAS's limit, which is the whole process's: set by the first that wants it, and taken off by the last."""

    def __init__(self) -> None:
        self._lock, self._wanted = Lock(), 0
        self._limit: Any = None

    def take(self) -> None:
        with self._lock:
            if not self._wanted:
                self._limit = _libraries("torch" in sys.modules).limit(limits=1, user_api="blas")
            self._wanted += 1

    def give_back(self) -> None:
        with self._lock:
            self._wanted -= 1
            if not self._wanted:
                self._limit.restore_original_limits()


_blas = _Blas()


@cache
def _libraries(_torch: bool) -> Any:
    """The libraries that have threads, of those that are loaded by now: torch's come late, if at all."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
