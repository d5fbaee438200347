"""The web page's words and looks: HTML made of answers, a style sheet and a script. app.py serves them."""

from importlib.resources import files

from qa.library import Library
from qa.page.answer import answer_panel, problem
from qa.page.answers import Answers
from qa.page.examples import example_questions
from qa.page.masthead import masthead
from qa.page.part import DEFAULTS, Part, Settings
from qa.page.source import source_gone, source_panel

STYLE = files(__name__).joinpath("page.css").read_text(encoding="utf-8")
SCRIPT = files(__name__).joinpath("page.js").read_text(encoding="utf-8")


def parts(library: Library, settings: Settings) -> list[Part]:
    """The pages beside the question box, in the order of the navigation."""
    return []


__all__ = [
    "DEFAULTS",
    "SCRIPT",
    "STYLE",
    "Answers",
    "Settings",
    "answer_panel",
    "example_questions",
    "masthead",
    "parts",
    "problem",
    "source_gone",
    "source_panel",
]
