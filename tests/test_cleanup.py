"""The clean-up: what a reader reads at spans of a source, and the way back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.article import Span
from index.cleanup import clean_up

# Letters of several scripts, white space, and everything that the clean-up treats in a way of its own.
_SOURCES = st.lists(
    st.sampled_from([*"abcXYé中の。 \n\t-*_`[]()!\\&;#7.\u00ad\u200b\u00a0", "&amp;", "[a](b)", "-\n", "**b**"]), max_size=40
).map("".join)
_PLAIN = st.text(st.sampled_from("abé7 \n\t."), max_size=60)


@st.composite
def sources_and_spans(draw: st.DrawFn, sources: st.SearchStrategy[str] = _SOURCES) -> tuple[str, list[Span]]:
    source = draw(sources)
    edges = sorted(draw(st.sets(st.integers(0, len(source)), max_size=6)))
    return source, [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=False)]


def clean(source: str) -> str:
    return clean_up(source, [(0, len(source))]).text if source else ""


def letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


def is_within(part: str, whole: str) -> bool:
    """Whether the characters of a part stand in the whole in their order."""
    rest = iter(whole)
    return all(character in rest for character in part)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("one\ntwo", "one two"),
        ("  one \t two\n\n three ", "one two three"),
        ("中文\n日本", "中文日本"),
        ("第一行，\n第二行", "第一行，第二行"),
        ("中文\nEnglish", "中文 English"),
        ("中文 日本", "中文 日本"),
        ("soft\u00adhyphen and zero\u200bwidth", "softhyphen and zerowidth"),
        ("a\u00a0b", "a b"),
    ],
)
def test_white_space_and_line_ends_become_one_space_or_nothing_between_chinese_characters(source: str, text: str) -> None:
    assert clean(source) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("an indus-\ntrial base", "an industrial base"),
        ("industri-\nal. Later: industrial", "industrial. Later: industrial"),
        ("a well-\nknown man, a well-known man", "a well-known man, a well-known man"),
        ("a well-\nknown man: known well", "a well-known man: known well"),
        ("a co-\noperation, cooperation: co and operation", "a cooperation, cooperation: co and operation"),
        ("a state-of-the-\nart kitchen", "a state-of-theart kitchen"),
        ("the China-\nEurope line", "the China-Europe line"),
        ("COVID-\n19", "COVID-19"),
        ("160-\n400 kilometers", "160-400 kilometers"),
        ("a 5G-\nbased system", "a 5G-based system"),
        ("pre-\nand post-war years", "pre- and post-war years"),
        ("10-\nto 20-year bonds", "10- to 20-year bonds"),
        ("a pota-\nto soup", "a potato soup"),
        ("he came -\nand went", "he came - and went"),
        ("a dash --\nand more", "a dash -- and more"),
        ("well- known", "well- known"),
    ],
)
def test_a_word_hyphenated_at_a_line_end_is_joined_and_keeps_a_hyphen_that_belongs(source: str, text: str) -> None:
    assert clean(source) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"30,000 yuan (\$4,630)", "30,000 yuan ($4,630)"),
        (r"\*not emphasis\* and 50\%", "*not emphasis* and 50%"),
        ("**Left:** a *red* and ***blue*** car", "Left: a red and blue car"),
        ("__bold__ and _italic_", "bold and italic"),
        ("`code` and ``more code``", "code and more code"),
        ("a [link](https://example.org/a_(b)) here", "a link here"),
        ('a [**bold** link](x "title"), ![picture](p.png)', "a bold link, picture"),
        ("a [](empty) link", "a link"),
        ("R&D at AT&T", "R&D at AT&T"),
        ("&lt;b&gt; &amp;amp; &#8217;&#x41;", "<b> &amp; ’A"),
        ("a&nbsp;&nbsp;b&#10;c", "a b c"),
        ("&bogus; &notanentity; & &;", "&bogus; &notanentity; & &;"),
        ("zero&#8203;width, control&#1;", "zerowidth, control"),
    ],
)
def test_markdown_leaves_its_text(source: str, text: str) -> None:
    assert clean(source) == text


@pytest.mark.parametrize(
    "text",
    [
        "2*3*4 and 5 * 3 * 2",
        "snake_case_name and a_b_c@example.org",
        "*args, **kwargs",
        r"C:\Users\name and \alpha_{i}",
        "[citation needed] and f(x)[0]",
        "3 < 5 & 6 > 4",
        "an unfinished **bold and `tick",
        "<script>alert(1)</script>",
    ],
)
def test_what_only_looks_like_markdown_stays(text: str) -> None:
    assert clean(text) == text


def test_pieces_of_a_cut_paragraph_are_joined_by_a_space_and_their_hyphenation_undone() -> None:
    source = "a high-tech indus-\n\nA photo.\n\ntrial base of\n\nAnother.\n\nthe state"
    spans = [(0, 18), (30, 43), (55, 64)]
    assert [source[start:end] for start, end in spans] == ["a high-tech indus-", "trial base of", "the state"]
    cleaned = clean_up(source, spans)
    assert cleaned.text == "a high-tech industrial base of the state"
    start = cleaned.text.index("industrial")
    assert cleaned.source_spans(start, start + len("industrial")) == ((12, 18), (30, 35))
    start = cleaned.text.index("base")
    assert cleaned.source_spans(start, start + len("base")) == ((36, 40),)


def test_a_range_is_found_under_its_markup() -> None:
    source = r"It cost **\$4,630** &amp; [more](u)."
    cleaned = clean_up(source, [(0, len(source))])
    assert cleaned.text == "It cost $4,630 & more."

    def found(words: str) -> list[str]:
        start = cleaned.text.index(words)
        return [source[low:high] for low, high in cleaned.source_spans(start, start + len(words))]

    assert found("$4,630") == ["$4,630"]
    assert found("&") == ["&amp;"]
    assert found("more") == ["more"]
    assert found("cost $4") == [r"cost **\$4"]


@pytest.mark.parametrize("spans", [[(0, 0)], [(3, 2)], [(0, 9)], [(-1, 2)], [(3, 5), (0, 2)], [(0, 3), (2, 5)]])
def test_spans_that_are_no_ordered_ranges_of_the_source_are_refused(spans: list[Span]) -> None:
    with pytest.raises(ValueError, match="not ordered ranges of a text of 8 characters"):
        clean_up("8 letter", spans)


@pytest.mark.parametrize(("start", "end"), [(0, 0), (2, 1), (-1, 2), (0, 9)])
def test_an_empty_range_or_one_that_leaves_the_text_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="in a text of 8"):
        clean_up("8 letter", [(0, 8)]).source_spans(start, end)


@given(sources_and_spans())
def test_the_same_source_and_spans_always_give_the_same_tidy_text(case: tuple[str, list[Span]]) -> None:
    source, spans = case
    cleaned = clean_up(source, spans)
    assert clean_up(source, spans) == cleaned
    assert cleaned.spans == tuple(spans)
    assert cleaned.text == " ".join(cleaned.text.split())


@given(sources_and_spans(_PLAIN))
def test_text_without_markup_keeps_every_character_but_white_space(case: tuple[str, list[Span]]) -> None:
    source, spans = case
    assert clean_up(source, spans).text.split() == " ".join(source[start:end] for start, end in spans).split()


@given(sources_and_spans(), st.data())
def test_every_range_of_the_text_lands_inside_the_spans_on_the_same_words(
    case: tuple[str, list[Span]], data: st.DataObject
) -> None:
    source, spans = case
    cleaned = clean_up(source, spans)
    if not cleaned.text:
        return
    start = data.draw(st.integers(0, len(cleaned.text) - 1))
    end = data.draw(st.integers(start + 1, len(cleaned.text)))
    ranges = cleaned.source_spans(start, end)
    assert list(ranges) == sorted(ranges)
    for low, high in ranges:
        assert low < high
        assert any(first <= low and high <= last for first, last in spans)
    there = "".join(source[low:high] for low, high in ranges)
    assert is_within(letters(cleaned.text[start:end]), there.replace("&amp;", "&"))


@given(sources_and_spans(_PLAIN), st.data())
def test_every_range_of_plain_text_lands_on_exactly_its_characters(
    case: tuple[str, list[Span]], data: st.DataObject
) -> None:
    source, spans = case
    cleaned = clean_up(source, spans)
    words = [match.span() for match in re.finditer(r"\S+", cleaned.text)]
    if not words:
        return
    first, last = sorted((data.draw(st.sampled_from(words)), data.draw(st.sampled_from(words))))
    there = " ".join(source[low:high] for low, high in cleaned.source_spans(first[0], last[1]))
    assert there.split() == cleaned.text[first[0] : last[1]].split()


@pytest.mark.parametrize(
    "unit",
    [
        "*",
        "[",
        "_",
        "`",
        "&",
        "\\",
        "*a",
        "_a ",
        "[a](",
        "`a",
        "**a ",
        "* a",
        '[a](b "',
        "&#",
        "a-\nb",
        "-\n",
        "A ",
        "a",
        "a\n",
    ],
)
def test_a_hundred_thousand_odd_characters_are_read(unit: str) -> None:
    # Read in one pass this takes a tenth of a second; a pattern that goes back and forth would not come to an end.
    source = (unit * 100_000)[:99_999] + "\n"
    text = clean(source)
    assert text == " ".join(text.split())
    assert is_within(letters(text), source)
