"""Files by the book: which they are, and that the quick reader tells what the careful one does."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from llmchem_tui.storage import plain_csv
from llmchem_tui.storage.plain_csv import NotPlain, Texts, read_plain, whole_rows

CELLS = st.text(st.sampled_from("a1 ,\"'\n\r\té=-."), max_size=5)
WIDTH = 3
NAMES = {"x": 0, "z": 2}
TEXTS: frozenset[str] = frozenset()
SHIFTS = st.integers(0, 64)
"""Lengths of the first cell, so that what follows falls on any place of a word and of a piece."""


@pytest.fixture(scope="module", params=[64, 2**18], autouse=True)
def piece(request: pytest.FixtureRequest) -> Iterator[None]:
    """Look at the file in pieces that cut through everything, and in one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_csv, "_PIECE", request.param)
        patch.setattr(plain_csv, "_BLOCK", request.param)
        yield


def by_the_book(rows: Sequence[Sequence[str]], ending: str = "\n") -> bytes:
    lines = []
    for row in rows:
        line = io.StringIO(newline="")
        csv.writer(line, lineterminator="\r\n").writerow(row)  # then it quotes a CR as well
        lines.append(line.getvalue().removesuffix("\r\n") + ending)
    return "".join(lines).encode()


def is_plain(content: bytes) -> bool:
    try:
        blocks = list(whole_rows(io.BytesIO(content), WIDTH))
    except NotPlain:
        return False
    whole = b"".join(blocks)
    assert whole in (content, content + b"\r\n")
    assert all(block.endswith(b"\n") for block in blocks)
    return True


def read(
    content: bytes, width: int, positions: Mapping[str, int], numbers: Set[str]
) -> dict[str, list[Any]] | None:
    """The columns that the quick reader tells of."""
    try:
        plain = read_plain(io.BytesIO(content), width, positions, numbers)
    except NotPlain:
        return None
    columns = {name: spelled(plain.texts[name]) for name in positions.keys() - numbers}
    return columns | {name: own.tolist() for name, own in plain.numbers.items()}


def spelled(texts: Texts) -> list[str]:
    return [texts.distinct[place] for place in texts.places.tolist()]


def strictly(content: bytes) -> list[list[str]] | None:
    """The rows by the csv module, None where it finds a fault."""
    try:
        return list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
    except csv.Error:
        return None


@given(
    st.lists(st.lists(CELLS, min_size=WIDTH, max_size=WIDTH), min_size=1, max_size=6),
    st.sampled_from(["\n", "\r\n"]),
    SHIFTS,
)
def test_what_the_csv_module_writes_is_by_the_book_and_read_alike(
    rows: list[list[str]], ending: str, shift: int
) -> None:
    content = by_the_book([["x" * shift, "y", "z"], *rows], ending)
    for own in (content, content.removesuffix(ending.encode())):
        assert is_plain(own)
        columns = read(own, WIDTH, NAMES, TEXTS)
        assert columns == {"x": [row[0] for row in rows], "z": [row[2] for row in rows]}


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from(["a", ",", '"', "\n", "\r\n", "\r", "é", "a,b,c\n"]), max_size=16),
    SHIFTS,
)
@example(['a,"b"c,d'], 1)
@example(['a,b"c,d\n'], 1)
@example(['a,"",""""\n'], 1)
@example(["a,b,c\n\n"], 1)
@example(["a,b,c\r"], 1)
@example(["a,b,c\r"], 54)  # so that it ends with a piece
@example(['a,b,"c\n'], 54)
def test_what_passes_is_whole_and_read_as_the_csv_module_does(parts: list[str], shift: int) -> None:
    content = f"{'x' * shift},y,z\n" + "".join(parts)
    rows = strictly(content.encode())
    if not is_plain(content.encode()):
        return
    assert rows is not None
    assert all(len(row) == WIDTH for row in rows)
    columns = read(content.encode(), WIDTH, NAMES, TEXTS)
    assert columns == {"x": [row[0] for row in rows[1:]], "z": [row[2] for row in rows[1:]]}


@pytest.mark.parametrize(
    "rows",
    [
        "1,2\n",
        "1,2,3,4\n",
        "1,2,3\n\n",
        "\n1,2,3\n",
        '1,"2,3\n',
        '1,2"",3\n',
        '1, "2",3\n',
        "1\r2,3,4",
    ],
)
def test_what_is_not_by_the_book_must_be_read_with_care(rows: str) -> None:
    content = f"x,y,z\n{rows}".encode()
    assert not is_plain(content)
    assert read(content, WIDTH, NAMES, TEXTS) is None


def test_a_mark_of_byte_order_is_text_but_at_the_beginning() -> None:
    rows = [["\ufefft" + "x" * 60, "", str(place)] for place in range(9)]
    content = by_the_book([["\ufeffx", "y", "z"], *rows])
    columns = read(content, WIDTH, NAMES, TEXTS)
    assert columns is None or columns["x"] == [row[0] for row in rows]


def test_what_is_not_utf_8_must_be_read_with_care() -> None:
    for wrong in (b"\xff", b"\xc3", "é".encode()[:1]):
        for content in (b"x,y,z\n1," + wrong + b",3\n", b"x,y,z\n1,2,3" + wrong):
            assert read(content, WIDTH, NAMES, TEXTS) is None
    assert read("x,y,z\n1,2,é".encode(), WIDTH, NAMES, TEXTS) is not None


def number_in(cell: str) -> float | None:
    """What Python takes the cell for, where it is not blank; None: no number."""
    try:
        return float(cell.strip() or "nan")
    except ValueError:
        return None


@settings(max_examples=400)
@example("+7e 9")
@example(" +1.5E -5")
@example("+0.1")
@given(
    st.one_of(
        st.text(st.sampled_from("0123456789.eE+-_ xinfaNd٣,"), max_size=8),
        st.floats().map(repr),
        st.sampled_from(
            ["", "NA", "null", "None", "true", "1e400", "-inf", "infinity", "1e", "1_0"]
        ),
    )
)
def test_a_number_is_the_same_to_the_last_bit_or_must_be_read_with_care(cell: str) -> None:
    columns = read(by_the_book([["x", "y", "z"], ["0.5", "", cell]]), WIDTH, NAMES, {"z"})
    if columns is None:
        return
    expected = number_in(cell)
    assert expected is not None
    (found,) = columns["z"]
    assert found == expected or (math.isnan(found) and math.isnan(expected))


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["true", "false"], None),
        (["1", "", "0"], [1.0, math.nan, 0.0]),
        (["", ""], [math.nan, math.nan]),
        (["1", "0.5"], [1.0, 0.5]),
    ],
)
def test_words_of_truth_are_no_numbers(cells: list[str], found: list[float] | None) -> None:
    columns = read(by_the_book([["x", "y", "z"], *(["", "", c] for c in cells)]), 3, NAMES, {"z"})
    assert repr(columns and columns["z"]) == repr(found)


def test_numbers_as_we_write_them_need_no_care() -> None:
    cells = ["", "0.1", "2.872405259884072e-07", "5e-324", "12", "-3", "1e+16"]
    columns = read(by_the_book([["x", "y", "z"], *(["", "", c] for c in cells)]), 3, NAMES, {"z"})
    assert columns is not None
    assert repr(columns["z"]) == repr([number_in(cell) for cell in cells])


def test_a_wide_file_is_read_as_any_other() -> None:
    width, rows = 2**14, 130
    blanks = "," * (width - 1)
    content = f"n{blanks}\n" + f"0.5{blanks}\n" * rows
    assert read(content.encode(), width, {"n": 0}, {"n"}) == {"n": [0.5] * rows}
    content += f"true{blanks}\n"
    assert read(content.encode(), width, {"n": 0}, {"n"}) is None
    wider = f"n{blanks},\n0.5{blanks},\n"
    assert read(wider.encode(), width + 1, {"n": 0}, {"n"}) is None
