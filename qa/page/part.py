"""What a page of the web application is made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from index.progress import Progress
from qa.library import Library
from qa.retriever import System


@dataclass(frozen=True, slots=True)
class Part:
    """One page: its name in the navigation, its path, what it shows first, the script that runs in it.

    The script is handed `element`, which holds `html`, and `server`, whose methods are the `functions`, by their names: each
    takes and returns what JSON can say.
    """

    name: str
    path: str
    html: str
    script: str
    functions: tuple[Callable[..., Any], ...] = ()


Evaluate = Callable[[Library, Path, Sequence[System], Path, Progress], None]
"""Asks a library the questions of a gold set, by these systems, and writes a report into a folder."""


@dataclass(frozen=True, slots=True)
class Evaluating:
    """How libraries are evaluated: gold sets to choose from, reports to show beside those of the page, and what does it."""

    golds: tuple[Path, ...]
    reports: tuple[Path, ...]
    run: Evaluate


@dataclass(frozen=True, slots=True)
class Settings:
    """What the page lets people do: with `read_only` nobody changes the articles (None: nor does
    anybody where others than this machine are served); judgements go into `judgements`. `local` is whether only this machine
    is served.

    Reports of evaluations are in folders in `reports`; without `evaluating` they are only read.
    """

    read_only: bool | None = None
    judgements: Path = Path("judgements.jsonl")
    reports: Path = Path("reports")
    evaluating: Evaluating | None = None
    local: bool = False


DEFAULTS = Settings()


def script(*names: str) -> str:
    """The text of the page's scripts with these file names, one after another: they share their names."""
    return "\n".join(files("qa.page").joinpath(name).read_text(encoding="utf-8") for name in names)
