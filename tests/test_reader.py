"""Reading a question and a passage together, held to transformers' own network."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import bert
from index.bert import Network
from index.minilm import MiniLM
from index.reader import AROUND, QUESTION, TITLE, WEIGHTS, Excerpt, Reader, ReadingEncoder, pair

pytestmark = pytest.mark.model

MINE = (
    "The mine above the town opened in 1987. It employs 300 people, most of them from the valley. "
    "Its manager, Anna Weber, wants to close the northern shaft."
)


@pytest.fixture(scope="module")
def exact() -> MiniLM:
    return MiniLM("float32")


def excerpt(text: str = MINE, title: str = "Mining", around: tuple[int, int] = (0, 0)) -> Excerpt:
    return Excerpt(title, text, around)


def test_the_default_encoder_reads(exact: MiniLM) -> None:
    assert isinstance(exact, ReadingEncoder)
    assert exact.read("When?", []).shape == (0,)
    odds = exact.read("When did the mine open?", [excerpt(), excerpt("The valley is green.")])
    assert odds.shape == (2,)
    assert odds.dtype == np.float64


@pytest.mark.parametrize(
    ("answered", "unanswered"),
    [
        ("When did the mine open?", "How much did it cost to open the mine?"),
        ("How many people does the mine employ?", "How many tons of coal does the mine produce?"),
        ("Who is the manager of the mine?", "How old is Anna Weber?"),
    ],
)
def test_what_the_passage_says_is_likelier_than_what_it_does_not(exact: MiniLM, answered: str, unanswered: str) -> None:
    [right], [wrong] = (exact.read(question, [excerpt()]) for question in (answered, unanswered))
    assert right > wrong + 1


def test_a_passage_is_read_alike_alone_and_among_longer_ones(exact: MiniLM) -> None:
    question = "Who wants to close a shaft?"
    [alone] = exact.read(question, [excerpt("Anna Weber does.")])
    assert exact.read(question, [excerpt(), excerpt("Anna Weber does.")])[1] == pytest.approx(alone, abs=1e-4)


def test_whole_numbers_read_nearly_as_floats_and_alike_on_any_machine(
    exact: MiniLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.torch import load_file

    made = {}
    for native in (True, False):
        monkeypatch.setattr(bert, "multiplies_bytes", lambda native=native: native)
        made[native] = Reader(exact._tokenizer, exact._network, load_file(WEIGHTS))
    floats = Reader(exact._tokenizer, exact._network, load_file(WEIGHTS), exact=True)
    for question in ("When did the mine open?", "How old is Anna Weber?", "Who is the manager?", "opening year mine"):
        quick, slow, true = (reader.read(question, [excerpt()])[0] for reader in (made[True], made[False], floats))
        assert quick == pytest.approx(slow, abs=1e-3)
        assert quick == pytest.approx(true, abs=0.5)
        # Nearly, not quite: it is whole numbers.
        assert quick != pytest.approx(true, abs=1e-3)


def test_the_change_is_added_to_the_encoders_weights_as_transformers_has_them(exact: MiniLM) -> None:
    import torch
    from safetensors.torch import load_file
    from transformers import BertModel

    folder = exact.folder
    reference = BertModel.from_pretrained(folder, add_pooling_layer=False).eval()
    network = Network(load_file(folder / "model.safetensors"), reference.config.to_dict())
    generator = torch.Generator().manual_seed(1)
    matrix, offset = "encoder.layer.2.output.dense.weight", "encoder.layer.4.attention.output.LayerNorm.bias"
    parameters = dict(reference.named_parameters())
    left, right = (0.1 * torch.randn(shape, generator=generator) for shape in ((384, 3), (3, 1536)))
    change = {
        f"{matrix}.left": left,
        f"{matrix}.right": right,
        offset: torch.randn(384, generator=generator),
        "answers.weight": torch.randn(384, generator=generator),
        "answers.bias": torch.tensor([0.5]),
    }
    tokenizer = exact._tokenizer
    read = Reader(tokenizer, network, change, exact=True).read("Who wants it?", [excerpt()])
    tokens = pair(tokenizer, "Who wants it?", excerpt())
    with torch.inference_mode():
        parameters[matrix] += left @ right
        parameters[offset].copy_(change[offset])
        ids, segments = torch.tensor([tokens.ids]), torch.tensor([tokens.segments])
        first = reference(ids, token_type_ids=segments).last_hidden_state[0, 0]
        wanted = float(first @ change["answers.weight"] + 0.5)
    assert read[0] == pytest.approx(wanted, abs=1e-3)


def test_a_pair_is_laid_out_as_berts(exact: MiniLM) -> None:
    tokens = pair(exact._tokenizer, "Who?", excerpt("Anna Weber.", "Mining"))
    words = [exact._tokenizer.id_to_token(number) for number in tokens.ids]
    assert words == ["[CLS]", "who", "?", "[SEP]", "mining", ".", "anna", "weber", ".", "[SEP]"]
    assert tokens.segments == [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    assert tokens.start == 6
    assert tokens.spans == [(0, 4), (5, 10), (10, 11)]
    untitled = pair(exact._tokenizer, "Who?", excerpt("Anna.", ""))
    assert untitled.start == 4


@given(st.integers(0, 400), st.integers(1, 30))
def test_a_long_passage_is_read_around_what_is_marked(before: int, after: int) -> None:
    tokenizer = MiniLM()._tokenizer
    text = "word " * before + "Anna Weber." + " word" * after * 10
    start = text.index("Anna")
    tokens = pair(tokenizer, "who " * 50, excerpt(text, "title " * 20, (start, start + 11)))
    read = [text[slice(*span)] for span in tokens.spans]
    assert {"Anna", "Weber"} <= set(read)
    assert len(read) <= AROUND
    assert len(tokens.ids) == len(tokens.segments) == QUESTION + TITLE + len(read) + 4
    assert len(read) == min(AROUND, before + 3 + after * 10)


def test_weights_say_what_they_were_made_of() -> None:
    from safetensors import safe_open

    import index.reader
    from index.minilm import WEIGHTS_SHA256

    with safe_open(str(Path(index.reader.WEIGHTS)), framework="pt") as file:
        told = file.metadata()
    assert WEIGHTS_SHA256 in told["encoder"]
    assert "SQuAD" in told["trained_on"]
