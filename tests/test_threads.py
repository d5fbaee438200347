"""One thread a question; afterwards as many as before."""

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from index.threads import one_thread, one_thread_of_blas


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
