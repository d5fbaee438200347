"""One thread a question, a few questions at once; afterwards as many threads as before."""

from concurrent.futures import ThreadPoolExecutor
from signal import ITIMER_REAL, SIGALRM, setitimer, signal
from threading import Event, Lock
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


def test_the_limit_holds_in_whichever_thread_asks_for_it() -> None:
    def asked_elsewhere() -> set[int]:
        with one_thread():
            return threads("blas")

    for _ in range(2):
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(asked_elsewhere).result() == {1}
        with one_thread():
            assert threads("blas") == {1}
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


def test_turns_are_taken_in_the_order_of_coming() -> None:
    turns, came, served = Turns(1), [], []

    def work(number: int) -> None:
        came.append(number)
        with turns.take():
            served.append(number)

    with ThreadPoolExecutor(9) as pool, turns.take():
        for number in range(9):
            pool.submit(work, number)
            while len(came) <= number:
                sleep(0.001)
            sleep(0.01)  # until it waits
        # Whoever has just been in comes after all of those.
    assert served == came == list(range(9))


def test_whoever_stops_waiting_takes_no_turn() -> None:
    turns, inside, over = Turns(1), Event(), Event()

    def hold() -> None:
        with turns.take():
            inside.set()
            over.wait()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal(SIGALRM, interrupt)
    try:
        with ThreadPoolExecutor(1) as pool:
            held = pool.submit(hold)
            inside.wait()
            setitimer(ITIMER_REAL, 0.05)
            with pytest.raises(KeyboardInterrupt), turns.take():
                pass
            over.set()
            held.result(timeout=10)
            assert pool.submit(lambda: turns.take().__enter__()).exception(timeout=10) is None
    finally:
        signal(SIGALRM, before)


def test_an_error_gives_the_turn_back() -> None:
    turns = Turns(1)
    with pytest.raises(ValueError, match="found"), turns.take():
        raise ValueError("found")
    with ThreadPoolExecutor(1) as threads:
        threads.submit(lambda: turns.take().__enter__()).result(timeout=10)
