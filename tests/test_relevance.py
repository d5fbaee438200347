"""Relevance is a span of source text: which passages hold it."""

from eval.gold import GoldQuestion, GoldSpan
from eval.relevance import Holders, covered, relevant_articles, relevant_passages
from index import Article, Passage, Span

TEXT = "0123456789" * 10
ARTICLE = Article("a.txt", "A", TEXT, "a.txt", (0, 100))


def relevant(questions: list[GoldQuestion], passages: list[Passage]) -> dict[str, dict[str, int]]:
    return relevant_passages(questions, Holders(passages, questions))


def passage(*spans: Span, article: Article = ARTICLE) -> Passage:
    return Passage(article, spans, "paragraph", "…", "", 1)


def gold(*spans: Span, source: str = "a.txt", article: str = "a.txt") -> GoldQuestion:
    relevant = tuple(GoldSpan(source, article, start, end, TEXT[start:end]) for start, end in spans)
    return GoldQuestion("q", "?", "fact", relevant, bool(relevant))


def test_the_covered_share_worked_by_hand() -> None:
    (span,) = gold((10, 20)).relevant
    assert covered(ARTICLE, [(0, 15)], span) == 5 / 10
    assert covered(ARTICLE, [(0, 12), (18, 30)], span) == 4 / 10
    assert covered(ARTICLE, [(10, 20)], span) == 1
    assert covered(ARTICLE, [(20, 30)], span) == 0


def test_the_passage_with_the_larger_part_is_relevant() -> None:
    passages = [passage((0, 14)), passage((14, 40))]
    assert relevant([gold((10, 20))], passages) == {"q": {"a.txt@14": 1}}


def test_a_span_cut_in_half_is_lost_rather_than_found_by_half() -> None:
    passages = [passage((0, 15)), passage((15, 40))]
    assert relevant([gold((10, 20))], passages) == {"q": {"lost:a.txt@10": 1}}


def test_a_cut_paragraph_counts_with_both_its_pieces() -> None:
    assert relevant([gold((10, 20))], [passage((8, 13), (17, 30))]) == {"q": {"a.txt@8": 1}}


def test_every_span_asks_for_its_passage() -> None:
    passages = [passage((0, 30)), passage((30, 60))]
    assert relevant([gold((10, 20), (40, 50), (55, 58))], passages) == {"q": {"a.txt@0": 1, "a.txt@30": 1}}


def test_an_unanswerable_question_has_no_qrels() -> None:
    assert relevant([gold()], [passage((0, 30))]) == {}


def test_a_page_is_told_by_its_source_and_a_corpus_line_by_its_article_too() -> None:
    story = Article("a.txt#2", "B", TEXT, "a.txt", (0, 100))
    assert relevant([gold((10, 20))], [passage((0, 30), article=story)]) == {"q": {"a.txt#2@0": 1}}
    lines = [Article(name, "", TEXT, "c.jsonl", (0, 100)) for name in ("d1", "d2")]
    question = gold((10, 20), source="c.jsonl", article="d2")
    assert relevant([question], [passage((0, 30), article=line) for line in lines]) == {"q": {"d2@0": 1}}


def test_an_article_is_relevant_by_judgement_or_by_a_span_it_holds() -> None:
    story = Article("a.txt#2", "B", TEXT, "a.txt", (0, 100))
    judged = GoldQuestion("judged", "?", "", (), answerable=True, articles={"d1": 2, "d2": 0})
    questions = [gold((10, 20)), judged, gold()]
    holders = Holders([passage((0, 30), article=story)], questions)
    assert relevant_articles(questions, holders) == {"q": {"a.txt#2": 1}, "judged": {"d1": 2, "d2": 0}}


def test_a_span_that_nothing_holds_is_a_lost_article_too() -> None:
    assert relevant_articles([gold((10, 20))], Holders([], [gold((10, 20))])) == {"q": {"lost:a.txt": 1}}
