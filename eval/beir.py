"""Collections in the layout of BEIR: a folder of corpus.jsonl, queries.jsonl and qrels."""

from collections.abc import Collection as Several
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from eval.files import json_line, make_folder, read_records, read_table, write_table, write_text
from eval.gold import GoldQuestion, GoldSpan
from eval.texts import Texts
from index.article import Article
from index.errors import GoldError

CORPUS, QUERIES = "corpus.jsonl", "queries.jsonl"
HEADER = ("query-id", "corpus-id", "score")

_Grades: TypeAlias = dict[str, int]


@dataclass(frozen=True, slots=True)
class Collection:
    """Questions judged by whole documents. `unjudged` counts those left out: without judgements, and not unanswerable.

    `name` is the folder's, with the split unless that is test ("scifact-train").
    """

    name: str
    corpus: Path
    questions: list[GoldQuestion]
    unjudged: int


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers that a collection gives as places in its documents, by question id.

    A question's answers are alternatives: what several people marked. `dropped` counts those that do not stand where
    they are said to.
    """

    spans: dict[str, list[GoldSpan]]
    dropped: int


def is_beir(folder: Path) -> bool:
    """Whether a folder is a collection with questions: a corpus.jsonl, with queries.jsonl or qrels beside it."""
    if not (folder / CORPUS).is_file():
        return False
    return (folder / QUERIES).is_file() or bool(_splits(folder))


def read_beir(folder: Path, split: str | None = None) -> Collection:
    """The questions of a collection, in the order of its queries.jsonl.

    A question with judgements in the split (test, if none is named) is answerable and has `articles`, grade 0 kept. One
    without whose metadata says `"answerable": false` is unanswerable, in every split. All others are left out and counted.
    `kind` is the metadata's `kind` or `question_type` where that is plain text, `note` its `note`.

    Judgements are in qrels/SPLIT.tsv, qrels_SPLIT.tsv, or, for test, qrels.tsv. Raises GoldError, naming file and line,
    for a file that is missing or not UTF-8, another header, a grade that is no whole number, a document with two
    grades, a question id given twice, an empty question, and a judgement of an unknown question or document.
    """
    path = _qrels_file(folder, split)
    qrels, lines = _read_qrels(path)
    questions: list[GoldQuestion] = []
    places: dict[str, str] = {}
    unjudged = 0
    for place, record in read_records(folder / QUERIES):
        question_id, text = _question_id(record, place), record.get("text", record.get("question"))
        if question_id in places:
            raise GoldError(f"{place}: two questions with the id {question_id!r}, the other in {places[question_id]}")
        places[question_id] = place
        if not isinstance(text, str) or not text.strip():
            raise GoldError(f"{place}: expected the question as text, found {text!r}: write one or remove the line")
        question = _question(question_id, text, record.get("metadata"), qrels.get(question_id, {}))
        if question:
            questions.append(question)
        else:
            unjudged += 1
    _check_known(path, lines, places, _document_ids(folder / CORPUS))
    name = folder.resolve().name if split in {None, "test"} else f"{folder.resolve().name}-{split}"
    return Collection(name, folder / CORPUS, questions, unjudged)


def read_answers(folder: Path, split: str | None = None) -> Answers:
    """The answers in the questions' metadata, as spans of the relevant documents.

    An answer is an object with `text` and `start`, an offset in the document's text, and with `document`, its id, if
    the question has several relevant documents: without it such answers are passed over. Offsets are given as an index
    counts them, with line ends as one character. Raises GoldError as `read_beir` does.
    """
    judged = {question.id: question.articles for question in read_beir(folder, split).questions}
    given: list[tuple[str, str, Any]] = []
    for place, record in read_records(folder / QUERIES):
        question_id, metadata = _question_id(record, place), record.get("metadata")
        relevant = [document for document, grade in judged.get(question_id, {}).items() if grade > 0]
        answers = metadata.get("answers") if isinstance(metadata, dict) else None
        for answer in answers if isinstance(answers, list) else []:
            named = answer.get("document") if isinstance(answer, dict) else None
            given += [(question_id, document, answer) for document in relevant if named == document or len(relevant) == 1]
    texts = _texts(folder / CORPUS, {document for _, document, _ in given})
    spans: dict[str, list[GoldSpan]] = {}
    dropped = 0
    for question_id, document, answer in given:
        span = _answer(document, texts.get(document, ""), answer)
        if span:
            spans.setdefault(question_id, []).append(span)
        else:
            dropped += 1
    return Answers(spans, dropped)


def write_beir(folder: Path, questions: Sequence[GoldQuestion], articles: Sequence[Article]) -> None:
    """Writes span gold as a collection: every article a document, relevant if it holds a gold span.

    A page's articles become documents of their own, each its part of the page. What BEIR has no place for stands in the
    queries' metadata: kind, note, answerable, and the spans as `answers`, which `read_answers` reads.
    Raises GoldError if there are no questions, if a question names an article that is not there, and if the folder
    holds a collection already.
    """
    if not questions:
        raise GoldError(f"{folder}: no questions to write: name a gold set with some")
    for name in (CORPUS, QUERIES, "qrels"):
        if (folder / name).exists():
            raise GoldError(f"{folder}: there is a {name} already: name a new folder")
    texts, ids = Texts(articles), {article.id for article in articles}
    qrels: list[tuple[str, str, int]] = []
    queries = []
    for question in questions:
        grades, answers = _grades(question, texts, ids)
        qrels.extend((question.id, document, grade) for document, grade in grades.items())
        queries.append(json_line(_query_record(question, answers)))
    make_folder(folder / "qrels")
    write_text(folder / CORPUS, "".join(json_line(_document_record(article, texts)) for article in articles))
    write_text(folder / QUERIES, "".join(queries))
    write_table(folder / "qrels" / "test.tsv", [HEADER, *qrels], delimiter="\t")


def _splits(folder: Path) -> dict[str, Path]:
    """The files of judgements by split."""
    found = {path.stem.removeprefix("qrels_"): path for path in sorted(folder.glob("qrels_*.tsv"))}
    if (folder / "qrels.tsv").is_file():
        found["test"] = folder / "qrels.tsv"
    return found | {path.stem: path for path in sorted((folder / "qrels").glob("*.tsv"))}


def _qrels_file(folder: Path, split: str | None) -> Path:
    if not folder.is_dir():
        raise GoldError(f"{folder}: no such folder: name one with {CORPUS}, {QUERIES} and qrels")
    splits = _splits(folder)
    if not splits:
        raise GoldError(f"{folder}: no judgements, expected qrels.tsv or qrels/test.tsv")
    if (split or "test") not in splits:
        raise GoldError(
            f"{folder}: no judgements of the split {split or 'test'!r}, expected one of {', '.join(sorted(splits))}"
        )
    return splits[split or "test"]


def _read_qrels(path: Path) -> tuple[dict[str, _Grades], dict[tuple[str, str], int]]:
    """The grades by question and document, and the line of each."""
    qrels: dict[str, _Grades] = {}
    lines: dict[tuple[str, str], int] = {}
    table = read_table(path, delimiter="\t")
    _, header = next(table, (1, []))
    if tuple(name.strip().lower().replace("_", "-") for name in header) != HEADER:
        found = " ".join(header)[:60] or "nothing"
        raise GoldError(f"{path}:1: expected the header {', '.join(HEADER)} between tabs, found {found}")
    for line, row in table:
        if len(row) != len(HEADER):
            raise GoldError(f"{path}:{line}: {len(row)} columns, expected {len(HEADER)} between tabs: {', '.join(HEADER)}")
        question, document, score = row
        try:
            grade = int(score)
        except ValueError:
            raise GoldError(f"{path}:{line}: score is {score!r}, expected a whole number") from None
        other = lines.setdefault((question, document), line)
        if qrels.setdefault(question, {}).setdefault(document, grade) != grade:
            raise GoldError(f"{path}:{line}: another grade of {document!r} for {question!r} than in line {other}: keep one")
    if not qrels:
        raise GoldError(f"{path}: no judgements, expected one a line under the header")
    return qrels, lines


def _question_id(record: Mapping[str, Any], place: str) -> str:
    return _id(record, place, "question")


def _id(record: Mapping[str, Any], place: str, what: str) -> str:
    found = record.get("_id", record.get("id"))
    if not isinstance(found, str | int) or isinstance(found, bool) or str(found) == "":
        raise GoldError(f"{place}: expected an _id, found fields {sorted(record)}: give each {what} its own")
    return str(found)


def _question(question_id: str, text: str, metadata: Any, grades: _Grades) -> GoldQuestion | None:
    fields = metadata if isinstance(metadata, dict) else {}
    answerable = bool(grades)
    if not answerable and fields.get("answerable") is not False:
        return None
    plain = {name: value for name, value in fields.items() if isinstance(value, str)}
    kind = plain.get("kind", plain.get("question_type", ""))
    return GoldQuestion(question_id, text, kind, (), answerable, plain.get("note", ""), grades)


def _document_ids(path: Path) -> set[str]:
    return {_id(record, place, "article") for place, record in read_records(path)}


def _check_known(path: Path, lines: Mapping[tuple[str, str], int], questions: Several[str], documents: Several[str]) -> None:
    for (question, document), line in lines.items():
        if question not in questions:
            raise GoldError(f"{path}:{line}: no question {question!r} in {QUERIES}: add it or remove the line")
        if document not in documents:
            raise GoldError(f"{path}:{line}: no document {document!r} in {CORPUS}: add it or remove the line")


def _texts(path: Path, wanted: set[str]) -> dict[str, str]:
    texts = {}
    for place, record in read_records(path):
        document, text = _id(record, place, "article"), record.get("text")
        if document in wanted and isinstance(text, str):
            texts[document] = text
    return texts


def _answer(document: str, text: str, answer: Any) -> GoldSpan | None:
    """An answer as a span, None if it does not stand where it says."""
    quote, start = (answer.get("text"), answer.get("start")) if isinstance(answer, dict) else (None, None)
    if not isinstance(quote, str) or not quote or not isinstance(start, int) or start < 0:
        return None
    if text[start : start + len(quote)] != quote:
        return None
    begin, quote = len(_line_ends(text[:start])), _line_ends(quote)
    return GoldSpan(CORPUS, document, begin, begin + len(quote), quote)


def _line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _grades(question: GoldQuestion, texts: Texts, ids: Several[str]) -> tuple[_Grades, list[dict[str, Any]]]:
    """The grades of documents for a question, and its spans as answers."""
    grades = dict(question.articles)
    answers = []
    for span in question.relevant:
        article = texts.article(span)
        if article is None:
            raise GoldError(f"{question.id}: its source {span.source} is not among the articles: run qa gold check")
        grades[article.id] = max(1, grades.get(article.id, 1))
        start, end = _part(article, texts)
        if start <= span.start and span.end <= end and article.text[span.start : span.end] == span.quote:
            answers.append({"text": span.quote, "start": span.start - start, "document": article.id})
    for document in grades:
        if document not in ids:
            raise GoldError(f"{question.id}: its article {document!r} is not among the articles: correct it")
    return grades, answers


def _part(article: Article, texts: Texts) -> tuple[int, int]:
    """The part of its source text that is an article's document: all of it, unless others share it."""
    alone = len(texts.sharing(GoldSpan(article.source, article.id, 0, 0, ""))) == 1
    return (0, len(article.text)) if alone else article.extent


def _query_record(question: GoldQuestion, answers: Iterable[dict[str, Any]]) -> dict[str, Any]:
    metadata = {"kind": question.kind, "note": question.note, "answerable": question.answerable, "answers": list(answers)}
    return {"_id": question.id, "text": question.question, "metadata": metadata}


def _document_record(article: Article, texts: Texts) -> dict[str, Any]:
    start, end = _part(article, texts)
    said = {"published": article.published.isoformat() if article.published else "", "byline": article.byline}
    said |= {"url": article.url, "section": article.section, "source": article.source}
    metadata = {name: value for name, value in said.items() if value}
    return {"_id": article.id, "title": article.title, "text": article.text[start:end], "metadata": metadata}
