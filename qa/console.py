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


_HINTS = {
    "Got unexpected extra argument": "put the question in quotation marks",
    "No such option": "put -- before a question that begins with a hyphen",
}


def usage_line(error: Exception) -> str:
    """What a usage error of typer, which does not export their class, says, and where to look; "" for any other error."""
    if not hasattr(error, "format_message"):
        return ""
    said = " ".join(error.format_message().split()).rstrip(".")
    command = getattr(getattr(error, "ctx", None), "command_path", "qa")
    asks = command in {"qa ask", "qa search"} and "--" not in said
    hints = [hint for start, hint in _HINTS.items() if asks and said.startswith(start)]
    return f"{said}: {', or '.join([*hints, f'see {command} --help'])}"
