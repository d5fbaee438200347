"""What the reader learns from: questions beside text that answers them, and beside text that does not."""

import json
import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from index.analyzer import distinct_terms
from index.article import Span
from index.reader import Excerpt
from index.sentences import split_sentences

# Articles written for the reader, with questions as people ask them: answerable ones in other words than the text's, and
# unanswerable ones that come near it; folders of such articles, with questions that make sense to whoever asks the folder
# and that nothing else in it answers, and for some of these a sentence that would, many of both asked once more in words far
# from the text's; and such questions on SQuAD's paragraphs, by their ids.
ARTICLES, FOLDERS, MORE_ASKED = (
    Path(__file__).parent / name for name in ("articles.jsonl", "folders.jsonl", "questions.jsonl")
)
# Folders like those, and so many of SQuAD's articles, are kept from the reader: on them confidence is fitted, and on SQuAD's
# also reported.
KEPT_FOLDERS = Path(__file__).parent / "kept_folders.jsonl"
KEPT = 8
_SEED = 20
_ROUNDS_OF_NEAREST = 3
# So many questions are read beside a near paragraph of their folder, and beside one that has nothing to do with them; of
# answerable ones, with another number or name.
_ELSEWHERE, _AFAR, _ANOTHER = 0.3, 0.1, 0.3
# What a folder leaves open is asked in other ways than what it tells: of a price, an age, a population. A question's form
# must not tell whether it is answered, so those without a sentence that would answer are seldom read, and the others also
# beside a paragraph with that sentence, or with the one that would answer another.
_UNTOLD, _TOLD_TWICE, _TOLD_ANOTHER = 0.3, 0.25, 0.5
# Some articles have paragraphs of a sentence or two: so many examples are read so, with at most one sentence on either side.
_SHORT, _AROUND_SHORT = 0.4, 1
_YEAR = re.compile(r"1\d{3}|20\d{2}")
_NUMBER = re.compile(r"\b\d[\d,.]*\d\b|\b\d\b")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w'-]+(?: (?:of (?:the )?)?[A-Z][\w'-]+)*")
_WORD = re.compile(r"[\w'$%.,-]+")
# Words that someone who types keywords leaves out.
_SMALL_WORDS = (
    "a an the of in on at to for from by with is are was were be been do does did has have had what which who whom whose "
    "when where why how that this it its as and or there many much"
)
SMALL = frozenset(_SMALL_WORDS.split())


class Paragraph:
    """A paragraph of an article, by sentences; its `folder` is what else can be found with it, alone the article."""

    def __init__(self, title: str, text: str, folder: str = "") -> None:
        self.title, self.text, self.folder = title, text, folder or title

    @cached_property
    def sentences(self) -> list[Span]:
        return split_sentences(self.text)

    @cached_property
    def terms(self) -> list[frozenset[str]]:
        """Each sentence's terms."""
        return [frozenset(distinct_terms(self.text[start:end])) for start, end in self.sentences]

    def holding(self, answers: Sequence[str]) -> set[int]:
        """The sentences in which an answer begins."""
        starts = [match.start() for answer in answers for match in re.finditer(re.escape(answer), self.text)]
        return {n for n, (start, end) in enumerate(self.sentences) if any(start <= place < end for place in starts)}

    def without(self, left_out: AbstractSet[int]) -> "Paragraph":
        """The paragraph without some of its sentences."""
        kept = [self.text[start:end] for n, (start, end) in enumerate(self.sentences) if n not in left_out]
        return Paragraph(self.title, " ".join(kept), self.folder)

    def with_sentence(self, sentence: str, before: int) -> tuple["Paragraph", Span]:
        """The paragraph with one sentence more, before one of its own or behind all, and where that stands."""
        others = [self.text[start:end] for start, end in self.sentences]
        start = sum(len(other) + 1 for other in others[:before])
        text = " ".join([*others[:before], sentence, *others[before:]])
        return Paragraph(self.title, text, self.folder), (start, start + len(sentence))


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence that would answer what a paragraph leaves open, and the words in it that do."""

    sentence: str
    answer: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the id of the paragraph that it was written on, its answers: the one that most gave first, or none.

    `told` would answer it if the paragraph had it.
    """

    id: str
    question: str
    paragraph: str
    answers: tuple[str, ...]
    told: Told | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A question beside an excerpt; where in its text the answer stands, None if it does not answer."""

    question: str
    excerpt: Excerpt
    answer: Span | None


class Questions:
    """Questions with the paragraphs that they were written on, as far as some folders are concerned.

    `whole` says that what a paragraph leaves open its folder's others leave open too.
    """

    def __init__(self, paragraphs: dict[str, Paragraph], asked: Sequence[Asked], *, whole: bool = False) -> None:
        self.paragraphs, self.asked, self._whole = paragraphs, list(asked), whole
        self._of_folder: dict[str, list[str]] = {}
        for name, paragraph in paragraphs.items():
            self._of_folder.setdefault(paragraph.folder, []).append(name)
        self._names: dict[str, list[str]] = {}
        # Each once, in order, however often it is asked for.
        self._told: dict[str, dict[Told, None]] = {}
        for each in asked:
            if each.told:
                self._told.setdefault(each.paragraph, {})[each.told] = None
            self._names.setdefault(paragraphs[each.paragraph].folder, []).extend(_NAME.findall(each.question))
        counts: dict[str, int] = {}
        for paragraph in paragraphs.values():
            for term in frozenset().union(*paragraph.terms):
                counts[term] = counts.get(term, 0) + 1
        self._idf = {term: float(np.log(1 + (len(paragraphs) - n + 0.5) / (n + 0.5))) for term, n in counts.items()}

    @classmethod
    def of_squad(cls, folder: Path) -> "Questions":
        """All of SQuAD 2.0's questions and paragraphs, in the layout of BEIR."""
        lines = {name: (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines() for name in ("corpus", "queries")}
        records = map(json.loads, lines["corpus"])
        paragraphs = {record["_id"]: Paragraph(record["title"].replace("_", " "), record["text"]) for record in records}
        rows = (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]
        written_on = dict(row.split("\t")[:2] for row in rows)
        asked = []
        for record in map(json.loads, lines["queries"]):
            told = record["metadata"]
            paragraph = written_on.get(record["_id"]) or told["source_paragraph"]
            answers = sorted(told["answers"], key=lambda each: (each["occurrences"] > 1, -each["votes"], len(each["text"])))
            asked.append(Asked(record["_id"], record["text"], paragraph, tuple(each["text"] for each in answers)))
        return cls(paragraphs, asked)

    @classmethod
    def written(cls, path: Path) -> "Questions":
        """Those of a file of paragraphs that were written: single articles, or whole folders of them."""
        records = _read_lines(path)
        named = {f"{path.stem}-{n}": record for n, record in enumerate(records)}
        paragraphs = {
            name: Paragraph(record["title"], record["text"], record.get("folder", "")) for name, record in named.items()
        }
        asked = [each for name, record in named.items() for each in _asked(name, record)]
        return cls(paragraphs, asked, whole=all("folder" in record for record in records))

    def more(self) -> "Questions":
        """The questions of MORE_ASKED on these paragraphs of SQuAD."""
        records = [record for record in _read_lines(MORE_ASKED) if record["paragraph"] in self.paragraphs]
        paragraphs = {record["paragraph"]: self.paragraphs[record["paragraph"]] for record in records}
        return Questions(paragraphs, [each for record in records for each in _asked(record["paragraph"], record)])

    def divided(self) -> tuple["Questions", "Questions"]:
        """SQuAD's articles to learn from, and the KEPT ones that are kept, with their questions."""
        kept = kept_titles(self._of_folder.keys())
        return self._of([folder for folder in self._of_folder if folder not in kept]), self._of(sorted(kept))

    def by_folder(self) -> dict[str, "Questions"]:
        """Each folder's own, by its name."""
        return {folder: self._of([folder]) for folder in self._of_folder}

    def _of(self, folders: Sequence[str]) -> "Questions":
        paragraphs = {name: self.paragraphs[name] for folder in folders for name in self._of_folder[folder]}
        return Questions(paragraphs, [each for each in self.asked if each.paragraph in paragraphs], whole=self._whole)

    def examples(self, random: Random) -> Iterator[Example]:
        """Each question beside its paragraph, some beside the nearest others of its folder and some beside one of another
        folder, which do not answer; an answerable one also beside its paragraph without the sentences that hold an answer,
        and with another year, number or name; one that is left open also beside its paragraph with what would answer it."""
        for each in self.asked:
            paragraph = self.paragraphs[each.paragraph]
            if each.answers:
                yield from self._answered(each, paragraph, random)
            elif each.told or not self._whole or random.random() < _UNTOLD:
                yield self._beside(each.question, paragraph, random)
            if each.told:
                yield from self._with_what_is_told(each, each.told, random)
            told_apart = (each.answers or self._whole) and random.random() < _ELSEWHERE
            elsewhere = self._elsewhere(each, paragraph, random) if told_apart else None
            if elsewhere:
                yield elsewhere
            afar = self._afar(each, paragraph, random) if random.random() < _AFAR else None
            if afar:
                yield afar

    def beside_its_paragraph(self, each: Asked, random: Random) -> Example:
        """A question beside the paragraph that it was written on, around the sentence that comes nearest to it."""
        return self._beside(each.question, self.paragraphs[each.paragraph], random)

    def beside_what_is_told(self, each: Asked, told: Told, random: Random) -> Example:
        """A question beside its paragraph with a sentence more, which answers it or another question."""
        paragraph = self.paragraphs[each.paragraph]
        holding, place = paragraph.with_sentence(told.sentence, random.randint(0, len(paragraph.sentences)))
        start = place[0] + told.sentence.index(told.answer)
        answer = (start, start + len(told.answer)) if told == each.told else None
        return self._beside(each.question, holding, random, answer)

    def with_all_told(self) -> Iterator[Paragraph]:
        """Each paragraph with all that would answer what it leaves open, every other sentence."""
        for name, paragraph in self.paragraphs.items():
            holding = paragraph
            for n, told in enumerate(self._told.get(name, ())):
                holding, _ = holding.with_sentence(told.sentence, 2 * n + 1)
            yield holding

    def told_another(self, each: Asked) -> list[Told]:
        """What would answer the other questions that a question's paragraph leaves open."""
        return [told for told in self._told.get(each.paragraph, ()) if told != each.told]

    def without_its_answer(self, each: Asked, random: Random) -> Example | None:
        """A question beside its paragraph without the sentences that hold an answer; None if nothing is left."""
        paragraph = self.paragraphs[each.paragraph]
        rest = paragraph.without(paragraph.holding(each.answers))
        return self._beside(each.question, rest, random) if rest.sentences else None

    def _answered(self, each: Asked, paragraph: Paragraph, random: Random) -> Iterator[Example]:
        places = [match.span() for match in re.finditer(re.escape(each.answers[0]), paragraph.text)]
        shared = self._shared(each.question, paragraph)
        sentence_of = {
            place: n for place in places for n, (start, end) in enumerate(paragraph.sentences) if start <= place[0] < end
        }
        if not sentence_of:
            return
        answer = max(sentence_of, key=lambda place: shared[sentence_of[place]])
        beside = self._beside(each.question, paragraph, random, answer)
        yield beside
        without = self.without_its_answer(each, random)
        if without:
            yield without
        other = self._about_another(each.question, paragraph, random) if random.random() < _ANOTHER else None
        if other:
            yield replace(beside, question=other, answer=None)

    def _with_what_is_told(self, each: Asked, told: Told, random: Random) -> Iterator[Example]:
        """A question that is left open beside its paragraph with the sentence that answers it, and with another's."""
        for _ in range(1 + (random.random() < _TOLD_TWICE)):
            yield self.beside_what_is_told(each, told, random)
        others = self.told_another(each)
        if others and random.random() < _TOLD_ANOTHER:
            yield self.beside_what_is_told(each, random.choice(others), random)

    def _beside(self, question: str, paragraph: Paragraph, random: Random, answer: Span | None = None) -> Example:
        """A question beside a paragraph that is read, as in use, around the sentence that shares most with the question:
        whether it answers or not, so that what is in the middle does not tell."""
        shared = [score + 2 * random.random() for score in self._shared(question, paragraph)]
        place = paragraph.sentences[int(np.argmax(shared))] if shared else (0, 0)
        return Example(question, Excerpt(paragraph.title, paragraph.text, place), answer)

    def _elsewhere(self, each: Asked, paragraph: Paragraph, random: Random) -> Example | None:
        """A question beside one of the sentences nearest to it in its folder's other paragraphs."""
        others = [self.paragraphs[name] for name in self._of_folder[paragraph.folder] if name != each.paragraph]
        silent = [other for other in others if not any(answer.lower() in other.text.lower() for answer in each.answers)]
        places = [(score, n, other) for other in silent for n, score in enumerate(self._shared(each.question, other))]
        nearest = sorted(places, key=lambda place: -place[0])[:_ROUNDS_OF_NEAREST]
        if not nearest:
            return None
        _, n, other = random.choice(nearest)
        return Example(each.question, Excerpt(other.title, other.text, other.sentences[n]), None)

    def _afar(self, each: Asked, paragraph: Paragraph, random: Random) -> Example | None:
        """A question beside a paragraph of any other folder, which tells of something else."""
        other = self.paragraphs[random.choice(list(self.paragraphs))]
        return self._beside(each.question, other, random) if other.folder != paragraph.folder else None

    def _about_another(self, question: str, paragraph: Paragraph, random: Random) -> str | None:
        """The question with another year, number or name, which the paragraph does not have."""
        numbers = list(_NUMBER.finditer(question))
        if numbers and random.random() < 0.7:
            match = random.choice(numbers)
            new = _another_number(match.group(), random)
            return None if new in paragraph.text else question[: match.start()] + new + question[match.end() :]
        names = list(_NAME.finditer(question))
        text = paragraph.text.lower()
        others = [name for name in self._names[paragraph.folder] if name.lower() not in text and name not in question]
        if not names or not others:
            return None
        match = random.choice(names)
        return question[: match.start()] + random.choice(others) + question[match.end() :]

    def _shared(self, question: str, paragraph: Paragraph) -> list[float]:
        """How much of the question's idf each sentence of a paragraph has."""
        asked = distinct_terms(question)
        unknown = max(self._idf.values())
        return [sum(self._idf.get(term, unknown) for term in asked & terms) for terms in paragraph.terms]


def _read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _asked(paragraph: str, record: dict[str, Any]) -> Iterator[Asked]:
    """The questions of a line that was written: [question, answer] pairs, and questions that its paragraph leaves open, to
    some of which it has "told": [question, sentence that would answer, the words in it that do]."""
    for n, (question, answer) in enumerate(record["answered"]):
        yield Asked(f"{paragraph}-a{n}", question, paragraph, (answer,))
    told = {question: Told(sentence, answer) for question, sentence, answer in record.get("told", ())}
    for n, question in enumerate(record["unanswered"]):
        yield Asked(f"{paragraph}-u{n}", question, paragraph, (), told.get(question))


def kept_titles(titles: AbstractSet[str]) -> frozenset[str]:
    """The titles of the articles that are kept: the same ones wherever they are asked for."""
    order = sorted(titles)
    Random(_SEED).shuffle(order)
    return frozenset(order[:KEPT])


def as_typed(example: Example, random: Random) -> Example:
    """The example with its question as people type them: some as keywords, some without a question mark or misspelt; some
    excerpts without a title, and some of a few sentences."""
    question, chance = example.question, random.random()
    if chance < 0.12:
        words = [word for word in _WORD.findall(question.rstrip("?")) if word.lower() not in SMALL]
        question = " ".join(words) if len(words) > 1 else question
    elif chance < 0.18:
        question = question.rstrip("?")
    if random.random() < 0.1:
        question = _misspelt(question, random)
    excerpt = example.excerpt if random.random() < 0.75 else replace(example.excerpt, title="")
    typed = replace(example, question=question, excerpt=excerpt)
    return _shortened(typed, random) if random.random() < _SHORT else typed


def _shortened(example: Example, random: Random) -> Example:
    """The example with the sentence that answers, or the marked one, alone or with one before it or behind it."""
    text, around = example.excerpt.text, example.answer or example.excerpt.around
    sentences = split_sentences(text)
    middle = next((n for n, (start, end) in enumerate(sentences) if start <= around[0] < end), 0)
    before, behind = random.randint(0, _AROUND_SHORT), random.randint(0, _AROUND_SHORT)
    kept = sentences[max(0, middle - before) : middle + behind + 1]
    if not kept or around[1] > kept[-1][1]:
        return example
    start, end = kept[0][0], kept[-1][1]
    marked = around[0] - start, around[1] - start
    excerpt = replace(example.excerpt, text=text[start:end], around=marked)
    return replace(example, excerpt=excerpt, answer=marked if example.answer else None)


def _another_number(number: str, random: Random) -> str:
    if _YEAR.fullmatch(number):
        return str(int(number) + random.choice((-12, -7, -5, -3, -2, -1, 1, 2, 3, 4, 6, 9, 15)))
    digits = int(re.sub(r"\D", "", number))
    return str(max(2, int(digits * random.choice((0.5, 0.7, 1.3, 2, 3))) + random.randint(1, 3)))


def _misspelt(question: str, random: Random) -> str:
    """One letter of one longer word left out, doubled, or after the next one."""
    words = question.split()
    longer = [n for n, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if not longer:
        return question
    n = random.choice(longer)
    word, place = words[n], random.randrange(1, len(words[n]) - 1)
    letter = word[place]
    chosen = random.random()
    if chosen < 0.4:
        words[n] = word[: place - 1] + letter + word[place - 1] + word[place + 1 :]
    else:
        words[n] = word[:place] + ("" if chosen < 0.7 else 2 * letter) + word[place + 1 :]
    return " ".join(words)
