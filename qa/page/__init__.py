"""The web page's words and looks: HTML made of answers, a style sheet and a script. app.py serves them."""

from importlib.resources import files

from qa.library import Library
from qa.page.answer import answer_panel, problem
from qa.page.answers import Answers
from qa.page.articles import articles_part
from qa.page.ask import ask_part
from qa.page.evaluation import evaluation_part
from qa.page.examples import example_questions
from qa.page.judge import judge_part
from qa.page.masthead import masthead
from qa.page.navigation import NAVIGATION_SCRIPT, navigation
from qa.page.part import DEFAULTS, Evaluating, Part, Settings
from qa.page.source import source_gone, source_panel

# What all pages share first.
STYLE = "\n".join(
    sheet.read_text(encoding="utf-8")
    for sheet in sorted(files(__name__).iterdir(), key=lambda each: (each.name != "page.css", each.name))
    if sheet.name.endswith(".css")
)


def parts(library: Library, settings: Settings) -> list[Part]:
    """The pages, in the order of the navigation; the first stands at the root."""
    return [
        ask_part(library, settings),
        articles_part(library, settings),
        judge_part(library, settings),
        evaluation_part(library, settings),
    ]


__all__ = [
    "DEFAULTS",
    "NAVIGATION_SCRIPT",
    "STYLE",
    "Answers",
    "Evaluating",
    "Settings",
    "answer_panel",
    "example_questions",
    "masthead",
    "navigation",
    "parts",
    "problem",
    "source_gone",
    "source_panel",
]
