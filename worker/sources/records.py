"""A stream of bytes as records: the reader that fits its format, behind what unpacks it."""

import tempfile
import weakref
from typing import BinaryIO, assert_never

from domain.source import Compression, Format, Source
from worker.sources.blocks import BLOCK, ByteSource, Counted
from worker.sources.compression import unpacked
from worker.sources.csv_records import CsvReading
from worker.sources.errors import TooLargeToKeep
from worker.sources.json_records import JsonReading
from worker.sources.reading import Reading

MAX_KEPT_BYTES = 4 * 1024**3
"""Bytes of a Parquet stream that are kept on disk at most while it is read."""


def read_records(
    stream: BinaryIO, source: Source, *, max_record_bytes: int, max_kept_bytes: int = MAX_KEPT_BYTES
) -> Reading:
    """Return the reading of a stream in the source's format, compression, dialect and encoding.

    A record of CSV or NDJSON may have about `max_record_bytes` bytes; a longer one is a reject. A Parquet stream that
    is packed, or cannot be sought, is kept in a temporary file of at most `max_kept_bytes`. The stream stays the
    caller's to close. Raises at once what is wrong with the header, the encoding or a missing package, and for Parquet
    what is wrong with the stream.
    """
    counted = Counted(stream)
    plain = unpacked(counted, source.compression)
    match source.format:
        case Format.CSV:
            return CsvReading(
                plain, source.dialect, source.encoding, max_record_bytes=max_record_bytes, progress=counted
            )
        case Format.NDJSON:
            return JsonReading(plain, source.encoding, max_record_bytes=max_record_bytes, progress=counted)
        case Format.PARQUET:
            return _parquet(stream, plain, source.compression, max_kept_bytes)
        case _:
            assert_never(source.format)


def _parquet(stream: BinaryIO, plain: ByteSource, compression: Compression, limit: int) -> Reading:
    # Not at the top: pyarrow is an extra, and its import alone takes a second.
    from worker.sources.parquet import ParquetReading  # noqa: PLC0415

    if compression is Compression.NONE and stream.seekable():
        return ParquetReading(stream)
    kept = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the reading does
    try:
        reading = ParquetReading(_keep(plain, kept, limit))
    except BaseException:
        kept.close()
        raise
    weakref.finalize(reading, kept.close)
    return reading


def _keep(plain: ByteSource, kept: BinaryIO, limit: int) -> BinaryIO:
    while piece := plain.read(BLOCK):
        if kept.tell() + len(piece) > limit:
            raise TooLargeToKeep(limit)
        kept.write(piece)
    kept.flush()
    return kept
