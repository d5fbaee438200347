"""A page's head as it is sent: with the application's title, and without the cards that Gradio has for link previews."""

import re
from html import escape

# Open Graph's and Twitter's: a title, a sentence and a picture at another host, all Gradio's.
_CARD = re.compile(r"<meta\s+(?:property|name)=\"(?:og|twitter):[^>]*>\s*")
_TITLE = re.compile(r"<title>.*?</title>\s*", re.DOTALL)
_HEAD = re.compile(r"<head[^>]*>")


def own_head(html: str, title: str) -> str:
    """A page that has this title before any script runs."""
    head, end, rest = html.partition("</head>")
    head = _TITLE.sub("", _CARD.sub("", head))
    head = _HEAD.sub(lambda opening: f"{opening[0]}\n\t\t<title>{escape(title)}</title>", head, count=1)
    return f"{head}{end}{rest}"
