"""Records in a file of lines."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.records import Records, write_records

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(records=st.lists(_JSON, max_size=6))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, records: list[Any]) -> None:
    folder = tmp_path_factory.mktemp("records")
    write_records(folder, "name", iter(records))
    opened = Records(folder, "name")
    assert len(opened) == len(records)
    assert list(opened) == records
    assert opened[1:] == records[1:]
    assert opened[::-2] == records[::-2]
    for position in range(-len(records), len(records)):
        assert opened[position] == records[position]


@pytest.mark.parametrize("position", [2, -3])
def test_a_position_beyond_the_records_is_named(tmp_path: Path, position: int) -> None:
    write_records(tmp_path, "name", ["a", "b"])
    with pytest.raises(IndexError, match=f"record {position} of 2"):
        Records(tmp_path, "name")[position]


def test_the_file_is_readable_lines_of_json(tmp_path: Path) -> None:
    write_records(tmp_path, "name", [{"title": "Café\n中文"}, 2])
    assert (tmp_path / "name.jsonl").read_text(encoding="utf-8") == '{"title":"Café\\n中文"}\n2\n'
