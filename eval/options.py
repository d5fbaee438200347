"""Arguments that several of the evaluation's commands take."""

from pathlib import Path
from typing import Annotated

import typer

from index.errors import UserError
from qa.retriever import SYSTEMS, System

OWN = "the seed articles' own"

IndexOption = Annotated[Path, typer.Option("--index", metavar="DIR", help="The folder of the index.")]
SplitOption = Annotated[str | None, typer.Option("--split", help="Which judgements of a BEIR folder.", show_default="test")]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")]


def parse_systems(text: str) -> tuple[System, ...]:
    """The systems of a list like "bm25,hybrid". Raises UserError for one that is not there."""
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    known: dict[str, System] = {system: system for system in SYSTEMS}
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise UserError(
            f"no system {', '.join(unknown) or 'named'}, expected some of {', '.join(known)}: qa eval --systems bm25,hybrid"
        )
    return tuple(known[name] for name in names)
