"""A file of the worker's machine: inside a root with all its symbolic links, regular, and unchanged to its end."""

import io
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, cast

from worker.sources.blocks import BLOCK
from worker.sources.errors import SourceChanged, UnreadableSource

_FOLDER = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | getattr(os, "O_PATH", os.O_RDONLY)
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # or opening a pipe would wait for its writer


def leads_into(path: Path, roots: Iterable[Path]) -> Path | None:
    """Return the path without symbolic links where it lies inside a root, else None."""
    try:
        found = path.resolve()
        return found if any(found.is_relative_to(root.resolve()) for root in roots) else None
    except (OSError, RuntimeError):  # RuntimeError: links in a circle, until Python 3.13
        return None


def open_regular(path: Path, url: str) -> tuple[BinaryIO, int]:
    """Return the file at a path without symbolic links, and its size; raises UnreadableSource.

    No link is followed on the way: one that was put there since the path was resolved is an error. Reading raises
    SourceChanged at the file's end where it has changed since.
    """
    try:
        descriptor = _descend(path)
    except OSError as error:
        raise UnreadableSource(url, error.strerror or type(error).__name__) from None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise UnreadableSource(url, "not a regular file")
    steady = _SteadyFile(descriptor, found, url)
    return cast("BinaryIO", io.BufferedReader(steady, BLOCK)), found.st_size


def _descend(path: Path) -> int:
    folder = os.open(path.anchor, _FOLDER)
    try:
        for name in path.parts[1:-1]:
            inner = os.open(name, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(path.name or ".", _FILE, dir_fd=folder)
    finally:
        os.close(folder)


class _SteadyFile(io.RawIOBase):
    """A file that is looked at again when its end is read.

    Not a FileIO: that reads the rest of a file without a call that could be looked into.
    """

    def __init__(self, descriptor: int, found: os.stat_result, url: str) -> None:
        self._descriptor = descriptor
        self._found = found
        self._url = url

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def seekable(self) -> bool:
        """Say that a regular file can be sought."""
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Seek in the file; `tell` asks this too."""
        return os.lseek(self._descriptor, offset, whence)

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        """Read what comes next; raises SourceChanged at the end."""
        count = os.readv(self._descriptor, [buffer])
        if not count and len(buffer):
            now = os.fstat(self._descriptor)
            if (now.st_size, now.st_mtime_ns) != (self._found.st_size, self._found.st_mtime_ns):
                raise SourceChanged(self._url)
        return count

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            super().close()
            os.close(self._descriptor)
