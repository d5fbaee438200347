"""Chinese questions of English articles."""

from collections.abc import Callable

import pytest
from conftest import DATA, ToyTokenEncoder
from hypothesis import given
from hypothesis import strategies as st
from test_uploads import MakeLibrary

from eval.beir import read_beir
from eval.measures import measure
from index.analyzer import analyze
from index.chinese import dictionary, read_chinese
from qa.library import Library, load

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)


def knowing(*texts: str) -> Callable[[str], bool]:
    return {term for text in texts for term in analyze(text)}.__contains__


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("阳泉的三个省级开发区", ["阳泉", "的", "三", "个", "省级", "开发区"]),
        ("煤矿工人", ["煤矿", "工人"]),
        ("煤礦", ["煤礦"]),
        ("\u3400煤矿\u3401", ["\u3400", "煤矿", "\u3401"]),
        ("", []),
    ],
)
def test_a_run_is_cut_into_the_fewest_words(run: str, words: list[str]) -> None:
    assert dictionary().words(run) == words


@given(st.text(HAN, max_size=12))
def test_words_are_the_run_and_each_is_in_the_dictionary_or_one_character(run: str) -> None:
    words = dictionary().words(run)
    assert "".join(words) == run
    assert all(word in dictionary() or len(word) == 1 for word in words)


@given(st.text(HAN, min_size=1, max_size=5))
def test_no_cut_has_fewer_words(run: str) -> None:
    def costs(rest: str) -> float:
        heads = [end for end in range(1, len(rest) + 1) if end == 1 or rest[:end] in dictionary()]
        return min(((1 if rest[:end] in dictionary() else 1.5) + costs(rest[end:]) for end in heads), default=0)

    assert sum(1 if word in dictionary() else 1.5 for word in dictionary().words(run)) == costs(run)


@pytest.mark.parametrize(
    ("question", "passages", "english"),
    [
        ("煤矿有多少工人？", "the coal mine has many workers", "coal mine have how many worker ？"),
        # The shortest meaning that passages have.
        ("苹果园有多大面积？", "an apple orchard", "apple orchard have many large area ？"),
        # As it sounds: a name in the dictionary, and one that it lacks.
        ("盂县的公寓", "apartment buildings in Yuxian", "Yuxian apartment building"),
        ("杜儿坪煤矿", "Du'erping Coal Mine", "Duerping coal mine"),
        ("盂縣的煤礦", "Yuxian has coal mines", "Yuxian coal mine"),
        # Traditional characters, what is in Latin letters, numbers.
        ("2021年Jing Liyi的煤礦", "coal mine of the year", "2021 year Jing Liyi coal mine"),
        ("谁在哪里？ 为什么？", "", "who where ？ why ？"),
    ],
)
def test_chinese_is_read_word_by_word(question: str, passages: str, english: str) -> None:
    assert read_chinese(question, knowing(passages))[0] == english


def test_each_word_comes_with_what_it_was_read_as() -> None:
    english, read = read_chinese("“盂县”的煤矿 IL-6", knowing("coal mines in Yuxian"))
    assert (english, read) == ("“ Yuxian ” coal mine IL-6", {"盂县": "Yuxian", "煤矿": "coal mine"})


@pytest.mark.parametrize("question", ["coal mines", "", "煤矿の労働者", "탄광 煤矿", "煤矿工人"])
def test_what_is_no_chinese_or_what_the_passages_have_stays(question: str) -> None:
    assert read_chinese(question, knowing("煤矿工人")) == (question, {})


@given(st.text(HAN, min_size=1, max_size=8))
def test_any_chinese_gives_words_of_another_script(run: str) -> None:
    english, read = read_chinese(run, knowing())
    assert not read or not any("\u4e00" <= character <= "\u9fff" for character in english)
    assert all(part in run for part in read)


def test_meanings_leave_out_what_is_told_about_a_word() -> None:
    assert dictionary().meanings("煤矿") == ["coal mine", "coal seam"]
    assert dictionary().meanings("盂县") == ["Yu county"]
    assert dictionary().meanings("\u3400") == []


@pytest.mark.model
def test_a_chinese_question_is_answered_from_english_articles(seeds: Library) -> None:
    answer = seeds.ask("盂县为引进人才建了多少套公寓？")
    assert answer.found
    assert "105 talent apartments" in str(answer.citations[0])
    assert dict(answer.hits[0].why.corrected)["公寓"] == "apartment building"
    assert answer.question == "盂县为引进人才建了多少套公寓？"


@pytest.mark.model
def test_an_english_question_is_searched_as_it_is(seeds: Library) -> None:
    [query] = seeds.index.queries(["Who is Jing Liyi?"])
    assert (query.words, query.corrected) == ("Who is Jing Liyi?", ())


@pytest.mark.model
def test_chinese_questions_find_english_paragraphs() -> None:
    folder = DATA / "xquad_zh2en"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    library = load(folder)
    asked = [question for question in read_beir(folder).questions if question.answerable][::10]
    runs = {each.id: [hit.passage.article.id for hit in library.search(each.question, 10)] for each in asked}
    found = measure({each.id: each.articles for each in asked}, runs, ["nDCG@10"])["nDCG@10"]
    # 0.166 as they are.
    assert sum(found.values()) / len(found) > 0.8


def test_a_question_that_the_encoder_understands_is_left_as_it_is(make_library: MakeLibrary) -> None:
    library = make_library({"mine.txt": "Coal mine\n\nThe coal mine has many workers."}, ToyTokenEncoder())
    [query] = library.index.queries(["煤矿工人"])
    assert (query.words, query.corrected) == ("煤矿工人", ())
