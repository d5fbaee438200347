"""How many threads a question may use."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for FAISS's and NumPy's products meanwhile.

    A question is answered in milliseconds: starting several threads, and waiting for one that another program holds up,
    takes longer than they save. Several questions are asked at once from several threads.
    """
    with _libraries().limit(limits=1):
        yield


@cache
def _libraries() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
