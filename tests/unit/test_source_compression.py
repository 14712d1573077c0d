"""Packed sources: members in a row, ends that are missing, damage, and bombs."""

import io

import pytest

from domain.source import Compression, Format, Source
from tests.packing import pack
from worker.sources.compression import compression_of, format_of, unpacked
from worker.sources.errors import DamagedSource, EndsEarly, PackedTooTightly
from worker.sources.records import read_records

PACKED = pytest.mark.parametrize("compression", [Compression.GZIP, Compression.ZSTD])
DATA = bytes(range(256)) * 40_000


def all_of(data: bytes, compression: Compression, **limits: int) -> bytes:
    """Return all that is unpacked; no more comes at once than is asked for."""
    stream, found = unpacked(io.BytesIO(data), compression, **limits), []
    while piece := stream.read(100_000):
        assert len(piece) <= 100_000
        found.append(piece)
    return b"".join(found)


@PACKED
def test_members_in_a_row_are_one_stream(compression: Compression) -> None:
    """As `cat` makes them, or a writer that packs in parallel; an empty one among them does no harm."""
    data = pack(DATA, compression) + pack(b"", compression) + pack(b"end", compression)
    assert all_of(data, compression) == DATA + b"end"


def test_zeros_behind_gzip_are_passed_over() -> None:
    """Tapes and some writers fill the last block with them."""
    assert all_of(pack(b"x", Compression.GZIP) + bytes(3_000_000), Compression.GZIP) == b"x"


@PACKED
@pytest.mark.parametrize("share", [0, 0.001, 0.5, 0.9999])
def test_a_stream_without_its_end_is_an_error(compression: Compression, share: float) -> None:
    """A copy that was cut off must not pass for a short file."""
    data = pack(DATA, compression)
    with pytest.raises(EndsEarly, match=f"the {compression} stream ends early"):
        all_of(data[: int(len(data) * share)], compression)


@PACKED
def test_damage_is_an_error(compression: Compression) -> None:
    """In the middle, by the checksum; at the start, and behind the end."""
    data = pack(DATA, compression)
    middle = len(data) // 2
    for broken in (
        data[:middle] + b"\x00\xff\x55" + data[middle + 3 :],
        b"a,b\n1,2\n" * 99,
        data + b"garbage, 18 bytes",
    ):
        with pytest.raises(DamagedSource, match=f"no {compression} at all"):
            all_of(broken, compression)


@PACKED
def test_a_bomb_is_given_up(compression: Compression) -> None:
    """What packs so tightly is no data: it would fill the disk of whoever unpacks it."""
    data = pack(bytes(30_000_000), compression)
    with pytest.raises(PackedTooTightly, match="over 100 to 1"):
        all_of(data, compression, max_ratio=100, ratio_from=1_000_000)
    assert len(all_of(data, compression)) == 30_000_000


def test_progress_is_counted_in_packed_bytes() -> None:
    """The size that a person knows is that of the file."""
    data = pack(b"a\n" + b"x\n" * 100_000, Compression.GZIP)
    source = Source(format=Format.CSV, compression=Compression.GZIP)
    *_, last = read_records(io.BytesIO(data), source, max_record_bytes=1_000_000).chunks(10_000)
    assert last.position == len(data)


@pytest.mark.parametrize(
    ("name", "compression", "expected"),
    [
        ("tasks.csv", Compression.NONE, Format.CSV),
        ("tasks.CSV.GZ", Compression.GZIP, Format.CSV),
        ("a/tasks.ndjson.zst", Compression.ZSTD, Format.NDJSON),
        ("tasks.jsonl", Compression.NONE, Format.NDJSON),
        ("tasks.parquet", Compression.NONE, Format.PARQUET),
        ("tasks.gz", Compression.GZIP, None),
    ],
)
def test_a_name_tells_compression_and_format(name: str, compression: Compression, expected: Format | None) -> None:
    """By its suffixes."""
    assert (compression_of(name), format_of(name)) == (compression, expected)
