"""What a line of an article is, told from its form: heading, date, byline, credit, caption, sign-off.

The rules are about how newspapers and web pages are written, in English where words matter.
"""

import re
from datetime import date

from dateutil import parser as dateparser

from index.article import Span

_CAPITAL = r"[A-ZÀ-ÖØ-Þ]"
_NAME = rf"(?:{_CAPITAL}[\w.'’-]*)"
_LOUD_NAME = rf"(?:{_CAPITAL}[A-ZÀ-ÖØ-Þ.'’-]+|{_CAPITAL}\.)"

_BREADCRUMB = re.compile(r"^[^<>«»‹›.!?]{1,40}(?:[>»›][^<>«»‹›.!?]{1,80})+$")
_DATE_LABEL = re.compile(
    r"^(?:last\s+)?(?:updated|published|posted|modified|created|date|issued)(?:\s+(?:on|at))?"
    r"(?:\s*(?P<colon>:)|\s)\s*(?P<date>.*\d.*)$",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s+)?"
    r"(?:\d{4}-\d{1,2}-\d{1,2}"
    r"|\d{4}年\d{1,2}月\d{1,2}日"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4}"
    r"|\d{1,2}(?:st|nd|rd|th)?\s+(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,?\s+\d{4})"
    r"(?!\d)(?:,?[T ]\s?\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]\.?m\.?)?(?:\s?(?:Z|[+-]\d{2}:?\d{2}|(?-i:[A-Z]{3,4})\b))?)?",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    rf"^(?:by|text by|story by|written by|author:)\s+"
    rf"(?P<name>(?-i:{_NAME},?(?:\s+(?:and|AND|&|de|da|del|la|van|von|der|bin|al|{_NAME}),?){{0,9}})"
    rf"(?:,?\s+\([^()]{{1,60}}\)|(?<=,)\s+[^.!?]{{1,60}}|\s+in\s+(?-i:{_NAME}(?:\s+{_NAME})?))?)$",
    re.IGNORECASE,
)
_SIGN_OFF = re.compile(
    r"^[(\[]?(?:"
    r"(?:[^.!?]|(?<=\b[A-Z])\.){2,160}\bcontributed"
    r" (?:to (?:this|the) (?:story|report|article|piece)|reporting(?: (?:from|for|in|to) [^.!?]{1,80})?)"
    r"|(?:additional\s+)?(?:reporting|editing|writing)(?: and (?:reporting|editing|writing))? by [^!?]{2,160}"
    r")\.?[)\]]?$",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    rf"""
      \[\s*(?:photos?|images?|pictures?|photographs?)\b[^\[\]]{{0,120}}\]
    | \(\s*(?:photos?|images?|pictures?|photographs?)
      (?:\s+by|\s+credit|\s+courtesy|\s+provided|\s*[:/]|\s+(?-i:[A-Z]{{2,}})\b)[^()]{{0,120}}\)
    | (?:(?<=^)|(?<=[.!?"”]\s))
      (?:(?:photos?|images?|pictures?|photographs?)(?:\s+(?:by|credit|courtesy)\b|\s*[:/])|credit:|courtesy\ of\b|©)
      (?:[^.!?\n]|(?<=\b[A-Z])\.){{1,100}}\.?$
    | (?:(?<=^)|(?<=[.!?"”]\s))(?-i:{_LOUD_NAME}(?:\s+{_LOUD_NAME}){{1,4}}\s*/\s*{_LOUD_NAME}(?:\s+{_LOUD_NAME})*)(?=\s|$|\*)
    | (?<=[.!?"”]\s)(?-i:{_NAME}(?:\s+{_NAME}){{1,3}}\s?/\s?{_NAME}(?:\s+{_NAME}){{0,3}})$
    """,
    re.VERBOSE | re.IGNORECASE,
)
_URL = re.compile(r"^(?:source:\s*)?(?P<url>https?://\S+)$", re.IGNORECASE)

_CLOSERS = "\"'”’»)]*_` ）】」』》"
_TERMINAL = ".!?…。！？"
_OPENERS = re.compile(r"^[\s\"'“‘«„(\[*_`（【「『《]+")
_HEADING_CHARACTERS, _HEADING_WORDS = 160, 25
# A sentence that stops after one of these has more to come, whatever the next line begins with.
_RUNS_ON = re.compile(
    r"(?:,|\b(?:a|an|the|of|to|in|on|at|by|for|from|with|into|about|over|under|than|and|or|but|nor|as|that|which|who|whose"
    r"|is|are|was|were|be|been|has|have|had|will|would|can|could|may|should|must|its|their|his|her|our|more|said))$"
)


def is_breadcrumb(line: str) -> bool:
    """Whether a line is a path through a site ("Home > Business")."""
    return len(line) <= 160 and _BREADCRUMB.match(line) is not None


def breadcrumb_section(line: str) -> str:
    """The last step of a breadcrumb."""
    return re.split(r"[>»›]", line)[-1].strip()


def read_date(line: str) -> date | None:
    """The date of a line that is a labelled date ("Updated: 2021-07-13") or nothing but a date."""
    if len(line) > 80:
        return None
    labelled = _DATE_LABEL.match(line)
    if not labelled:
        return parse_date(line) if _DATE.fullmatch(line) else None
    published = parse_date(labelled["date"])
    if published is None and labelled["colon"]:
        # "Updated: 2021-07-13 10:30 (Xinhua)": what stands around the date is no part of it.
        found = _DATE.search(labelled["date"])
        published = parse_date(found.group()) if found else None
    return published


def is_labelled(line: str) -> bool:
    """Whether a line that is a date says what it is the date of ("Updated: …")."""
    return _DATE.fullmatch(line) is None


def parse_date(text: str) -> date | None:
    """A date written in any usual form with its year, month and day; None for anything else."""
    text = re.sub(r"(\d{4})年(\d{1,2})月(\d{1,2})日", r"\1-\2-\3", text)
    try:
        # Two defaults that share no field: what the text leaves open differs between the two readings.
        readings = {dateparser.parse(text, default=default, ignoretz=True).date() for default in _DEFAULTS}
    except (ValueError, OverflowError):
        return None
    return readings.pop() if len(readings) == 1 else None


_DEFAULTS = (dateparser.parse("2001-02-03"), dateparser.parse("2004-05-06"))


def read_byline(line: str) -> str | None:
    """The name of a byline ("By Jane Doe (Daily News)"), None if the line is none."""
    match = _BYLINE.match(line) if len(line) <= 160 else None
    if not match or any(character.isdigit() for character in line):
        return None
    name = match["name"].strip()
    return name if name[0].isupper() and name.split()[-1][0] not in "," else None


def is_sign_off(line: str) -> bool:
    """Whether a line closes a story with thanks ("Jane Doe contributed to this story.")."""
    return len(line) <= 240 and _SIGN_OFF.match(line) is not None


def read_url(line: str) -> str | None:
    """The address of a line that is nothing else."""
    match = _URL.match(line)
    return match["url"] if match else None


def find_credits(text: str) -> list[Span]:
    """Where photo credits stand in a block of text ("[Photo/Agency]", "JANE DOE / FOR THE NEWS", "Photo by …")."""
    return [match.span() for match in _CREDIT.finditer(text)]


def is_finished(line: str) -> bool:
    """Whether a line ends as a sentence does."""
    stripped = line.rstrip(_CLOSERS)
    return stripped.endswith((*_TERMINAL, ":", ";"))


def looks_like_heading(line: str) -> bool:
    """Whether a line could be a title or a subheading: one short line that does not end as a sentence."""
    if "\n" in line or len(line) > _HEADING_CHARACTERS or len(line.split()) > _HEADING_WORDS:
        return False
    start = _OPENERS.sub("", line)
    stripped = line.rstrip(_CLOSERS)
    question = stripped.endswith(("?", "!", "？", "！")) and len(line.split()) <= 16
    return bool(start) and not start[0].islower() and (question or not is_finished(line)) and not runs_on(line)


def is_prose(text: str) -> bool:
    """Whether a text is more than a heading can be: too long for one, or with a sentence's end inside."""
    return not looks_like_heading(text) or re.search(r"[^\W\d_]{3}[.!?][\"'”’)]*\s+[\"'“‘(]?[^\W\d_a-z]", text) is not None


def runs_on(line: str) -> bool:
    """Whether a line stops where a sentence cannot: at a hyphen, a comma, a preposition, a possessive."""
    stripped = line.rstrip()
    return bool(re.search(r"[^\W\d_]-$", stripped) or re.search(r"\w['’]s$", stripped) or _RUNS_ON.search(stripped))


def continues(line: str) -> bool:
    """Whether a line begins in the middle of a sentence: with a small letter (but not as "iPhone" does)."""
    start = _OPENERS.sub("", line)
    return len(start) > 1 and start[0].islower() and not start[1].isupper()
