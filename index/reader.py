"""Whether a passage answers a question, told by reading both together: a small low-rank change of the encoder's own weights.

Similarity tells what a passage is about, not whether it has what is asked for; tokens of both that attend to each other do.
The change is of rank 64 (as in LoRA; Hu et al. 2021) and was fitted, as its file says, by `python -m eval.reader`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from index.arrays import Scores
from index.article import Span
from index.bert import Network

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor

WEIGHTS = Path(__file__).parent / "reader.safetensors"
# The most tokens of a question, of a title, and of a passage around what is marked in it.
QUESTION, TITLE, AROUND = 32, 8, 192
# For each length of bfloat16 torch makes programs of its own and keeps them: 170 MB where every length may come, 50 so.
_MULTIPLE = 8
# In the weights' file: two matrices whose product is added to one of the encoder's; what tells from the first token.
LEFT, RIGHT, ANSWERS = ".left", ".right", "answers"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A passage to be read: its article's title, its text, and the place in it around which it is read if it is long.

    What was `published` last year may tell of a year that its words do not name.
    """

    title: str
    text: str
    around: Span
    published: date | None = None


@runtime_checkable
class ReadingEncoder(Protocol):
    """An encoder that also tells whether passages answer a question."""

    def read(self, question: str, excerpts: Sequence[Excerpt], /) -> Scores:
        """The log-odds that each answers: float64, shape (excerpts,)."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and an excerpt as token ids, in BERT's layout: [CLS] question [SEP] title . date . text [SEP].

    `segments` is 0 for the question's, 1 for the excerpt's; the text's tokens begin at `start`, and stand in the excerpt's
    text at `spans`.
    """

    ids: list[int]
    segments: list[int]
    start: int
    spans: list[Span]


def pair(tokenizer: "Tokenizer", question: str, excerpt: Excerpt, around: int = AROUND) -> Pair:
    """A question and an excerpt's title, date and text, `around` tokens of it at most."""
    published = excerpt.published.isoformat() if excerpt.published else ""
    asked, title, day, text = (
        tokenizer.encode(each, add_special_tokens=False) for each in (question, excerpt.title, published, excerpt.text)
    )
    first, last, full_stop = tokenizer.encode("[CLS] [SEP] .", add_special_tokens=False).ids
    marked = [n for n, (start, end) in enumerate(text.offsets) if start < excerpt.around[1] and end > excerpt.around[0]]
    middle = (marked[0] + marked[-1] + 1) // 2 if marked else 0
    begins = max(0, min(middle - around // 2, len(text.ids) - around))
    ends = begins + around
    before = [first, *asked.ids[:QUESTION], last]
    above = [number for line in (title.ids[:TITLE], day.ids) if line for number in (*line, full_stop)]
    ids = [*before, *above, *text.ids[begins:ends], last]
    segments = [0] * len(before) + [1] * (len(ids) - len(before))
    return Pair(ids, segments, len(before) + len(above), text.offsets[begins:ends])


def padded(pairs: Sequence[Pair], multiple: int = 1) -> tuple["Tensor", "Tensor", "Tensor"]:
    """Token ids, which of them are no padding, and their segments: shapes (pairs, the longest's length, rounded up)."""
    import torch

    longest = max(len(each.ids) for each in pairs)
    shape = len(pairs), longest + -longest % multiple
    ids, segments = torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.long)
    present = torch.zeros(shape, dtype=torch.bool)
    for row, each in enumerate(pairs):
        length = len(each.ids)
        ids[row, :length], segments[row, :length] = torch.tensor(each.ids), torch.tensor(each.segments)
        present[row, :length] = True
    return ids, present, segments


class Reader:
    """The encoder's network, changed so that its first token tells whether an excerpt answers.

    It multiplies whole numbers, in half the time of bfloat16; with `exact` it computes as the network that it is given does.
    """

    def __init__(
        self, tokenizer: "Tokenizer", network: Network, change: "dict[str, Tensor]", *, exact: bool = False
    ) -> None:
        self._tokenizer = tokenizer
        changed = network.with_weights(_changed(network, change), first_only=True)
        self._network = changed if exact else changed.in_whole_numbers()
        self._weight, self._bias = change[f"{ANSWERS}.weight"].float(), change[f"{ANSWERS}.bias"].float()

    def read(self, question: str, excerpts: Sequence[Excerpt]) -> Scores:
        """The log-odds that each excerpt answers the question: float64, shape (excerpts,)."""
        import torch

        if not excerpts:
            return np.zeros(0)
        pairs = [pair(self._tokenizer, question, excerpt) for excerpt in excerpts]
        with torch.inference_mode():
            hidden = self._network(*padded(pairs, _MULTIPLE))
            return np.asarray((hidden[:, 0] @ self._weight + self._bias).numpy(), dtype=np.float64)


def _changed(network: Network, change: "dict[str, Tensor]") -> "dict[str, Tensor]":
    """The weights that a change gives others: by name, in the network's own precision."""
    weights = {}
    for name, values in change.items():
        if name.endswith(LEFT):
            whole = name.removesuffix(LEFT)
            added = values.float() @ change[whole + RIGHT].float()
            weights[whole] = (network.weights[whole].float() + added).to(network.weights[whole].dtype)
        elif not name.endswith(RIGHT) and not name.startswith(ANSWERS):
            weights[name] = values.to(network.weights[name].dtype)
    return weights
