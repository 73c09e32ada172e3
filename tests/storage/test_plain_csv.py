"""Files by the book: which they are, and that the quick reader tells what the careful one does."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence, Set

import pandas
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from llmchem_tui.storage import plain_csv
from llmchem_tui.storage.plain_csv import Survey, read_plain
from llmchem_tui.storage.tables import unguarded

CELLS = st.text(st.sampled_from("a1 ,\"'\n\r\té=-."), max_size=5)
WIDTH = 3
NAMES = {"x": 0, "z": 2}
TEXTS: frozenset[str] = frozenset()


@pytest.fixture(scope="module", params=[3, 2**18], autouse=True)
def piece(request: pytest.FixtureRequest) -> Iterator[None]:
    """Look at the file in pieces that cut through everything, and in one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_csv, "_PIECE", request.param)
        patch.setattr(plain_csv, "_ROWS", min(request.param, 20_000))
        yield


def by_the_book(rows: Sequence[Sequence[str]], ending: str = "\n") -> bytes:
    lines = []
    for row in rows:
        line = io.StringIO(newline="")
        csv.writer(line, lineterminator="\r\n").writerow(row)  # then it quotes a CR as well
        lines.append(line.getvalue().removesuffix("\r\n") + ending)
    return "".join(lines).encode()


def is_plain(content: bytes) -> bool:
    return Survey(io.BytesIO(content), WIDTH).plain


def read(
    content: bytes, width: int, positions: Mapping[str, int], numbers: Set[str]
) -> pandas.DataFrame | None:
    return read_plain(io.BytesIO(content), width, positions, numbers)


def strictly(content: bytes) -> list[list[str]] | None:
    """The rows by the csv module, None where it finds a fault."""
    try:
        return list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
    except csv.Error:
        return None


@given(
    st.lists(st.lists(CELLS, min_size=WIDTH, max_size=WIDTH), min_size=1, max_size=6),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_the_csv_module_writes_is_by_the_book_and_read_alike(
    rows: list[list[str]], ending: str
) -> None:
    content = by_the_book([["x", "y", "z"], *rows], ending)
    for own in (content, content.removesuffix(ending.encode())):
        assert is_plain(own)
        frame = read(own, WIDTH, NAMES, TEXTS)
        assert frame is not None
        assert list(frame.columns) == ["x", "z"]
        assert frame.to_numpy().tolist() == [[row[0], row[2]] for row in rows]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(["a", ",", '"', "\n", "\r\n", "\r", "é", "a,b,c\n"]), max_size=16))
@example(['a,"b"c,d'])
@example(['a,b"c,d\n'])
@example(['a,"",""""\n'])
@example(["a,b,c\n\n"])
@example(["a,b,c\r"])
def test_what_passes_is_whole_and_read_as_the_csv_module_does(parts: list[str]) -> None:
    content = "x,y,z\n" + "".join(parts)
    rows = strictly(content.encode())
    if not is_plain(content.encode()):
        return
    assert rows is not None
    assert all(len(row) == WIDTH for row in rows)
    frame = read(content.encode(), WIDTH, NAMES, TEXTS)
    assert frame is not None
    assert frame.to_numpy().tolist() == [[row[0], row[2]] for row in rows[1:]]


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


def test_what_is_not_utf_8_must_be_read_with_care() -> None:
    for wrong in (b"\xff", b"\xc3", "é".encode()[:1]):
        for content in (b"x,y,z\n1," + wrong + b",3\n", b"x,y,z\n1,2,3" + wrong):
            assert read(content, WIDTH, NAMES, TEXTS) is None
    assert read("x,y,z\n1,2,é".encode(), WIDTH, NAMES, TEXTS) is not None


def number_in(cell: str) -> float | None:
    """What Python takes the cell for; None: no number."""
    try:
        return float(cell or "nan")
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
    frame = read(by_the_book([["x", "y", "z"], ["0.5", "", cell]]), WIDTH, NAMES, {"z"})
    if frame is None:
        return
    expected = number_in(cell)
    assert expected is not None
    (found,) = frame["z"].tolist()
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
    frame = read(by_the_book([["x", "y", "z"], *(["", "", c] for c in cells)]), 3, NAMES, {"z"})
    told = None if frame is None else frame["z"].tolist()
    assert repr(told) == repr(found)


def test_numbers_as_we_write_them_need_no_care() -> None:
    cells = ["", "0.1", "2.872405259884072e-07", "5e-324", "12", "-3", "1e+16"]
    frame = read(by_the_book([["x", "y", "z"], *(["", "", c] for c in cells)]), 3, NAMES, {"z"})
    assert frame is not None
    assert repr(frame["z"].tolist()) == repr([number_in(cell) for cell in cells])


def test_words_of_truth_are_no_numbers_in_a_wide_file_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plain_csv, "_PIECE", 2**18)
    monkeypatch.setattr(plain_csv, "_ROWS", 20_000)
    width, rows = 2**14, 130  # of which pandas by itself reads 64 at a time
    blanks = "," * (width - 1)
    content = f"n{blanks}\n" + f"true{blanks}\n" * 64 + f"0.5{blanks}\n" * (rows - 64)
    assert read(content.encode(), width, {"n": 0}, {"n"}) is None


@pytest.mark.parametrize("guarded", [False, True])
def test_a_guard_is_taken_off_where_texts_have_one(guarded: bool) -> None:
    cells = ["'=1+1", "''-x", "'tis", "a,'-b", "'- a\n'- b", ""]
    content = by_the_book([["x", "y", "z"], *([c, "", ""] for c in cells)])
    frame = read_plain(io.BytesIO(content), WIDTH, NAMES, TEXTS, guarded=guarded)
    assert frame is not None
    assert frame["x"].tolist() == [unguarded(c) if guarded else c for c in cells]
