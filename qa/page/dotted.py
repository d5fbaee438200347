"""Lines of several parts, as a source, a date and a place."""

from collections.abc import Iterable


def dotted(parts: Iterable[str]) -> str:
    """A line of parts that are HTML, the empty ones left out: a dot stands between two on the same row, and none where a
    row begins or ends (see page.css). Each part is read in its own direction."""
    return f'<span class="dotted">{" ".join(f"<bdi>{part}</bdi>" for part in parts if part)}</span>'
