"""The way from one page to the others."""

from collections.abc import Sequence
from html import escape

from qa.page.part import Part

# The page that is open names the window, as soon as it stands there.
NAVIGATION_SCRIPT = 'document.title = element.querySelector("[aria-current]").textContent + " · Article QA";'


def navigation(parts: Sequence[Part], current: Part) -> str:
    """Links to all pages, the current one marked. They are relative, so that they hold behind a proxy's path as well."""
    links = "".join(f"<li>{_link(part, current=part is current)}</li>" for part in parts)
    return f'<nav class="pages" aria-label="Pages"><ul>{links}</ul></nav>'


def _link(part: Part, *, current: bool) -> str:
    path, name = escape(part.path.strip("/")), escape(part.name)
    # Its name once more, for the style: see page.css.
    return f'<a href="./{path}" data-name="{name}"{_MARKED if current else ""}>{name}</a>'


_MARKED = ' aria-current="page"'
