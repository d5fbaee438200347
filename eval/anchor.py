"""Gold that outlives an edit: where a quote stands now, if its article was changed."""

import re
from collections import Counter
from dataclasses import dataclass

from rapidfuzz import fuzz
_CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(rf"[{_CJK}]|\d+(?:[.,:]\d+)*|[^\W\d{_CJK}]+(?:['’][^\W\d{_CJK}]+)*|[^\w\s]")

@dataclass(frozen=True, slots=True)
class Nearest:
    start: int
    end: int
    similarity: float

def occurrences(quote, text):
    places = []
    place = text.find(quote)
    while place >= 0:
        places.append(place)
        place = text.find(quote, place + 1)
    return places

def nearest(quote, text, around=0):
    found = [_fit(quote, text, guess) for guess in _guesses(quote, text)]
    return max((f for f in found if f), key=lambda f: (f.similarity, -abs(f.start-around)), default=None)

def _guesses(quote, text, most=5):
    size = min(5, len(quote))
    last = len(quote) - size
    width = max(8, len(quote) // 4)
    votes = Counter()
    for offset in range(0, last + 1, max(1, last // 64)):
        for place in occurrences(quote[offset:offset+size], text):
            votes[(place - offset) // width] += 1
    return [max(0, b*width + width//2) for b,_ in votes.most_common(most)]

def _fit(quote, text, guess):
    reach = min(max(40, len(quote)//2), 400)
    low, high = max(0, guess-reach), min(len(text), guess+len(quote)+reach)
    words = [m.span() for m in _WORD.finditer(text, low, high)]
    if words and words[0][0]==low and low>0 and len(words)>1: words=words[1:]
    if words and words[-1][1]==high and high<len(text) and len(words)>1: words=words[:-1]
    if not words: return None
    start = min((s for s,_ in words), key=lambda s: abs(s-guess)); end=-1; sim=0
    for _ in range(4):
        s2, e2 = max((fuzz.ratio(quote, text[start:e]), -e) for _,e in words if e>start)
        e2=-e2
        s3, st = max((fuzz.ratio(quote, text[s:e2]), s) for s,_ in words if s<e2)
        if (st,e2)==(start,end): break
        start,end,sim=st,e2,s3
    return Nearest(start,end,sim/100)
