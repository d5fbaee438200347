"""The library: loading, searching, asking, and what comes back."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from conftest import SEEDS, ToyEncoder

import qa
from index import IndexFolderError, QuestionError, SourceError, clean_up
from qa.library import MAX_QUESTION
from qa.page import Answers

MakeLibrary = Callable[[dict[str, str]], qa.Library]

FILES = {
    "park.txt": "A park is opened\n\nBy Ann Lee\n\nUpdated: 2021-05-06\n\n"
    "The park was opened by the mayor. Trees grow in it.\n\n"
    "Children play in the park on Sundays.",
    "train.txt": "Night trains return\n\nNight trains run from Oslo to Rome. A ticket costs 80 euros.",
    "apples.md": "# Apples\n\nApples grow on 4,000 hectares of orchards.\n\n## Prices\n\nA kilogram costs **3 euros**.",
}


@pytest.fixture
def library(make_library: MakeLibrary) -> qa.Library:
    return make_library(FILES)


def test_search_ranks_the_passage_that_says_it_first(library: qa.Library) -> None:
    hits = library.search("What does a ticket for the night trains cost?", k=2)
    assert hits[0].passage.text == "Night trains run from Oslo to Rome. A ticket costs 80 euros."
    assert [hit.rank for hit in hits] == [1, 2]
    assert hits[0].score >= hits[1].score


def test_hits_index_iterate_slice_and_become_a_data_frame(library: qa.Library) -> None:
    hits = library.search("park trees", k=3)
    assert len(hits) == 3
    assert [hit.rank for hit in hits[:2]] == [1, 2]
    assert hits[-1] is list(hits)[2]
    frame = hits.to_frame()
    assert len(frame) == 3
    assert frame["text"].tolist() == [hit.passage.text for hit in hits]
    assert frame["rank"].tolist() == [1, 2, 3]
    assert {"quote", "source", "published", "dense_rank", "lexical_score"} <= set(frame.columns)


def test_a_frame_of_no_hits_has_the_same_columns(library: qa.Library) -> None:
    nothing = library.search("qqqq", system="bm25")
    assert len(nothing) == 0
    assert list(nothing.to_frame().columns) == list(library.search("park").to_frame().columns)


def test_an_answer_cites_exact_words(library: qa.Library) -> None:
    answer = library.ask("Who opened the park?")
    assert answer.found
    assert answer.sentence == "The park was opened by the mayor."
    citation = answer.citations[0]
    (span,) = citation.spans
    assert citation.article.text[slice(*span)] == citation.quote == answer.sentence
    assert citation.article.title == "A park is opened"
    assert citation.article.published is not None
    assert str(citation) == "“The park was opened by the mayor.” (A park is opened, park.txt, 2021-05-06)"


def test_what_is_not_there_is_not_found(library: qa.Library) -> None:
    answer = library.ask("qqqq zzzz wwww")
    assert not answer.found
    assert answer.sentence == ""
    assert answer.citations == ()
    assert len(answer.hits) > 0  # the nearest, all the same


def test_every_citation_of_the_seeds_reads_as_its_source(seeds: qa.Library) -> None:
    questions = ["fungi cooperative greenhouses", "State-level high-tech base", "What can new technologies lead to?"]
    for question in questions:
        for hit in seeds.search(question, k=200):
            citation = hit.citation
            again = clean_up(citation.article.text, citation.spans).text
            assert again.replace("*", "") == citation.quote.replace("*", "")


def test_a_cut_sentence_is_cited_at_both_its_places(seeds: qa.Library) -> None:
    answer = seeds.ask("How many greenhouses was the fungi cooperative expanded to cover?")
    quote = "With 34 local families becoming members, the cooperative was expanded to cover 10 greenhouses in 2020."
    assert answer.sentence == quote
    assert [answer.citations[0].article.text[slice(*span)] for span in answer.citations[0].spans] == [
        "With 34 local families becoming members, the cooperative was",
        "expanded to cover 10 greenhouses in 2020.",
    ]


@pytest.mark.parametrize("question", ["", "   \n\t", "x" * 100_000])
def test_a_question_that_cannot_be_asked(library: qa.Library, question: str) -> None:
    with pytest.raises(QuestionError) as caught:
        library.ask(question)
    assert "\n" not in str(caught.value)


def test_the_longest_question_is_answered(library: qa.Library) -> None:
    assert library.ask("park " * (MAX_QUESTION // 5)).hits


@pytest.mark.parametrize("k", [0, -1, True, 2.5, "3"])
def test_k_must_be_a_whole_number_from_1(library: qa.Library, k: int) -> None:
    with pytest.raises(QuestionError, match="expected a whole number"):
        library.search("park", k=k)


def test_k_beyond_the_passages_gives_all(library: qa.Library) -> None:
    assert len(library.search("park", k=10_000)) == len(library.passages) == 5


def test_confidence_does_not_depend_on_k(library: qa.Library) -> None:
    for question in ("Who opened the park?", "euros a kilogram", "qqqq"):
        assert len({library.ask(question, k=k).confidence for k in (1, 2, 5)}) == 1


def test_an_unknown_system_is_named(library: qa.Library) -> None:
    with pytest.raises(QuestionError, match=r"'magic'.*hybrid"):
        library.search("park", system="magic")  # type: ignore[arg-type]


def test_asking_many_is_asking_one_by_one(library: qa.Library) -> None:
    questions = ["Who opened the park?", "qqqq", "euros a kilogram"]
    assert library.ask_many(questions) == [library.ask(question) for question in questions]
    assert library.ask_many([]) == []


def test_threads_get_what_one_gets(library: qa.Library) -> None:
    questions = ["park", "trains", "apples", "euros"] * 8
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(library.ask, questions)) == [library.ask(question) for question in questions]


def test_works_inside_a_running_event_loop_and_prints_nothing(
    library: qa.Library, capfd: pytest.CaptureFixture[str]
) -> None:
    async def cell() -> qa.Answer:
        return library.ask("Who opened the park?")

    assert asyncio.run(cell()).found
    assert capfd.readouterr() == ("", "")


def test_reprs_tell_the_state(library: qa.Library) -> None:
    assert repr(library) == "Library(3 articles, 5 passages, toy)"
    answer = library.ask("Who opened the park?")
    assert "The park was opened by the mayor." in repr(answer)
    assert "not in these articles" in repr(library.ask("qqqq"))
    assert "The park was opened by the mayor." in repr(answer.hits)
    assert "A park is opened" in repr(answer.hits[0].passage.article)


def test_load_keeps_the_index_while_nothing_changes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("One\n\nThe first article says this.")
    encoder = ToyEncoder()
    first = qa.load(tmp_path, index=tmp_path / "index", encoder=encoder)
    again = qa.load(tmp_path, index=tmp_path / "index", encoder=encoder)
    assert first.index.manifest == again.index.manifest
    assert len(encoder.encoded) == 1


def test_load_follows_a_changed_folder(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.txt").write_text("One\n\nThe first article says this.")
    qa.load(folder, index=tmp_path / "index", encoder=ToyEncoder())
    (folder / "b.txt").write_text("Two\n\nThe second article speaks of whales.")
    encoder = ToyEncoder()
    library = qa.load(folder, index=tmp_path / "index", encoder=encoder)
    assert library.search("whales")[0].passage.article.source == "b.txt"
    assert len(encoder.encoded) == 1  # the new passage alone
    (folder / "a.txt").unlink()
    assert {article.source for article in qa.load(folder, index=tmp_path / "index", encoder=ToyEncoder()).articles} == {
        "b.txt"
    }


def test_a_library_goes_on_with_its_index_until_it_is_refreshed(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.txt").write_text("One\n\nThe first article says this.")
    library = qa.load(folder, index=tmp_path / "index", encoder=ToyEncoder())
    before = library.ask("the first article")
    (folder / "a.txt").write_text("One\n\nThe whales are back.")
    qa.load(folder, index=tmp_path / "index", encoder=ToyEncoder())
    assert library.ask("the first article") == before
    assert (library.refresh(), library.refresh()) == (True, False)
    assert library.ask("whales").hits[0].passage.text == "The whales are back."
    (tmp_path / "index" / "manifest.json").write_text("damaged")
    with pytest.raises(qa.UserError, match="damaged"):
        library.refresh()
    assert library.ask("whales").hits[0].passage.text == "The whales are back."


def test_questions_are_answered_while_the_index_is_brought_up_to_date(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "0.txt").write_text("One\n\nThe whales are back, says 0.")
    library = qa.load(folder, index=tmp_path / "index", encoder=ToyEncoder())
    stop = Event()

    def ask() -> int:
        asked = 0
        while not stop.is_set() or not asked:
            library.refresh()
            for hit in library.ask("whales").hits:
                # Whichever index answered, a citation lands on the words of its article.
                assert (
                    "".join(hit.passage.article.text[start:end] for start, end in hit.citation.spans) == hit.citation.quote
                )
            asked += 1
        return asked

    with ThreadPoolExecutor(4) as threads:
        asking = [threads.submit(ask) for _ in range(4)]
        for number in range(1, 12):
            (folder / f"{number}.txt").write_text(f"One\n\nThe whales are back, says {number}.")
            (folder / f"{number - 1}.txt").unlink()
            qa.load(folder, index=tmp_path / "index", encoder=ToyEncoder())
        stop.set()
        assert all(each.result() for each in asking)
    library.refresh()
    assert [hit.passage.text for hit in library.ask("whales").hits] == ["The whales are back, says 11."]


def test_the_page_answers_from_the_newest_index_and_opens_what_it_showed(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    article = tmp_path / "articles" / "a.txt"
    article.write_text("One\n\nThe whales are back.")
    answers = Answers(qa.load(article.parent, index=tmp_path / "index", encoder=ToyEncoder()))
    before, build = answers.ask("whales")
    article.write_text("One\n\nThe whales are gone.")
    qa.load(article.parent, index=tmp_path / "index", encoder=ToyEncoder())
    after, newer = answers.ask("whales")
    assert [answer.hits[0].passage.text for answer in (before, after)] == ["The whales are back.", "The whales are gone."]
    assert answers.given("whales", build) == before
    assert answers.given("whales", newer) == after
    assert answers.given("whales", "segment-of-long-ago") is None
    # An index that cannot be opened leaves the one that is open.
    (tmp_path / "index" / "manifest.json").write_text("damaged")
    assert answers.ask("are the whales back")[1] == newer


def test_load_opens_an_index_folder(tmp_path: Path, library: qa.Library) -> None:
    opened = qa.load(library.index.folder, encoder=ToyEncoder())
    assert opened.search("park", k=5) == library.search("park", k=5)


def test_two_folders_loaded_without_an_index_do_not_share_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("cats", "dogs"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(f"Title\n\nAll about {name} is said here.")
    cats, dogs = (qa.load(name, encoder=ToyEncoder()) for name in ("cats", "dogs"))
    assert "cats" in cats.search("all")[0].passage.text
    assert "dogs" in dogs.search("all")[0].passage.text
    assert "cats" in qa.load("cats", encoder=ToyEncoder()).search("all")[0].passage.text
    assert cats.index.folder.is_relative_to("index/store")


def test_load_takes_the_stores_index_if_it_is_of_that_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cats").mkdir()
    (tmp_path / "cats" / "a.txt").write_text("Title\n\nAll about cats is said here.")
    qa.load("cats", index="index/store", encoder=ToyEncoder())
    assert qa.load("cats", encoder=ToyEncoder()).index.folder == Path("index/store")


def test_load_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file or folder"):
        qa.load(tmp_path / "nowhere", encoder=ToyEncoder())
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="no articles found"):
        qa.load(tmp_path / "empty", encoder=ToyEncoder())
    with pytest.raises(IndexFolderError, match="no index here"):
        qa.Library.open(tmp_path / "empty")


def test_another_encoder_is_refused_with_both_names(library: qa.Library) -> None:
    with pytest.raises(IndexFolderError, match=r"built with toy.*opened with other.*qa index PATH --model other"):
        qa.Library.open(library.index.folder, ToyEncoder("other", "other-weights"))


def test_the_seeds_are_nine_articles(seeds: qa.Library) -> None:
    assert len(seeds) == 9
    assert sorted({article.source for article in seeds.articles}) == sorted(path.name for path in SEEDS.iterdir())


def test_one_question_is_no_list_of_questions(make_library: MakeLibrary) -> None:
    library = make_library({"a.txt": "Coal\n\nThe mine is old."})
    with pytest.raises(QuestionError, match="expected a list of questions"):
        library.ask_many("abc")


def test_which_of_several_questions_is_none_is_told(make_library: MakeLibrary) -> None:
    library = make_library({"a.txt": "Coal\n\nThe mine is old."})
    with pytest.raises(QuestionError, match="question 2 is empty: ask in words"):
        library.ask_many(["How old?", " "])
    with pytest.raises(QuestionError, match="the question is empty: ask in words"):
        library.ask_many([" "])


def test_what_is_no_filter_is_told(make_library: MakeLibrary) -> None:
    library = make_library({"a.txt": "Coal\n\nThe mine is old."})
    with pytest.raises(QuestionError, match=r"where is \{'since': 1\}, expected a filter as qa.Filter"):
        library.ask("How old?", where={"since": 1})  # type: ignore[arg-type]


def test_several_folders_are_not_loaded_at_once() -> None:
    with pytest.raises(SourceError, match="expected the path of one folder"):
        qa.load(["a", "b"])  # type: ignore[arg-type]
