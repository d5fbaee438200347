"""The collections, and which of their questions serve development and which are reported on: none serves both."""

import json
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.beir import read_beir
from eval.gold import GOLD, GoldQuestion, read_gold
from eval.reader.examples import KEPT_FOLDERS, Asked, Paragraph, Questions
from index.progress import Progress
from qa.library import DEFAULT_STORE, Library, load

SEEDS = Path("seeds")
# Like those that the reader learnt from (eval/reader/folders.jsonl).
REPORTED_FOLDERS = Path(__file__).parent / "folders.jsonl"
_DEVELOPMENT, _REPORTED = 1_500, 1_000
_TRICKS_DEVELOPMENT, _TRICKS_REPORTED = 700, 700
_TITLES = 4
_UNSEEN = " on articles that the reader was not trained on"

Choice = Callable[[Sequence[str]], set[str]]
"""From question ids to some of them."""


@dataclass(frozen=True, slots=True)
class Collection:
    """A folder of articles with questions; `held` says which of them are reported on.

    `seen` are the ids of questions whose articles the reader (index/reader.py) was trained on: nothing is reported on them,
    nor is confidence fitted on them.
    """

    name: str
    library: Library
    development: list[GoldQuestion]
    reported: list[GoldQuestion]
    held: str
    seen: frozenset[str] = frozenset()

    def unseen(self, questions: Sequence[GoldQuestion], *, answerable: bool) -> list[GoldQuestion]:
        """Of some questions those that are answerable, or are not, and that the reader has not seen."""
        return [each for each in questions if each.answerable == answerable and each.id not in self.seen]


def shuffled(ids: Sequence[str], seed: int = 0) -> list[str]:
    """The ids in an order that depends on nothing but them."""
    names = sorted(ids)
    np.random.default_rng(seed).shuffle(names)
    return names


def open_collection(name: str, data: Path, progress: Progress) -> Collection:
    """One of NAMES, indexed first if it is not yet, with its questions divided."""
    if name == "seeds":
        library = load(SEEDS, DEFAULT_STORE, progress=progress)
        return Collection(name, library, [], read_gold(GOLD), "all of eval/gold.jsonl; none served development")
    folder = data / name
    library = load(folder, progress=progress)
    questions = read_beir(folder).questions
    answerable = [question for question in questions if question.answerable]
    learnt, _ = Questions.of_squad(data / "squad_v2_dev").divided()
    if name == "squad_v2_dev":
        seen = frozenset(each.id for each in learnt.asked)
        development, reported = divide(answerable, _DEVELOPMENT, _REPORTED, seen)
        # Questions that the paragraphs do not answer, each written on one of them.
        tricks = [question for question in questions if not question.answerable]
        trick_development, trick_reported = divide(tricks, _TRICKS_DEVELOPMENT, _TRICKS_REPORTED, seen)
        held = f"{len(reported):,} of the answerable ones{_UNSEEN}; others served development"
        return Collection(name, library, development + trick_development, reported + trick_reported, held, seen)
    if name in ("xquad_en", "xquad_zh2en"):
        titles = {paragraph.title for paragraph in learnt.paragraphs.values()}
        articles = {article.id for article in library.articles if article.title.replace("_", " ") in titles}
        seen = frozenset(question.id for question in answerable if articles.intersection(question.articles))
        served = len(answerable) // 2 if name == "xquad_zh2en" else 0
        development, reported = divide(answerable, served, len(answerable), seen)
        held = f"{len(reported)} asked{_UNSEEN}; {'others' if served else 'none'} served development"
        return Collection(name, library, development, reported, held, seen)
    if name == "mtrag_govt":
        development, reported = divide(answerable, len(answerable) // 2, len(answerable))
        held = f"{len(reported)} asked; the other {len(development)} served development"
        return Collection(name, library, development, reported, held)
    if name == "scifact":
        train = [question for question in read_beir(folder, "train").questions if question.answerable]
        return Collection(name, library, train, answerable, "the test split; the training split served development")
    return Collection(name, library, [], answerable, "all; none served development")


@dataclass(frozen=True, slots=True)
class Few:
    """A library of half of the articles under a few titles: the ids of these, and of the others, which it does not have."""

    library: Library
    ids: frozenset[str]
    left_out: frozenset[str]


def folders_of_few(name: str, data: Path, cache: Path, progress: Progress) -> list[Few]:
    """A collection whose articles share titles as many small libraries, _TITLES titles each."""
    lines: dict[str, str] = {}
    by_title: dict[str, list[str]] = {}
    for line in (data / name / "corpus.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        lines[record["_id"]] = line
        by_title.setdefault(record["title"], []).append(record["_id"])
    titles = list(by_title)
    libraries = []
    for number, start in enumerate(range(0, len(titles), _TITLES)):
        ids = shuffled([each for title in titles[start : start + _TITLES] for each in by_title[title]])
        kept = frozenset(ids[::2])
        library = _library(cache / f"{name}-{number}", [lines[each] for each in lines if each in kept], progress)
        libraries.append(Few(library, kept, frozenset(ids) - kept))
    return libraries


def _library(folder: Path, lines: Sequence[str], progress: Progress) -> Library:
    """The library of a corpus of these lines, written to a folder and indexed beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "corpus.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return load(folder / "corpus.jsonl", folder.with_name(f"{folder.name}-index"), progress=progress)


@dataclass(frozen=True, slots=True)
class Written:
    """The library of a written folder, with the questions that its articles answer and those that they leave open.

    The `fuller` library has besides what would answer some of the latter, those `told`: so the same questions are asked
    where they are answered and where they are not, and their form does not tell which.
    """

    library: Library
    answered: list[GoldQuestion]
    left_open: list[GoldQuestion]
    fuller: Library
    told: list[GoldQuestion]


def development_folders(cache: Path, progress: Progress) -> list[Written]:
    """The written folders that are kept from the reader."""
    return _written(Questions.written(KEPT_FOLDERS), cache / "kept", progress)


def reported_folders(cache: Path, progress: Progress) -> list[Written]:
    """Folders that serve nothing but to be reported on."""
    return _written(Questions.written(REPORTED_FOLDERS), cache / "reported", progress)


def _written(written: Questions, cache: Path, progress: Progress) -> list[Written]:
    folders = []
    for number, questions in enumerate(written.by_folder().values()):
        library = _library(cache / str(number), _articles(questions.paragraphs.values()), progress)
        fuller = _library(cache / f"{number}-fuller", _articles(questions.with_all_told()), progress)
        answered = [_gold(each, questions, answerable=True) for each in questions.asked if each.answers]
        left_open = [_gold(each, questions, answerable=False) for each in questions.asked if not each.answers]
        told = [_gold(each, questions, answerable=True) for each in questions.asked if each.told]
        folders.append(Written(library, answered, left_open, fuller, told))
    return folders


def _gold(each: Asked, written: Questions, *, answerable: bool) -> GoldQuestion:
    """A written question as one whose article is known."""
    title = written.paragraphs[each.paragraph].title
    return GoldQuestion(each.id, each.question, "", (), answerable, articles={title: 1})


def _articles(paragraphs: Iterable[Paragraph]) -> list[str]:
    """The lines of a corpus of the articles that paragraphs are of."""
    texts: dict[str, list[str]] = {}
    for paragraph in paragraphs:
        texts.setdefault(paragraph.title, []).append(paragraph.text)
    return [json.dumps({"_id": title, "title": title, "text": "\n\n".join(text)}) for title, text in texts.items()]


def divide(
    questions: Sequence[GoldQuestion], first: int, second: int, seen: AbstractSet[str] = frozenset()
) -> tuple[list[GoldQuestion], list[GoldQuestion]]:
    """All questions but those reported on, and these: `second` after the `first`, none of them of the ids in `seen`.

    In an order of their ids alone.
    """
    by_id = {question.id: question for question in questions}
    order = shuffled(list(by_id))
    reported = dict.fromkeys([name for name in order[first:] if name not in seen][:second])
    return [by_id[name] for name in order if name not in reported], [by_id[name] for name in reported]


@dataclass(frozen=True, slots=True)
class Cache:
    """Figures that were worked out before, by name and by what they depend on: a run that was stopped goes on."""

    folder: Path

    def get(self, name: str, key: str, work: Callable[[], object]) -> object:
        """What `work` gives, or gave for the same key: JSON."""
        path = self.folder / f"{name}.json"
        if path.is_file():
            record = json.loads(path.read_text(encoding="utf-8"))
            if record["key"] == key:
                return record["value"]
        value = work()
        self.folder.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(".tmp")
        scratch.write_text(json.dumps({"key": key, "value": value}), encoding="utf-8")
        scratch.replace(path)
        return value
