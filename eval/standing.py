"""What an evaluation is given, held against the index: gold where it stands now, runs that name what is there."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from eval.anchor import anchor_all
from eval.gold import GoldQuestion
from eval.measures import Run
from eval.texts import Texts
from index.article import Article
from index.errors import GoldError
from qa.words import count_of

_NOWHERE = 10**12
_REMEDY = "index them with qa index PATH, or name the index that has them with --index"


@dataclass(frozen=True, slots=True)
class Standing:
    """Gold questions with their spans where they stand now.

    `anchored` says which quotes stand elsewhere or were edited, `broken` which no longer stand in their source,
    `missing` which sources and judged articles the index does not have. What is broken or missing counts as missed.
    """

    questions: tuple[GoldQuestion, ...]
    broken: tuple[str, ...] = ()
    anchored: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def stand(questions: Sequence[GoldQuestion], articles: Iterable[Article]) -> Standing:
    """Where the gold stands in an index's articles. Raises GoldError if the index has nothing of what the gold names."""
    missing: list[str] = []
    spans = [span for question in questions for span in question.relevant]
    judged = {article: 0 for question in questions for article, grade in question.articles.items() if grade > 0}
    if not spans:
        absent = _absent(list(judged), articles)
        if absent:
            named = f"{len(absent):,} of {len(judged):,} articles that are judged relevant are not in the index"
            missing.append(f"{named} ({some(absent)}) and count as missed: {_REMEDY}")
        return Standing(tuple(questions), missing=tuple(missing))
    articles = list(articles)
    texts = Texts(articles)
    lost = [span for span in spans if texts.text(span) is None]
    sources = list(dict.fromkeys(span.source for span in lost))
    if len(lost) == len(spans) and not any(texts.named(article) for article in judged):
        raise _nothing(sources, texts.names)
    if lost:
        named = f"{count_of(len(lost), 'gold span')} of {count_of(len(sources), 'source')} that the index does not have"
        missing.append(f"{named} ({some(sources)}) count as missed: {_REMEDY}")
    standing: list[GoldQuestion] = []
    broken: list[str] = []
    anchored: list[str] = []
    found = iter(anchor_all(questions, articles))
    for question in questions:
        moved = []
        for span in question.relevant:
            now = next(found)
            # What is gone is put where no passage can hold it.
            moved.append(now.now or replace(span, start=_NOWHERE, end=_NOWHERE + len(span.quote)))
            if now.status != "intact" and texts.text(span) is not None:
                line = f"{question.id}: {now.status}: {span.source} from {span.start}: {now.why}"
                (broken if now.now is None else anchored).append(line)
        standing.append(replace(question, relevant=tuple(moved)))
    return Standing(tuple(standing), tuple(broken), tuple(anchored), tuple(missing))


def check_run(name: str, run: Run, asked: Collection[str], known: Collection[str], level: str) -> Iterator[str]:
    """What to know of a run from elsewhere: how much of what was asked, and of what the index has, is not in it.

    `asked` are the answerable questions' ids, `known` those of the index's passages or articles. Raises GoldError for a
    run of other questions, or of another index.
    """
    shared = [question for question in run if question in asked]
    if not shared:
        raise GoldError(
            f"the run {name} has none of the {count_of(len(asked), 'answerable question')}: it has {some(run, 1)}, "
            f"the gold set {some(asked, 1)}: name the run of this gold set"
        )
    documents = dict.fromkeys(document for question in shared for document in run[question])
    strange = [document for document in documents if document not in known]
    if len(strange) == len(documents):
        raise GoldError(
            f"the run {name} names no {level} of this index: it has {some(strange, 1)}, the index {some(known, 1)}: "
            f"name a run of its {level}s, or another --level or --index"
        )
    if len(shared) < len(asked):
        yield (
            f"the run {name} has results for {len(shared):,} of {count_of(len(asked), 'answerable question')}: "
            "the others count as 0"
        )
    if strange:
        yield (
            f"{len(strange):,} of {len(documents):,} {level}s that the run {name} names are not in the index "
            f"({some(strange)}): they count as not relevant"
        )


def some(names: Iterable[str], most: int = 3) -> str:
    """The first few of several names."""
    listed = list(names)
    return ", ".join(listed[:most]) + (", …" if len(listed) > most > 1 else "")


def _absent(names: Sequence[str], articles: Iterable[Article]) -> list[str]:
    """Which of the article ids are not there. Raises GoldError if none is."""
    if not names:
        return []
    known = [article.id for article in articles]
    absent = sorted(set(names) - set(known))
    if len(absent) == len(names):
        raise _nothing(names, known)
    return absent


def _nothing(named: Sequence[str], known: Sequence[str]) -> GoldError:
    return GoldError(
        f"the index has nothing that the gold set names: the gold set has {some(named)}, the index {some(known)}: {_REMEDY}"
    )
