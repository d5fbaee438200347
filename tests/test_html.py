"""Answers as HTML: nothing of a document becomes markup, and marks stand at their exact characters."""

import re
from collections.abc import Callable
from datetime import date
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import qa
from index import Article, Passage, Span
from qa.answer import Answer, Hit, Hits, LegScore, Why
from qa.html import answer_html, confidence_words, hits_html, mark, origin, shared_words, why_words
from qa.page import answer_panel, masthead, problem, source_panel

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> & \"quoted\" 'too' ${1+1} {{value}}"
TEXT = "Otters swim. They eat fish."

# Characters that matter to HTML more often than chance would have it.
texts = st.text(st.sampled_from("<>&\"'/ab m;#x水\n") | st.characters(), max_size=60)


@st.composite
def marked_texts(draw: st.DrawFn) -> tuple[str, list[Span]]:
    """A text with spans in it that do not overlap, some of them adjacent."""
    text = draw(texts)
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    return text, [pair for pair in pairwise(cuts) if draw(st.booleans())]


def plain(html: str) -> str:
    return unescape(re.sub("</?mark>", "", html))


@given(marked_texts())
def test_marks_are_the_slices_and_the_rest_is_kept(case: tuple[str, list[Span]]) -> None:
    text, spans = case
    html = mark(text, spans)
    assert plain(html) == text
    assert [unescape(piece) for piece in re.findall("<mark>(.*?)</mark>", html, re.DOTALL)] == [
        text[start:end] for start, end in spans
    ]


@given(texts, st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), max_size=6))
def test_no_spans_break_a_text(text: str, spans: list[Span]) -> None:
    html = mark(text, spans)
    assert plain(html) == text
    # Never nested, never open, never empty.
    assert re.sub("<mark>[^<>]+</mark>", "", html).count("<") == 0


@pytest.mark.parametrize(
    ("spans", "html"),
    [
        ([], "a&lt;b&gt;c"),
        ([(1, 4)], "a<mark>&lt;b&gt;</mark>c"),
        ([(0, 1), (1, 2)], "<mark>a</mark><mark>&lt;</mark>b&gt;c"),
        ([(0, 3), (1, 4)], "<mark>a&lt;b</mark><mark>&gt;</mark>c"),
        ([(0, 5), (1, 2)], "<mark>a&lt;b&gt;c</mark>"),
        ([(3, 4), (0, 1)], "<mark>a</mark>&lt;b<mark>&gt;</mark>c"),
        ([(2, 2), (4, 3)], "a&lt;b&gt;c"),
        ([(4, 99), (7, 9)], "a&lt;b&gt;<mark>c</mark>"),
    ],
)
def test_mark_by_hand(spans: list[Span], html: str) -> None:
    assert mark("a<b>c", spans) == html


def make_hit(
    text: str = TEXT,
    title: str = "Otters",
    rank: int = 1,
    matched: tuple[str, ...] = ("otter",),
    lexical: LegScore = LegScore(1, 12.34),  # noqa: B008 - frozen
) -> Hit:
    article = Article(
        "otters", title, text, "otters.txt", (0, len(text)), date(2023, 7, 8), "A. Writer", "https://x.example/o"
    )
    passage = Passage(article, ((0, len(text)),), "paragraph", text, "", 3)
    return Hit(
        passage,
        rank,
        0.98,
        Why(LegScore(2, 0.613), lexical, matched, late=LegScore(1, 0.58)),
        ((0, text.find(".") + 1 or len(text)),),
    )


def make_answer(*hits: Hit, found: bool = True, confidence: float = 0.87) -> Answer:
    return Answer("What do otters do?", found, confidence, Hits("What do otters do?", hits))


def test_a_found_answer_cites_its_sentence() -> None:
    html = answer_html(make_answer(make_hit()))
    assert "Otters swim. [1]" in html
    assert "[1] Otters · otters.txt · 8 July 2023 · Very likely the answer (0.87)" in html
    assert re.search(r"<mark [^>]*>Otters swim\.</mark> They eat fish\.", html)
    assert "By meaning: 2nd, cosine 0.61. By words: 1st, BM25 12.3. Word for word: 1st, 0.58. Score 0.98." in html


def test_an_answer_that_is_not_there_says_so() -> None:
    html = answer_html(make_answer(make_hit(), found=False))
    assert "Not in these articles." in html
    assert "Nearest passages" in html
    assert "[1] Otters" in html
    assert "the answer" not in html


def test_an_answer_without_passages_is_shown() -> None:
    assert "No passages." in answer_html(make_answer(found=False))
    assert "Not in these articles." in answer_panel(make_answer(found=False), "build")


def test_notebooks_show_hits_answers_and_libraries(make_library: Callable[[dict[str, str]], qa.Library]) -> None:
    library = make_library({"otters.txt": "Otters of the river\n\nOtters swim in rivers every day of the year, they say."})
    answer = library.ask("Where do otters swim?")
    assert answer._repr_html_() == answer_html(answer)
    assert answer.hits._repr_html_() == hits_html(answer.hits)
    assert answer.hits[0]._repr_html_() == hits_html([answer.hits[0]])
    assert "1 article, 1 passage" in library._repr_html_()
    assert "Otters of the river" in library._repr_html_()


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)


def test_nothing_of_a_document_becomes_markup(make_library: Callable[[dict[str, str]], qa.Library]) -> None:
    hit = make_hit(text=HOSTILE, title=HOSTILE)
    answer = Answer(HOSTILE, True, 0.9, Hits(HOSTILE, [hit]))
    library = make_library({"otters.md": f"# {HOSTILE}\n\n{HOSTILE}"})
    shown = [
        answer_html(answer),
        hits_html([hit]),
        library._repr_html_(),
        answer_panel(answer, "build"),
        answer_panel(make_answer(hit, found=False), "build"),
        source_panel(hit),
        masthead(library),
        problem(HOSTILE),
    ]
    for html in shown:
        page = Tags()
        page.feed(html)
        assert not page.tags & {"script", "img"}
        assert not {name for name in page.attributes if name.startswith("on")}


def test_the_source_panel_shows_the_extent_with_its_marks() -> None:
    text = "Before.\n\nOtters swim\n\nA caption.\n\nin rivers. They eat.\n\nAfter."
    article = Article("otters", "Otters", text, "otters.txt", (9, 57))
    spans = ((9, 20), (34, 54))
    passage = Passage(article, spans, "paragraph", "Otters swim in rivers. They eat.", "", 1)
    hit = Hit(passage, 1, 0.5, Why(LegScore(1, 0.5), LegScore(None, 0.0)), ((0, 22),))
    html = source_panel(hit)
    assert '<span class="cited"><mark>Otters swim</mark></span>\n\nA caption.\n\n' in html
    assert '<span class="cited"><mark>in rivers.</mark> They eat.</span>' in html
    assert "Before." not in html
    assert "After." not in html
    other = Hit(Passage(article, ((22, 32),), "caption", "A caption.", "", 2), 2, 0.4, hit.why, ())
    both = source_panel(hit, {"1": hit, "2": other})
    assert '</span>\n\n<span class="found">A caption.</span>\n\n<span class="cited">' in both
    assert both.count("cited") == html.count("cited")


def test_words_for_ranks_and_certainty() -> None:
    hit = make_hit(lexical=LegScore(None, 0.0))
    assert "By words: not among the best, BM25 0.0." in why_words(hit)
    ranks = {
        1: "1st",
        2: "2nd",
        3: "3rd",
        4: "4th",
        11: "11th",
        12: "12th",
        13: "13th",
        21: "21st",
        111: "111th",
        1002: "1,002nd",
    }
    for rank, words in ranks.items():
        assert f"By words: {words}," in why_words(make_hit(lexical=LegScore(rank, 1.0)))
    sure = [confidence_words(make_answer(make_hit(), confidence=confidence)) for confidence in (0.49, 0.5, 0.75)]
    assert sure == ["Perhaps the answer: the nearest words found", "Probably the answer", "Very likely the answer"]


def test_shared_words_are_spelled_as_in_the_passage() -> None:
    assert shared_words(make_hit("“Otters’ fish,” they say, 160-400 of them.", matched=("otter", "160-400", "fish"))) == [
        "otters",
        "fish",
        "160-400",
    ]
    assert shared_words(make_hit("水獺在河裡游泳。", matched=("水獺",))) == ["水獺"]
    assert shared_words(make_hit(matched=())) == []


def test_what_is_not_known_is_left_out() -> None:
    assert origin(Article("a", "", "", "a.txt", (0, 0))) == "a.txt"
    assert origin(Article("a", "Otters", "", "a.txt", (0, 0))) == "Otters · a.txt"
    assert origin(Article("a", "", "", "", (0, 0))) == "a"
