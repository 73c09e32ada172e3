"""Reading tables in blocks, which must tell the same as reading them row by row."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from llmchem_tui.domain.errors import InputError
from llmchem_tui.storage.tables import blocks, read_rows, read_table

Told = list[list[str]] | str


def by_row(path: Path) -> Told:
    try:
        return list(read_rows(path))
    except InputError as refusal:
        return str(refusal)


def by_block(path: Path, rows: int) -> Told:
    try:
        found = list(blocks(read_table(path), path, rows))
        assert all(found)
        return [row for block in found for row in block]
    except InputError as refusal:
        return str(refusal)


@given(
    content=st.binary(max_size=6)
    | st.lists(st.sampled_from(["a", ",", '"', "\n", "\r\n", "a,b\n", "é", " "]), max_size=24).map(
        lambda parts: "".join(parts).encode()
    ),
    rows=st.sampled_from([1, 2, 1000]),
)
@example(content=b"a,b\n1,2\n\n3,4\n5\n", rows=2)
@example(content=b'a,b\n1,2\n"3\n\n4",5\n6,"7\n', rows=1)
@example(content=b"a,b\n1\n1,2\n\xff,4\n", rows=1000)
@example(content="\ufeffa,b\r\n1,2\r\n".encode(), rows=2)
@example(content=b"a,b\n1,2\n\n\n", rows=1)
def test_blocks_hold_the_rows_or_name_the_same_fault(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, rows: int
) -> None:
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_bytes(content)
    assert by_block(path, rows) == by_row(path)


def test_the_header_stands_alone_and_blocks_are_no_longer_than_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\na,b\n1,2\n\n3,4\n5,6\n")
    header, *found = blocks(read_table(path), path, 2)
    assert header == [["a", "b"]]
    assert found == [[["1", "2"]], [["3", "4"], ["5", "6"]]]
