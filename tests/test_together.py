"""Several people ask the page's function while the index is brought up to date: every answer is whole."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import pytest
from conftest import ToyTokenEncoder

import qa
from index import build_index
from qa.page import parts
from qa.page.asked import Asked
from qa.page.part import DEFAULTS

PEOPLE, UPDATES = 4, 3
SECONDS_BETWEEN = 0.7
OTTERS = Asked("Where do otters swim every day?").link


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    articles = tmp_path / "articles"
    articles.mkdir()
    (articles / "otters.txt").write_text("Otters of the rivers\n\nOtters swim in cold rivers every day of the year.")
    for number in range(40):
        (articles / f"{number}.txt").write_text(f"Story {number}\n\nBear {number} sleeps in cave {number} all winter.")
    return articles


def test_no_answer_fails_while_the_index_is_brought_up_to_date(folder: Path) -> None:
    index, encoder = folder.parent / "index", ToyTokenEncoder()
    build_index([folder], index, encoder)
    called = {each.__name__: each for each in parts(qa.Library.open(index, encoder), DEFAULTS)[0].functions}
    over, builds = Event(), set()

    def answer(asked: str) -> str:
        html: str = called["ask"]({"asked": asked})
        assert 'class="problem"' not in html, html
        build = html.split('data-build="')[1].split('"')[0]
        builds.add(build)
        # The article of that answer, even if another build answers by now.
        source = called["read_source"]({"asked": asked, "build": build, "hit": "1"})
        assert 'class="cited"' in source, source
        return source

    def keep_asking(number: int) -> int:
        answers = 0
        while not over.is_set():
            assert "swim in cold rivers" in answer(OTTERS)
            # Asked by nobody before, so that nothing is answered from what is kept.
            answer(Asked(f"Which cave does bear {number} sleep in, {answers}?").link)
            answers += 2
        return answers

    with ThreadPoolExecutor(PEOPLE) as people:
        asking = [people.submit(keep_asking, number) for number in range(PEOPLE)]
        try:
            for number in range(UPDATES):
                answer(OTTERS)
                sleep(SECONDS_BETWEEN)
                (folder / f"new-{number}.txt").write_text(f"Heron {number}\n\nHeron number {number} fishes at the pier.")
                build_index([folder], index, ToyTokenEncoder())
                asked = Asked(f"Where does heron number {number} fish?").link
                assert f"Heron {number}" in until(lambda asked=asked: answer(asked), f"Heron {number}")
        finally:
            over.set()
        assert all(each.result() > 2 for each in asking)
    assert len(builds) == 1 + UPDATES


def until(ask: Callable[[], str], words: str) -> str:
    """What is answered once it has some words in it; or after a while, what was answered last."""
    late = monotonic() + 10
    while words not in (found := ask()) and monotonic() < late:
        sleep(0.05)
    return found
