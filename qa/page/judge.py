"""The page where passages are judged: who found one, and at which rank, is not told."""

import json
from collections.abc import Sequence
from html import escape

from index import Passage, Span, clean_up
from index.likeness import occurrences
from index.sentences import split_sentences
from qa.html import date_words, title
from qa.judged import Opinion
from qa.judgements import Judgement, Judgements, words_of
from qa.library import Library
from qa.page.dotted import dotted
from qa.page.judging import judging
from qa.page.part import Part, Settings, script
from qa.page.verdicts import NOTHING, VERDICTS, steady


def judge_part(library: Library, settings: Settings) -> Part:
    """The page at /judge."""
    functions = judging(library, Judgements(settings.judgements), pool_panel)
    return Part("Judge", "/judge", _PAGE, script("calls.js", "words.js", "judge.js"), functions)


def pool_panel(passages: Sequence[Passage], opinion: Opinion) -> str:
    """The passages to judge, each with its verdicts; those that were given are pressed.

    A passage has `data-passage`, its id, `data-sentences`, where they stand in its text, and `data-start` and `data-end` if
    its verdict is about some of its words.
    """
    if not passages:
        return '<p class="notice">No passage comes near this question. Only “Nothing here answers it” can be said.</p>'
    cards = [_card(passage, place, len(passages), opinion) for place, passage in enumerate(passages, 1)]
    return f'<ol class="cards"{_NOTHING if opinion.nothing else ""}>{"".join(cards)}</ol>'


def _verdicts(about: str, verdict: str) -> str:
    """A button for each verdict on a passage, the one that was given pressed; `about` names the passage."""
    buttons = "".join(
        f'<button type="button" class="button verdict" data-verdict="{name}" aria-pressed="{str(name == verdict).lower()}"'
        f' aria-keyshortcuts="{key}">{steady(words)} <kbd aria-hidden="true">{key}</kbd></button>'
        for name, key, words in VERDICTS
    )
    return f'<div class="actions" role="group" aria-label="{escape(about)}">{buttons}</div>'


def _card(passage: Passage, place: int, of: int, opinion: Opinion) -> str:
    article = passage.article
    kind = f"paragraph {passage.number}" + (f" · {passage.kind}" if passage.kind != "paragraph" else "")
    where = [escape(article.source if article.title else ""), date_words(article), kind]
    choice = _choice(passage, opinion.passages.get(passage.id))
    chosen = f' data-start="{choice[0]}" data-end="{choice[1]}"' if choice else ""
    sentences = json.dumps(split_sentences(passage.text))
    return (
        f'<li class="card" tabindex="-1" data-passage="{escape(passage.id)}" data-sentences="{escape(sentences)}"{chosen}>'
        f'<p class="place"><span class="unseen">Passage {place} of {of}: </span>'
        f"<b><bdi>{escape(title(article))}</bdi></b> {dotted(where)}</p>"
        f'<blockquote class="text" dir="auto">{escape(passage.text)}</blockquote>{_CHOSEN}'
        f"{_verdicts(f'Passage {place} of {of}', opinion.of(passage.id))}</li>"
    )


def _choice(passage: Passage, judgement: Judgement | None) -> Span | None:
    """Which words of a passage's text a verdict is about; None if all of them."""
    if judgement is None or judgement.quotes == words_of(passage):
        return None
    try:
        words = clean_up(passage.article.text, [(quote.start, quote.end) for quote in judgement.quotes]).text
    except ValueError:
        return None
    places = ((start, start + len(words)) for start in occurrences(words, passage.text))
    return next((place for place in places if words_of(passage, place) == judgement.quotes), None)


_NOTHING = ' data-nothing=""'
_CHOSEN = (
    '<p class="chosen" hidden>Only these words: <q></q> '
    '<button type="button" class="button quiet">All of the passage</button></p>'
)

_PAGE = f"""<div id="judge">
<h1>Judge</h1>
<p class="soft">Read each passage and say whether it answers the question. What found it is not shown.
Every verdict is written down at once, with your name to tell it from others’.</p>
<form id="judge-begin">
  <label class="field"><span>Your name (may stay empty)</span>
    <input name="who" maxlength="80" autocomplete="name" dir="auto"></label>
  <label class="field"><span>Questions, one a line; or JSON lines with id and question</span>
    <textarea name="questions" rows="7" spellcheck="false" dir="auto"></textarea></label>
  <div class="actions">
    <button class="button primary">Judge</button>
    <label class="button">Read a file<input class="unseen" type="file" accept=".txt,.jsonl,.json,text/plain"></label>
    <button type="button" class="button" data-do="recent" hidden>My recent questions</button>
    <button type="button" class="button quiet" data-do="export">Export gold</button>
  </div>
</form>
<section id="judge-work" aria-label="Judging" hidden>
  <div class="actions"><p class="soft as"></p>
    <button type="button" class="button quiet" data-do="export">Export gold</button>
    <button type="button" class="button quiet" data-do="leave">Other questions</button></div>
  <div class="asked">
    <progress value="0" max="1" aria-label="Questions judged"></progress>
    <div><h2 class="question" tabindex="-1" dir="auto"></h2><p class="soft count"></p></div>
    <p class="problem" role="alert" hidden></p>
  </div>
  <div class="pool"></div>
  <div class="tools" role="group" aria-label="The question">
    <div class="actions">
      <button type="button" class="button" data-do="nothing" aria-pressed="false" aria-keyshortcuts="n">
        {steady(NOTHING)} <kbd aria-hidden="true">n</kbd></button>
      <button type="button" class="button" data-do="undo" aria-keyshortcuts="u">Undo <kbd aria-hidden="true">u</kbd></button>
      <button type="button" class="button" data-do="previous" aria-label="Previous question"
        aria-keyshortcuts="ArrowLeft">←</button>
      <button type="button" class="button" data-do="next" aria-label="Next question"
        aria-keyshortcuts="ArrowRight">→</button>
    </div>
    <details class="soft"><summary>Keys</summary>
      <p><kbd>1</kbd> <kbd>2</kbd> <kbd>3</kbd> the verdict on the marked passage ·
      <kbd>↓</kbd> <kbd>↑</kbd> another passage · <kbd>s</kbd> its next sentence only, <kbd>Esc</kbd> all of it ·
      <kbd>n</kbd> nothing here answers · <kbd>u</kbd> undo · <kbd>→</kbd> <kbd>←</kbd> another question.
      Or select the exact words that answer.</p></details>
  </div>
</section>
<p class="notice" id="judge-told" role="status" hidden></p>
<p class="unseen" role="status" id="judge-spoken"></p>
</div>"""
