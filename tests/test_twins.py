"""Near-duplicates: shown once, listed under the one that is shown."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

import qa
from qa.twins import Shown, collapse

LONG = "The orchard on the hill above the village grows red apples and green pears for the market in the town by the river"


def test_copies_are_listed_under_the_first() -> None:
    texts = [LONG, "Trains carry coal.", f"{LONG}, they say.", "TRAINS carry coal!", "Something else."]
    assert collapse(texts, 3) == [Shown(0, [2]), Shown(1, [3]), Shown(4)]
    assert collapse(texts, 1) == [Shown(0)]


def test_another_figure_is_another_fact() -> None:
    assert len(collapse([f"{LONG} since 2019.", f"{LONG} since 2020."], 9)) == 2
    assert len(collapse([f"{LONG} since 2019.", f"{LONG}, since 2019."], 9)) == 1


def test_what_only_resembles_is_shown() -> None:
    assert (
        len(collapse([LONG, LONG.replace("apples", "cherries").replace("pears", "plums").replace("river", "sea")], 9)) == 2
    )
    assert len(collapse(["", "", "!"], 9)) == 3


@given(st.lists(st.sampled_from(["a b c", "a b c!", "d e f", "1 2", "1 3", ""]), max_size=12), st.integers(1, 8))
def test_every_place_before_the_last_is_listed_once(texts: list[str], k: int) -> None:
    shown = collapse(texts, k)
    places = sorted(place for each in shown for place in (each.place, *each.twins))
    assert places == list(range(len(places)))
    assert len(shown) <= k
    assert len(places) == len(texts) or len(shown) == k


def test_a_twin_is_citable(make_library: Callable[..., qa.Library]) -> None:
    copy = f"The orchard\n\n{LONG}."
    library = make_library({"one.txt": copy, "two.txt": copy, "three.txt": "Trains\n\nTrains carry coal to the village."})
    hits = library.search("apples and pears of the orchard", k=9)
    assert [(hit.passage.article.source, hit.rank) for hit in hits] == [("one.txt", 1), ("three.txt", 2)]
    assert [hit.passage.article.source for hit in hits.listed] == ["one.txt", "two.txt", "three.txt"]
    (twin,) = hits[0].twins
    assert twin.rank == 1
    assert twin.citation.article.source == "two.txt"
    assert twin.citation.quote == hits[0].citation.quote
    assert "Almost the same stands in The orchard · two.txt, paragraph 1." in hits._repr_html_()
