"""Gold by judging: a blind pool of what systems found, and what its judgements say."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval.files import json_line, read_records, write_text
from eval.gold import GoldQuestion, GoldSpan
from eval.texts import Texts
from index.article import Article, Passage, Span
from index.cleanup import clean_up
from index.errors import GoldError, QuestionError, UserError
from qa.library import Library, check_question
from qa.pooling import pooled
from qa.retriever import System
from qa.words import count_of

JUDGEMENTS = ("answers", "partly", "no")
"""From most to least; the empty string is not judged yet."""

_FIELDS = ("question_id", "question", "passage", "source", "article", "text")


@dataclass(frozen=True, slots=True)
class PoolItem:
    """A passage to judge for a question. Nothing in it tells which system found it, or at which rank."""

    question_id: str
    question: str
    passage: str
    source: str
    article: str
    spans: tuple[Span, ...]
    text: str
    judgement: str = ""

    @property
    def start(self) -> int:
        """Where the passage begins in its source."""
        return self.spans[0][0]

    @property
    def end(self) -> int:
        """Where the passage ends in its source."""
        return self.spans[-1][1]

    @property
    def key(self) -> tuple[str, str]:
        """What is judged: the question's id and the passage's."""
        return self.question_id, self.passage


def pool(
    library: Library, questions: Sequence[tuple[str, str]], systems: Sequence[System], k: int, seed: int = 0
) -> list[PoolItem]:
    """For each question, given by id and text, every passage that a system has among its k best.

    A question's passages are shuffled, as `pooled` does. Raises GoldError for an id given twice and a question that
    cannot be asked, QuestionError for another k or system.
    """
    _check_questions(questions)
    return [
        _item(question_id, text, passage)
        for (question_id, text), passages in zip(questions, pooled(library, questions, systems, k, seed), strict=True)
        for passage in passages
    ]


def write_pool(path: Path, items: Iterable[PoolItem]) -> None:
    """Writes items to judge, or judged, one JSON object a line. Raises GoldError if it cannot be written."""
    write_text(path, "".join(json_line(asdict(item)) for item in items))


def read_pool(path: Path) -> list[PoolItem]:
    """The items of a file to judge. Raises GoldError, naming file and line, for what cannot be used.

    That is a line of another form, a judgement that is none of "answers", "partly", "no" and "" (not judged yet), a
    passage given twice for a question, a question that has two texts, and a file without items.
    """
    items: list[PoolItem] = []
    places: dict[tuple[str, str], str] = {}
    questions: dict[str, tuple[str, str]] = {}
    for place, record in read_records(path):
        item = _read_item(record, place)
        if item.key in places:
            what = f"passage {item.passage!r} of question {item.question_id!r}"
            raise GoldError(f"{place}: {what} again, before in {places[item.key]}: keep one")
        text, other = questions.setdefault(item.question_id, (item.question, place))
        if text != item.question:
            raise GoldError(f"{place}: another question with the id {item.question_id!r} than in {other}: give it its own")
        places[item.key] = place
        items.append(item)
    if not items:
        raise GoldError(f"{path}: nothing to judge: expected one passage a line, as qa gold pool writes them")
    return items


def check_unjudged(path: Path) -> None:
    """Raises GoldError for a file that holds judgements, or is no pool: another pool in its place would lose them."""
    try:
        judged = sum(bool(item.judgement) for item in read_pool(path))
    except UserError:
        raise GoldError(f"{path}: is there already, and is no pool: name another file with --out") from None
    if judged:
        raise GoldError(
            f"{path}: holds {count_of(judged, 'judgement')}: name another file with --out, or overwrite it with --force"
        )


def judged_gold(items: Sequence[PoolItem], articles: Sequence[Article]) -> list[GoldQuestion]:
    """The judgements as gold, in the order of the questions.

    Passages that answer are relevant, those that answer partly too; the note says which are partly, and how many were
    not judged. A question whose passages are all judged "no" is unanswerable. One of which nothing relevant is
    known, and not all is judged, is left out: `unjudged` counts it. A passage cut in two by a caption gives two spans.
    Raises GoldError if a passage no longer stands in its article as it was judged.
    """
    texts = Texts(articles)
    by_question: dict[str, list[PoolItem]] = {}
    for item in items:
        by_question.setdefault(item.question_id, []).append(item)
    questions = []
    for question_id, judged in by_question.items():
        relevant = [item for item in judged if item.judgement in {"answers", "partly"}]
        if relevant or all(item.judgement == "no" for item in judged):
            spans = tuple(span for item in relevant for span in _spans(item, texts))
            questions.append(GoldQuestion(question_id, judged[0].question, "", spans, bool(spans), _note(judged)))
    return questions


def unjudged(items: Iterable[PoolItem]) -> Counter[str]:
    """How many items of each question are not judged yet, of those that have some."""
    return Counter(item.question_id for item in items if not item.judgement)


def _check_questions(questions: Iterable[tuple[str, str]]) -> None:
    seen: set[str] = set()
    for question_id, text in questions:
        try:
            check_question(text)
        except QuestionError as error:
            raise GoldError(f"question {question_id!r}: {error}") from None
        if question_id in seen:
            raise GoldError(f"two questions with the id {question_id!r}: give each its own")
        seen.add(question_id)


def _item(question_id: str, question: str, passage: Passage) -> PoolItem:
    article = passage.article
    return PoolItem(question_id, question, passage.id, article.source, article.id, passage.spans, passage.text)


def _read_item(record: Mapping[str, Any], place: str) -> PoolItem:
    said = {}
    for name in _FIELDS:
        value = record.get(name)
        if not isinstance(value, str) or not value:
            raise GoldError(f"{place}: expected {name!r} as text, found {value!r}: pool the questions again")
        said[name] = value
    judgement = record.get("judgement", "")
    if judgement not in (*JUDGEMENTS, ""):
        known = ", ".join(map(repr, JUDGEMENTS))
        raise GoldError(f"{place}: the judgement is {judgement!r}, expected {known} or '' (not judged yet)")
    return PoolItem(**said, spans=_read_spans(record.get("spans"), place), judgement=judgement)


def _read_spans(value: Any, place: str) -> tuple[Span, ...]:
    pairs = value if isinstance(value, list) else []
    spans = []
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2 or not all(type(offset) is int for offset in pair):
            break
        spans.append((pair[0], pair[1]))
    last = 0
    for start, end in spans:
        if not last <= start < end:
            spans = []
            break
        last = end
    if not spans or len(spans) != len(pairs):
        raise GoldError(f"{place}: spans are {str(value)[:60]}, expected [[start, end]] in order: pool the questions again")
    return tuple(spans)


def _spans(item: PoolItem, texts: Texts) -> list[GoldSpan]:
    """A judged passage as gold spans. Raises GoldError if it reads another way now."""
    place = f"question {item.question_id!r}, passage {item.passage!r}"
    article = texts.find(item.source, item.article)
    if article is None:
        raise GoldError(f"{place}: its article {item.article!r} is not in the index: open the one that was pooled")
    try:
        text = clean_up(article.text, item.spans).text
    except ValueError:
        text = ""
    if text != item.text:
        raise GoldError(f"{place}: reads another way than when it was judged: open the index that was pooled, or pool again")
    return [GoldSpan(item.source, item.article, start, end, article.text[start:end]) for start, end in item.spans]


def _note(judged: Sequence[PoolItem]) -> str:
    partly = [item.passage for item in judged if item.judgement == "partly"]
    waiting = sum(not item.judgement for item in judged)
    said = [f"partly: {', '.join(partly)}"] if partly else []
    return "; ".join([*said, f"{waiting} passages not judged"] if waiting else said)
