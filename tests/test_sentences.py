"""Where sentences stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sentences import split_sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ["It rained.", "Did it?", "It did!"],
        ["Dr. Smith went to Washington.", "The rate was 5.2 percent in 2020."],
        ['He said "No."', "Then he left."],
        ["😀 Hello there.", "😀 Bye."],
        ["The U.S. economy grew.", "Prices did not."],
        ["Le maire a parlé.", "Il était tard."],
    ],
)
def test_sentences_are_found(sentences: list[str]) -> None:
    text = " ".join(sentences)
    assert [text[start:end] for start, end in split_sentences(text)] == sentences


@pytest.mark.parametrize("sentences", [["山西省发展。", "好的！", "你好？"], ["こんにちは。", "元気ですか？"]])
def test_chinese_and_japanese_sentences_are_found(sentences: list[str]) -> None:
    text = "".join(sentences)
    assert [text[start:end] for start, end in split_sentences(text)] == sentences


@given(st.text(max_size=80) | st.text("aB中の。.!? \n\"'😀é", max_size=80))
def test_every_character_but_white_space_is_in_one_sentence(text: str) -> None:
    spans = split_sentences(text)
    position = 0
    for start, end in spans:
        assert position <= start < end <= len(text)
        assert text[position:start].strip() == ""
        assert text[start:end] == text[start:end].strip()
        position = end
    assert text[position:].strip() == ""
