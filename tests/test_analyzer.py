"""From text to terms."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analyzer import analyze


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        ("... -- !", []),
        ("The Workers worked", ["the", "worker", "work"]),
        ("about 20.15 billion", ["about", "20.15", "billion"]),
        ("160-400 kilometers", ["160-400", "160", "400", "kilomet"]),
        ("2021-07-13", ["2021-07-13", "2021", "07", "13"]),
        ("2016-20 1914–18", ["2016-20", "2016", "20", "2020", "1914–18", "1914", "18", "1918"]),
        ("2021-07 1898/02", ["2021-07", "2021", "07", "1898/02", "1898", "02"]),
        ("2.9:52.5:44.6", ["2.9:52.5:44.6"]),
        ("It was 5.", ["it", "was", "5"]),
        ("5G and COVID-19", ["5", "g", "and", "covid", "19", "covid19"]),
        ("IL-6 IL6 il‑6", ["il", "6", "il6"] * 3),
        ("e-mails", ["e", "mail", "email"]),
        ("ARP2/3", ["arp", "2/3", "2", "3", "arp2", "arp3"]),
        ("state-of-the-art", ["state", "of", "stateof", "the", "ofth", "art", "theart"]),
        ("6 mm, 1930s - 2 –3", ["6", "mm", "1930", "s", "2", "3"]),
        ("中-6 a-中", ["中", "6", "a", "中"]),
        ("1,2 and 12,34", ["1,2", "and", "12,34"]),
        ("café CAFÉ cafe\u0301", ["cafe", "cafe", "cafe"]),
        ("Straße ﬁne Ⅳ", ["strass", "fine", "iv"]),
        ("Shanxi's Shanxi’s", ["shanxi", "shanxi"]),
        ("O'Neill Du'erping rock'n'roll", ["oneil", "duerp", "rocknrol"]),
        ("snake_case", ["snake", "case"]),
        ("山西省 中 abc国", ["山西", "西省", "中", "abc", "国"]),
        ("カタカナ 한국어", ["カタ", "タカ", "カナ", "한국", "국어"]),
        ("C++ & $30", ["c", "30"]),
    ],
)
def test_terms(text: str, terms: list[str]) -> None:
    assert analyze(text) == terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("100,000", "100000"),
        ("1,069,000.5", "1069000.5"),
        ("industry", "Industries"),
        ("cooperative's", "COOPERATIVES"),
        ("Ångström", "angstrom"),
        ("ＡＢＣ１２", "abc12"),
        ("pre\u00admier lan\u00adceur", "premier lanceur"),
        ("zero\u200bwidth", "zerowidth"),
        ("l'entreprise d’État qu'elle lorsqu'il", "entreprise état elle il"),
    ],
)
def test_what_means_the_same_gives_the_same_terms(one: str, other: str) -> None:
    assert analyze(one) == analyze(other)


@pytest.mark.parametrize(
    ("tied", "one"), [("e-mail", "email"), ("long‐terms", "longterm"), ("IL-6", "IL6"), ("Il-6", "il6,")]
)
def test_what_a_hyphen_ties_is_also_one_word(tied: str, one: str) -> None:
    assert set(analyze(one)) <= set(analyze(tied))
    assert analyze(tied, compounds=False) == analyze(re.sub("[-‐]", " ", tied), compounds=False)


@given(st.text())
def test_compounds_are_added_and_change_nothing_else(text: str) -> None:
    rest = iter(analyze(text))
    assert all(term in rest for term in analyze(text, compounds=False))


@pytest.mark.parametrize("word", ["don't", "O'Neill", "rock'n'roll", "t'", "you'll", "d's"])
def test_an_apostrophe_of_another_kind_parts_no_word(word: str) -> None:
    assert len(analyze(word)) == 1


def test_a_number_is_not_its_part() -> None:
    assert set(analyze("20.15")).isdisjoint(analyze("20 15"))


@given(st.text())
def test_any_text_gives_terms_that_the_index_can_hold(text: str) -> None:
    for term in analyze(text):
        assert term
        assert not any(character.isspace() for character in term)


@given(st.text(), st.text())
def test_terms_of_two_lines_are_the_terms_of_each(one: str, other: str) -> None:
    assert analyze(f"{one}\n{other}") == analyze(one) + analyze(other)


@given(st.lists(st.from_regex(r"[0-9]{1,3}(\.[0-9]+)?|[\u4e00-\u4e20]{2}", fullmatch=True)))
def test_numbers_and_chinese_pairs_are_their_own_terms(words: list[str]) -> None:
    assert analyze(" ".join(words)) == words


@given(st.text(st.characters(max_codepoint=0x24F)))
def test_case_makes_no_difference(text: str) -> None:
    assert analyze(text.casefold()) == analyze(text)
