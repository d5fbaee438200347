"""Markdown articles: front matter, sections, and blocks that read as a reader reads them."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.cleanup import clean_up
from index.errors import SourceError
from index.markdown import read_markdown
from index.stories import Story


def blocks(source: str, story: Story | None = None) -> list[tuple[str, str, str]]:
    story = story or read_markdown(source, "a.md")
    return [(block.kind, block.section, clean_up(source, block.spans).text) for block in story.blocks]


def test_headings_are_title_and_sections() -> None:
    source = "# Chess\n\nOld game.\n\n## Origin\n\nIndia.\n\n### Words\n\nShah.\n\nNow\n---\n\nOnline.\n\n# Chess\n\nEnd."
    assert read_markdown(source, "a.md").title == "Chess"
    assert blocks(source) == [
        ("paragraph", "", "Old game."),
        ("paragraph", "Origin", "India."),
        ("paragraph", "Origin – Words", "Shah."),
        ("paragraph", "Now", "Online."),
        ("paragraph", "", "End."),
    ]


def test_markup_is_read_and_hard_wrapped_lines_are_joined() -> None:
    source = "# A **bold** title\n\nThe *old*\ngame of [chess](u) costs \\$5 &amp;\nmore, an indus-\ntrial  \ngame.\n"
    assert read_markdown(source, "a.md").title == "A bold title"
    assert blocks(source) == [("paragraph", "", "The old game of chess costs $5 & more, an industrial game.")]


def test_quotes_and_lists_are_read_without_their_marks() -> None:
    source = "> A quote\n> goes on.\n\n- one\n- two\n  lines\n  - nested\n\n1. first\n2. second\n"
    assert blocks(source) == [
        ("paragraph", "", "A quote goes on."),
        ("paragraph", "", "one two lines nested"),
        ("paragraph", "", "first second"),
    ]


def test_a_long_list_is_a_passage_an_item() -> None:
    items = [f"Item {number} says {'something ' * 20}here." for number in range(5)]
    assert [text for _, _, text in blocks("".join(f"- {item}\n" for item in items))] == items


def test_tables_and_code_are_kinds_of_their_own() -> None:
    table = "| Year | Event |\n|---|---|\n| 600 | `Chess` \\| more |\n| 600 | 600 |\n"
    source = f"{table}\n```python\nx = 2*3*4\n```\n\n    y_1 = 2\n"
    story = read_markdown(source, "a.md")
    assert blocks(source, story) == [
        ("table", "", "Year Event 600 Chess | more 600 600"),
        ("code", "", "x = 2*3*4"),
        ("code", "", "y_1 = 2"),
    ]
    spans = story.blocks[0].spans
    assert list(spans) == sorted(set(spans))


def test_a_picture_is_a_caption_and_its_credit_is_metadata() -> None:
    source = (
        "# T\n\n![A board](b.png)\n\nPlayers at a table. [Photo/Agency]\n\nText.\n\nJane Doe contributed to this story.\n"
    )
    story = read_markdown(source, "a.md")
    assert blocks(source, story) == [
        ("caption", "", "A board"),
        ("caption", "", "Players at a table."),
        ("paragraph", "", "Text."),
    ]
    assert story.credits == ["[Photo/Agency]", "Jane Doe contributed to this story."]


@pytest.mark.parametrize(
    "lines", ["By Jane Doe\n\n2021-07-13", "By Jane Doe  \nUpdated: 2021-07-13", "*By Jane Doe*\n\n*July 13, 2021*"]
)
def test_byline_and_date_above_the_text_are_metadata(lines: str) -> None:
    source = f"# Title\n\n{lines}\n\nText.\n"
    story = read_markdown(source, "a.md")
    assert (story.byline, story.published) == ("Jane Doe", date(2021, 7, 13))
    assert blocks(source, story) == [("paragraph", "", "Text.")]


def test_front_matter_is_metadata() -> None:
    front = "title: The Title\nauthors: [Jane Doe, John Roe]\ndate: 2021-07-13\nurl: https://e.org\ncategory: Sport"
    source = f"---\n{front}\n---\n\nText.\n"
    story = read_markdown(source, "a.md")
    assert (story.title, story.byline, story.published) == ("The Title", "Jane Doe, John Roe", date(2021, 7, 13))
    assert (story.url, story.section) == ("https://e.org", "Sport")
    assert blocks(source, story) == [("paragraph", "", "Text.")]


def test_the_title_of_the_front_matter_is_not_repeated_as_a_section() -> None:
    source = "---\ntitle: Chess\n---\n# Chess\n\nText.\n\n# Chess today\n\nMore.\n"
    assert blocks(source) == [("paragraph", "", "Text."), ("paragraph", "Chess today", "More.")]


@pytest.mark.parametrize(
    "value", ["2021-07-13T10:00:00Z", "13 July 2021", "July 13, 2021", "2021-07-13 10:00", "'2021-07-13'", "2021-7-13"]
)
def test_any_usual_date_of_the_front_matter_is_read(value: str) -> None:
    assert read_markdown(f"---\ndate: {value}\n---\nText.", "a.md").published == date(2021, 7, 13)


@pytest.mark.parametrize("value", ["2021", "soon", "[1]", "{a: b}", "null", "''", "true"])
def test_a_date_that_is_none_is_passed_over(value: str) -> None:
    assert read_markdown(f"---\ndate: {value}\n---\nText.", "a.md").published is None


@pytest.mark.parametrize(
    "front",
    [
        "title: [unclosed",
        "title: a: b",
        "\ttab: x",
        "title: *nothing",
        "date: 2021-02-30",
        "size: !!int ''",
        "made: !!timestamp x",
        "a: !!python/object:os.system x",
        "a: " + "[" * 3000,
    ],
)
def test_front_matter_that_is_no_yaml_is_one_line_with_file_and_remedy(front: str) -> None:
    with pytest.raises(SourceError, match=r"\Aa\.md:\d+: the front matter is not YAML \(.+\): mend it or remove it\Z"):
        read_markdown(f"---\n{front}\n---\nText.", "a.md")


def test_front_matter_that_is_a_list_is_refused() -> None:
    with pytest.raises(SourceError, match=r"\Aa\.md:1: the front matter is no list of fields: expected lines like"):
        read_markdown("---\n- a\n---\nText.", "a.md")


def test_half_a_character_in_the_front_matter_can_still_be_written() -> None:
    assert read_markdown('---\ntitle: "a\\ud800b"\n---\nText.', "a.md").title.encode() == b"a?b"


def test_html_is_text_and_comments_are_nothing() -> None:
    source = "# <script>x</script>\n\n<!-- hidden -->\n\n<div>\nA <b>box</b>\n</div>\n\nSee <img src=x onerror=y>.\n"
    assert read_markdown(source, "a.md").title == "<script>x</script>"
    assert [text for _, _, text in blocks(source)] == ["<div> A <b>box</b> </div>", "See <img src=x onerror=y>."]


@given(
    st.lists(
        st.sampled_from([*"ab# >-*|`1.\n\t[]()!:~", "\n\n", "---\n", "```\n", "| a | b |\n|-|-|\n", "    "]), max_size=40
    )
)
def test_any_markdown_is_read_and_its_blocks_stand_apart(pieces: list[str]) -> None:
    source = "x" + "".join(pieces)
    spans = []
    for block in read_markdown(source, "a.md").blocks:
        assert clean_up(source, block.spans).text
        assert list(block.spans) == sorted(block.spans)
        spans.extend(block.spans)
    spans.sort()
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


@given(
    st.lists(
        st.sampled_from(
            ["para graph", "- item one\n- item two", "> quo ted", "1. num ber", "| c1 | c2 |\n|--|--|\n| c3 | c4 |"]
        ),
        max_size=6,
    )
)
def test_no_word_of_the_body_is_lost(parts: list[str]) -> None:
    source = "# Title\n\n" + "\n\n<!-- -->\n\n".join(parts)
    words = [word for part in parts for word in part.split() if word.strip("-|>1.")]
    assert " ".join(text for _, _, text in blocks(source)).split() == words
