"""Reading Parquet: values as a sender would write them in JSON, in small chunks, from files and from streams."""

import datetime as dt
import io
import sys
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from domain.source import Compression, Format, Source
from tests.packing import pack
from worker.sources.errors import DamagedSource, MissingPackage, TooLargeToKeep, UnsupportedColumn
from worker.sources.reading import Reading, Records
from worker.sources.records import read_records

SOURCE = Source(format=Format.PARQUET)
MOMENT = dt.datetime(2024, 1, 2, 3, 4, 5)  # noqa: DTZ001 - a timestamp without a zone is what is tested


def parquet(columns: dict[str, Any], **options: Any) -> bytes:  # noqa: ANN401 - pyarrow ships no types
    """Return a file with the columns."""
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream, **options)
    return stream.getvalue()


def reading_of(data: bytes, source: Source = SOURCE, *, kept: int = 10_000_000) -> Reading:
    """Return the reading of a file."""
    return read_records(io.BytesIO(data), source, max_record_bytes=1_000_000, max_kept_bytes=kept)


def test_values_are_what_a_sender_would_write() -> None:
    """Dates and times as ISO text, decimals as text; a timestamp without a zone stays without."""
    data = parquet(
        {
            "number": [1, None],
            "price": pa.array([Decimal("1.50"), None]),
            "day": pa.array([MOMENT.date(), None]),
            "naive": pa.array([1_704_164_645_123_456_789, None], pa.timestamp("ns")),
            "aware": pa.array([MOMENT, None], pa.timestamp("s", "Europe/Berlin")),
            "label": pa.array(["x", "y"]).dictionary_encode(),
            "inner": pa.array([{"at": MOMENT, "list": [1.5]}, None]),
        }
    )
    (chunk,) = reading_of(data).chunks(10)
    first, second = chunk.rows
    assert first == {
        "number": 1,
        "price": "1.50",
        "day": "2024-01-02",
        "naive": "2024-01-02T03:04:05.123456",
        "aware": "2024-01-02T03:04:05+00:00",
        "label": "x",
        "inner": {"at": "2024-01-02T03:04:05", "list": [1.5]},
    }
    assert second == dict.fromkeys(first) | {"label": "y"}


def test_a_value_that_json_cannot_say_refuses_its_record() -> None:
    """The field is named; the others are read."""
    data = parquet({"a": [1.0, float("nan"), 3.0], "b": pa.array([1, 2, 2**60], pa.timestamp("ms"))})
    (chunk,) = reading_of(data).chunks(10)
    assert (chunk.lines, chunk.rows) == ([1], [{"a": 1.0, "b": "1970-01-01T00:00:00.001000"}])
    assert [reject[:2] for reject in chunk.rejects] == [(2, "a"), (3, "b")]
    assert chunk.rejects[0].reason == "nan is not JSON"
    assert chunk.rejects[0].raw == '{"a": null, "b": "1970-01-01T00:00:00.002000"}'


def test_row_groups_are_read_in_small_chunks() -> None:
    """At most as many as asked for, and fewer of wide ones, even where the file says them once; numbers go on."""
    data = parquet({"a": ["x" * 100_000] * 300}, row_group_size=200)
    chunks = list(reading_of(data).chunks(250))
    assert [line for chunk in chunks for line in chunk.lines] == list(range(1, 301))
    assert max(len(chunk.rows) for chunk in chunks) < 50
    assert chunks[-1].position == len(data)


@pytest.mark.parametrize("values", [pa.array([b"x"]), pa.array([[b"x"]]), pa.array([1], pa.duration("s"))])
def test_a_column_that_json_cannot_say_is_refused_with_a_sentence(values: Any) -> None:  # noqa: ANN401
    """Before a row is read."""
    with pytest.raises(UnsupportedColumn, match=r"column 'photo' is of type .*leave it out"):
        reading_of(parquet({"photo": values}))


@pytest.mark.parametrize("compression", [Compression.GZIP, Compression.ZSTD])
def test_a_packed_file_is_kept_on_disk_up_to_a_limit(compression: Compression) -> None:
    """Parquet is read from its end."""
    data = pack(parquet({"a": [1, 2]}), compression)
    source = Source(format=Format.PARQUET, compression=compression)
    reading = reading_of(data, source)
    assert (reading.header, [chunk.rows for chunk in reading.chunks(5)]) == (["a"], [[{"a": 1}, {"a": 2}]])
    with pytest.raises(TooLargeToKeep, match="at most 100 bytes"):
        reading_of(data, source, kept=100)


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n" * 9, parquet({"a": [1]})[:-20]], ids=["empty", "csv", "cut"])
def test_what_is_no_parquet_is_damaged(data: bytes) -> None:
    """It is an error with a way out, whatever pyarrow says of it."""
    with pytest.raises(DamagedSource, match="no Parquet at all"):
        reading_of(data)


def test_without_pyarrow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most loads are of text, and need none of its 120 MB."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "worker.sources.parquet", raising=False)
    with pytest.raises(MissingPackage, match=r"pip install 'counterfoil\[parquet\]'"):
        reading_of(parquet({"a": [1]}))


def test_an_empty_table_has_columns_and_no_records() -> None:
    """It is a file like others."""
    reading = reading_of(parquet({"a": pa.array([], pa.int64())}))
    assert reading.header == ["a"]
    assert sum((chunk.rows for chunk in reading.chunks(5)), Records().rows) == []
