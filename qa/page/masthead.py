"""What stands above the question: what the library holds."""

from html import escape
from itertools import islice

from qa.html import date_words, holdings, title
from qa.library import Library

_LISTED = 100


def masthead(library: Library, *, local: bool = False) -> str:
    """The page's title, its promise, and the library's articles behind their count.

    That nothing leaves the reader's computer is true only of a page that is served to it alone: one that is `local`.
    """
    listed = [
        f"<li>{escape(' · '.join(filter(None, [title(article), date_words(article)])))}</li>"
        for article in islice(library.articles, _LISTED)
    ]
    if len(library) > _LISTED:
        listed.append(f"<li>and {len(library) - _LISTED:,} more</li>")
    promise = "Answers are quoted from them, word for word." + (" Nothing leaves this computer." if local else "")
    build = escape(library.index.manifest.build)
    return (
        f'<header id="masthead" data-build="{build}"><h1>Ask the articles</h1>'
        f'<p class="promise">{promise}</p>'
        f'<details class="holdings"><summary>{escape(holdings(library))}</summary>'
        f"<ul>{''.join(listed)}</ul></details></header>"
    )
