"""Reading CSV: line numbers, refusals, and what ends the reading before it starts."""

import io

import pytest

from worker.importing.errors import WrongHeader, WrongOption
from worker.importing.lines import Lines
from worker.importing.read import Record, Refusal, read_csv

LIMIT = 10_000


def csv_of(source: bytes, **options: str) -> list[Record | Refusal]:
    """Return what is read below the header."""
    delimiter = options.pop("delimiter", ",")
    return list(read_csv(Lines(io.BytesIO(source), max_bytes=LIMIT, **options), delimiter)[1])


def reasons(found: list[Record | Refusal]) -> dict[int, str]:
    """Return the reasons of the refusals by line."""
    return {one.line: one.reason for one in found if isinstance(one, Refusal)}


def test_a_record_has_the_number_of_its_first_line() -> None:
    """A quoted cell may hold line ends; the records after it are counted on."""
    found = csv_of(b'a,b\n1,"x\ny\n"\n\n2,z\n')
    assert found == [Record(2, {"a": "1", "b": "x\ny\n"}), Record(6, {"a": "2", "b": "z"})]


@pytest.mark.parametrize("source", [b"\xef\xbb\xbfa,b\n1,2\n", b"a,b\r\n1,2\r\n", b"a,b\n1,2"])
def test_byte_order_marks_and_line_ends_of_all_kinds_are_accepted(source: bytes) -> None:
    """What spreadsheets write in front and at the end of lines is no part of the data."""
    assert csv_of(source) == [Record(2, {"a": "1", "b": "2"})]


def test_too_few_and_too_many_cells_are_refused_and_the_others_read() -> None:
    """A ragged line is named with both counts."""
    found = csv_of(b"a,b\n1\n1,2,3\n1,2\n")
    assert reasons(found) == {
        2: "1 cells, expected 2 as in the header",
        3: "3 cells, expected 2 as in the header",
    }
    assert found[2] == Record(4, {"a": "1", "b": "2"})


def test_broken_utf_8_is_refused_with_its_line_and_byte() -> None:
    """The line before and the line after it are read."""
    found = csv_of(b"a,b\n1,2\n\xff,2\n3,4\n")
    assert reasons(found) == {3: "not utf-8: byte 1 of line 3, 0xff"}
    assert [one.line for one in found] == [2, 3, 4]


def test_broken_utf_8_inside_a_quoted_cell_costs_that_record_alone() -> None:
    """The cell still ends where it ends: its other lines are never taken for records."""
    found = csv_of(b'a,b\n1,"x\n7,8\xff\n9,9"\n3,4\n')
    assert reasons(found) == {2: "not utf-8: byte 4 of line 3, 0xff"}
    assert found[1:] == [Record(5, {"a": "3", "b": "4"})]


def test_text_after_a_closing_quote_is_refused() -> None:
    """Quoting is strict, and reading goes on with the next line."""
    found = csv_of(b'a,b\n1,"x"y\n3,4\n')
    assert reasons(found) == {2: "not CSV: ',' expected after '\"'"}
    assert found[1] == Record(3, {"a": "3", "b": "4"})


def test_an_open_quote_is_refused_with_the_lines_that_it_took() -> None:
    """They are named, because none of them was read as a record of its own."""
    found = csv_of(b'a,b\n1,2\n3,"4\n5,6\n')
    assert reasons(found) == {
        3: "not CSV: unexpected end of data (lines 3 to 4 were read as one record: is a quote left open?)"
    }


def test_a_record_over_the_limit_is_refused_and_never_held() -> None:
    """Memory is bounded whatever a file holds; reading goes on with the next line."""
    found = csv_of(b"a,b\n" + b"x" * (3 * LIMIT) + b"\n3,4\n")
    assert reasons(found) == {2: f"longer than {LIMIT} bytes"}
    assert found[1] == Record(3, {"a": "3", "b": "4"})


def test_long_cells_are_read() -> None:
    """The limit that Python's csv starts with, 131,072 characters, is not ours."""
    text = "x" * 200_000
    lines = Lines(io.BytesIO(f"a\n{text}\n".encode()), max_bytes=1_000_000)
    assert list(read_csv(lines)[1]) == [Record(2, {"a": text})]


def test_another_delimiter_and_encoding_can_be_said() -> None:
    """Semicolons and Windows' western encoding are common."""
    found = csv_of("a;b\ncafé;2\n".encode("cp1252"), delimiter=";", encoding="cp1252")
    assert found == [Record(2, {"a": "café", "b": "2"})]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (b"", "the first line is empty"),
        (b"\n1,2\n", "the first line is empty"),
        (b"a,b,a\n", "column 'a' stands there 2 times"),
        (b"a,\xff\n", "not utf-8: byte 3 of line 1, 0xff"),
        (b'a,"b', "not CSV (unexpected end of data)"),
        (b"a" * 2 * LIMIT, f"longer than {LIMIT} bytes"),
    ],
)
def test_a_wrong_header_ends_the_reading(source: bytes, why: str) -> None:
    """Nothing below it could be understood."""
    with pytest.raises(WrongHeader) as caught:
        csv_of(source)
    assert caught.value.why == why


@pytest.mark.parametrize("encoding", ["utf-16", "utf-9", "hex"])
def test_an_encoding_without_lines_is_refused(encoding: str) -> None:
    """Lines are cut before they are decoded, which UTF-16 does not allow."""
    with pytest.raises(WrongOption, match=f"--encoding '{encoding}'"):
        Lines(io.BytesIO(b""), encoding=encoding, max_bytes=LIMIT)
