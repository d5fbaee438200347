"""From pages to stories: the seeds, an invented newspaper page, and pages made at random."""

import re
from datetime import date
from itertools import pairwise

import pytest
from conftest import SEEDS
from hypothesis import given
from hypothesis import strategies as st

from index.article import Passage, Span
from index.cleanup import clean_up
from index.passages import make_passages
from index.sources import Draft, find_sources, read_sources
from index.stories import Story, read_body, read_stories


def read(source: str, spans: tuple[Span, ...]) -> str:
    return clean_up(source, spans).text


def texts(source: str, story: Story) -> list[str]:
    return [read(source, block.spans) for block in story.blocks]


def only_story(source: str) -> Story:
    (story,) = read_stories(source)
    return story


def uncovered(source: str, spans: list[Span]) -> str:
    """What of a source stands in none of the spans."""
    kept, position = [], 0
    for start, end in sorted(spans):
        kept.append(source[position:start])
        position = max(position, end)
    return "\n".join([*kept, source[position:]])


def stand_apart(spans: list[Span]) -> bool:
    return all(before[1] <= after[0] for before, after in pairwise(sorted(spans)))


# --- the seed articles


@pytest.fixture(scope="module")
def drafts() -> list[Draft]:
    return read_sources(find_sources([SEEDS])).drafts


@pytest.fixture(scope="module")
def passages(drafts: list[Draft]) -> list[Passage]:
    return [made.passage for made in make_passages(drafts)]


def test_the_five_seed_files_are_nine_articles(drafts: list[Draft]) -> None:
    told = [(a.id[:3] + a.id[24:], a.title, a.byline, a.published, a.section) for a in (draft.article for draft in drafts)]
    assert told == [
        ("000", "Yuxian county finds success following revamp of economy", "", date(2021, 7, 13), "Why Yangquan"),
        ("001", "Yangquan sees good growth in industrial development", "", date(2022, 2, 10), "Overview"),
        ("002", "Added industrial value of Shanxi rises 23.9% in Q1", "", None, ""),
        ("003", "Honored firms help fuel high-quality growth", "Yuan Shenggao (China Daily)", date(2023, 7, 28), ""),
        ("004#1", "Economic transformation a driving force for province", "YUAN SHENGGAO", None, ""),
        ("004#2", "Targeted measures lift villages out of poverty", "YUAN SHENGGAO", None, ""),
        ("004#3", "Intelligent technology renews manufacturing", "YUAN SHENGGAO", None, ""),
        ("004#4", "Public celebrates CPC centennial", "", None, ""),
        ("004#5", "Rural people make progress through modern farming and new industries", "YUAN SHENGGAO", None, ""),
    ]


def test_the_seeds_credits_and_sign_offs_are_kept_with_their_articles(drafts: list[Draft]) -> None:
    assert [draft.article.credits for draft in drafts] == [
        ("[Photo/Yangquan Evening News]",),
        ("[Photo/Yangquan Evening News]",) * 3,
        (),
        ("[Photo provided to China Daily]", "Yao Yi contributed to this story."),
        ("LIU TONG / FOR CHINA DAILY", "Guo Yanjie contributed to this story."),
        ("Wang Pei contributed to this story.",),
        ("Wu Jia contributed to this story.", "WANG RUIRUI / FOR CHINA DAILY"),
        ("ZHANG XIUFENG / FOR CHINA DAILY", "RUAN YANG / FOR CHINA DAILY"),
        ("WANG PEI / FOR CHINA DAILY", "Li Shu contributed to this story."),
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "The park is just one example of how Shanxi is applying an economic transformation. It features a shift",
        "The entrepreneur said Shanxi's information technology market used to be dominated",
        "With 34 local families becoming members, the cooperative was expanded to cover 10 greenhouses in 2020.",
        "a State-level high-tech industrial base for smart manufacturing last year.",
        "The village where Jing lives is one of the beneficiaries of such a campaign.",
        '"The use of new technologies can lead to a 20 percent increase in output," Jing said.',
        "Yuncheng has also used industrial development to help improve the livelihoods of residents",
    ],
)
def test_a_sentence_that_the_seeds_cut_is_one_passage_with_two_spans(passages: list[Passage], sentence: str) -> None:
    (found,) = [passage for passage in passages if sentence in passage.text]
    assert len(found.spans) == 2
    assert found.kind == "paragraph"


def test_the_seeds_captions_are_passages_of_their_kind(passages: list[Passage]) -> None:
    captions = [passage.text for passage in passages if passage.kind == "caption"]
    assert [caption[:50] for caption in captions] == [
        "Workers make flower crafts in Yuxian county, Yangq",
        "Workers assemble electronic equipment in a plant i",
        "The No 7 Shanxi Smart City in Yangquan",
        "Workers operate a 5G-based intelligent coal mining",
        "From left: Workers check the quality of flange pro",
        "Cars are assembled at an automobile plant in Shanx",
        "Ybike hubs are produced at a plant in Taiyuan-base",
        "As the 100th anniversary of the founding of the Co",
        "Residents in Yuncheng's Wenxi county are trained i",
    ]


def test_no_metadata_of_the_seeds_is_in_a_passage(passages: list[Passage]) -> None:
    metadata = re.compile(r"Home >|Updated:|\bBy Y|SHENGGAO|Photo|FOR CHINA DAILY|contributed to this story|\*\*|\\")
    assert [passage for passage in passages if metadata.search(passage.text)] == []


def test_outside_the_seeds_passages_stand_only_headings_and_metadata(drafts: list[Draft], passages: list[Passage]) -> None:
    sources = {draft.article.source: draft.article.text for draft in drafts}
    for source, text in sources.items():
        own = [passage for passage in passages if passage.article.source == source]
        rest = uncovered(text, [span for passage in own for span in passage.spans])
        known = {
            "Home > Why Yangquan",
            "Home > Overview",
            "Updated: 2021-07-13",
            "Updated: 2022-02-10",
            "Updated: 2023-07-28",
        }
        known |= {"By Yuan Shenggao (China Daily)", "By YUAN SHENGGAO"}
        known |= {passage.section for passage in own}
        for article in (draft.article for draft in drafts if draft.article.source == source):
            known |= {article.title, *article.credits}
        left = {" ".join(line.split()) for line in rest.split("\n")} - {""}
        assert left <= known


# --- an invented page, with other names, other credits and other cuts

PAGE = r"""News > Regions > North Coast

Harbour town turns its old cannery into a school

Pupils learn carpentry, welding and the chemistry of the sea under one roof

By Marta Oyelaran, Education Correspondent

Published: March 3, 2019 08:15 (GMT)


Pupils plane a plank in the former packing hall. (Photo: T. Brandvik/Coast Herald)

When the last tin left the line in 2009, few in Skarvik believed that the hall would be used again.

Today its halls are full. The school, which opened in Septem-

ber, teaches 240 pupils from nine villages and has a waiting

The head teacher, Ole Brandt, greets parents at the gate on the first day of term.

list of sixty more.

"We wanted a place that smells of tar," said Brandt\*, who once packed herring here. The council's

own figures put the cost at €4.6 million, of which a third came from the state-

run development bank. That is 12 percent less than planned.

The canteen

Lunch is run by the pupils &mdash; the state pays &mdash; with fish on Tuesdays, of course.

\* Brandt retires next year.

Ines Dahl and P. R. Moe contributed reporting.

Ferry line to the islands gets a second boat

BY JON ÅKESSON

A second ferry will serve the outer islands from May, the county's transport board

A ferry leaves the pier at dawn. INES DAHL / FOR THE HERALD

decided on Monday. It carries 38 cars and 250

travellers, twice as many as the old one.

The board's vote was close: five to four.

Reporting by Jon Åkesson; editing by Ines Dahl

Storm of the year floods cellars



**Above:** Volunteers pump water from a cellar in Nordvik on Sunday. Jo Lind/Herald

No one was hurt, but the fire service counted 61 flooded cellars along the river.

Schools stayed closed on Monday."""


@pytest.fixture(scope="module")
def stories() -> list[Story]:
    return read_stories(PAGE)


def test_the_invented_page_has_three_stories(stories: list[Story]) -> None:
    assert [(story.title, story.byline, story.published, story.section) for story in stories] == [
        (
            "Harbour town turns its old cannery into a school",
            "Marta Oyelaran, Education Correspondent",
            date(2019, 3, 3),
            "North Coast",
        ),
        ("Ferry line to the islands gets a second boat", "JON ÅKESSON", None, ""),
        ("Storm of the year floods cellars", "", None, ""),
    ]
    assert [story.credits for story in stories] == [
        ["(Photo: T. Brandvik/Coast Herald)", "Ines Dahl and P. R. Moe contributed reporting."],
        ["INES DAHL / FOR THE HERALD", "Reporting by Jon Åkesson; editing by Ines Dahl"],
        ["Jo Lind/Herald"],
    ]


def test_the_invented_page_reads_right(stories: list[Story]) -> None:
    school, ferry, storm = (
        [(block.kind, len(block.spans), read(PAGE, block.spans)) for block in sorted(story.blocks, key=lambda b: b.spans)]
        for story in stories
    )
    assert school == [
        ("standfirst", 1, "Pupils learn carpentry, welding and the chemistry of the sea under one roof"),
        ("caption", 1, "Pupils plane a plank in the former packing hall."),
        (
            "paragraph",
            1,
            "When the last tin left the line in 2009, few in Skarvik believed that the hall would be used again.",
        ),
        (
            "paragraph",
            3,
            "Today its halls are full. The school, which opened in September, teaches 240 pupils from nine villages "
            "and has a waiting list of sixty more.",
        ),
        ("caption", 1, "The head teacher, Ole Brandt, greets parents at the gate on the first day of term."),
        (
            "paragraph",
            3,
            '"We wanted a place that smells of tar," said Brandt*, who once packed herring here. The council\'s own '
            "figures put the cost at €4.6 million, of which a third came from the state-run development bank. That is "
            "12 percent less than planned.",
        ),
        ("paragraph", 1, "Lunch is run by the pupils — the state pays — with fish on Tuesdays, of course."),
        ("paragraph", 1, "* Brandt retires next year."),
    ]
    assert ferry == [
        (
            "paragraph",
            3,
            "A second ferry will serve the outer islands from May, the county's transport board decided on Monday. "
            "It carries 38 cars and 250 travellers, twice as many as the old one.",
        ),
        ("caption", 1, "A ferry leaves the pier at dawn."),
        ("paragraph", 1, "The board's vote was close: five to four."),
    ]
    assert storm == [
        ("caption", 1, "Above: Volunteers pump water from a cellar in Nordvik on Sunday."),
        ("paragraph", 1, "No one was hurt, but the fire service counted 61 flooded cellars along the river."),
        ("paragraph", 1, "Schools stayed closed on Monday."),
    ]


def test_a_standfirst_can_be_found_and_a_subheading_is_the_section_of_what_follows(stories: list[Story]) -> None:
    standfirst = "Pupils learn carpentry, welding and the chemistry of the sea under one roof"
    assert [read(PAGE, block.spans) for block in stories[0].blocks if block.kind == "standfirst"] == [standfirst]
    sections = {read(PAGE, block.spans)[:5]: block.section for block in stories[0].blocks}
    assert sections["When "] == ""
    assert sections["Lunch"] == "The canteen"


def test_a_short_line_below_the_title_is_a_heading() -> None:
    (story,) = read_stories("How herring is packed\n\nIntroduction\n\nHerring is packed in tins.")
    assert [(block.kind, block.section) for block in story.blocks] == [("paragraph", "Introduction")]


def test_each_story_of_the_invented_page_has_its_own_extent(stories: list[Story]) -> None:
    first, second, third = (PAGE[slice(*story.extent)] for story in stories)
    assert first.startswith("News >")
    assert first.endswith("contributed reporting.")
    assert second.startswith("Ferry line")
    assert third.startswith("Storm")
    assert third.endswith("Monday.")


# --- pages made at random

_LONG = ["river", "market", "apples", "school", "harbour", "winter", "engine", "quietly"]
_WORDS = st.sampled_from([*_LONG, "green", "sold", "250", "4.6", "built", "seven"])
_CLAUSES = st.lists(_WORDS, min_size=6, max_size=14).map(" ".join)
_SENTENCES = _CLAUSES.map("The town saw {}.".format)
_PARAGRAPHS = st.lists(_SENTENCES, min_size=1, max_size=3).map(" ".join)
_CREDITS = st.sampled_from(
    [
        "JANE DOE / FOR THE NEWS",
        "[Photo/Agency]",
        "(Photo: J. Doe/AP)",
        "Photo by J. K. Doe",
        "Jane Doe/Reuters",
        "© Jane Doe",
    ]
)
_CAPTIONS = st.tuples(_CLAUSES.map("A photo of {}.".format), _CREDITS).map(" ".join)
_SIGN_OFFS = st.sampled_from(["Ann Poe contributed to this story.", "Reporting by Ann Poe", ""])


@st.composite
def cut_paragraphs(draw: st.DrawFn) -> tuple[str, str, int]:
    """A paragraph as it should read, the blocks that it stands in, and how many pieces it was cut into."""
    words = draw(_PARAGRAPHS).split()
    # Where a word with a small letter goes on, and the words before it end no sentence.
    places = [
        place
        for place in range(2, len(words))
        if words[place][0].islower() and words[place - 1][-1] != "." and not words[place - 1][0].isupper()
    ]
    cuts = sorted(draw(st.sets(st.sampled_from(places), max_size=2)))
    blocks: list[str] = []
    rest = ""
    for start, end in zip([0, *cuts], [*cuts, len(words)], strict=True):
        if start and draw(st.booleans()):
            blocks.append(draw(_CAPTIONS))
        piece = [rest, *words[start + bool(rest) : end]] if rest else words[start:end]
        rest = ""
        if end < len(words) and words[end] in _LONG and draw(st.booleans()):
            # A column break inside a word.
            piece, rest = [*piece, f"{words[end][:3]}-"], words[end][3:]
        blocks.append(" ".join(piece))
    return " ".join(words), "\n\n".join(blocks), len(cuts) + 1


@st.composite
def pages(draw: st.DrawFn) -> tuple[str, list[list[str]], list[list[int]]]:
    """A page, and for each of its stories the paragraphs and the numbers of their pieces."""
    written: list[str] = draw(st.sampled_from([[], ["Home > News"]]))
    paragraphs: list[list[str]] = []
    counts: list[list[int]] = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        made = draw(st.lists(cut_paragraphs(), min_size=1, max_size=4))
        date_line = draw(st.sampled_from([[], ["Updated: 2021-07-13"], ["July 13, 2021"]]))
        sign_off = draw(_SIGN_OFFS)
        written = [*written, f"Headline of the story number {number}", "By Max Poe (The News)", *date_line]
        written += [blocks for _, blocks, _ in made]
        written += [sign_off] if sign_off else []
        paragraphs.append([whole for whole, _, _ in made])
        counts.append([count for _, _, count in made])
    return "\n\n".join(written), paragraphs, counts


@given(pages())
def test_every_cut_paragraph_of_a_page_comes_back_whole(page: tuple[str, list[list[str]], list[list[int]]]) -> None:
    source, paragraphs, counts = page
    stories = read_stories(source)
    own = [[block for block in story.blocks if block.kind == "paragraph"] for story in stories]
    assert [[read(source, block.spans) for block in blocks] for blocks in own] == paragraphs
    assert [[len(block.spans) for block in blocks] for blocks in own] == counts
    assert [story.title for story in stories] == [f"Headline of the story number {n}" for n in range(1, len(stories) + 1)]
    assert {story.byline for story in stories} == {"Max Poe (The News)"}


@given(pages())
def test_of_a_page_nothing_is_lost_and_no_metadata_is_in_a_passage(page: tuple[str, object, object]) -> None:
    source = page[0]
    stories = read_stories(source)
    spans = [span for story in stories for block in story.blocks for span in block.spans]
    assert stand_apart(spans)
    metadata = {"Home > News", "By Max Poe (The News)", "Updated: 2021-07-13", "July 13, 2021"}
    known = metadata | {story.title for story in stories} | {line for story in stories for line in story.credits}
    assert {line.strip() for line in uncovered(source, spans).split("\n")} - {""} <= known
    inside = "\n".join(source[start:end] for start, end in spans)
    assert not any(line in inside for line in known)


@given(st.text("aB .\n-*[]>", max_size=80) | st.lists(_PARAGRAPHS | _CAPTIONS | _SIGN_OFFS, max_size=6).map("\n\n".join))
def test_any_text_is_read_and_its_blocks_stand_apart(source: str) -> None:
    for story in [*read_stories(source), read_body(source)]:
        for block in story.blocks:
            assert read(source, block.spans)
        assert stand_apart([span for block in story.blocks for span in block.spans])


# --- single rules


def test_each_story_has_the_breadcrumb_and_date_above_its_title() -> None:
    first = "News > Sport\n\nJuly 13, 2021\n\nOne\n\nWe won.\n\nReporting by Ann Poe"
    second = "News > Sea\n\nJuly 14, 2021\n\nTwo\n\nBy Jane Doe\n\nWe swam."
    stories = read_stories(f"{first}\n\n{second}")
    assert [(story.title, story.section, story.published) for story in stories] == [
        ("One", "Sport", date(2021, 7, 13)),
        ("Two", "Sea", date(2021, 7, 14)),
    ]


def test_a_cut_before_a_capital_is_joined_when_what_came_before_can_be_no_heading() -> None:
    source = "Title\n\nThe hall was full. It was then that\n\nA crowd. JANE DOE / THE NEWS\n\nAnna Kowal spoke of her plans."
    assert texts(source, only_story(source)) == [
        "The hall was full. It was then that Anna Kowal spoke of her plans.",
        "A crowd.",
    ]


def test_a_subheading_above_a_captioned_photo_stays_one() -> None:
    source = "Title\n\nIt began well.\n\nThe second day\n\nA crowd. JANE DOE / THE NEWS\n\nNobody came."
    story = only_story(source)
    assert [(block.section, read(source, block.spans)) for block in story.blocks] == [
        ("", "It began well."),
        ("The second day", "A crowd."),
        ("The second day", "Nobody came."),
    ]


def test_a_caption_without_a_credit_is_known_by_the_sentence_that_it_cuts() -> None:
    source = "Title\n\nThe mill was built by the river in the\n\nThe mill today.\n\nyear of the flood."
    story = only_story(source)
    assert sorted((block.kind, read(source, block.spans)) for block in story.blocks) == [
        ("caption", "The mill today."),
        ("paragraph", "The mill was built by the river in the year of the flood."),
    ]


def test_a_title_is_a_title_whatever_the_text_begins_with() -> None:
    source = "My diary\n\ntoday i went to the shop.\n\nit was closed."
    story = only_story(source)
    assert story.title == "My diary"
    assert texts(source, story) == ["today i went to the shop.", "it was closed."]


def test_a_wrapped_text_is_cut_at_blank_lines() -> None:
    source = (
        "The keeper\n\nIt was a dark and stormy night, and the rain fell in tor-\nrents on the\nroof.\n\nThen it stopped."
    )
    story = only_story(source)
    assert story.title == "The keeper"
    assert texts(source, story) == [
        "It was a dark and stormy night, and the rain fell in torrents on the roof.",
        "Then it stopped.",
    ]


def test_a_title_line_right_above_a_wrapped_text_is_its_title() -> None:
    source = "The keeper of Oban\nIt was a dark and stormy night, and rain\nfell on the roof of the house and on\nthe sea."
    story = only_story(source)
    assert story.title == "The keeper of Oban"
    assert texts(source, story) == ["It was a dark and stormy night, and rain fell on the roof of the house and on the sea."]


def test_a_first_line_that_is_as_full_as_the_others_is_no_title() -> None:
    source = "It was a dark and stormy night there\nAnna was on the roof of the house.\nShe sang\nand sang."
    assert texts(source, only_story(source)) == [
        "It was a dark and stormy night there Anna was on the roof of the house. She sang and sang."
    ]


def test_lines_that_are_sentences_are_paragraphs_where_there_are_no_blank_lines() -> None:
    source = "A short title\nBy Jane Doe\nJuly 13, 2021\nThe first paragraph.\nThe second one is here.\nThe third."
    story = only_story(source)
    assert (story.title, story.byline, story.published) == ("A short title", "Jane Doe", date(2021, 7, 13))
    assert texts(source, story) == ["The first paragraph.", "The second one is here.", "The third."]


def test_a_line_longer_than_a_margin_is_a_paragraph() -> None:
    first, second = "One line is one paragraph here. " * 5, "So is this."
    source = f"Title\n{first.strip()}\n{second}"
    assert texts(source, only_story(source)) == [first.strip(), second]


def test_a_poem_or_a_list_stays_together() -> None:
    source = "Spring\n\nBright sun\nGreen leaf\nWhite cloud\n\nIt rained."
    assert texts(source, only_story(source)) == ["Bright sun Green leaf White cloud", "It rained."]


def test_a_row_of_short_lines_is_one_paragraph_and_no_headings() -> None:
    source = "Shopping\n\nMilk\n\nBread\n\nTwo eggs\n\nIt is all."
    story = only_story(source)
    assert story.title == "Shopping"
    assert texts(source, story) == ["Milk Bread Two eggs", "It is all."]


def test_a_page_that_is_only_a_title_has_it_as_its_text() -> None:
    assert texts("Hello", only_story("Hello")) == ["Hello"]


def test_white_space_has_no_story() -> None:
    assert read_stories(" \n\n\t\n") == []
    assert read_body(" \n").blocks == []


def test_a_date_further_down_is_a_line_of_the_text() -> None:
    source = (
        "Probe\n\nJuly 4, 2016\n\nIt was launched long ago.\n\nIt came down on\n\nAugust 5, 2017\n\nUpdated: May 1, 2020"
    )
    story = read_body(source)
    assert story.published == date(2016, 7, 4)
    assert "August 5, 2017" in texts(source, story)
    assert not any("2020" in text for text in texts(source, story))


def test_a_long_paragraph_that_ends_in_a_copyright_line_is_no_caption() -> None:
    source = "We study cells. " * 50 + "© 2016 The Society."
    story = read_body(source)
    assert [block.kind for block in story.blocks] == ["paragraph"]
    assert texts(source, story) == [source]


def test_a_body_whose_title_stands_elsewhere_keeps_its_own_first_line() -> None:
    source = "How do I pay?\n\nGo to the office."
    assert read_body(source).title == "How do I pay?"
    story = read_body(source, "Account")
    assert (story.title, [block.section for block in story.blocks]) == ("Account", ["How do I pay?"])


def test_a_body_that_looks_like_nothing_but_metadata_is_still_its_text() -> None:
    source = "July 13, 2021"
    assert texts(source, read_body(source)) == [source]


def test_headings_with_only_metadata_between_them_all_lead_to_the_text() -> None:
    source = "It begins.\n\nThe first\n\nJuly 13, 2021\n\nThe second\n\nIt ends."
    assert read_body(source).blocks[-1].section == "The first – The second"
