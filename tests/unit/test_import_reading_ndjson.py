"""Reading NDJSON: each line is an object, or a refusal."""

import io

import pytest

from worker.importing.lines import Lines
from worker.importing.read import Record, Refusal, read_ndjson

LIMIT = 10_000


def ndjson_of(source: bytes) -> list[Record | Refusal]:
    """Return what is read."""
    return list(read_ndjson(Lines(io.BytesIO(source), max_bytes=LIMIT)))


def test_each_line_of_ndjson_is_an_object() -> None:
    """Empty lines are passed over, and values keep their types."""
    found = ndjson_of(b'\xef\xbb\xbf{"a": 1}\n\n{"a": [null, 0.5], "b": "x"}')
    assert found == [Record(1, {"a": 1}), Record(3, {"a": [None, 0.5], "b": "x"})]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"[1]", "not a JSON object"),
        (b'{"a": NaN}', "not JSON: NaN is not JSON"),
        (b'{"a": -Infinity}', "not JSON: -Infinity is not JSON"),
        (b'{"a": 1e999}', "not JSON: 1e999 is out of range"),
        (b'{"a": 1, "a": 2}', "not JSON: the name 'a' stands twice in one object"),
        (b'{"a": ' + b"[" * 101 + b"]" * 101 + b"}", "not JSON: nested deeper than 100 levels"),
        (b'{"a": ' + b"[" * 4000 + b"]" * 4000 + b"}", "not JSON: nested deeper than 100 levels"),
        (b'{"a": "\xff"}', "not utf-8: byte 8 of line 1, 0xff"),
        (b'{"a": "' + b"x" * 2 * LIMIT + b'"}', f"longer than {LIMIT} bytes"),
        (b"{", "not JSON: Expecting property name enclosed in double quotes at character 3"),
    ],
    ids=range(10),
)
def test_any_other_line_of_ndjson_is_refused_and_the_next_one_read(line: bytes, reason: str) -> None:
    """What PostgreSQL, or the next reader, could not take as it stands is named with its line."""
    assert ndjson_of(line + b'\n{"b": 1}\n') == [Refusal(1, "", reason), Record(2, {"b": 1})]
