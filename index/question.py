"""What a question asks for beside its meaning: phrases that must stand there, words that must not."""

import re
from dataclasses import dataclass

from index.scripts import CJK

# Chinese writes “ ” where English writes quotation marks for a name: there they require nothing.
_PHRASE = re.compile(rf'"([^"]+)"|“([^”{CJK}]+)”')
_EXCLUDED = re.compile(r"(?<!\S)[-−](?=[^\W\d_])(\w+(?:['’-]\w+)*)")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was typed: `words` is what is searched, without quotation marks and without what is excluded."""

    words: str
    phrases: tuple[str, ...]
    excluded: tuple[str, ...]

    @property
    def is_plain(self) -> bool:
        """Whether it neither requires a phrase nor leaves out a word."""
        return not self.phrases and not self.excluded


def read_question(text: str) -> Asked:
    """Reads `"phrases in quotation marks"`, required literally, and `-words` to exclude; a hyphen within a word is none."""
    phrases: list[str] = []
    excluded: list[str] = []
    words: list[str] = []
    end = 0
    for match in [*_PHRASE.finditer(text), None]:
        outside = text[end : match.start() if match else len(text)]
        excluded += _EXCLUDED.findall(outside)
        words.append(_EXCLUDED.sub(" ", outside))
        if match:
            phrase = " ".join(match.group(match.lastindex or 0).split())
            phrases += [phrase] if phrase else []
            words.append(phrase)
            end = match.end()
    if not phrases and not excluded:
        return Asked(text, (), ())
    return Asked(" ".join("".join(words).split()), tuple(phrases), tuple(excluded))


def says(text: str, phrase: str) -> bool:
    """Whether a text has a phrase, letter by letter but for case and spaces, as whole words."""
    pattern = r"\s+".join(re.escape(word) for word in phrase.split())
    before = r"(?<!\w)" if phrase[:1].isascii() else ""
    after = r"(?!\w)" if phrase[-1:].isascii() else ""
    return re.search(f"{before}{pattern}{after}", text, re.IGNORECASE) is not None
