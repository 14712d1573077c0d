"""Reading NDJSON in chunks: each line is an object, or a reject."""

import io

import pytest

from domain.reject import Reject
from domain.source import Format, Source
from worker.sources.reading import Records
from worker.sources.records import read_records

LIMIT = 20_000


def ndjson_of(data: bytes, size: int = 2) -> Records:
    """Return all chunks as one."""
    whole = Records()
    for chunk in read_records(io.BytesIO(data), Source(format=Format.NDJSON), max_record_bytes=LIMIT).chunks(size):
        assert len(chunk.rows) + len(chunk.rejects) <= size
        whole.lines += chunk.lines
        whole.rows += chunk.rows  # type: ignore[operator]
        whole.rejects += chunk.rejects
    return whole


def test_each_line_is_an_object() -> None:
    """Empty lines are passed over, spaces around an object do not matter, and values keep their types."""
    found = ndjson_of(b'\xef\xbb\xbf{"a": 1}\r\n\n \t\n {"a": [null, 0.5], "b": {"c": "x"}} \n{}')
    assert (found.lines, found.rows) == ([1, 4, 5], [{"a": 1}, {"a": [None, 0.5], "b": {"c": "x"}}, {}])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"[1]", "not a JSON object"),
        (b"12", "not a JSON object"),
        (b'{"a": 1} {"b": 2}', "not JSON: Extra data at character 10"),
        (b'{"a": NaN}', "not JSON: NaN is not JSON"),
        (b'{"a": -Infinity}', "not JSON: -Infinity is not JSON"),
        (b'{"a": 1e999}', "not JSON: 1e999 is out of range"),
        (b'{"a": {"b": 1, "b": 2}}', "not JSON: the name 'b' stands twice in one object"),
        (b'{"a": ' + b"[" * 101 + b"]" * 101 + b"}", "not JSON: nested deeper than 100 levels"),
        (b'{"a": ' + b"[" * 4000 + b"]" * 4000 + b"}", "not JSON: nested deeper than 100 levels"),
        (b'{"a": "\xff"}', "not utf-8: byte 8 of line 2, 0xff"),
        (b'{"a": "' + b"x" * 2 * LIMIT + b'"}', f"longer than {LIMIT} bytes"),
        (b"{", "not JSON: Expecting property name enclosed in double quotes at character 2"),
        (b"x", "not JSON: Expecting value at character 1"),
    ],
    ids=range(13),
)
def test_any_other_line_is_refused_and_the_next_one_read(line: bytes, reason: str) -> None:
    """Its number and its text are kept, and its neighbours are none the worse."""
    found = ndjson_of(b'{"a": 0}\n' + line + b'\n{"b": 1}\n{"b": 2}\n')
    (reject,) = found.rejects
    assert reject[:3] == (2, "", reason)
    assert line.decode(errors="replace").startswith(reject.raw)
    assert len(reject.raw) > min(len(line), LIMIT) // 2
    assert (found.lines, found.rows) == ([1, 3, 4], [{"a": 0}, {"b": 1}, {"b": 2}])


def test_broken_lines_next_to_each_other_are_told_apart() -> None:
    """Two of them do not become one, whatever stands in them."""
    found = ndjson_of(b'{"a": [{}\n{}]}\n{"b": 1},{"c": 2}\n{"d": 1}\n', size=10)
    assert [reject.line for reject in found.rejects] == [1, 2, 3]
    assert (found.lines, found.rows) == ([4], [{"d": 1}])


def test_a_row_is_written_as_json_again() -> None:
    """For a reject that somebody else finds."""
    reading = read_records(io.BytesIO(b""), Source(format=Format.NDJSON), max_record_bytes=LIMIT)
    assert (reading.header, reading.header_text, reading.raw({"a": "é"})) == (None, "", '{"a": "é"}')
    assert list(reading.chunks(10)) == []


def test_rejects_bear_no_header() -> None:
    """Each is an object for itself."""
    assert ndjson_of(b"[]\n").rejects == [Reject(1, "", "not a JSON object", "[]")]
