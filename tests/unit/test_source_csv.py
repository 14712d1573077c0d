"""Reading CSV in chunks: line numbers, rejects with their text, and what ends the reading before it starts."""

import io

import pytest

from domain.reject import RAW_KEPT, Reject
from domain.source import Dialect, Format, Source
from worker.sources.errors import WrongEncoding, WrongHeader
from worker.sources.reading import Reading, Records
from worker.sources.records import read_records

LIMIT = 2_000


def reading_of(data: bytes, *, encoding: str = "utf-8", dialect: Dialect | None = None, limit: int = LIMIT) -> Reading:
    """Return the reading of CSV."""
    source = Source(format=Format.CSV, encoding=encoding, dialect=dialect or Dialect())
    return read_records(io.BytesIO(data), source, max_record_bytes=limit)


def all_of(reading: Reading, size: int = 3) -> Records:
    """Return all chunks as one; each has at most `size` records."""
    whole = Records()
    for chunk in reading.chunks(size):
        assert len(chunk.rows) + len({reject.line for reject in chunk.rejects}) <= size
        whole.lines += chunk.lines
        whole.rows += chunk.rows  # type: ignore[operator]
        whole.rejects += chunk.rejects
    return whole


def reasons(found: Records) -> dict[int, str]:
    """Return the reasons of the rejects by line."""
    return {one.line: one.reason for one in found.rejects}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_record_has_the_number_of_its_first_line(end: str) -> None:
    """Quoted cells may hold line ends, empty lines are passed over; the records after them are counted on."""
    found = all_of(reading_of('a,b\n1,"x\ny\n"\n\n2,z\n3,w'.replace("\n", end).encode()))
    assert (found.lines, found.rows) == ([2, 6, 7], [["1", f"x{end}y{end}"], ["2", "z"], ["3", "w"]])


def test_line_ends_may_be_mixed() -> None:
    """As in a file that several programs have written to."""
    found = all_of(reading_of(b"a,b\r\n1,2\r3,4\n5,6\r\n\r7,8"))
    assert (found.lines, len(found.rows)) == ([2, 3, 4, 6], 4)


def test_a_byte_order_mark_is_no_part_of_the_first_column() -> None:
    """What spreadsheets write in front."""
    assert reading_of(b"\xef\xbb\xbfa,b\n1,2\n").header == ["a", "b"]


def test_broken_text_costs_the_record_in_which_it_stands() -> None:
    """A quoted cell still ends where it ends; line and byte are named."""
    found = all_of(reading_of(b'a,b\n1,"x\n7,8\xff\n9,9"\n3,4\n\xff,6\n7,8\n'))
    assert reasons(found) == {2: "not utf-8: byte 4 of line 3, 0xff", 6: "not utf-8: byte 1 of line 6, 0xff"}
    assert (found.lines, found.rows) == ([5, 7], [["3", "4"], ["7", "8"]])


def test_a_nul_character_refuses_its_record_alone() -> None:
    """PostgreSQL cannot store it."""
    found = all_of(reading_of(b"a,b\n1,\0\n3,4\n"))
    assert list(reasons(found)) == [2]
    assert "NUL" in reasons(found)[2]
    assert found.rows == [["3", "4"]]


def test_ragged_records_are_refused_with_their_text_and_the_header() -> None:
    """So that they can be corrected and loaded again as a file."""
    found = all_of(reading_of(b'"a;b";c\n1\n"x;y";2;3\n1;2\n', dialect=Dialect(delimiter=";")))
    assert found.rejects == [
        Reject(2, "", "1 cells, expected 2 as in the header", "1", '"a;b";c'),
        Reject(3, "", "3 cells, expected 2 as in the header", '"x;y";2;3', '"a;b";c'),
    ]
    assert (found.lines, found.rows) == ([4], [["1", "2"]])


def test_broken_quotes_are_refused_with_their_text() -> None:
    """Quoting is strict, and reading goes on with the next line; the lines that an open quote took are named."""
    found = all_of(reading_of(b'a,b\n1,"x"y\n3,4\n5,"6\n7,8\n'))
    assert found.rows == [["3", "4"]]
    first, second = found.rejects
    assert (first.line, first.reason, first.raw) == (2, "not CSV: ',' expected after '\"'", '1,"x"y\n')
    assert second.line == 4
    assert second.reason.endswith("(lines 4 to 5 were read as one record: is a quote left open?)")
    assert second.raw == '5,"6\n7,8\n'


def test_an_open_quote_takes_no_more_than_a_record_may_have() -> None:
    """However large the file; what it took is named, and reading goes on behind it."""
    rows = b"".join(b"%d,y\n" % number for number in range(10_000))
    found = all_of(reading_of(b'a,b\n1,"x\n' + rows), size=1_000)
    (reject,) = found.rejects
    assert (reject.line, reject.reason.startswith(f"longer than {LIMIT} bytes (lines 2 to ")) == (2, True)
    assert reject.raw.startswith('1,"x\n0,y\n1,y\n')
    assert (found.lines[-1], found.rows[-1]) == (10_002, ["9999", "y"])
    assert len(found.rows) > 8_900


def test_quotes_that_close_and_open_again_take_no_more_either() -> None:
    """Each cell is short, and the record endless."""
    found = all_of(reading_of(b'a,b\n1,"x\n' + b'","\n' * 5_000), size=1_000)
    assert reasons(found)[2].startswith(f"longer than {LIMIT} bytes (lines 2 to ")


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_line_over_the_limit_is_refused_and_never_held(end: bytes) -> None:
    """Reading goes on with the line behind it, whose number is right."""
    found = all_of(reading_of(b"a,b" + end + b"1,2" + end + b"x" * (9 * LIMIT + 1) + end + b"3,4" + end))
    assert reasons(found) == {3: f"longer than {LIMIT} bytes"}
    assert found.rejects[0].raw.startswith("xxx")
    assert (found.lines, found.rows) == ([2, 4], [["1", "2"], ["3", "4"]])


def test_long_cells_are_read_and_their_rejects_cut() -> None:
    """The limit that Python's csv starts with, 131,072 characters, is not ours."""
    text = "x" * 200_000
    found = all_of(reading_of(f"a,b\n{text},1\n{text}\n".encode(), limit=1_000_000))
    assert found.rows == [[text, "1"]]
    assert found.rejects[0].raw == "x" * RAW_KEPT


def test_wide_records_make_small_chunks() -> None:
    """A chunk holds about 4 MB of text, however many records it may have."""
    data = b"a\n" + (b"x" * 100_000 + b"\n") * 150
    chunks = list(reading_of(data, limit=1_000_000).chunks(10_000))
    assert sum(len(chunk.rows) for chunk in chunks) == 150
    assert max(len(chunk.rows) for chunk in chunks) < 60
    assert [chunk.position for chunk in chunks] == sorted({chunk.position for chunk in chunks})
    assert chunks[-1].position == len(data)


def test_the_null_of_the_dialect_is_none_quoted_or_not() -> None:
    """The reader cannot tell them apart; without a `null` an empty cell is an empty text."""
    dialect = Dialect(null=r"\N")
    reading = reading_of(b'a,b\n\\N,"\\N"\n,2\n', dialect=dialect)
    assert all_of(reading).rows == [[None, None], ["", "2"]]
    assert reading.raw([None, "x,y"]) == '\\N,"x,y"'


def test_another_encoding_can_be_said() -> None:
    """Western programs still write Latin-1."""
    assert all_of(reading_of("a\ncafé\n".encode("latin-1"), encoding="latin-1")).rows == [["café"]]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-9", "hex"])
def test_an_encoding_without_lines_is_refused(encoding: str) -> None:
    """Blocks are cut at line ends before they are decoded, which UTF-16 does not allow."""
    with pytest.raises(WrongEncoding, match=f"encoding '{encoding}'"):
        reading_of(b"", encoding=encoding)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "the first line is empty"),
        (b"\n1,2\n", "the first line is empty"),
        (b"a,b,a\n", "column 'a' stands there 2 times"),
        (b"a,,b\n", "column 2 has no name"),
        (b"a,\xff\n", "not utf-8: byte 3 of line 1, 0xff"),
        (b'a,"b', "not CSV (unexpected end of data)"),
        (b"a" * 2 * LIMIT, f"longer than {LIMIT} bytes"),
    ],
    ids=range(7),
)
def test_a_wrong_header_ends_the_reading(data: bytes, why: str) -> None:
    """Nothing below it could be understood."""
    with pytest.raises(WrongHeader) as caught:
        reading_of(data)
    assert caught.value.why == why
