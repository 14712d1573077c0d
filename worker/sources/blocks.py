"""A stream of bytes in blocks of whole lines, so that each can be decoded at once; no line is held beyond a limit."""

import re
from collections.abc import Iterator
from typing import Protocol

from domain.reject import RAW_KEPT

BLOCK = 1024 * 1024
"""Bytes of a block: enough that what is done once a block costs nothing, few enough to be held several times."""

MAX_BYTES_OF_A_CHARACTER = 4

_LINE_END = re.compile(rb"\r\n?|\n")


class ByteSource(Protocol):
    """Anything that is read as bytes: a file, a body, a stream that unpacks another one."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, and none only at the end."""


class Counted:
    """A stream that knows how many bytes were read of it."""

    def __init__(self, stream: ByteSource) -> None:
        """Count what is read of the stream from now on."""
        self.position = 0
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, and none only at the end."""
        found = self._stream.read(size)
        self.position += len(found)
        return found


class LineTooLongError(Exception):
    """A line with more bytes than may be held: it was passed over, `start` is its beginning."""

    def __init__(self, start: bytes) -> None:
        """Keep as much of the line as is kept of a refused record."""
        super().__init__()
        self.start = start[: RAW_KEPT * MAX_BYTES_OF_A_CHARACTER]


class Blocks(Iterator[bytes]):
    """Iterates over a stream in blocks that end where a line ends; only the last one may not.

    With `lone_cr` a carriage return alone ends a line too. Holds at most the block, the limit, and as much again.
    """

    def __init__(self, stream: ByteSource, *, max_line_bytes: int, lone_cr: bool) -> None:
        """Read from the stream; a line may have `max_line_bytes` bytes, its end included."""
        self._stream = stream
        self._max = max_line_bytes
        self._size = min(BLOCK, max_line_bytes)
        self._lone_cr = lone_cr
        self._rest = b""

    def __next__(self) -> bytes:
        """Return the next block; raises LineTooLongError, after which the line that follows comes next."""
        buffer = self._rest
        while fresh := self._read(self._size - len(buffer) % self._size):
            buffer += fresh
            if cut := self._last_end(buffer):
                if len(buffer) > self._max and self._first_end(buffer) > self._max:
                    break
                self._rest = buffer[cut:]
                return buffer[:cut]
            if len(buffer) > self._max:
                break
        if len(buffer) > self._max:
            self._pass_over(buffer)
            raise LineTooLongError(buffer)
        if not buffer:
            raise StopIteration
        self._rest = b""
        return buffer

    def _read(self, size: int) -> bytes:
        """Return as many bytes as were asked for, fewer only at the end: a socket gives some at a time."""
        parts = []
        while size and (part := self._stream.read(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _last_end(self, buffer: bytes) -> int:
        cut = buffer.rfind(b"\n") + 1
        # The last byte is left out: a line feed may follow a carriage return there.
        return cut or (buffer.rfind(b"\r", 0, len(buffer) - 1) + 1 if self._lone_cr else 0)

    def _first_end(self, buffer: bytes) -> int:
        if not self._lone_cr:
            return buffer.find(b"\n") + 1
        return found.end() if (found := _LINE_END.search(buffer)) else 0

    def _pass_over(self, buffer: bytes) -> None:
        while not (end := self._first_end(buffer)):
            if not (buffer := self._read(self._size)):
                break
        if end == len(buffer) and buffer.endswith(b"\r"):
            buffer += self._read(1)
            end = self._first_end(buffer)
        self._rest = buffer[end:]
