"""The lines of a binary stream as text, with numbers; bytes that are not text are noted, and reading goes on."""

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from worker.importing.errors import WrongOption

_UTF_8 = {"utf-8", "utf-8-sig"}


class RecordTooLongError(Exception):
    """A record, or a single line, with more bytes than the reader may hold."""


def known_encoding(name: str) -> str:
    """Return the encoding's proper name; raises WrongOption for one that is unknown, or ends lines in another way."""
    try:
        found = codecs.lookup(name).name
        if found not in _UTF_8 and "\n".encode(found) != b"\n":
            raise WrongOption("--encoding", name, "its line ends are not a single byte; convert the file to utf-8")
    except (LookupError, UnicodeError):
        raise WrongOption("--encoding", name, "no encoding that Python knows; expected one such as utf-8") from None
    return "utf-8" if found in _UTF_8 else found


class Lines(Iterator[str]):
    """Iterates over lines, line ends included; `begin` marks where a record starts.

    `number` is the line last read, counted from 1 by line feeds, `position` the bytes read so far. `damage` says
    which line of the record could not be decoded, and where; such a line is returned with replacement characters, so
    that a quoted cell that spans it still ends where it ends.
    """

    def __init__(self, stream: BinaryIO, *, encoding: str = "utf-8", max_bytes: int) -> None:
        """Read from the stream; a record may have `max_bytes` bytes, so memory is bounded whatever the file holds."""
        self.number = 0
        self.position = 0
        self.damage = ""
        self.max_bytes = max_bytes
        self._stream = stream
        self._encoding = known_encoding(encoding)
        self._size = 0

    def begin(self) -> int:
        """Start a record and return the number of its first line."""
        self.damage = ""
        self._size = 0
        return self.number + 1

    def __next__(self) -> str:
        """Return the next line; raises RecordTooLongError, after which the line that follows comes next."""
        raw = self._read()
        if not raw:
            raise StopIteration
        self.number += 1
        self._size += len(raw)
        if self._size > self.max_bytes:
            while raw and not raw.endswith(b"\n"):
                raw = self._read()
            raise RecordTooLongError
        return self._decoded(raw)

    def _read(self) -> bytes:
        raw = self._stream.readline(self.max_bytes + 1)
        self.position += len(raw)
        return raw

    def _decoded(self, raw: bytes) -> str:
        if self.number == 1 and self._encoding == "utf-8":
            raw = raw.removeprefix(codecs.BOM_UTF8)
        try:
            return raw.decode(self._encoding)
        except UnicodeDecodeError as error:
            where = f"byte {error.start + 1} of line {self.number}, 0x{raw[error.start]:02x}"
            self.damage = self.damage or f"not {self._encoding}: {where}"
            return raw.decode(self._encoding, "replace")
