"""Packed streams, unpacked a bounded piece at a time; one that ends early, is damaged or is a bomb is an error."""

import zlib
from collections.abc import Callable, Iterator
from typing import assert_never

import zstandard

from domain.source import Compression, Format
from worker.sources.blocks import BLOCK, ByteSource
from worker.sources.errors import DamagedSource, EndsEarly, PackedTooTightly

MAX_RATIO = 1_000
"""Bytes that one packed byte may stand for: text packs 3 to 30 to 1, and zeros in gzip 1,030 to 1."""

RATIO_FROM = 100_000_000
"""Unpacked bytes from which the ratio counts: below, a bomb does no harm."""

PIECE = 1024
"""Packed bytes of zstd that are unpacked at once: it has no limit of its own, and they make 32 MB at the very most."""

_SUFFIXES = {".gz": Compression.GZIP, ".gzip": Compression.GZIP, ".zst": Compression.ZSTD, ".zstd": Compression.ZSTD}
_FORMATS = {".csv": Format.CSV, ".ndjson": Format.NDJSON, ".jsonl": Format.NDJSON, ".parquet": Format.PARQUET}


def compression_of(name: str) -> Compression:
    """Return how a file, or the path of a URL, is packed by its suffix."""
    return next((found for suffix, found in _SUFFIXES.items() if name.lower().endswith(suffix)), Compression.NONE)


def format_of(name: str) -> Format | None:
    """Return the format by the suffix before that of the compression, None where it does not tell."""
    name = name.lower()
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    return next((found for suffix, found in _FORMATS.items() if name.endswith(suffix)), None)


def unpacked(
    stream: ByteSource, compression: Compression, *, max_ratio: int = MAX_RATIO, ratio_from: int = RATIO_FROM
) -> ByteSource:
    """Return the stream without its compression; several gzip members or zstd frames in a row are one stream.

    Reading raises EndsEarly, DamagedSource, and PackedTooTightly once more than `ratio_from` bytes, and more than
    `max_ratio` for each packed one, were unpacked.
    """
    match compression:
        case Compression.NONE:
            return stream
        case Compression.GZIP:
            pieces = _gzip
        case Compression.ZSTD:
            pieces = _zstd
        case _:
            assert_never(compression)
    return _Unpacked(stream, compression, pieces, max_ratio, ratio_from)


class _Packed:
    """A packed stream that is asked for pieces, and for what was left over of one."""

    def __init__(self, stream: ByteSource) -> None:
        self.position = 0
        self._stream = stream
        self._rest = memoryview(b"")

    def piece(self, size: int) -> bytes | memoryview:
        if not self._rest:
            self._rest = memoryview(self._stream.read(BLOCK // 16))
            self.position += len(self._rest)
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def put_back(self, rest: bytes) -> None:
        self._rest = memoryview(rest + bytes(self._rest))


_Unpacker = Callable[[_Packed], Iterator[bytes]]


class _Unpacked:
    """Reads the pieces that an unpacker yields, in sizes that are asked for."""

    def __init__(
        self, stream: ByteSource, compression: Compression, unpacker: _Unpacker, max_ratio: int, ratio_from: int
    ) -> None:
        self._packed = _Packed(stream)
        self._pieces = unpacker(self._packed)
        self._compression = compression
        self._max_ratio = max_ratio
        self._ratio_from = ratio_from
        self._total = 0
        self._piece = memoryview(b"")

    def read(self, size: int, /) -> bytes:
        """Return at most `size` unpacked bytes, and none only at the end."""
        while not self._piece:
            if (piece := next(self._pieces, None)) is None:
                return b""
            self._total += len(piece)
            self._weigh()
            self._piece = memoryview(piece)
        found, self._piece = self._piece[:size], self._piece[size:]
        return bytes(found)

    def _weigh(self) -> None:
        packed = self._packed.position
        if self._total > max(self._ratio_from, packed * self._max_ratio):
            raise PackedTooTightly(self._compression, packed, self._total, self._max_ratio)


def _gzip(packed: _Packed) -> Iterator[bytes]:
    piece: bytes | memoryview = packed.piece(BLOCK)
    while True:
        member = zlib.decompressobj(wbits=31)  # 31: gzip's header and checksum are expected
        while not member.eof:
            if not piece and not (piece := packed.piece(BLOCK)):
                raise EndsEarly("the gzip stream", "its last member has no end")
            try:
                yield member.decompress(piece, BLOCK)
            except zlib.error as error:
                raise DamagedSource("gzip", str(error)) from None
            piece = member.unconsumed_tail
        # Some writers fill the last block with zeros.
        piece = member.unused_data.lstrip(b"\0")
        while not piece:
            if not (more := packed.piece(BLOCK)):
                return
            piece = bytes(more).lstrip(b"\0")


def _zstd(packed: _Packed) -> Iterator[bytes]:
    unpacker = zstandard.ZstdDecompressor()
    piece = packed.piece(PIECE)
    started = False
    while piece or not started:
        started = True
        frame = unpacker.decompressobj()
        while not frame.eof:
            if not piece:
                raise EndsEarly("the zstd stream", "its last frame has no end")
            try:
                yield frame.decompress(piece)
            except zstandard.ZstdError as error:
                raise DamagedSource("zstd", str(error)) from None
            if not frame.eof:
                piece = packed.piece(PIECE)
        packed.put_back(frame.unused_data)
        piece = packed.piece(PIECE)
