"""The encoder, trained to tell whether an excerpt answers and where, and what that changed, in few numbers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import Linear, Module, functional

from eval.reader.dated import as_dated
from eval.reader.examples import SMALL, Example, as_typed
from index.encoder import Quiet
from index.progress import Progress
from index.reader import ANSWERS, AROUND, LEFT, RIGHT, Pair, padded, pair

if TYPE_CHECKING:
    from tokenizers import Tokenizer

RANK = 64
_BATCH = 32
# Examples of like length share a batch, out of so many at a time.
_SORTED = 40 * _BATCH
# So many tokens of an excerpt are read, by chance.
_AROUND = 64, AROUND, AROUND, AROUND
RATE, _WARM, _DECAY = 8e-5, 1 / 15, 0.01
# The heads begin from nothing and learn so many times as fast.
_HEADS = 12.5
_DROPOUT = 0.1
# How many of the questions are put into other words, and of the words of those; what is nearest to a word in the encoder's
# own table of words is mostly another form of it or another word for it.
_REWORDED, _OF_WORDS = 0.5, 0.5
_NEAREST, _NEAR = 6, 0.4
# The embeddings and the first layer stay as the encoder has them.
_STAYS = "embeddings.", "encoder.layer.0."


class Trained(Module):
    """The encoder with two heads: whether the excerpt answers, told from the first token; where its answer begins and ends.

    The second is for learning alone: that there is a place which answers teaches more than that there is an answer.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        with Quiet(offline=True):
            from transformers import BertModel

            self.bert: Any = BertModel.from_pretrained(
                folder,
                attn_implementation="eager",
                add_pooling_layer=False,
                hidden_dropout_prob=_DROPOUT,
                attention_probs_dropout_prob=0.0,
            )
        for name, weight in self.bert.named_parameters():
            weight.requires_grad = not name.startswith(_STAYS)
        width = self.bert.config.hidden_size
        self.answers, self.place = Linear(width, 1), Linear(width, 2)

    def go_on_from(self, change: Mapping[str, Tensor]) -> None:
        """Takes over what an earlier training changed; where an answer stands must be learnt anew."""
        weights = dict(self.bert.named_parameters())
        with torch.no_grad():
            for name, values in change.items():
                if name.endswith(LEFT):
                    whole = name.removesuffix(LEFT)
                    weights[whole] += values.float() @ change[whole + RIGHT].float()
                elif name in weights:
                    weights[name].copy_(values)
            self.answers.weight[0] = change[f"{ANSWERS}.weight"].float()
            self.answers.bias[0] = change[f"{ANSWERS}.bias"].float()

    def forward(self, ids: Tensor, present: Tensor, segments: Tensor) -> tuple[Tensor, Tensor]:
        """Log-odds that each excerpt answers, (pairs,), and scores of each token as the answer's first and last, (pairs,
        tokens, 2)."""
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = self.bert(ids, attention_mask=present, token_type_ids=segments).last_hidden_state.float()
        places = self.place(hidden).masked_fill(~present.unsqueeze(-1), -1e4)
        return self.answers(hidden[:, 0])[:, 0], places


def train(
    folder: Path,
    tokenizer: "Tokenizer",
    examples: Callable[[Random], Iterator[Example]],
    rounds: int,
    progress: Progress,
    present: Mapping[str, Tensor] | None = None,
    highest_rate: float = RATE,
) -> dict[str, Tensor]:
    """What training changes of the weights in `folder`, as `index.reader.Reader` takes it: the encoder's matrices by two of
    rank RANK each, its other weights as they are now, the first head.

    `examples` are drawn anew for each round. AdamW (Loshchilov & Hutter 2019), the rate rising to its highest and then
    falling to 0. `present` is what an earlier training changed, and where this one begins.
    """
    torch.manual_seed(0)
    random = Random(0)
    model = Trained(folder)
    before = {name: weight.detach().clone() for name, weight in model.bert.named_parameters()}
    if present:
        model.go_on_from(present)
    wording = Wording(tokenizer, model.bert.embeddings.word_embeddings.weight)
    drawn = (list(examples(random)) for _ in range(rounds))
    batches = [batch for some in drawn for batch in _batches(tokenizer, wording, some, random)]
    heads = [*model.answers.parameters(), *model.place.parameters()]
    learning = [weight for weight in model.bert.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": learning, "lr": highest_rate}, {"params": heads, "lr": highest_rate * _HEADS}], weight_decay=_DECAY
    )
    warm = max(1, int(len(batches) * _WARM))

    def rate(step: int) -> float:
        return step / warm if step < warm else (len(batches) - step) / max(1, len(batches) - warm)

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    model.train()
    for number, (pairs, answers) in enumerate(batches):
        progress("Training", number * _BATCH, len(batches) * _BATCH)
        loss = _loss(model, pairs, answers)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        schedule.step()
    progress("Training", len(batches) * _BATCH, len(batches) * _BATCH)
    return _change(model, before)


class Wording:
    """Other words for a word: its neighbours in an encoder's table of words, shape (words, width)."""

    def __init__(self, tokenizer: "Tokenizer", table: Tensor) -> None:
        self._words = [tokenizer.id_to_token(number) or "" for number in range(len(table))]
        centred = table.detach() - table.detach().mean(0)
        self._table = functional.normalize(centred, dim=1)
        self._known: dict[int, list[int]] = {}

    def reworded(self, tokens: Pair, random: Random) -> Pair:
        """The pair with some words of its question exchanged for others."""
        asked = tokens.segments.index(1)
        ids = [
            random.choice(others) if random.random() < _OF_WORDS and (others := self._others(number)) else number
            for number in tokens.ids[:asked]
        ]
        return replace(tokens, ids=ids + tokens.ids[asked:])

    def _others(self, number: int) -> list[int]:
        if number not in self._known:
            near, found = torch.topk(self._table @ self._table[number], _NEAREST + 1)
            pairs = zip(near.tolist(), found.tolist(), strict=True)
            others = [other for cosine, other in pairs if cosine >= _NEAR and other != number and self._is_word(other)]
            self._known[number] = others if self._is_word(number) else []
        return self._known[number]

    def _is_word(self, number: int) -> bool:
        word = self._words[number]
        return len(word) > 2 and word.isalpha() and word not in SMALL


_Batch = tuple[list[Pair], list[tuple[int, int] | None]]


def _batches(tokenizer: "Tokenizer", wording: Wording, examples: list[Example], random: Random) -> list[_Batch]:
    """Examples as they are typed, as tokens, each with the places of its answer's first and last token."""
    random.shuffle(examples)
    read = []
    for example in (as_typed(as_dated(example, random), random) for example in examples):
        tokens = pair(tokenizer, example.question, example.excerpt, random.choice(_AROUND))
        place = _place(tokens, example)
        if place or not example.answer:
            read.append((wording.reworded(tokens, random) if random.random() < _REWORDED else tokens, place))
    batches = []
    for start in range(0, len(read), _SORTED):
        some = sorted(read[start : start + _SORTED], key=lambda each: len(each[0].ids))
        for first in range(0, len(some), _BATCH):
            pairs, places = zip(*some[first : first + _BATCH], strict=True)
            batches.append((list(pairs), list(places)))
    random.shuffle(batches)
    return batches


def _place(tokens: Pair, example: Example) -> tuple[int, int] | None:
    """Where the answer's first and last tokens stand; None if there is none, or not all of it was read."""
    if not example.answer:
        return None
    begins, ends = example.answer
    inside = [n for n, (start, end) in enumerate(tokens.spans) if start < ends and end > begins]
    if not inside or tokens.spans[inside[0]][0] > begins or tokens.spans[inside[-1]][1] < ends:
        return None
    return tokens.start + inside[0], tokens.start + inside[-1]


def _loss(model: Trained, pairs: Sequence[Pair], answers: Sequence[tuple[int, int] | None]) -> Tensor:
    """How wrong both heads are; where there is no answer the place is the first token's, as in SQuAD 2.0's own baseline
    (Rajpurkar, Jia & Liang 2018)."""
    odds, places = model(*padded(pairs))
    right = torch.tensor([float(answer is not None) for answer in answers])
    wanted = torch.tensor([answer or (0, 0) for answer in answers])
    where = [functional.cross_entropy(places[..., end], wanted[:, end]) for end in (0, 1)]
    return functional.binary_cross_entropy_with_logits(odds, right) + (where[0] + where[1]) / 2


def _change(model: Trained, before: dict[str, Tensor]) -> dict[str, Tensor]:
    change = {f"{ANSWERS}.weight": model.answers.weight[0], f"{ANSWERS}.bias": model.answers.bias[0]}
    for name, weight in model.bert.named_parameters():
        if not weight.requires_grad:
            continue
        if weight.ndim < 2:
            change[name] = weight
            continue
        left, strength, right = torch.linalg.svd((weight - before[name]).detach(), full_matrices=False)
        root = strength[:RANK].sqrt()
        change[name + LEFT], change[name + RIGHT] = left[:, :RANK] * root, root[:, None] * right[:RANK]
    return {name: values.detach().to(torch.float16).contiguous() for name, values in change.items()}
