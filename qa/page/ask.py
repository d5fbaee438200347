"""The question box: a form, the answer to what the page's address asks, and the articles that it opens."""

from html import escape
from typing import Any

from index.threads import ASKING
from qa.export import answer_json
from qa.judgements import Judgements
from qa.library import Library
from qa.page.answer import answer_panel, problem
from qa.page.answers import Answers
from qa.page.asked import Asked
from qa.page.calls import call_or, field
from qa.page.confined import confine_in
from qa.page.copying import citations
from qa.page.examples import Examples
from qa.page.filters import filters, source_options
from qa.page.given import Given
from qa.page.masthead import masthead
from qa.page.part import Part, Settings, script
from qa.page.source import source_gone, source_panel
from qa.page.verdicts import hit_judging


def ask_part(library: Library, settings: Settings) -> Part:
    """The page at the root."""
    answers, examples = Answers(library), Examples(library)
    given = Given(library, answers)

    def ask(wanted: dict[str, Any]) -> str:
        """The answer to what the page's address asks."""
        asked = Asked.read(field(wanted, "asked", str))
        confined = confine_in(library, asked)
        with ASKING.take():
            answer, build = answers.ask(asked.question, confined.where)
            return answer_panel(answer, build, asked, confined)

    def read_source(wanted: dict[str, Any]) -> str:
        """The article of a hit."""
        return source_panel(given.hit(wanted), given.hits(wanted))

    def cite(wanted: dict[str, Any]) -> str:
        """The citation of a hit, to be copied."""
        return citations(given.hit(wanted))

    def download(wanted: dict[str, Any]) -> str:
        """An answer as JSON; empty if it is no longer kept."""
        return answer_json(given.answer(wanted))

    def about() -> tuple[str, str, str]:
        """What the page says of the articles; it has each of these elements, by its id."""
        return masthead(library, local=settings.local), filters(library), _examples(library, examples)

    def fresh(wanted: dict[str, Any]) -> str:
        """What the page says of the articles, if they are others than those of the build that it was made for."""
        return "" if answers.refresh() == field(wanted, "build", str) else "".join(about())

    def sources(wanted: dict[str, Any]) -> str:
        """The files that the filter offers while one is being typed."""
        return source_options(library, field(wanted, "typed", str))

    functions = (
        call_or(ask, problem),
        call_or(read_source, source_gone),
        call_or(cite, problem),
        call_or(download, lambda _: ""),
        call_or(fresh, lambda _: ""),
        call_or(sources, lambda _: ""),
        *hit_judging(given, Judgements(settings.judgements), library.index.manifest.encoder),
    )
    asking = ("ask.js", "recent.js", "panel.js", "source.js", "copying.js")
    scripts = script(*asking, "calls.js", "words.js", "verdicts.js", "keys.js")
    return Part("Ask", "/", _page(*about()), scripts, functions)


def _examples(library: Library, examples: Examples) -> str:
    if not library.articles:
        link = '<a href="./articles">Articles</a>'
        return f'<p id="examples" class="soft">There are no articles yet: add some under {link}.</p>'
    links = "".join(
        f'<li><a class="chip" href="{escape(Asked(question).link)}" dir="auto">{escape(question)}</a></li>'
        for question in examples.questions()
    )
    return f'<ul class="chips" id="examples" aria-label="Examples">{links}</ul>'


def _page(head: str, filter_fields: str, examples: str) -> str:
    return f"""{head}
<form id="ask" role="search" aria-label="The articles" novalidate>
  <div class="box">
    <textarea name="q" rows="1" aria-label="Question" placeholder="Ask a question" autofocus autocomplete="off"
      spellcheck="true" enterkeyhint="search" aria-keyshortcuts="/" dir="auto"></textarea>
    <button class="button primary">Ask</button>
  </div>
  {filter_fields}
</form>
<div id="begin">
  {examples}
  <section id="recent" aria-label="Recent questions" hidden>
    <h2>Recent questions <button type="button" class="button quiet">Clear</button></h2><ul class="bare"></ul>
  </section>
</div>
<div id="results" tabindex="-1"></div>
<p class="unseen" role="status" id="spoken"></p>"""
