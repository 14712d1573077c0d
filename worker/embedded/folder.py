"""The data folder of the embedded servers: who holds it, and the secrets in it."""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from worker.embedded.errors import DataInUse, DataUnreachable

# How long the servers of a killed process may take to end before their folder counts as taken: a fast shutdown of
# PostgreSQL is one checkpoint.
LEAVING_SECONDS: Final = 15.0
POLL_SECONDS: Final = 0.01


@contextmanager
def claimed(data: Path, server: str) -> Iterator[int]:
    """Hold `data` for one server (`"postgres"` or `"redis"`); create the folder, open to its owner only, if absent.

    Yields the descriptor of the lock file. The server inherits it, so that the folder stays taken until the last of its
    processes has ended, even when the process that started it was killed.

    Raises DataInUse when a live process holds the folder, DataUnreachable when this user may not write in it.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(data / f"{server}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise DataUnreachable(data, f"user {os.geteuid()} got {error.strerror!r}") from error
    try:
        _wait_for_lock(descriptor, data)
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            yield descriptor
        finally:
            # Closing alone would keep the lock for as long as a fork of this process lives.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def write_secret(path: Path, text: str) -> None:
    """Write `text` to `path`, which nobody but its owner may read at any moment."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)


def new_password() -> str:
    """Return a random password of 192 bits in characters that need no quoting in URLs and configuration files."""
    return secrets.token_urlsafe(24)


def _wait_for_lock(descriptor: int, data: Path) -> None:
    deadline = time.monotonic() + LEAVING_SECONDS
    while not _locked(descriptor):
        pid = _holder(descriptor)
        # A dead holder means that its servers are on their way out: theirs are the inherited descriptors.
        if (pid and _alive(pid)) or time.monotonic() > deadline:
            raise DataInUse(data, pid)
        time.sleep(POLL_SECONDS)


def _locked(descriptor: int) -> bool:
    try:
        # flock, not lockf: it belongs to the open file, so children inherit it and one process meets itself as well.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(descriptor: int) -> int | None:
    text = os.pread(descriptor, 20, 0)
    return int(text) if text.isdigit() else None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
