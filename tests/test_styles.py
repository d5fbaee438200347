"""Citations to take away: the quoted words exactly, and whatever a title says, one well-formed entry."""

import json
import re
from collections.abc import Callable
from datetime import date
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

import qa
from index import Article, Passage
from qa.answer import Answer, Hit, Hits, LegScore, Why
from qa.styles import (
    answer_markdown,
    answer_plain_text,
    bibtex,
    citation_key,
    csl,
    csl_json,
    markdown,
    plain_text,
)

TEXT = "Otters swim. They eat fish & crabs_at 5% of {their} cost."
HOSTILE = '{"}\\end $% & #_~^ `` -- ]( http://evil.example/ www.evil.example a@evil.example <script>alert(1)</script> **x**'
# Characters that a style gives a meaning to, more often than chance would have it.
SPECIAL = "{}\\$%&#_~^\"'`-<>,?!\n\r\t\u2028 @[]()*|=.:/+1.a\u202e水א😀"
texts = st.text(st.sampled_from(SPECIAL) | st.characters(), max_size=40)


def make_hit(
    text: str = TEXT,
    title: str = "Otters of the river",
    byline: str = "A. Writer (River News)",
    published: date | None = date(2023, 7, 8),
    url: str = "https://x.example/otters",
    section: str = "",
    rank: int = 1,
    article_id: str = "otters.txt",
) -> Hit:
    article = Article(article_id, title, text, "otters.txt", (0, len(text)), published, byline, url, section)
    passage = Passage(article, ((0, len(text)),), "paragraph", text, "", 3)
    end = text.find(".") + 1 or len(text)
    return Hit(passage, rank, 0.98, Why(LegScore(2, 0.613), LegScore(1, 12.34)), ((0, end),))


def quoting(text: str) -> Hit:
    """A hit whose quoted words are the text's, white space as a passage has it."""
    clean = " ".join(text.split()) or "x"
    article = Article("a.txt", "T", clean, "a.txt", (0, len(clean)))
    return Hit(Passage(article, ((0, len(clean)),), "paragraph", clean, "", 1), 1, 0.5, make_hit().why, ())


def shown(line: str) -> tuple[str, list[Token]]:
    """What a line of Markdown shows, and the tokens that it is made of; it is one paragraph."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(line)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    inside = tokens[1].children or []
    return "".join(token.content for token in inside), inside


def fields_of(entry: str) -> dict[str, str]:
    """The fields of a BibTeX entry, told by their braces as BibTeX does: a backslash before one changes nothing."""
    depths = list(accumulate((character == "{") - (character == "}") for character in entry))
    # It is closed where it ends, and not before.
    assert depths.index(0, entry.index("{")) == len(entry) - 1
    head, *lines, last = entry.split("\n")
    assert re.fullmatch(r"@misc\{[A-Za-z][A-Za-z0-9-]*,", head)
    assert last == "}"
    found = [re.fullmatch(r"  (\w+) = \{(.*)\},", line) for line in lines]
    assert all(found)
    return {match[1]: match[2] for match in found if match}


def read_latex(text: str) -> str:
    """What LaTeX sets for an escaped text, which has no other commands, and no ligatures."""
    named = {"backslash": "\\", "braceleft": "{", "braceright": "}", "asciitilde": "~", "asciicircum": "^"}
    piece = r"\{\\text(\w+)\}|\\([$%&#_])|\{\}|([^\\{}$%&#_~^])"
    assert re.fullmatch(f"(?:{piece})*", text)
    assert not re.search(r"--|''|``|,,|<<|>>|[?!]`", text)
    return "".join(named.get(name, "") + special + plain for name, special, plain in re.findall(piece, text))


def test_by_hand() -> None:
    hit = make_hit()
    assert plain_text(hit) == (
        "“Otters swim.” — Otters of the river · A. Writer (River News) · 8 July 2023 · otters.txt · paragraph 3 · "
        "https://x.example/otters"
    )
    assert markdown(hit) == (
        "“Otters swim.” — [Otters of the river](https://x.example/otters) · A. Writer (River News) · 8 July 2023 · "
        r"otters\.txt · paragraph 3"
    )
    key = citation_key(hit)
    assert re.fullmatch(r"otters2023-[0-9a-f]{8}", key)
    assert bibtex(hit) == (
        f"@misc{{{key},\n"
        "  title = {{Otters of the river}},\n"
        "  author = {{A. Writer (River News)}},\n"
        "  date = {2023-07-08},\n"
        "  year = {2023},\n"
        "  howpublished = {otters.txt},\n"
        "  url = {https://x.example/otters},\n"
        "  note = {paragraph 3: “Otters swim.”},\n"
        "}"
    )
    assert csl(hit) == {
        "id": key,
        "type": "article-newspaper",
        "title": "Otters of the river",
        "author": [{"literal": "A. Writer (River News)"}],
        "issued": {"date-parts": [[2023, 7, 8]]},
        "URL": "https://x.example/otters",
        "note": "otters.txt, paragraph 3: “Otters swim.”",
    }


def test_what_is_not_known_is_left_out() -> None:
    hit = make_hit(title="", byline="", published=None, url="")
    assert plain_text(hit) == "“Otters swim.” — otters.txt · paragraph 3"
    assert markdown(hit) == r"“Otters swim.” — otters\.txt · paragraph 3"
    assert fields_of(bibtex(hit)).keys() == {"title", "howpublished", "note"}
    assert csl(hit).keys() == {"id", "type", "title", "note"}
    assert csl(hit)["type"] == "document"
    assert csl(make_hit(byline="", published=None, section="Sports"))["section"] == "Sports"


def test_a_story_of_a_page_and_a_line_of_a_corpus_are_named() -> None:
    assert "· otters.txt#2 · paragraph 3" in plain_text(make_hit(article_id="otters.txt#2"))
    assert "· otters.txt, d7 · paragraph 3" in plain_text(make_hit(article_id="d7"))
    assert csl(make_hit(article_id="d7"))["note"].startswith("otters.txt, d7, paragraph 3: ")


def test_special_characters_by_hand() -> None:
    hit = make_hit(r"A {b} \c $5 ~ 1^2 & 3% #4 e_f -- `g''", title="*R&D* [x](y) <b> a.b c@d http://e")
    assert fields_of(bibtex(hit))["note"] == (
        r"paragraph 3: “A {\textbraceleft}b{\textbraceright} {\textbackslash}c \$5 {\textasciitilde} 1{\textasciicircum}2 "
        r"\& 3\% \#4 e\_f -{}- `g'{}'”"
    )
    assert markdown(hit).split(" · ")[0].split(" — ")[1] == (
        r"[\*R\&D\* \[x\](y) \<b\> a\.b c\@d http\:\//e](https://x.example/otters)"
    )


@given(texts, texts, texts)
def test_whatever_is_said_bibtex_is_one_entry(title: str, byline: str, section: str) -> None:
    fields = fields_of(bibtex(make_hit(title=title, byline=byline, section=section)))
    wanted = {"howpublished", "date", "year", "url", "note", "title"}
    assert wanted <= fields.keys() <= wanted | {"author"}
    for field in ("title", "author"):
        if field in fields:
            assert fields[field][0] + fields[field][-1] == "{}"
            read_latex(fields[field][1:-1])


@given(texts)
def test_the_quoted_words_are_exact_in_every_style(text: str) -> None:
    hit = quoting(text)
    quote = f"“{hit.passage.text}”"
    assert plain_text(hit).startswith(f"{quote} — T ")
    assert shown(markdown(hit))[0].startswith(f"{quote} — T ".replace("\0", "\ufffd"))
    assert read_latex(fields_of(bibtex(hit))["note"]) == f"paragraph 1: {quote}"
    assert csl(hit)["note"] == f"a.txt, paragraph 1: {quote}"


@given(texts, texts, st.sampled_from(["", "https://x.example/a_(b)?c=1&copy;=<2>"]))
def test_whatever_is_said_markdown_shows_it_and_nothing_else(title: str, byline: str, url: str) -> None:
    hit = make_hit(title=title, byline=byline, url=url)
    text, tokens = shown(markdown(hit))
    assert text == plain_text(hit).removesuffix(" · https://x.example/a_%28b%29?c=1&copy;=%3C2%3E")
    assert {token.type for token in tokens} - {"text", "text_special"} == ({"link_open", "link_close"} if url else set())
    links = [token.attrGet("href") for token in tokens if token.type == "link_open"]
    assert links == (["https://x.example/a_%28b%29?c=1&copy;=%3C2%3E"] if url else [])


def test_no_bare_link_is_left_for_others_to_make_one() -> None:
    line = markdown(make_hit(title="http://a.example www.1.2 //localhost a.example x@y.example mailto:x ftp://a", url=""))
    assert not re.search(r"[\w:]//|www\.|[^\\][.:@][^\W\d_]", line)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,<b>",
        "http://",
        "//x.example",
        "otters",
        "http://[",
        "file:///etc/passwd",
        "javascript://x/%0aalert(1)",
    ],
)
def test_only_addresses_of_the_web_are_links(url: str) -> None:
    hit = make_hit(url=url)
    assert "](" not in markdown(hit)
    assert plain_text(hit).endswith("paragraph 3")
    assert "url" not in fields_of(bibtex(hit))
    assert "URL" not in csl(hit)


@given(texts)
def test_no_address_leaves_its_place(tail: str) -> None:
    hit = make_hit(url=f"https://x.example/{tail}")
    _, tokens = shown(markdown(hit))
    assert [token.type for token in tokens if token.type != "text"] == ["link_open", "link_close"]
    assert not re.search(r"[\s{}()<>\"'\\]", csl(hit)["URL"])
    assert fields_of(bibtex(hit))["url"] == csl(hit)["URL"]


@given(texts, texts, texts)
def test_csl_json_is_of_the_schema_and_comes_back_whole(title: str, byline: str, section: str) -> None:
    hit = make_hit(title=title, byline=byline, section=section)
    (item,) = json.loads(csl_json([hit]))
    assert item == csl(hit)
    lists = {"author", "issued"}
    # The fields of CSL's own schema that are used here; it allows no other ones.
    assert item.keys() <= {"id", "type", "title", "section", "URL", "note"} | lists
    assert {"id", "type", "title"} <= item.keys()
    assert all(type(value) is str and value and "\n" not in value for name, value in item.items() if name not in lists)
    assert all(author.keys() == {"literal"} and author["literal"] for author in item.get("author", []))


def test_nothing_that_turns_the_direction_of_writing_is_kept_of_a_title() -> None:
    assert "\u202e" not in plain_text(make_hit(title="abc\u202edef", byline="\u2066x"))
    assert "abcdef" in plain_text(make_hit(title="abc\u202edef"))
    assert "שלום" in plain_text(make_hit(title="שלום"))


def test_a_key_is_of_what_is_cited_and_where() -> None:
    assert citation_key(make_hit()) == citation_key(make_hit(rank=4, byline="", url=""))
    others = [make_hit("Otters swam."), make_hit(article_id="d7"), quoting("Otters swim.")]
    assert len({citation_key(hit) for hit in [make_hit(), *others]}) == 4
    assert re.fullmatch(r"article-[0-9a-f]{8}", citation_key(make_hit(title="水獺", published=None)))


def make_answer(question: str, found: bool = True) -> Answer:
    hits = [make_hit(), make_hit("1. It rains. So they say.", title="Rain", byline="", url="", rank=2)]
    return Answer(question, found, 0.87, Hits(question, hits))


def test_an_answer_has_its_sentence_and_its_citations_by_number() -> None:
    assert answer_plain_text(make_answer("What do\notters do?")).split("\n") == [
        "What do otters do?",
        "",
        "Otters swim. [1]",
        "",
        f"[1] {plain_text(make_hit())}",
        "[2] “1.” — Rain · 8 July 2023 · otters.txt · paragraph 3",
    ]
    assert answer_markdown(make_answer("# What?")).split("\n") == [
        r"**\# What?**",
        "",
        r"Otters swim. \[1\]",
        "",
        f"1. {markdown(make_hit())}",
        r"2. “1\.” — Rain · 8 July 2023 · otters\.txt · paragraph 3",
    ]


@pytest.mark.parametrize("style", [answer_plain_text, answer_markdown])
def test_an_answer_that_is_not_there_says_so_and_cites_nothing(style: Callable[[Answer], str]) -> None:
    text = style(make_answer("What?", found=False))
    assert text.endswith("\n\nNot in these articles.")
    assert "Otters" not in text
    assert style(Answer("What?", False, 0.0, Hits("What?", []))) == text


@given(texts, texts)
def test_an_answers_markdown_is_a_question_a_sentence_and_a_list(question: str, sentence: str) -> None:
    asked = f"a{question}"
    hits = Hits(asked, [quoting(sentence), make_hit(rank=2)])
    tokens = MarkdownIt("commonmark").parse(answer_markdown(Answer(asked, True, 0.9, hits)))
    outer = [token.type for token in tokens if token.level == 0 and token.nesting == 1]
    assert outer == ["paragraph_open", "paragraph_open", "ordered_list_open"]
    assert [token.type for token in tokens].count("list_item_open") == 2
    kinds = {child.type for token in tokens for child in token.children or []}
    assert kinds <= {"text", "text_special", "strong_open", "strong_close", "link_open", "link_close"}


@pytest.mark.parametrize("sentence", ["- a", "+ a", "1. a", "2) a", "> a", "# a", "---", "===", "~~~", "```", "| a | b |"])
def test_no_sentence_begins_a_list_or_a_heading(sentence: str) -> None:
    answer = Answer("Is it?", True, 0.9, Hits("Is it?", [quoting(sentence)]))
    _, _, line, _, _ = answer_markdown(answer).split("\n")
    assert shown(line)[0] == f"{sentence} [1]"


def test_hits_of_a_library_are_quoted_as_their_source_has_them(make_library: Callable[[dict[str, str]], qa.Library]) -> None:
    library = make_library({"a.md": "# A *title*\n\nThe **old** pier of Ry\\_de\nburned on 5% of {days}. It stands again."})
    (hit,) = library.search("When was the old pier burned?")
    assert hit.citation.quote == "The old pier of Ry_de burned on 5% of {days}."
    assert read_latex(fields_of(bibtex(hit))["note"]) == f"paragraph 1: “{hit.citation.quote}”"
    assert shown(markdown(hit))[0] == plain_text(hit)


def test_a_hostile_title_is_only_a_title() -> None:
    hit = make_hit(title=HOSTILE, byline=HOSTILE, url="")
    assert shown(markdown(hit))[0] == plain_text(hit)
    assert read_latex(fields_of(bibtex(hit))["title"][1:-1]) == csl(hit)["title"] == HOSTILE
