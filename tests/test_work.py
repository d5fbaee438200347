"""One piece of work at a time: told how far it is, stopped, failed; and whoever comes meanwhile is told."""

from threading import Event

import pytest

from index import SourceError
from index.progress import Progress
from qa.work import BusyError, Work


def test_one_works_and_the_other_is_told() -> None:
    work, may_end, lines = Work("busy"), Event(), ("done",)

    def wait(_: Progress) -> tuple[str, ...]:
        may_end.wait()
        return lines

    number = work.start("Waiting", wait)
    assert (work.standing.state, work.standing.stage) == ("running", "Waiting")
    with pytest.raises(BusyError, match="busy"):
        work.start("Other", wait)
    with pytest.raises(BusyError, match="busy"):
        work.check_free()
    may_end.set()
    settle(work)
    assert (work.standing.number, work.standing.state, work.standing.lines) == (number, "done", lines)
    assert work.start("Other", lambda _: ()) == number + 1
    settle(work)


def test_work_tells_how_far_it_is_and_stops_where_it_is_told() -> None:
    work, told, go_on = Work("busy"), Event(), Event()

    def count(progress: Progress) -> tuple[str, ...]:
        progress("Counting", 0, 4)
        progress("Counting", 1, 4)
        told.set()
        go_on.wait()
        progress("Counting", 2, 4)
        return ("never",)

    number = work.start("Beginning", count)
    told.wait()
    standing = work.standing
    assert (standing.stage, standing.done, standing.total) == ("Counting", 1, 4)
    assert standing.seconds_left is not None
    # Whoever means earlier work stops nothing.
    work.stop(number - 1)
    work.stop(number)
    go_on.set()
    settle(work)
    assert (work.standing.state, work.standing.lines) == ("stopped", ())


def test_work_that_fails_says_why_and_is_over() -> None:
    work = Work("busy")

    def fail(_: Progress) -> tuple[str, ...]:
        raise SourceError("one\ntwo")

    work.start("Failing", fail)
    settle(work)
    assert (work.standing.state, work.standing.lines) == ("failed", ("one", "two"))


def settle(work: Work) -> None:
    while work.goes_on:
        Event().wait(0.005)
