"""A hit as a citation to take away: plain text, Markdown, BibTeX, CSL-JSON; an answer with its citations.

The quoted words are the source's own in every style, escaped where the style gives characters a meaning. Titles, bylines
and dates may be missing; nothing in them ends an entry, makes a link or becomes HTML.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote, urlsplit

from index import Article
from qa.answer import Answer, Hit
from qa.html import NOT_FOUND, date_words, place_words

# What Markdown, and what is commonly added to it (tables, mathematics, tags, mentions, bare links), gives a meaning to.
_MARKDOWN = re.compile(r"[\\`*_\[\]{}<>&~^|$#@=]|[.:](?=[^\W\d_])|:(?=//)|/(?=/)|(?i:(?<=www)\.)|^[-+]")
_LIST_NUMBER = re.compile(r"^(\d+)([.)])")
_REFERENCE = re.compile(r"&(?=#?\w+;)")
_BIBTEX = re.compile(r"([-'`,<>])(?=\1)|[?!](?=`)|[\\{}~^$%&#_]")
_BIBTEX_ESCAPES = {
    "\\": r"{\textbackslash}",
    "{": r"{\textbraceleft}",
    "}": r"{\textbraceright}",
    "~": r"{\textasciitilde}",
    "^": r"{\textasciicircum}",
    **{character: f"\\{character}" for character in "$%&#_"},
}
# They turn the direction of all that follows, unless they are closed.
_DIRECTION = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# Brackets, quotation marks and spaces are not among them: they end a link in one style or another.
_URL_CHARACTERS = "!#$&*+,/:;=?@%~"


def plain_text(hit: Hit) -> str:
    """A citation as one line: “quote” — title · byline · date · source · paragraph · address."""
    return _line(hit, str, _title(hit.passage.article), link(hit.passage.article))


def markdown(hit: Hit) -> str:
    """A citation as one line of Markdown; the title leads to the article's address, if it has one."""
    address = _REFERENCE.sub("&amp;", link(hit.passage.article))
    name = escape_markdown(_title(hit.passage.article))
    return _line(hit, escape_markdown, f"[{name}]({address})" if address else name)


def bibtex(hit: Hit) -> str:
    """A citation as a BibTeX entry, an @misc: its key is the same for the same words of the same article.

    The byline is one name as it stands: which of its words are whose family name is not told.
    """
    article = hit.passage.article
    fields = {
        "title": f"{{{_escape_bibtex(_title(article))}}}",
        "author": f"{{{_escape_bibtex(_clean(article.byline))}}}" if _clean(article.byline) else "",
        "date": article.published.isoformat() if article.published else "",
        "year": str(article.published.year) if article.published else "",
        "howpublished": _escape_bibtex(_source(article)),
        "url": link(article),
        "note": _escape_bibtex(_place_and_quote(hit)),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{citation_key(hit)},", *lines, "}"])


def csl(hit: Hit) -> dict[str, Any]:
    """A citation as an item of CSL-JSON; paragraph and quoted words are its note."""
    article = hit.passage.article
    dated = article.published
    is_news = bool(_clean(article.byline) or dated or article.section)
    item: dict[str, Any] = {
        "id": citation_key(hit),
        "type": "article-newspaper" if is_news else "document",
        "title": _title(article),
        "author": [{"literal": _clean(article.byline)}] if _clean(article.byline) else None,
        "issued": {"date-parts": [[dated.year, dated.month, dated.day]]} if dated else None,
        "section": _clean(article.section),
        "URL": link(article),
        "note": f"{_source(article)}, {_place_and_quote(hit)}",
    }
    return {name: value for name, value in item.items() if value}


def csl_json(hits: Iterable[Hit]) -> str:
    """Citations as a CSL-JSON file, which is an array: what Zotero and pandoc read."""
    return json.dumps([csl(hit) for hit in hits], ensure_ascii=False, indent=2)


def answer_plain_text(answer: Answer) -> str:
    """The question, the sentence that answers, and the citations by number; or that the articles do not answer."""
    if not answer.citations:
        return f"{_clean(answer.question)}\n\n{NOT_FOUND}"
    listed = [f"[{number}] {plain_text(hit)}" for number, hit in enumerate(answer.hits, 1)]
    return "\n".join([_clean(answer.question), "", f"{_one_line(answer.sentence)} [1]", "", *listed])


def answer_markdown(answer: Answer) -> str:
    """The same as Markdown: the question in bold, the citations as a numbered list."""
    question = f"**{escape_markdown(_clean(answer.question))}**"
    if not answer.citations:
        return f"{question}\n\n{NOT_FOUND}"
    listed = [f"{number}. {markdown(hit)}" for number, hit in enumerate(answer.hits, 1)]
    return "\n".join([question, "", rf"{escape_markdown(_one_line(answer.sentence))} \[1\]", "", *listed])


def citation_key(hit: Hit) -> str:
    """The name of a citation: letters, digits and a hyphen, from title and year, and a digest of what is cited where."""
    article, citation = hit.passage.article, hit.citation
    word = re.search(r"[a-z]{3,}", article.title.lower())
    year = article.published.year if article.published else ""
    cited = json.dumps([article.source, article.id, citation.spans, citation.quote])
    return f"{word.group() if word else 'article'}{year}-{hashlib.sha256(cited.encode()).hexdigest()[:8]}"


def link(article: Article) -> str:
    """An article's address, if it is one of the web, so written that no style reads more into it; else empty."""
    address = _clean(article.url)
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if parts.scheme.lower() not in {"http", "https"} or not parts.netloc:
        return ""
    return quote(address, safe=_URL_CHARACTERS, errors="replace")


def escape_markdown(text: str) -> str:
    """A line of text as Markdown that shows just these characters, wherever in a line it stands."""
    escaped = _MARKDOWN.sub(r"\\\g<0>", text)
    return _LIST_NUMBER.sub(r"\1\\\2", escaped)


def _line(hit: Hit, escape: Callable[[str], str], name: str, address: str = "") -> str:
    article = hit.passage.article
    source = _source(article) if _title(article) != _source(article) else ""
    parts = [escape(part) for part in (_clean(article.byline), date_words(article), source, place_words(hit))]
    return f"“{escape(_one_line(hit.citation.quote))}” — {' · '.join(filter(None, [name, *parts, address]))}"


def _escape_bibtex(text: str) -> str:
    # Ligatures, two characters that are set as another one ("--" as a dash), are kept apart by an empty group.
    return _BIBTEX.sub(lambda match: _BIBTEX_ESCAPES.get(match.group()) or f"{match.group()}{{}}", text)


def _place_and_quote(hit: Hit) -> str:
    return f"{place_words(hit)}: “{_one_line(hit.citation.quote)}”"


def _title(article: Article) -> str:
    return _clean(article.title) or _source(article)


def _source(article: Article) -> str:
    """A file's name, with what tells its stories or lines apart."""
    own = article.id.startswith(article.source)
    return _clean(article.id if own else f"{article.source}, {article.id}")


def _clean(text: str) -> str:
    """What is said about an article, or asked, on one line, without the characters that change how others are shown."""
    return _CONTROL.sub("", _one_line(_DIRECTION.sub("", text)))


def _one_line(text: str) -> str:
    """A text with its white space, line ends too, as single spaces; a quote has no other."""
    return " ".join(text.split())
