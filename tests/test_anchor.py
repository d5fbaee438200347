"""An article was edited: where its gold quotes stand now."""

from dataclasses import replace
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.anchor import Anchored, anchor_all, re_anchor
from eval.gold import GoldQuestion, GoldSpan
from index import Article, Span
from index.likeness import nearest

TEXT = (
    "Orchard prices rose again this year.\n\n"
    "The council counted 219 apple trees in the old orchard on Monday, twelve more than last year.\n\n"
    "Pears were not counted. Nobody knows how many there are.\n\n"
    "A second count is planned for the spring, when the buds are out."
)
QUOTE = "The council counted 219 apple trees in the old orchard on Monday"


def article(text: str, name: str = "a.txt", source: str = "a.txt", extent: Span | None = None) -> Article:
    return Article(name, "", text, source, extent or (0, len(text)))


def gold(quote: str, start: int, source: str = "a.txt", name: str | None = None) -> GoldQuestion:
    span = GoldSpan(source, name or source, start, start + len(quote), quote)
    return GoldQuestion("q", "How many?", "", (span,), True)


def anchored(text: str, quote: str = QUOTE, start: int = TEXT.index(QUOTE)) -> Anchored:
    (found,) = anchor_all([gold(quote, start)], [article(text)])
    assert found.question == "q"
    assert found.now is None or text[found.now.start : found.now.end] == found.now.quote
    return found


def test_a_quote_in_its_place_is_intact() -> None:
    found = anchored(TEXT)
    assert (found.status, found.now, found.similarity) == ("intact", found.span, 1.0)


def test_a_quote_further_down_is_moved() -> None:
    found = anchored("A new first paragraph.\n\n" + TEXT)
    assert found.status == "moved"
    assert found.now == replace(found.span, start=found.span.start + 24, end=found.span.end + 24)
    assert found.similarity == 1


def test_of_several_places_the_nearest_to_the_old_one_counts() -> None:
    text = "The answer is yes. " * 3 + "x" * 100 + "The answer is yes."
    found = anchored(text, "The answer is yes.", start=40)
    assert (found.status, found.now and found.now.start) == ("moved", 38)
    assert "the nearest of 4 places" in found.why
    assert anchored(text, "The answer is yes.", start=140).now == replace(found.span, start=157, end=175)
    assert anchored(text, "The answer is yes.", start=1000).now == replace(found.span, start=157, end=175)


@pytest.mark.parametrize(
    ("before", "after", "now", "why"),
    [
        ("apple trees", "apples", QUOTE.replace("apple trees", "apples"), "alike"),
        ("counted 219", "has counted 219", QUOTE.replace("counted", "has counted"), "alike"),
        ("219 apple", "219\napple", QUOTE.replace("219 apple", "219\napple"), "only white space differs"),
        ("219", "220", QUOTE.replace("219", "220"), "numbers differ: 219 before, 220 now"),
        ("219 ", "", QUOTE.replace("219 ", ""), "numbers differ: 219 before, none now"),
        ("The council", "On Friday the council", QUOTE[1:], "alike"),
    ],
)
def test_a_changed_quote_is_edited_and_holds_whole_words(before: str, after: str, now: str, why: str) -> None:
    found = anchored(TEXT.replace(before, after, 1))
    assert found.status == "edited"
    assert found.now is not None
    assert now in found.now.quote
    assert len(found.now.quote) <= len(now) + 1
    assert 0.75 <= found.similarity < 1
    assert why in found.why


def test_a_clause_put_into_the_middle_is_part_of_the_quote_now() -> None:
    text = TEXT.replace("old orchard on", "old orchard behind the church on")
    assert anchored(text).now == replace(
        anchored(text).span, end=120, quote=QUOTE.replace("orchard", "orchard behind the church")
    )


def test_a_number_of_another_spelling_is_not_cut() -> None:
    quote = "Output rose by 20.15 percent to 1,200 tons in the first half of the year"
    text = "In short. " + quote.replace("20.15", "20.16").replace("year", "year.")
    found = anchored(text, quote, start=0)
    assert found.now is not None
    assert found.now.quote == quote.replace("20.15", "20.16")
    assert "20.15 before, 20.16 now" in found.why


def test_a_quote_that_was_taken_out_is_gone() -> None:
    found = anchored(TEXT.replace(QUOTE, "Nothing new"))
    assert (found.status, found.now) == ("gone", None)
    assert "expected 75%" in found.why
    assert anchored("").status == "gone"
    assert anchored("Ж" * 500).why == "nothing in a.txt is like it"


def test_a_short_quote_must_be_more_alike() -> None:
    assert anchored("The octopus lives in the sea.", "in October", 0).status == "gone"
    assert anchored("It began on 12 September 2018.", "12 September 2019", 0).status == "edited"


def test_a_quote_of_another_source_is_gone() -> None:
    (found,) = anchor_all([gold(QUOTE, 0, "b.txt")], [article(TEXT)])
    assert (found.status, found.why) == ("gone", "its source b.txt is not among the articles")


def test_offsets_of_a_page_are_the_files_and_the_story_is_named_anew() -> None:
    stories = [article(TEXT, "a.txt#1", extent=(0, 36)), article(TEXT, "a.txt#2", extent=(38, len(TEXT)))]
    (found,) = anchor_all([gold("Pears were not counted.", 0, name="a.txt#1")], stories)
    assert found.now == GoldSpan("a.txt", "a.txt#2", 133, 156, "Pears were not counted.")


def test_a_line_of_a_corpus_is_told_by_its_id() -> None:
    lines = [article("Yes, it is so.", "d1", "c.jsonl"), article("So it is. Yes, it is so.", "d2", "c.jsonl")]
    questions = [gold("Yes, it is so.", 0, "c.jsonl", name) for name in ("d1", "d2", "d3")]
    assert [found.status for found in anchor_all(questions, lines)] == ["intact", "moved", "gone"]


def test_re_anchored_gold_is_whole_but_for_what_is_gone() -> None:
    text = "New.\n\n" + TEXT.replace("219", "220").replace("Nobody knows how many there are.", "")
    quotes = ["Orchard prices rose again this year.", QUOTE, "Nobody knows how many there are."]
    spans = tuple(GoldSpan("a.txt", "a.txt", TEXT.index(quote), TEXT.index(quote) + len(quote), quote) for quote in quotes)
    question = GoldQuestion("q", "?", "fact", spans, True, "a note")
    assert not any(each.status == "intact" for each in anchor_all([question], [article(text)]))
    (now,) = re_anchor([question], [article(text)])
    assert [each.status for each in anchor_all([now], [article(text)])] == ["intact", "intact", "gone"]
    assert now.relevant[2] == question.relevant[2]
    assert (now.id, now.question, now.kind, now.note) == ("q", "?", "fact", "a note")


def test_chinese_is_cut_between_characters() -> None:
    text = "第一段。苹果树在秋天开始结果，农民们非常高兴，因为今年的收成比去年好得多。第二段说别的事情。"
    quote = "苹果树在春天开始结果，农民们非常高兴，因为今年的收成比去年好得多"
    found = anchored(text, quote, 4)
    assert found.now is not None
    assert found.now.quote == quote.replace("春", "秋")


def test_it_stays_fast_where_much_repeats() -> None:
    begun = perf_counter()
    nearest("hello" * 400 + "x", "hello" * 20_000)
    nearest(QUOTE.replace("apple", "pear"), "\n\n".join(f"{TEXT} {number}" for number in range(1000)))
    assert perf_counter() - begun < 10


@settings(deadline=None)
@given(st.text(max_size=80), st.text(min_size=1, max_size=40), st.integers(0, 100))
def test_whatever_it_finds_stands_there(text: str, quote: str, start: int) -> None:
    found = anchored(text, quote, start)
    assert (found.now is None) == (found.status == "gone")
    assert 0 <= found.similarity <= 1
    assert (found.status in {"intact", "moved"}) == (quote in text)


@settings(deadline=None)
@given(st.text(alphabet="abc \n", max_size=60), st.integers(0, 120))
def test_text_put_before_never_loses_a_quote(before: str, seed: int) -> None:
    start = seed % (len(TEXT) - 30)
    quote = TEXT[start : start + 30]
    found = anchored(before + TEXT, quote, start)
    assert found.status in {"intact", "moved"}
    assert found.now is not None
    assert found.now.quote == quote
