"""What a page of the web application is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


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


@dataclass(frozen=True, slots=True)
class Settings:
    """What the page lets people do: with `read_only` nobody changes the articles; judgements go into `judgements`."""

    read_only: bool = False
    judgements: Path = Path("judgements.jsonl")


DEFAULTS = Settings()
