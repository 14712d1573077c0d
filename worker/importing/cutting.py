"""A file cut into parts of so many records, each with the header, byte for byte as it stands in the file."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from domain.source import Format, Source
from worker.importing.upload import opened, refuse_changed, stamp_of
from worker.sources.blocks import ByteSource
from worker.sources.compression import unpacked
from worker.sources.records import read_records

LOOKED_AT = 4_000
"""Records whose lines are looked at together."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a file: the header and its bytes, its first and last line, and how many lines are left out before."""

    data: bytes
    first: int
    last: int
    lines_before: int


class _Readable(io.RawIOBase):
    """What has only `read`, as a stream that Python's own readers take."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        data = self._source.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def parts_of(file: str, source: Source, rows_each: int, *, max_record_bytes: int) -> Iterator[Part]:
    """Yield the parts; records that cannot be read go along with those before them, for their job to refuse.

    The file is read twice at once: by records, to know where they end, and by lines. Raises what reading raises, and
    UnreadableFile where the file changes meanwhile.
    """
    with opened(file) as first, opened(file) as second:
        stamp = stamp_of(second)
        reading = read_records(first, source, max_record_bytes=max_record_bytes)
        # Latin-1 keeps each byte as it is, and lines end where the reader of records ends them: JSON may hold a CR.
        stream = io.BufferedReader(_Readable(unpacked(second, source.compression)))
        lines = io.TextIOWrapper(stream, encoding="latin-1", newline="\n" if source.format is Format.NDJSON else "")
        head = _lines_in(reading.header_text)
        for _ in islice(lines, head):
            pass
        header = f"{reading.header_text}\n".encode(source.encoding) if head else b""
        done = head
        cuts = (line for records in reading.chunks(LOOKED_AT) for line in records.lines)
        for cut in [*islice(cuts, rows_each, None, rows_each), None]:
            body = list(islice(lines, None if cut is None else cut - 1 - done))
            refuse_changed(file, second, stamp)
            if body:
                yield Part(header + "".join(body).encode("latin-1"), done + 1, done + len(body), done - head)
            done += len(body)


def _lines_in(header: str) -> int:
    return len(list(io.StringIO(header, newline=""))) if header else 0
