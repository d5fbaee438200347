"""Small words that several outputs share."""


def count_of(number: int, noun: str) -> str:
    """A number of things in words: "1 article", "9 articles"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def kind_words(kind: str) -> str:
    """Passages of a kind, in words: "captions"."""
    return kind if kind == "code" else f"{kind}s"
