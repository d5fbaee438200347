"""A report on one page of Markdown."""

import re
from collections.abc import Iterable, Iterator, Sequence

from eval import words
from eval.attribution import count_stages
from eval.findings import Findings
from eval.report import sentences

_WORST = 10
_MARKUP = re.compile(r"[\\`*_|]|<(?=[\w!?/])|\](?=\()|&(?=#?\w+;)")


def summary(findings: Findings) -> str:
    """The figures with their intervals, the comparisons in words, where spans were lost, the worst questions."""
    return "\n".join(_lines(findings)) + "\n"


def _lines(findings: Findings) -> Iterator[str]:
    evaluation = findings.evaluation
    yield "# Retrieval evaluation\n"
    yield f"{_plain(sentences.subject(findings))}. Relevant {evaluation.level}s are counted.\n"
    yield f"**{_plain(sentences.best_sentence(findings))}.** {_plain(sentences.comparison_sentence(findings))}.\n"
    yield from (f"* {_plain(sentence)}." for sentence in sentences.other_sentences(findings))
    yield "\n## Measures\n\nMeans over the answerable questions, with 95% bootstrap intervals.\n"
    yield from _table(
        ("system", *evaluation.measures),
        (
            (system, *(words.with_bounds(each) for each in intervals.values()))
            for system, intervals in findings.intervals.items()
        ),
    )
    yield from _answers(findings)
    yield from _misses(findings)
    followed = findings.asked or findings.ranking[0]
    worst = findings.worst(_WORST)
    yield f"\n## {_plain(sentences.worst_heading(len(worst), followed.system))}\n"
    if worst:
        yield from _table(
            ("question", "kind", findings.measure, "asked"),
            ((each.id, each.kind or "-", words.number(findings.figure(followed, each.id)), each.question) for each in worst),
        )
    if evaluation.remarks:
        yield "\n## To know before trusting the figures\n"
        yield from (f"* {_plain(line)}" for line in evaluation.remarks)
    if evaluation.broken:
        yield f"\n{words.count(len(evaluation.broken), 'gold quote')} no longer in the source; they count as not found:\n"
        yield from (f"* {_plain(line)}" for line in evaluation.broken)
    yield "\nThe page index.html has all of it, report.json every figure, runs/ the rankings as TREC run files."


def _answers(findings: Findings) -> Iterator[str]:
    if not findings.qualities:
        return
    evaluation = findings.evaluation
    headings = (
        "system",
        "right sentence marked",
        "citations right",
        "refused: not answerable",
        "refused: answerable",
        "p50",
    )
    rows = []
    for result in evaluation.results:
        if quality := findings.qualities.get(result.system):
            right, wrong = evaluation.refused(result)
            cost = findings.costs.get(result.system)
            rows.append(
                (
                    result.system,
                    words.number(quality.highlight),
                    words.number(quality.citation_precision),
                    f"{right:,} of {unanswerable:,}" if (unanswerable := len(evaluation.unanswerable)) else words.NOTHING,
                    f"{wrong:,} of {len(evaluation.answerable):,}",
                    words.milliseconds(cost.p50) if cost else words.NOTHING,
                )
            )
    yield "\n## Answers\n"
    yield from _table(headings, rows)


def _misses(findings: Findings) -> Iterator[str]:
    if not findings.asked or not findings.spans:
        return
    lost = words.count(len(findings.misses), "gold span")
    yield f"\n## Misses\n\n{_plain(findings.asked.system)} misses or refuses {lost} of {findings.spans:,}.\n"
    stages = count_stages(findings.misses)
    if stages:
        yield from _table(("lost at", "spans"), ((str(stage), f"{count:,}") for stage, count in stages.items()))


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(map(_plain, headings))} |"
    yield f"| {' | '.join('---' for _ in headings)} |"
    yield from (f"| {' | '.join(map(_plain, row))} |" for row in rows)


def _plain(text: str) -> str:
    """Text as Markdown shows it: on one line, and none of it markup."""
    return " ".join(_MARKUP.sub(r"\\\g<0>", text).split())
