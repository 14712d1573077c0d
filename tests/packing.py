"""Bytes in each compression of a source."""

import gzip

import zstandard

from domain.source import Compression


def pack(data: bytes, compression: Compression) -> bytes:
    """Return the bytes packed, as one gzip member or zstd frame."""
    match compression:
        case Compression.GZIP:
            return gzip.compress(data)
        case Compression.ZSTD:
            return zstandard.ZstdCompressor(write_checksum=True).compress(data)
        case Compression.NONE:
            return data
