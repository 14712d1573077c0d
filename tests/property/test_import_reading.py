"""Whatever a table holds, it is read back as it was written, with the lines on which its records start."""

import csv
import io
import json

from hypothesis import given
from hypothesis import strategies as st

from worker.importing.lines import Lines
from worker.importing.read import Record, Refusal, read_csv, read_ndjson

CELLS = st.text(st.sampled_from("ab,;\"'\n\r\t \x00\\é世𝄞"), max_size=12)
NAMES = st.lists(st.text('abc"\n, 世', min_size=1, max_size=5), min_size=1, max_size=4, unique=True)
BROKEN = b"\xff"


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    """Return column names and rows of cells."""
    names = draw(NAMES)
    rows = st.lists(CELLS, min_size=len(names), max_size=len(names))
    return names, draw(st.lists(rows, min_size=1, max_size=8))


def written(names: list[str], rows: list[list[str]], line_end: str) -> tuple[bytes, list[int]]:
    """Return the table as csv.writer writes it, and the number of each row's first line."""
    stream = io.StringIO(newline="")
    # With other line ends than its own, Python 3.11 leaves a carriage return unquoted, which nobody can read back.
    if line_end == "\r\n":
        writer = csv.writer(stream)
    else:
        writer = csv.writer(stream, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    starts = []
    for row in rows:
        starts.append(stream.getvalue().count("\n") + 1)
        writer.writerow(row)
    return stream.getvalue().encode(), starts


def read(source: bytes) -> tuple[list[str], list[Record | Refusal]]:
    """Return the columns and what stands below them."""
    columns, records = read_csv(Lines(io.BytesIO(source), max_bytes=100_000))
    return columns, list(records)


@given(tables(), st.sampled_from(["\n", "\r\n"]))
def test_a_table_reads_back_the_same_with_its_line_numbers(table: tuple[list[str], list[list[str]]], end: str) -> None:
    """Line ends, quotes and delimiters in cells included."""
    names, rows = table
    source, starts = written(names, rows, end)
    expected = [Record(start, dict(zip(names, row, strict=True))) for start, row in zip(starts, rows, strict=True)]
    assert read(source) == (names, expected)


@given(tables(), st.data())
def test_a_broken_byte_costs_the_record_in_which_it_stands_and_no_other(
    table: tuple[list[str], list[list[str]]], data: st.DataObject
) -> None:
    """Even in a cell of several lines."""
    names, rows = table
    number = data.draw(st.integers(0, len(rows) - 1))
    cell = data.draw(st.integers(0, len(names) - 1))
    rows[number][cell] += "\ue000\n"  # a character that no other cell has, to be broken below
    source, starts = written(names, rows, "\n")
    _, found = read(source.replace("\ue000".encode(), BROKEN))
    assert [one.line for one in found] == starts
    assert [isinstance(one, Refusal) for one in found] == [place == number for place in range(len(rows))]


@given(st.lists(st.dictionaries(st.text(max_size=3), st.none() | st.integers() | st.text() | st.lists(st.booleans()))))
def test_objects_read_back_the_same(rows: list[dict[str, object]]) -> None:
    """One to a line, of any text that JSON can hold."""
    source = "".join(json.dumps(row) + "\n" for row in rows).encode()
    found = list(read_ndjson(Lines(io.BytesIO(source), max_bytes=100_000)))
    assert [(one.line, one.values) for one in found if isinstance(one, Record)] == list(enumerate(rows, 1))
