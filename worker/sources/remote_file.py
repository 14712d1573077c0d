"""A file of an object store or another system that fsspec knows, by the package that the user has installed for it."""

import io
import re
from typing import Any, BinaryIO, cast

from fsspec import get_filesystem_class
from fsspec.core import url_to_fs

from worker.sources.blocks import BLOCK
from worker.sources.errors import MissingPackage, UnreachableSource, UnreadableSource
from worker.sources.urls import Place, shown

_URL = re.compile(r"\w+://\S+")


def open_remote(place: Place) -> tuple[BinaryIO, int | None]:
    """Return the file and its size where the system knows it; raises MissingPackage, UnreadableSource.

    Reading raises UnreadableSource. How to log in the system's own package finds in the environment.
    """
    try:
        get_filesystem_class(place.protocol)
    except ImportError as error:
        raise MissingPackage(f"{place.protocol}://", str(error)) from None
    try:
        system, path = url_to_fs(place.url)
        about = system.info(path)
        file = system.open(path, "rb") if about.get("type") == "file" else None
    except Exception as error:  # noqa: BLE001 - whatever somebody's package raises
        raise _unreadable(place, error) from None
    if file is None:
        raise UnreadableSource(shown(place.url), "not a file")
    size = about.get("size")
    return cast("BinaryIO", io.BufferedReader(_Whole(file, size, place), BLOCK)), size


class _Whole(io.RawIOBase):
    """A file of fsspec, of which all that it promised must come."""

    def __init__(self, file: Any, size: int | None, place: Place) -> None:  # noqa: ANN401 - fsspec ships no types
        self._file = file
        self._size = size
        self._place = place

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def seekable(self) -> bool:
        """Say whether the file can be sought."""
        return bool(self._file.seekable())

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Seek in the file."""
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        """Return where in the file the next byte is read."""
        return int(self._file.tell())

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        """Read what comes; raises UnreachableSource where that is less than was promised."""
        try:
            found = self._file.read(len(buffer))
            here = self._file.tell()
        except Exception as error:  # noqa: BLE001 - whatever somebody's package raises
            raise _unreadable(self._place, error) from None
        if not found and len(buffer) and self._size is not None and here < self._size:
            raise UnreachableSource(shown(self._place.url), f"only {here} of {self._size} bytes came")
        buffer[: len(found)] = found
        return len(found)

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            super().close()
            self._file.close()


def _unreadable(place: Place, error: Exception) -> UnreadableSource:
    """Return the error for whatever somebody's package raises; the URLs in its text bear no query."""
    why = _URL.sub(lambda found: shown(found[0]), str(error))
    is_final = isinstance(error, FileNotFoundError | PermissionError | ValueError)
    kind = UnreadableSource if is_final else UnreachableSource
    return kind(shown(place.url), f"{type(error).__name__}: {why}" if why else type(error).__name__)
