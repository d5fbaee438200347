"""How many threads a question may use."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for FAISS's, NumPy's and torch's products meanwhile.

    A question is answered in milliseconds: starting several threads, and waiting for one that another program holds up,
    takes longer than they save. Several questions are asked at once from several threads.
    """
    with _libraries("torch" in sys.modules).limit(limits=1):
        yield


@cache
def _libraries(_torch: bool) -> Any:
    """The libraries that have threads, of those that are loaded by now: torch's come late, if at all."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def one_thread_of_blas() -> Iterator[None]:
    """One thread for NumPy's products meanwhile: others wait for the next one by turning, which takes a core from torch."""
    with _libraries("torch" in sys.modules).limit(limits=1, user_api="blas"):
        yield
