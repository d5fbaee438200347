"""One thread a question, a few questions at once; afterwards as many threads as before."""

from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from time import sleep

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from index.threads import SEARCHING, Turns, one_thread, one_thread_of_blas


def threads(kind: str) -> set[int]:
    """How many each library may start."""
    np.ones((2, 2)) @ np.ones((2, 2))
    return {each["num_threads"] for each in ThreadpoolController().info() if each["user_api"] == kind}


@pytest.fixture(autouse=True)
def two() -> None:
    """The machine may have one core alone: then there would be nothing to limit."""
    ThreadpoolController().limit(limits=2)


def test_a_question_takes_one_thread_and_gives_the_others_back() -> None:
    assert threads("blas") == {2}
    with one_thread():
        assert threads("blas") | threads("openmp") == {1}
        with one_thread_of_blas():
            assert threads("blas") == {1}
        assert threads("blas") == {1}
    assert threads("blas") == {2}


def test_blas_alone_can_be_limited() -> None:
    before = threads("openmp")
    with one_thread_of_blas():
        assert threads("blas") == {1}
    assert (threads("blas"), threads("openmp")) == ({2}, before)


def test_an_error_takes_the_limit_off() -> None:
    with pytest.raises(ValueError, match="found"), one_thread():
        raise ValueError("found")
    assert threads("blas") == {2}


def test_questions_that_overlap_leave_as_many_threads_as_there_were() -> None:
    first, second = one_thread(), one_thread_of_blas()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert threads("blas") == {1}
    second.__exit__(None, None, None)
    assert threads("blas") == {2}


@pytest.mark.parametrize("turns", [Turns(1), Turns(3), SEARCHING])
def test_a_few_at_once_and_none_waits_for_itself(turns: Turns) -> None:
    inside, most, lock = 0, 0, Lock()

    def work(_: int) -> None:
        nonlocal inside, most
        with turns.take(), turns.take():
            with lock:
                inside += 1
                most = max(most, inside)
            sleep(0.005)
            with lock:
                inside -= 1

    with ThreadPoolExecutor(8 * turns.at_once) as threads:
        list(threads.map(work, range(64)))
    assert most == turns.at_once


def test_an_error_gives_the_turn_back() -> None:
    turns = Turns(1)
    with pytest.raises(ValueError, match="found"), turns.take():
        raise ValueError("found")
    with ThreadPoolExecutor(1) as threads:
        threads.submit(lambda: turns.take().__enter__()).result(timeout=10)
