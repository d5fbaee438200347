"""What every contender is given: passages, their vectors, and questions with theirs, in a folder of plain files."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from index.arrays import Vectors
from index.progress import Progress

QUESTIONS = 200
_CORPUS, _VECTORS, _QUESTIONS, _ASKED = "corpus.jsonl", "vectors.npy", "questions.json", "questions.npy"
_ENCODED_AT_ONCE = 1_000
# Nothing that one contender would read as an instruction: a phrase to require, a word to leave out.
_MARKS = re.compile(r'["“”−-]')


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph, and the title of the book that it stands in."""

    id: str
    title: str
    text: str

    @property
    def searchable(self) -> str:
        """What is encoded and searched, by every contender."""
        return f"{self.title}\n{self.text}"


@dataclass(frozen=True)
class Collection:
    """Passages, questions and vectors in a folder; vectors are float32, of unit length."""

    folder: Path

    @property
    def corpus(self) -> Path:
        """The passages as corpus.jsonl."""
        return self.folder / _CORPUS

    @cached_property
    def passages(self) -> list[Passage]:
        return list(_read_corpus(self.corpus))

    @cached_property
    def vectors(self) -> Vectors:
        """Shape (passages, dimensions)."""
        return np.load(self.folder / _VECTORS, allow_pickle=False)  # type: ignore[no-any-return]

    @cached_property
    def questions(self) -> list[str]:
        return list(json.loads((self.folder / _QUESTIONS).read_text(encoding="utf-8")))

    @cached_property
    def asked(self) -> Vectors:
        """The questions' vectors: shape (questions, dimensions)."""
        return np.load(self.folder / _ASKED, allow_pickle=False)  # type: ignore[no-any-return]


def prepare(source: Path, size: int, folder: Path, progress: Progress) -> Collection:
    """The first `size` passages of the collection in `source`, and 200 of its questions, with vectors of hashed words.

    A collection that is smaller is made larger: each further passage is the first half of one and the second half of
    another. What was prepared before is taken as it is.
    """
    collection = Collection(folder)
    done = folder / "size"
    if done.is_file() and done.read_text(encoding="utf-8") == str(size):
        return collection
    folder.mkdir(parents=True, exist_ok=True)
    done.unlink(missing_ok=True)
    texts = []
    with open(collection.corpus, "w", encoding="utf-8") as file:
        for passage in _enough(list(_read_corpus(source / _CORPUS)), size):
            record = {"_id": passage.id, "title": passage.title, "text": passage.text}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            texts.append(passage.searchable)
    lines = (source / "queries.jsonl").read_text(encoding="utf-8").splitlines()[:QUESTIONS]
    questions = [" ".join(_MARKS.sub(" ", json.loads(line)["text"]).split()) for line in lines]
    (folder / _QUESTIONS).write_text(json.dumps(questions), encoding="utf-8")
    np.save(folder / _VECTORS, _encode(texts, progress), allow_pickle=False)
    np.save(folder / _ASKED, _encode(questions, progress), allow_pickle=False)
    done.write_text(str(size), encoding="utf-8")
    return collection


def _read_corpus(path: Path) -> Iterator[Passage]:
    with open(path, encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            yield Passage(str(record["_id"]), record.get("title", ""), record["text"])


def _enough(passages: Sequence[Passage], size: int) -> Iterator[Passage]:
    yield from passages[:size]
    for number in range(len(passages), size):
        turn, place = divmod(number, len(passages))
        # Another partner on each turn, so that no two of the made passages are alike.
        first, second = passages[place], passages[(place + 7_919 * turn) % len(passages)]
        words, others = first.text.split(), second.text.split()
        text = " ".join([*words[: (len(words) + 1) // 2], *others[len(others) // 2 :]])
        yield Passage(f"{first.id}+{turn}", first.title, text)


def _encode(texts: Sequence[str], progress: Progress) -> Vectors:
    from eval.scale import HashedEncoder

    encoder = HashedEncoder()
    vectors = np.empty((len(texts), encoder.dimensions), dtype=np.float32)
    for start in range(0, len(texts), _ENCODED_AT_ONCE):
        progress("Hashing words", start, len(texts))
        some = encoder.encode_document(texts[start : start + _ENCODED_AT_ONCE])
        vectors[start : start + len(some)] = some / np.linalg.norm(some, axis=1, keepdims=True)
    return vectors
