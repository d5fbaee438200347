"""Small words that several outputs share."""

import re

# They ask, or hold a sentence together: that a passage has them, or lacks them, tells nothing.
FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a an and any are as at be been by can could did do does for from had has have how in is it its many much of on or
        say said says she he they shall should so some tell that the their them there these this those to was were what
        when where which who whom whose why will with would you your i me my we our us about after before between into
        than then up out over under during since until not no if but""",
    )
)


def count_of(number: int, noun: str) -> str:
    """A number of things in words: "1 article", "9 articles"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def count_of_kind(number: int, kind: str) -> str:
    """A number of passages of a kind: "1 caption", "11 paragraphs"."""
    return f"{number:,} {kind if number == 1 else kind_words(kind)}"


def kind_words(kind: str) -> str:
    """Passages of a kind, in words: "captions"."""
    return kind if kind == "code" else f"{kind}s"
