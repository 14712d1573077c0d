"""Which line of code has sent a statement."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import greenlet

_HERE = str(Path(__file__).parents[1])
_LIBRARIES = tuple(f"/{name}/" for name in ("sqlalchemy", "sqlmodel", "greenlet", "asyncpg", "aiosqlite", "aiomysql"))
_STANDARD = str(Path(contextlib_file).parent) if (contextlib_file := sys.modules["contextlib"].__file__) else ""


def caller() -> str:
    """Return `file:line` of the nearest code that is neither the libraries' nor this package's; `unknown` for none."""
    for frame in _frames():
        name = frame.f_code.co_filename
        if not name.startswith(_HERE) and not _is_library(name):
            return f"{name}:{frame.f_lineno}"
    return "unknown"


def _is_library(name: str) -> bool:
    is_standard = name.startswith(_STANDARD) and "site-packages" not in name
    return is_standard or name.startswith("<") or any(part in name for part in _LIBRARIES)


def _frames() -> Iterator[FrameType]:
    """Yield the frames from here outwards, also past the greenlet in which SQLAlchemy runs what it awaits."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the interpreter's own name for it
    inside: greenlet.greenlet | None = greenlet.getcurrent()
    while inside is not None:
        while frame is not None:
            yield frame
            frame = frame.f_back
        inside = inside.parent
        frame = inside.gr_frame if inside is not None else None
