"""What the reader is trained on, and that training teaches it."""

import json
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from eval.quality.data import REPORTED_FOLDERS
from eval.reader.examples import (
    ARTICLES,
    FOLDERS,
    KEPT_FOLDERS,
    MORE_ASKED,
    SMALL,
    Asked,
    Example,
    Paragraph,
    Questions,
    Told,
    as_typed,
    kept_titles,
)
from index.reader import Excerpt

MINE = Paragraph("Mining", "The mine opened in 1987. It has 300 people. Anna Weber runs it. In 1987 it was small.")
VALLEY = Paragraph("Mining", "The valley has people too. The valley is green. It opened a school.")
ABBEY = Paragraph("Abbeys", "The abbey is old. It opened in 1200.")
ASKED = [
    Asked("a", "When did the mine of Anna Weber open?", "m", ("1987", "in 1987")),
    Asked("b", "How many people does the mine have in 1990?", "m", ("300",)),
    Asked("c", "What did Peter Klein build in the valley?", "v", ()),
    Asked("d", "How old is the abbey, says Peter Klein?", "x", ("old",)),
]


@pytest.fixture
def squad() -> Questions:
    return Questions({"m": MINE, "v": VALLEY, "x": ABBEY}, ASKED)


def drawn(squad: Questions, times: int = 40) -> list[Example]:
    random = Random(2)
    return [example for _ in range(times) for example in squad.examples(random)]


def test_an_answer_is_where_it_is_said_to_be(squad: Questions) -> None:
    answered = [example for example in drawn(squad) if example.answer]
    assert {example.excerpt.text[slice(*example.answer)] for example in answered if example.answer} == {"1987", "300", "old"}
    # Of two places the one in the sentence that has more of the question.
    opened = {example.answer for example in answered if example.question.startswith("When")}
    assert opened == {(19, 23)}


def test_what_is_marked_does_not_tell_whether_it_answers(squad: Questions) -> None:
    """Text is read around the sentence that shares most with the question, wherever the answer stands."""
    runs = Asked("r", "Is it Anna Weber or Peter Klein who runs a mine in a valley?", "m", ("300",))
    told = Asked("t", runs.question, "m", (), Told("There are 51 of them.", "51"))
    marked: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for each in drawn(Questions({"m": MINE, "v": VALLEY}, [runs, told])):
        if "Anna Weber runs it." in each.excerpt.text and each.question == runs.question:
            marked[each.answer is not None][each.excerpt.text[slice(*each.excerpt.around)]] += 1
    assert all(places.most_common(1)[0][0] == "Anna Weber runs it." for places in marked.values())


def test_beside_what_does_not_answer_there_is_no_answer(squad: Questions) -> None:
    by_question = {each.question: each for each in ASKED}
    kinds = set()
    for example in drawn(squad):
        asked, text = by_question.get(example.question), example.excerpt.text
        if example.answer:
            continue
        assert not example.excerpt.around[1] > len(text)
        if asked is None:
            # Another year, number or name than the paragraph has.
            kinds.add("another")
            changed = set(example.question.split()) - {word for each in ASKED for word in each.question.split()}
            assert changed or "Klein" in example.question or "Weber" in example.question
            assert text == MINE.text or text == ABBEY.text
            assert not any(word.strip("?,") in text for word in changed)
        elif (example.excerpt.title == "Abbeys") != (asked.paragraph == "x"):
            kinds.add("afar")
        elif not asked.answers:
            kinds.add("unanswerable")
            assert text == VALLEY.text
        elif text in (MINE.text, VALLEY.text, ABBEY.text):
            kinds.add("elsewhere")
            assert text == VALLEY.text
            assert asked.paragraph == "m"
        else:
            kinds.add("without")
            assert not any(answer in text for answer in asked.answers)
    assert kinds == {"another", "unanswerable", "elsewhere", "without", "afar"}


def test_the_same_articles_are_kept(tmp_path: Path) -> None:
    titles = {f"title {number}" for number in range(30)}
    assert len(kept_titles(titles)) == 8
    assert kept_titles(titles) < titles
    rows = [{"_id": f"p{n}", "title": f"title_{n}", "text": f"Town {n} has {n} people."} for n in range(30)]
    asked = [
        {
            "_id": f"q{n}",
            "text": f"How many people has town {n}?",
            "metadata": {"answers": [{"text": f"{n}", "occurrences": 2, "votes": 1}], "answerable": True},
        }
        for n in range(30)
    ]
    asked.append({"_id": "u", "text": "Who?", "metadata": {"answers": [], "answerable": False, "source_paragraph": "p3"}})
    for name, records in (("corpus", rows), ("queries", asked)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, records)))
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n" + "\n".join(f"q{n}\tp{n}\t1" for n in range(30)))
    seen, kept = Questions.of_squad(tmp_path).divided()
    assert {paragraph.title for paragraph in kept.paragraphs.values()} == kept_titles(titles)
    assert {each.id for each in seen.asked} | {each.id for each in kept.asked} == {record["_id"] for record in asked}
    assert {each.paragraph for each in seen.asked}.isdisjoint(kept.paragraphs)


def test_questions_are_varied_as_people_type() -> None:
    question = "How many people does the mine in Yangquan have?"
    example = Example(question, Excerpt("Mining", MINE.text, (0, 5)), (19, 23))
    random = Random(1)
    varied = [as_typed(example, random) for _ in range(300)]
    texts = {each.excerpt.text for each in varied}
    assert texts == {MINE.text, "The mine opened in 1987.", "The mine opened in 1987. It has 300 people."}
    assert all(each.answer and each.excerpt.text[slice(*each.answer)] == "1987" for each in varied)
    assert {each.excerpt.title for each in varied} == {"Mining", ""}
    questions = {each.question for each in varied}
    assert {question, question.rstrip("?"), "people mine Yangquan"} <= questions
    assert len(questions) > 5


def test_some_are_read_in_few_sentences() -> None:
    """Around the answer, or where there is none the marked sentence; what is longer than that stays whole."""
    random = Random(1)
    last = Example("Who?", Excerpt("", MINE.text, (64, 85)), None)
    texts = {as_typed(last, random).excerpt.text for _ in range(100)}
    assert texts == {MINE.text, "In 1987 it was small.", "Anna Weber runs it. In 1987 it was small."}
    middle = Example("Who?", Excerpt("", MINE.text, (0, 5)), (44, 54))
    seen = [as_typed(middle, random) for _ in range(200)]
    assert all(each.answer and each.excerpt.text[slice(*each.answer)] == MINE.text[44:54] for each in seen)
    assert len({each.excerpt.text for each in seen}) == 5
    whole = Example("Who?", Excerpt("", MINE.text, (0, 5)), (0, len(MINE.text)))
    assert {(each.excerpt.text, each.answer) for each in (as_typed(whole, random) for _ in range(50))} == {
        (MINE.text, whole.answer)
    }


@pytest.mark.model
def test_words_are_exchanged_for_near_ones() -> None:
    from safetensors.torch import load_file

    from eval.reader.__main__ import tokenizer_of
    from eval.reader.training import Wording
    from index.minilm import MiniLM
    from index.reader import pair

    encoder = MiniLM()
    tokenizer = tokenizer_of(encoder)
    table = load_file(encoder.folder / "model.safetensors")["embeddings.word_embeddings.weight"]
    wording, random = Wording(tokenizer, table), Random(1)
    read = pair(tokenizer, "Why did wages rise in 1987?", Excerpt("Mining", MINE.text, (0, 5)))
    seen = set()
    for _ in range(100):
        other = wording.reworded(read, random)
        assert (other.segments, other.start, other.spans) == (read.segments, read.start, read.spans)
        asked = read.segments.index(1)
        assert other.ids[asked:] == read.ids[asked:]
        for old, new in zip(read.ids, other.ids, strict=True):
            before = tokenizer.id_to_token(old)
            if old != new:
                seen.add((before, tokenizer.id_to_token(new)))
                assert before not in SMALL
    assert ("wages", "salaries") in seen
    assert {before for before, _ in seen} == {"wages", "rise"}


@pytest.mark.model
def test_training_teaches_and_its_change_is_what_was_learnt(
    tmp_path: Path, squad: Questions, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from safetensors.torch import load_file
    from transformers import BertConfig, BertModel

    from eval.reader.__main__ import tokenizer_of
    from eval.reader.training import train
    from index.bert import Network
    from index.minilm import MiniLM
    from index.progress import no_progress
    from index.reader import Reader

    monkeypatch.setattr("eval.reader.training.RANK", 16)
    tokenizer = tokenizer_of(MiniLM())
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(tmp_path)
    network = Network(load_file(tmp_path / "model.safetensors"), config.to_dict())
    right = Example("Who runs the mine?", Excerpt("", "Anna Weber runs it.", (0, 5)), (0, 10))
    wrong = Example("Who runs the mine?", Excerpt("", "The valley is green.", (0, 5)), None)

    change = train(tmp_path, tokenizer, lambda _: iter([right, wrong] * 4), 1000, no_progress)
    assert change["encoder.layer.1.output.dense.weight.left"].shape == (32, 16)
    assert not any("layer.0." in name or "embeddings" in name for name in change)
    yes, no = Reader(tokenizer, network, change).read("Who runs the mine?", [right.excerpt, wrong.excerpt])
    assert yes > 1 > -1 > no

    # What goes on from there begins with what was learnt, and may unlearn it.
    still = train(tmp_path, tokenizer, lambda _: iter([right, wrong] * 4), 1, no_progress, change, 1e-9)
    same = Reader(tokenizer, network, still).read("Who runs the mine?", [right.excerpt, wrong.excerpt])
    assert same == pytest.approx([yes, no], abs=0.2)
    turned = [Example(right.question, wrong.excerpt, (0, 10)), Example(right.question, right.excerpt, None)]
    other = train(tmp_path, tokenizer, lambda _: iter(turned * 4), 1000, no_progress, change)
    yes, no = Reader(tokenizer, network, other).read("Who runs the mine?", [right.excerpt, wrong.excerpt])
    assert yes < -1 < 1 < no


@pytest.mark.parametrize(
    ("path", "least"),
    [(ARTICLES, 1000), (FOLDERS, 9000), (KEPT_FOLDERS, 2000), (REPORTED_FOLDERS, 500)],
    ids=["articles", "folders", "kept", "reported"],
)
def test_what_was_written_is_whole(path: Path, least: int) -> None:
    """Each line's answers stand in its text, its questions are all different."""
    written = Questions.written(path)
    assert len(written.asked) > least
    assert len({(each.paragraph, each.question.lower()) for each in written.asked}) == len(written.asked)
    for each in written.asked:
        assert all(answer in written.paragraphs[each.paragraph].text for answer in each.answers), each
        assert 2 <= len(each.question.split()) <= 30, each
        assert not each.told or (each.told.answer in each.told.sentence and not each.answers), each
    records = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert sum(each.told is not None for each in written.asked) == sum(len(record.get("told", ())) for record in records)
    answered = sum(bool(each.answers) for each in written.asked)
    assert 0.4 < answered / len(written.asked) < 0.6


def test_no_folder_serves_two_things() -> None:
    """Neither what is kept from the reader nor what is reported on has anything of what it learnt from, nor of the other."""
    learnt, kept, reported = (Questions.written(path) for path in (FOLDERS, KEPT_FOLDERS, REPORTED_FOLDERS))
    assert len(kept.by_folder()) >= 8
    texts = [paragraph.text for each in (learnt, kept, reported) for paragraph in each.paragraphs.values()]
    texts += [paragraph.text for paragraph in Questions.written(ARTICLES).paragraphs.values()]
    assert len(set(texts)) == len(texts)
    names = [name for each in (learnt, kept, reported) for name in each.by_folder()]
    assert len(set(names)) == len(names)


def test_what_a_whole_folder_leaves_open_is_read_beside_its_other_paragraphs() -> None:
    town = Paragraph("Town", "The mine opened in 1987. Anna Weber runs it.", "valley")
    other = Paragraph("Works", "The steel works has 40 people. It opened in 1990.", "valley")
    asked = [Asked("a", "Who runs the mine?", "t", ("Anna Weber",)), Asked("u", "What does the mine earn?", "t", ())]
    texts = {}
    for whole in (True, False):
        questions = Questions({"t": town, "o": other}, asked, whole=whole)
        texts[whole] = {
            example.excerpt.text for example in drawn(questions) if example.question == "What does the mine earn?"
        }
    assert texts == {True: {town.text, other.text}, False: {town.text}}


TOWN = Paragraph("Town", "The mine opened in 1987. Anna Weber runs it.", "valley")
PAY, AGE = Told("Miners take home 900 euros a month.", "900 euros"), Told("Weber, now 51, was a miner herself.", "51")
OPEN = [
    Asked("p", "What does a miner of the town earn?", "t", (), PAY),
    Asked("a", "How old is Anna Weber?", "t", (), AGE),
    Asked("f", "Who founded the mine?", "t", ()),
]


def test_what_is_left_open_is_read_with_what_would_answer_it() -> None:
    """Beside its paragraph alone, with the sentence that answers, and with the one that answers another question."""
    seen = set()
    for example in drawn(Questions({"t": TOWN}, OPEN, whole=True)):
        text = example.excerpt.text
        told = {"p": PAY, "a": AGE, "f": None}[next(each.id for each in OPEN if each.question == example.question)]
        has = [each for each in (PAY, AGE) if each.sentence in text]
        assert (
            text.replace(f"{has[0].sentence} ", "").removesuffix(f" {has[0].sentence}") == TOWN.text
            if has
            else text == TOWN.text
        )
        assert (example.answer is not None) == (told in has)
        if example.answer:
            assert told
            assert text[slice(*example.answer)] == told.answer
        seen.add((example.question, *has))
    for asked, own, other in ((OPEN[0].question, PAY, AGE), (OPEN[1].question, AGE, PAY)):
        assert {(asked,), (asked, own), (asked, other)} <= seen
    assert (OPEN[2].question, PAY) not in seen


def test_a_folder_with_all_that_is_told() -> None:
    again = Asked("r", "What are the wages underground?", "t", (), PAY)
    (fuller,) = Questions({"t": TOWN}, [*OPEN, again], whole=True).with_all_told()
    assert (fuller.title, fuller.folder) == ("Town", "valley")
    assert fuller.text == f"The mine opened in 1987. {PAY.sentence} Anna Weber runs it. {AGE.sentence}"


def test_a_sentence_is_put_where_it_is_said_to_be() -> None:
    for before in range(3):
        longer, (start, end) = TOWN.with_sentence(PAY.sentence, before)
        assert longer.text[start:end] == PAY.sentence
        assert [longer.text[slice(*place)] for place in longer.sentences].index(PAY.sentence) == before


def test_more_is_asked_of_paragraphs_that_are_there() -> None:
    record = next(json.loads(line) for line in MORE_ASKED.read_text(encoding="utf-8").splitlines())
    answers = " ".join(answer for _, answer in record["answered"])
    squad = Questions({record["paragraph"]: Paragraph("A title", f"Told is {answers}."), "x": ABBEY}, [])
    more = squad.more()
    assert set(more.paragraphs) == {record["paragraph"]}
    assert [each.question for each in more.asked] == [question for question, _ in record["answered"]] + record["unanswered"]
