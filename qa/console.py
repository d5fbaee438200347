"""Standard output and standard error of the command line."""

import sys

from rich.console import Console

_UNWRAPPED = 100_000


def console() -> Console:
    """Where results go. Document text is never read as markup, nor its numbers coloured; piped output is not wrapped."""
    return Console(markup=False, highlight=False, emoji=False, width=None if sys.stdout.isatty() else _UNWRAPPED)


def error_console() -> Console:
    """Where progress goes."""
    return Console(stderr=True, markup=False, highlight=False)


def print_line(line: str) -> None:
    """A line of results."""
    sys.stdout.write(f"{line}\n")


def say(line: str) -> None:
    """A line to the user, on standard error."""
    sys.stderr.write(f"qa: {line}\n")
