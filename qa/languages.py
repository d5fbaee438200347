"""Which languages articles are written in."""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

UNKNOWN = "und"
# So many characters tell as well as all.
_READ = 1000


def count_languages(texts: Iterable[str]) -> dict[str, int]:
    """Texts by their language's code of ISO 639-1, most first; a text without letters by "und", ISO's for none.

    By py3langid (Lui & Baldwin 2012, langid.py), each told from its first 1,000 characters: of very few words it is a guess.
    """
    return dict(Counter(map(_language, texts)).most_common())


def _language(text: str) -> str:
    start = text[:_READ]
    if not any(map(str.isalpha, start)):
        return UNKNOWN
    code, _ = _identifier().classify(start)
    return str(code)


@cache
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    # Of languages that are hardly told apart, as Chinese and Wu, only the large ones have a code of two letters.
    identifier.set_languages([code for code in identifier.labels if len(code) == 2])
    return identifier
