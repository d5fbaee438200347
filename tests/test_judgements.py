"""Judgements: nothing that was judged is lost, chosen words stand where they say, and judges' verdicts become gold."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import ROOT, SEEDS, ToyEncoder
from hypothesis import given, settings
from hypothesis import strategies as st

import qa
from eval.anchor import anchor_all
from eval.gold import read_gold
from index import Article, GoldError, Passage, QuestionError, clean_up
from qa.__main__ import main
from qa.judged import gold_lines, gold_records, opinion
from qa.judgements import VERDICTS, Judgement, Judgements, Quote, words_of
from qa.page import Part, Settings
from qa.page.ask import ask_part
from qa.page.calls import Call
from qa.page.judge import judge_part
from qa.pooling import pooled

INDEX = {"build": "b1", "encoder": "toy"}
WORDS = Quote("a.txt", "a.txt", 0, 6, "Apples")
WRITES = """
import sys
from pathlib import Path
from qa.judgements import Judgements, Quote
store = Judgements(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    store.add(who=sys.argv[2], build="b1", encoder="toy", question=f"Question {number} " + "?" * 5000, verdict="answers",
              passage="a.txt@0", quotes=(Quote("a.txt", "a.txt", 0, 6, "Apples"),))
    print(number, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "judgements.jsonl"


def judge(store: Judgements, verdict: str = "answers", who: str = "Ann", **said: object) -> Judgement:
    one = {"passage": "a.txt@0", "quotes": (WORDS,)} if verdict != "nothing" else {}
    return store.add(**{**INDEX, "who": who, "question": "Where?", "verdict": verdict, **one, **said})  # type: ignore[arg-type]


def test_a_line_says_who_judged_what_in_which_index(path: Path) -> None:
    judgement = judge(Judgements(path), who="  Ann\n B. ")
    (line,) = path.read_text().splitlines()
    record = json.loads(line)
    assert record["time"].endswith("+00:00")
    assert record == {
        "id": judgement.id, "time": judgement.time, "who": "Ann B.", "build": "b1", "encoder": "toy", "question": "Where?",
        "verdict": "answers", "passage": "a.txt@0", "shown": 0, "question_id": "",
        "quotes": [{"source": "a.txt", "article": "a.txt", "start": 0, "end": 6, "quote": "Apples"}],
    }  # fmt: skip
    assert Judgements(path).standing() == [judgement]


def test_undo_is_a_line_that_names_what_it_takes_back(path: Path) -> None:
    store = Judgements(path)
    first, second = judge(store), judge(store, "no")
    before = path.read_bytes()
    assert store.take_back(second.id, "Ann") == second
    assert path.read_bytes().startswith(before)
    line = json.loads(path.read_bytes()[len(before) :])
    assert (line["takes_back"], line["who"]) == (second.id, "Ann")
    assert store.standing() == Judgements(path).standing() == store.of("Ann", "Where?") == [first]
    for judgement_id, who in ((second.id, "Ann"), (first.id, "Ben"), ("unknown", "Ann")):
        with pytest.raises(GoldError, match="nothing to take back"):
            store.take_back(judgement_id, who)
    assert store.standing() == [first]


def test_what_one_writes_another_reads(path: Path) -> None:
    one, other = Judgements(path), Judgements(path)
    assert one.standing() == other.standing() == []
    first = judge(one)
    assert other.standing() == [first]
    second = judge(other, "no", "Ben")
    assert one.standing() == [first, second]
    one.take_back(first.id, "Ann")
    assert other.standing() == [second]
    # A file put in its place is read from the beginning.
    path.with_suffix(".new").write_text("")
    path.with_suffix(".new").replace(path)
    assert one.standing() == []


def test_processes_and_threads_that_write_at_once_lose_nothing(path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITES, path, who, "40"], cwd=ROOT, stdout=subprocess.DEVNULL)
        for who in ("Ann", "Ben", "Cem")
    ]
    store = Judgements(path)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: judge(store, who=f"thread {number % 4}"), range(40)))
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    lines = path.read_bytes().splitlines()
    assert len({json.loads(line)["id"] for line in lines}) == len(lines) == 160
    assert [each.who for each in store.standing()].count("Ben") == 40
    assert store.warnings() == []


def test_a_writer_that_is_killed_loses_nothing_that_it_had_written(path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITES, path, "Ann", "1000"], cwd=ROOT, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        for _ in range(5):
            said = writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)
        said = (writer.stdout.readlines() or [said])[-1]
    store = Judgements(path)
    last = judge(store, who="Ben")
    written = [each for each in store.standing() if each.who == "Ann"]
    assert int(said) + 1 <= len(written) <= int(said) + 2
    assert store.standing()[-1] == last


@settings(max_examples=60)
@given(cut=st.integers(1, 300), before=st.integers(0, 2), after=st.integers(1, 2))
def test_a_line_that_was_torn_is_passed_over_and_no_other(
    tmp_path_factory: pytest.TempPathFactory, cut: int, before: int, after: int
) -> None:
    path = tmp_path_factory.mktemp("torn") / "judgements.jsonl"
    store = Judgements(path)
    kept = [judge(store, question=f"Question {number}?") for number in range(before)]
    whole = path.stat().st_size if before else 0
    torn = judge(store)
    path.write_bytes(path.read_bytes()[: max(whole + 1, path.stat().st_size - cut)])
    fresh = Judgements(path)
    assert fresh.standing() == kept
    assert len(fresh.warnings()) == 1
    for number in range(after):
        kept.append(judge(fresh, "no", question=f"Later {number}?"))
    # All of the line was there but its end: then it is whole again.
    kept[before:before] = [torn] if cut == 1 else []
    for reader in (fresh, Judgements(path)):
        assert reader.standing() == kept
        assert len(reader.warnings()) == (cut > 1)
        assert all(str(path) in line for line in reader.warnings())


@pytest.mark.parametrize(
    "line",
    [
        b"{broken",
        b"\xff\xfe\n",
        b"[]",
        b'{"id": 1}',
        b'{"takes_back": ["x"], "who": "Ann"}',
        b'{"takes_back": "x"}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_judgement_is_passed_over(path: Path, line: bytes) -> None:
    first = judge(Judgements(path))
    path.write_bytes(path.read_bytes() + line + b"\n\n")
    store = Judgements(path)
    second = judge(store)
    assert store.standing() == [first, second]
    assert all("\n" not in warning and f"{path}:2: " in warning for warning in store.warnings())
    assert len(store.warnings()) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("verdict", "maybe"),
        ("question", ""),
        ("shown", "3"),
        ("who", None),
        ("quotes", []),
        ("quotes", [{"source": "a.txt", "article": "a.txt", "start": 6, "end": 0, "quote": "Apples"}]),
        ("quotes", [{"source": "a.txt", "article": "a.txt", "start": 0, "end": 6, "quote": 7}]),
        ("quotes", [{"source": "a.txt"}]),
        ("quotes", ["Apples"]),
    ],
)
def test_a_judgement_of_another_form_is_passed_over(path: Path, name: str, value: object) -> None:
    judge(Judgements(path))
    path.write_text(json.dumps({**json.loads(path.read_text()), name: value}) + "\n")
    assert Judgements(path).standing() == []
    assert Judgements(path).warnings() == [f"{path}:1: not a judgement: left out"]


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file" / "judgements.jsonl"):
        with pytest.raises(GoldError, match="cannot be") as caught:
            judge(Judgements(path))
        assert "\n" not in str(caught.value)
    with pytest.raises(GoldError, match="cannot be read"):
        Judgements(tmp_path).standing()


def test_a_full_disk_is_one_line_and_loses_nothing_else(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Judgements(path)
    first = judge(store)
    write, room = os.write, [20]

    def full(file: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(28, "No space left on device")
        written = write(file, data[: room[0]])
        room[0] -= written
        return written

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(GoldError, match="No space left on device"):
            judge(store, "no")
    assert store.standing() == [first]
    second = judge(store, "partly")
    assert store.standing() == Judgements(path).standing() == [first, second]


texts = st.text(st.characters(codec=None, categories=None), max_size=40)


@settings(max_examples=60)
@given(who=texts, question=texts.filter(bool), quote=texts.filter(bool), verdict=st.sampled_from(VERDICTS[:3]))
def test_any_text_comes_back(
    tmp_path_factory: pytest.TempPathFactory, who: str, question: str, quote: str, verdict: str
) -> None:
    store = Judgements(tmp_path_factory.mktemp("any") / "judgements.jsonl")
    quotes = (Quote("s", "a", 0, len(quote), quote),)
    written = store.add(**INDEX, who=who, question=question, verdict=verdict, passage="a@0", quotes=quotes)
    (read,) = store.standing()
    whole = [text.encode("utf-8", "replace").decode() for text in (written.who, question, quote)]
    assert [read.who, read.question, read.quotes[0].quote] == whole
    assert store.warnings() == []


CUT = "The village is one\n\nA caption.\n\nof many vil-\nlages that gain &amp; grow *much* from it."


def cut_passage() -> Passage:
    spans = ((0, 18), (32, len(CUT)))
    article = Article("a.txt", "", CUT, "a.txt", (0, len(CUT)))
    return Passage(article, spans, "paragraph", clean_up(CUT, spans).text, "", 1)


def test_chosen_words_stand_where_they_say() -> None:
    passage = cut_passage()
    assert passage.text == "The village is one of many villages that gain & grow much from it."

    def chosen(words: str) -> list[str]:
        start = passage.text.index(words)
        return [quote.quote for quote in words_of(passage, (start, start + len(words)))]

    assert chosen("village is") == ["village is"]
    assert chosen("one of many") == ["one", "of many"]
    assert chosen(" one ") == ["one"]
    assert chosen("many villages") == ["many vil-\nlages"]
    assert chosen("gain & grow much") == ["gain &amp; grow *much"]
    assert [quote.quote for quote in words_of(passage)] == [CUT[:18], CUT[32:]]
    for nothing in ((18, 19), (3, 3), (5, 2), (-4, 2), (900, 950)):
        with pytest.raises(QuestionError, match="no words of the passage are chosen"):
            words_of(passage, nothing)


@pytest.fixture(scope="module")
def seed_passages(tmp_path_factory: pytest.TempPathFactory) -> list[Passage]:
    return list(qa.load(SEEDS, index=tmp_path_factory.mktemp("seeds") / "index", encoder=ToyEncoder()).passages)


@settings(max_examples=150)
@given(which=st.integers(0, 10_000), first=st.integers(0, 10_000), length=st.integers(0, 10_000))
def test_any_words_of_any_passage_read_the_same_in_the_source(
    seed_passages: list[Passage], which: int, first: int, length: int
) -> None:
    passage = seed_passages[which % len(seed_passages)]
    start = first % len(passage.text)
    end = start + 1 + length % (len(passage.text) - start)
    if not passage.text[start:end].strip():
        return
    quotes = words_of(passage, (start, end))
    text = passage.article.text
    assert all(text[quote.start : quote.end] == quote.quote for quote in quotes)
    assert all(any(low <= quote.start and quote.end <= high for low, high in passage.spans) for quote in quotes)
    assert clean_up(text, [(quote.start, quote.end) for quote in quotes]).text == passage.text[start:end].strip()


def test_the_last_word_counts() -> None:
    def said(*verdicts: tuple[str, str]) -> tuple[dict[str, str], bool, bool]:
        made = opinion(
            Judgement(str(number), "", "", "", "", "?", verdict, passage, shown=2)
            for number, (verdict, passage) in enumerate(verdicts)
        )
        return {name: each.verdict for name, each in made.passages.items()}, made.is_complete, made.finds_nothing

    assert said(("answers", "p"), ("no", "p")) == ({"p": "no"}, False, False)
    assert said(("answers", "p"), ("partly", "q")) == ({"p": "answers", "q": "partly"}, True, False)
    assert said(("no", "p"), ("no", "q")) == ({"p": "no", "q": "no"}, True, True)
    assert said(("answers", "p"), ("nothing", "")) == ({}, True, True)
    assert said(("nothing", ""), ("no", "q")) == ({"q": "no"}, True, True)
    assert said(("nothing", ""), ("answers", "q")) == ({"q": "answers"}, False, False)
    assert said() == ({}, False, False)


def test_judgements_become_gold_that_keeps_who_said_what(path: Path, make_library: Callable[..., qa.Library]) -> None:
    library = make_library({"b.txt": "Nobody counts the pears of the orchard.\n\nPlums do not grow."})
    build, encoder = library.index.manifest.build, library.index.manifest.encoder
    village, (pears, plums) = cut_passage(), library.passages
    store = Judgements(path)

    def say(who: str, question: str, verdict: str, passage: Passage | None = None, words: str = "") -> Judgement:
        start = passage.text.index(words) if passage and words else 0
        quotes = words_of(passage, (start, start + len(words)) if words else None) if passage else ()
        return store.add(
            who=who, build=build, encoder=encoder, question=question, verdict=verdict, quotes=quotes,
            passage=passage.id if passage else "", shown=3, question_id={"Who grows?": "q7"}.get(question, ""),
        )  # fmt: skip

    say("Ann", "Who grows?", "answers", village, "one of many villages")
    say("Ben", "Who grows?", "partly", village)
    say("Ann", "Who grows?", "no", plums)
    say("Ben", "Who grows?", "answers", plums, "Plums")
    say("Cem", "Who grows?", "nothing")
    say("Ann", "Who counts bears?", "nothing")
    say("Ann", "Who counts pears?", "no", pears)
    say("", "Is it open?", "no", pears)
    store.take_back(say("Ann", "Is it open?", "answers", pears).id, "Ann")
    records = gold_records(store.standing())
    path.with_name("gold.jsonl").write_text(gold_lines(records), encoding="utf-8")
    grows, bears = read_gold(path.with_name("gold.jsonl"))
    # Two of three find that the village's passage answers; one of three that plums do. Of the quotes the narrower are kept.
    assert (grows.id, grows.question, grows.answerable) == ("q7", "Who grows?", True)
    assert [span.quote for span in grows.relevant] == ["one", "of many vil-\nlages"]
    assert grows.note == "judged by Ann, Ben, Cem; partly: a.txt@0; the same verdict on 0 of 2 passages"
    assert (bears.question, bears.answerable, bears.relevant) == ("Who counts bears?", False, ())
    assert {each.status for each in anchor_all([grows, bears], [village.article, *library.articles])} == {"intact"}
    kept = [(each["who"], each["passage"], each["verdict"], each["build"]) for each in records[0]["judgements"]]
    assert kept == [
        ("Ann", "a.txt@0", "answers", build),
        ("Ann", "b.txt@41", "no", build),
        ("Ben", "a.txt@0", "partly", build),
        ("Ben", "b.txt@41", "answers", build),
        ("Cem", "", "nothing", build),
    ]


def test_two_questions_that_lists_call_the_same_are_told_apart(path: Path) -> None:
    store = Judgements(path)
    for question in ("Where?", "When?", "Why?"):
        judge(store, question=question, question_id="q1")
    records = gold_records(store.standing())
    assert [record["question"] for record in records] == ["Where?", "When?", "Why?"]
    assert len({record["id"] for record in records}) == 3
    assert records[0]["id"] == "q1"
    assert gold_records(store.standing()) == records


def test_a_pool_is_in_an_order_that_tells_nothing(make_library: Callable[..., qa.Library]) -> None:
    library = make_library({f"{name}.txt": f"Apples {name} grow on trees in the orchard." for name in "abcdefgh"})
    (passages,) = pooled(library, [("q", "Where do apples grow?")], ["bm25", "dense", "hybrid"], 5)
    found = {
        hit.passage.id
        for system in ("bm25", "dense", "hybrid")
        for hit in library.search("Where do apples grow?", 5, system)  # type: ignore[arg-type]
    }
    names = [passage.id for passage in passages]
    assert sorted(names) == sorted(found)
    (again,) = pooled(library, [("q", "Where do apples grow?")], ["hybrid", "bm25", "dense"], 5)
    assert [passage.id for passage in again] == names
    orders = {
        tuple(passage.id for passage in pool)
        for seed in range(10)
        for pool in pooled(library, [("q", "Where do apples grow?")], ["bm25", "dense", "hybrid"], 5, seed)
    }
    assert len(orders) > 5


def test_the_command_line_makes_the_same_gold(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    store, out = Judgements(path), path.with_name("gold.jsonl")
    arguments = ["gold", "judged", str(path), "--out", str(out)]
    judge(store, "no", question="When?")
    assert run(arguments) == 2
    assert "no passage that answers, and no question of which all is judged" in capfd.readouterr().err
    judge(store)
    path.write_bytes(path.read_bytes() + b"torn\n")
    assert run(arguments) == 0
    said = capfd.readouterr()
    assert said.out == f"1 question in {out}; 1 question left out, not judged whole\n"
    assert said.err.startswith(f"qa: warning: {path}:3: not JSON")
    (question,) = read_gold(out)
    assert (question.question, question.relevant[0].quote) == ("Where?", "Apples")
    assert out.read_text() == gold_lines(gold_records(store.standing()))


def run(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


APPLES = {"a.txt": "Apples grow on trees.\n\nPears grow there too.", "b.txt": "Nobody counts apples on Monday."}
ASKED = {"question": "Where do apples grow?", "who": "Ann"}


def page_of(library: qa.Library, path: Path, part: Callable[..., Part] = judge_part) -> dict[str, Call]:
    return {function.__name__: function for function in part(library, Settings(judgements=path)).functions}


def test_what_is_judged_is_what_was_shown_even_if_the_index_was_replaced(
    path: Path, make_library: Callable[..., qa.Library]
) -> None:
    library = make_library(APPLES)
    page = page_of(library, path)
    build = page["pool_question"](ASKED)["build"]
    before = {passage.id: passage.text for passage in library.passages}
    make_library({"a.txt": "Now something else is said of apples and trees."})
    assert page["pool_question"](ASKED)["build"] != build
    said = {**ASKED, "id": "", "key": "", "build": build, "verdict": "answers"}
    assert "problem" not in page["judge_passage"]({**said, "passage": "a.txt@0"})
    (judgement,) = Judgements(path).standing()
    assert (judgement.build, judgement.quotes[0].quote) == (build, before["a.txt@0"])
    # A server that was started since has that index no more: nothing is judged of which it cannot tell what was shown.
    for passage in ("a.txt@0", "b.txt@0"):
        answer = page_of(library, path)["judge_passage"]({**said, "passage": passage})
        assert answer == {
            "problem": "the index was brought up to date since these passages were shown: open the question again"
        }
    assert Judgements(path).standing() == [judgement]


def test_what_is_sent_twice_counts_once(path: Path, make_library: Callable[..., qa.Library]) -> None:
    page = page_of(make_library(APPLES), path)
    build = page["pool_question"](ASKED)["build"]
    said = {**ASKED, "id": "", "build": build, "verdict": "partly", "passage": "a.txt@0"}
    first = page["judge_passage"]({**said, "key": "1"})
    assert page["judge_passage"]({**said, "key": "1"}) == first
    assert page["judge_passage"]({**said, "key": "2"})["id"] != first["id"]
    assert len(Judgements(path).standing()) == 2


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("judge_passage", {"verdict": "maybe"}),
        ("judge_passage", {"verdict": "nothing"}),
        ("judge_passage", {"passage": "c.txt@0"}),
        ("judge_passage", {"passage": None}),
        ("judge_passage", {"build": "b0"}),
        ("judge_passage", {"start": 0}),
        ("judge_passage", {"start": 7, "end": 3}),
        ("judge_passage", {"start": 0.5, "end": True}),
        ("judge_passage", {"start": 10**30, "end": 10**31}),
        ("judge_passage", {"who": ["Ann"]}),
        ("judge_passage", {"question": " "}),
        ("judge_passage", {"key": None}),
        ("pool_question", {"question": "x" * 2001}),
        ("pool_question", {"question": 7}),
        ("list_questions", {"text": None}),
        ("judged_questions", {"questions": [7]}),
        ("take_back_judgement", {"id": "0" * 16}),
        ("take_back_judgement", {"id": {}}),
        ("export_judgements", {}),
    ],
)
def test_whatever_is_sent_a_mistake_is_one_line(
    path: Path, make_library: Callable[..., qa.Library], name: str, changed: dict[str, object]
) -> None:
    page = page_of(make_library(APPLES), path)
    build = page["pool_question"](ASKED)["build"]
    sound = {**ASKED, "id": "", "key": "", "build": build, "verdict": "answers", "passage": "a.txt@0"}
    for said in ({**sound, **changed}, None, [1]) if name != "export_judgements" else ({}, None):
        answer = page[name](said)
        assert list(answer) == ["problem"]
        assert "\n" not in answer["problem"]
    assert not path.exists()
    assert "problem" not in page["judge_passage"](sound)


def test_half_a_character_is_judged_like_any_other(path: Path, make_library: Callable[..., qa.Library]) -> None:
    page = page_of(make_library(APPLES), path)
    asked = {"question": "Where do apples \ud83d grow?", "who": "A\ud83d"}
    pool = page["pool_question"](asked)
    said = {**asked, "id": "\ud83d", "key": "", "build": pool["build"], "verdict": "nothing", "passage": ""}
    assert page["judge_passage"](said)["done"]
    assert page["judged_questions"]({"who": asked["who"], "questions": [asked["question"]]}) == {"done": [True]}
    assert 'data-nothing=""' in page["pool_question"](asked)["html"]


def test_the_words_that_were_chosen_are_shown_again(path: Path, make_library: Callable[..., qa.Library]) -> None:
    text = "The orch-\nard has trees & *pears* grow and grow in the orch-\nard &amp; garden."
    page = page_of(make_library({"a.md": text}), path)
    pool = page["pool_question"](ASKED)
    shown = "The orchard has trees & pears grow and grow in the orchard & garden."
    start = shown.rindex("grow")
    said = {**ASKED, "id": "", "key": "", "build": pool["build"], "verdict": "answers", "passage": "a.md@0"}
    page["judge_passage"]({**said, "start": start, "end": start + 4})
    assert f'data-start="{start}" data-end="{start + 4}"' in page["pool_question"](ASKED)["html"]
    page["judge_passage"]({**said, "start": 0, "end": len(shown)})
    assert "data-start" not in page["pool_question"](ASKED)["html"]


def test_a_question_that_no_passage_comes_near_can_be_judged(path: Path, make_library: Callable[..., qa.Library]) -> None:
    page = page_of(make_library(APPLES), path)
    asked = {"question": '"apples on the moon"', "who": "Ann"}
    pool = page["pool_question"](asked)
    assert "No passage comes near this question" in pool["html"]
    said = {**asked, "id": "", "key": "", "build": pool["build"], "verdict": "nothing", "passage": ""}
    assert page["judge_passage"](said)["done"]
    assert [record["answerable"] for record in gold_records(Judgements(path).standing())] == [False]


def test_a_passage_of_an_answer_is_judged_as_it_was_given(path: Path, make_library: Callable[..., qa.Library]) -> None:
    library = make_library(APPLES)
    page, build = page_of(library, path, ask_part), library.index.manifest.build
    said = {"build": build, "who": "Ann", "key": "", "hit": "", "verdict": "nothing"}
    whole, confined = "?q=Where+do+apples+grow%3F", "?q=Where+do+apples+grow%3F&source=b.txt"
    assert "no longer kept" in page["judge_hit"]({**said, "asked": whole})["problem"]
    page["ask"]({"asked": whole})
    page["ask"]({"asked": confined})
    assert "problem" not in page["judge_hit"]({**said, "asked": whole})
    assert "ask without the filter" in page["judge_hit"]({**said, "asked": confined})["problem"]
    assert "problem" not in page["judge_hit"]({**said, "asked": confined, "hit": "1", "verdict": "no"})
    assert "problem" in page["judge_hit"]({**said, "asked": confined, "hit": "7", "verdict": "no"})
    assert [each.verdict for each in Judgements(path).standing()] == ["nothing", "no"]
