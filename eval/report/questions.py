"""Questions one by one: what each system made of them, and the passages with what was wanted and what was marked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from eval.attribution import Miss
from eval.evaluation import SystemResult
from eval.findings import Findings
from eval.gold import GoldQuestion, GoldSpan
from eval.outcomes import Outcome
from eval.relevance import covered, holds
from eval.slices import worst_questions
from index.article import Article, Passage, Span
from index.cleanup import clean_up
from qa.answer import Hit
from qa.html import origin, place_words, shared_words, title, why_words
from qa.retriever import SYSTEMS

MOST = 500
"""So many questions are all followed; of more, the worst and some of the others."""

WORST, SAMPLED = 200, 100
SHOWN = 5
_ASKED_AT_ONCE = 64
_LONG, _KEPT = 900, 300


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a passage's text, and what it is part of."""

    text: str
    gold: bool = False
    marked: bool = False
    left_out: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage as it is shown."""

    rank: int
    title: str
    place: str
    score: float
    why: str
    relevant: bool
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A gold span, where it stands, and its rank with each system (None: not known, 0: not among what was returned)."""

    quote: str
    place: str
    ranks: tuple[int | None, ...]
    lost: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one system made of a question. Of a run from elsewhere only the figure is known."""

    system: str
    figure: float | None
    rank: int | None
    found: bool | None
    confidence: float | None

    @property
    def missed(self) -> bool:
        """Whether an answerable question got nothing of what is relevant."""
        return self.figure == 0

    @property
    def wrong(self) -> bool:
        """Whether it should have been refused and was not, or the other way round."""
        return self.found is not None and self.found != (self.figure is not None)


@dataclass(frozen=True, slots=True)
class Followed:
    """A question with all that is told of it. `number` counts in the gold set, from 1."""

    number: int
    question: GoldQuestion
    verdicts: tuple[Verdict, ...]
    wanted: tuple[Wanted, ...]
    shown: tuple[Shown, ...]

    @property
    def missed(self) -> str:
        """The systems that missed it, for the filter."""
        return " ".join(str(place) for place, verdict in enumerate(self.verdicts) if verdict.missed)

    @property
    def wrong(self) -> str:
        """The systems that wrongly refused or answered it, for the filter."""
        return " ".join(str(place) for place, verdict in enumerate(self.verdicts) if verdict.wrong)


def follow(findings: Findings) -> list[Followed]:
    """The questions of the report, in the order of the gold set, asked once more for their passages."""
    numbers = {question.id: number for number, question in enumerate(findings.evaluation.questions, 1)}
    chosen = choose(findings)
    hits = _hits(findings, chosen)
    sources = {article.id: article for article in findings.library.articles}
    lost: dict[str, list[Miss]] = {}
    for miss in findings.misses:
        lost.setdefault(miss.question, []).append(miss)
    return [
        Followed(
            number=numbers[question.id],
            question=question,
            verdicts=tuple(_verdict(findings, result, question) for result in findings.evaluation.results),
            wanted=tuple(_wanted(findings, question, lost.get(question.id, []), sources)),
            shown=tuple(_shown(hit, question) for hit in hits.get(question.id, ())),
        )
        for question in chosen
    ]


def choose(findings: Findings) -> Sequence[GoldQuestion]:
    """All questions; of more than 500 the 200 worst and 100 of the others, evenly spread."""
    questions = findings.evaluation.questions
    if len(questions) <= MOST:
        return questions
    followed = findings.asked or findings.ranking[0]
    worst = {question.id for question in worst_questions(findings.evaluation, followed, findings.measure, WORST)}
    others = [question.id for question in questions if question.id not in worst]
    sample = {others[place * len(others) // SAMPLED] for place in range(SAMPLED)} if others else set()
    return [question for question in questions if question.id in worst | sample]


def pieces(text: str, gold: Sequence[Span], marked: Sequence[Span]) -> Iterator[Piece]:
    """The text cut where gold or marked spans begin or end. What is long and neither is shortened."""
    edges = sorted({0, len(text), *(min(edge, len(text)) for span in (*gold, *marked) for edge in span)})
    for start, end in pairwise(edges):
        is_gold, is_marked = (any(low <= start and end <= high for low, high in spans) for spans in (gold, marked))
        if is_gold or is_marked or end - start <= _LONG:
            yield Piece(text[start:end], is_gold, is_marked)
        else:
            yield Piece(text[start : start + _KEPT])
            yield Piece(f"{end - start - 2 * _KEPT:,} characters", left_out=True)
            yield Piece(text[end - _KEPT : end])


def gold_in(passage: Passage, span: GoldSpan) -> list[Span]:
    """Where in a passage's text a gold span stands."""
    if not covered(passage.article, passage.spans, span):
        return []
    clean = clean_up(passage.article.text, passage.spans)
    inside = [
        place
        for place in range(len(clean.text))
        if any(start < span.end and span.start < end for start, end in clean.source_spans(place, place + 1))
    ]
    runs: list[Span] = []
    for place in inside:
        # What stands between two runs and is only space belongs to both.
        if runs and not clean.text[runs[-1][1] : place].strip():
            runs[-1] = (runs[-1][0], place + 1)
        else:
            runs.append((place, place + 1))
    return runs


def _hits(findings: Findings, questions: Sequence[GoldQuestion]) -> Mapping[str, Sequence[Hit]]:
    system = next((name for name in SYSTEMS if findings.asked and name == findings.asked.system), None)
    if system is None:
        return {}
    hits: dict[str, Sequence[Hit]] = {}
    for start in range(0, len(questions), _ASKED_AT_ONCE):
        batch = questions[start : start + _ASKED_AT_ONCE]
        answers = findings.library.ask_many([question.question for question in batch], SHOWN, system)
        hits.update((question.id, answer.hits) for question, answer in zip(batch, answers, strict=True))
    return hits


def _verdict(findings: Findings, result: SystemResult, question: GoldQuestion) -> Verdict:
    outcome = result.outcomes.get(question.id)
    return Verdict(
        system=result.system,
        figure=findings.figure(result, question.id) if question.answerable else None,
        rank=_first_relevant(question, outcome) if outcome and question.answerable else None,
        found=outcome.found if outcome else None,
        confidence=outcome.confidence if outcome else None,
    )


def _first_relevant(question: GoldQuestion, outcome: Outcome) -> int:
    """The rank of the first passage, or article, that is relevant; 0 if none is."""
    if question.relevant:
        return min((rank for rank in outcome.span_ranks if rank), default=0)
    articles = dict.fromkeys(outcome.articles)
    return next((rank for rank, article in enumerate(articles, 1) if question.articles.get(article, 0) > 0), 0)


def _wanted(
    findings: Findings, question: GoldQuestion, misses: Sequence[Miss], articles: Mapping[str, Article]
) -> Iterator[Wanted]:
    outcomes = [result.outcomes.get(question.id) for result in findings.evaluation.results]
    for place, span in enumerate(question.relevant):
        article = articles.get(span.article)
        lost = next((str(miss.stage) for miss in misses if miss.span == span), "")
        ranks = tuple(outcome.span_ranks[place] if outcome else None for outcome in outcomes)
        where = f"{title(article) if article else span.article} · {span.source}, characters {span.start:,} to {span.end:,}"
        yield Wanted(span.quote, where, ranks, lost)
    for name, grade in question.articles.items():
        article = articles.get(name)
        ranks = tuple(_rank(outcome, name) if outcome else None for outcome in outcomes)
        yield Wanted("", f"{origin(article) if article else name} · {name}, grade {grade}", ranks, "")


def _rank(outcome: Outcome, article: str) -> int:
    order = list(dict.fromkeys(outcome.articles))
    return order.index(article) + 1 if article in order else 0


def _shown(hit: Hit, question: GoldQuestion) -> Shown:
    passage = hit.passage
    gold = [run for span in question.relevant for run in gold_in(passage, span)]
    shared = shared_words(hit)
    return Shown(
        rank=hit.rank,
        title=origin(passage.article),
        place=place_words(hit),
        score=hit.score,
        why=why_words(hit) + (f" Shares: {', '.join(shared)}." if shared else ""),
        relevant=any(holds(passage, span) for span in question.relevant) or question.articles.get(passage.article.id, 0) > 0,
        pieces=tuple(pieces(passage.text, gold, hit.highlight)),
    )
