"""Whatever a table holds and in whatever dialect it was written, it is read back with the lines of its records."""

import csv
import io
import json
import re
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from domain.source import Compression, Dialect, Format, Source
from tests.packing import pack
from worker.sources.reading import Records
from worker.sources.records import read_records

CELLS = st.text(st.sampled_from("ab,;|\"'\\\n\r\t \x1c\x85\u2028é世𝄞"), max_size=12)
NAMES = st.lists(st.text('abc";\n, 世', min_size=1, max_size=5), min_size=1, max_size=4, unique=True)
DIALECTS = st.builds(
    Dialect,
    delimiter=st.sampled_from(",;|\t"),
    quote=st.sampled_from("\"'"),
    escape=st.sampled_from([None, "\\"]),
)
BROKEN = "\ue000"
"""A character that no cell has, to be replaced with a byte that is no text."""


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    """Return column names and rows of cells."""
    names = draw(NAMES)
    rows = st.lists(CELLS, min_size=len(names), max_size=len(names))
    return names, draw(st.lists(rows, min_size=1, max_size=12))


def written(names: list[str], rows: list[list[str]], dialect: Dialect, end: str) -> tuple[bytes, list[int]]:
    """Return the table as csv.writer writes it, and the number of each row's first line."""
    stream = io.StringIO(newline="")
    writer = csv.writer(
        stream,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        escapechar=dialect.escape,
        lineterminator=end,
        # With other line ends than its own, Python 3.11 leaves some unquoted, which nobody can read back.
        quoting=csv.QUOTE_MINIMAL if end == "\r\n" else csv.QUOTE_ALL,
    )
    writer.writerow(names)
    starts = []
    for row in rows:
        starts.append(len(re.findall("\r\n?|\n", stream.getvalue())) + 1)
        writer.writerow(row)
    return stream.getvalue().encode(), starts


def read(data: bytes, dialect: Dialect, *, limit: int, size: int) -> tuple[list[str] | None, Records]:
    """Return the header and all records; a small `limit` makes small blocks, so that records span them."""
    source = Source(format=Format.CSV, dialect=dialect)
    reading = read_records(io.BytesIO(data), source, max_record_bytes=limit)
    whole = Records()
    for chunk in reading.chunks(size):
        whole.lines += chunk.lines
        whole.rows += chunk.rows  # type: ignore[operator]
        whole.rejects += chunk.rejects
    return reading.header, whole


LIMITS = st.sampled_from([600, 1_000, 100_000])
SIZES = st.integers(1, 5)


@given(tables(), DIALECTS, st.sampled_from(["\n", "\r\n", "\r"]), LIMITS, SIZES)
def test_a_table_reads_back_the_same_with_its_line_numbers(
    table: tuple[list[str], list[list[str]]], dialect: Dialect, end: str, limit: int, size: int
) -> None:
    """Line ends, quotes, delimiters and escapes in cells included, wherever blocks and chunks are cut."""
    names, rows = table
    data, starts = written(names, rows, dialect, end)
    header, found = read(data, dialect, limit=limit, size=size)
    assert (header, found.lines, found.rows, found.rejects) == (names, starts, rows, [])


@given(tables(), DIALECTS, LIMITS, SIZES, st.data())
def test_a_broken_byte_costs_the_record_in_which_it_stands_and_no_other(
    table: tuple[list[str], list[list[str]]], dialect: Dialect, limit: int, size: int, data: st.DataObject
) -> None:
    """Even in a cell of several lines."""
    names, rows = table
    number = data.draw(st.integers(0, len(rows) - 1))
    cell = data.draw(st.integers(0, len(names) - 1))
    rows[number][cell] += BROKEN + "\n"
    text, starts = written(names, rows, dialect, "\n")
    _, found = read(text.replace(BROKEN.encode(), b"\xff"), dialect, limit=limit, size=size)
    assert [reject.line for reject in found.rejects] == [starts[number]]
    assert found.lines == starts[:number] + starts[number + 1 :]
    assert found.rows == rows[:number] + rows[number + 1 :]


@given(tables(), DIALECTS)
def test_the_text_of_a_row_reads_back_as_the_row(table: tuple[list[str], list[list[str]]], dialect: Dialect) -> None:
    """So that a file of rejects, with its header, can be corrected and loaded again."""
    names, rows = table
    data, _ = written(names, rows, dialect, "\r\n")
    source = Source(format=Format.CSV, dialect=dialect)
    reading = read_records(io.BytesIO(data), source, max_record_bytes=100_000)
    again = "\n".join([reading.header_text, *map(reading.raw, rows)]).encode()
    header, found = read(again, dialect, limit=100_000, size=100)
    assert (header, found.rows) == (names, rows)


OBJECTS = st.dictionaries(st.text(max_size=3), st.none() | st.integers() | st.text() | st.lists(st.booleans()))


@given(st.lists(OBJECTS), st.sampled_from(["\n", "\r\n", " \n", "\n\n"]), st.sampled_from(Compression), SIZES)
def test_objects_read_back_the_same(
    rows: list[dict[str, object]], end: str, compression: Compression, size: int
) -> None:
    """One to a line, of any text that JSON can hold, packed or not."""
    data = "".join(json.dumps(row) + end for row in rows).encode()
    source = Source(format=Format.NDJSON, compression=compression)
    chunks = list(read_records(io.BytesIO(packed(data, compression)), source, max_record_bytes=100_000).chunks(size))
    step = end.count("\n")
    assert [line for chunk in chunks for line in chunk.lines] == [number * step + 1 for number in range(len(rows))]
    assert [cast("dict[str, object]", row) for chunk in chunks for row in chunk.rows] == rows


def packed(data: bytes, compression: Compression) -> bytes:
    """Return the bytes in a compression, in two members."""
    half = len(data) // 2
    return pack(data[:half], compression) + pack(data[half:], compression)
