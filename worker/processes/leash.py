"""The line of a worker process to its parent, on standard input: one that has lost its parent ends."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from worker.stopping import CUT_OFF, LAST_SECONDS

UP = b"u"
"""What a process says as soon as it works."""

NOW = b"n"
"""What its parent says when running jobs are to be waited for no longer."""


class Leash:
    """The child's end of the line.

    A thread listens, so that a process whose loop is blocked, or not yet there, notices its parent's end too.
    """

    def __init__(self, grace: float) -> None:
        """Take the line; `grace` is how many seconds running jobs have once the parent has gone."""
        self._grace = grace
        self._line = socket.socket(fileno=os.dup(0))  # a duplicate: standard input is the interpreter's to close
        self._on_now: Callable[[], None] | None = None

    def start(self) -> None:
        """Start to listen."""
        threading.Thread(target=self._listen, name="leash", daemon=True).start()

    def up(self, on_now: Callable[[], None]) -> None:
        """Tell the parent that this process works; `on_now` is called, in the thread, when it must stop now."""
        self._on_now = on_now
        with suppress(OSError):
            self._line.send(UP)

    def _listen(self) -> None:
        while word := self._heard():
            if word == NOW and self._on_now is not None:
                self._on_now()
        structlog.get_logger("counterfoil.worker").warning("worker.orphaned", pid=os.getpid())
        # The way in which a parent ends us: what has not come so far as to handle it, has nothing to finish.
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(self._grace + LAST_SECONDS)
        os._exit(CUT_OFF)  # the loop, which should have ended us, is blocked

    def _heard(self) -> bytes:
        try:
            return self._line.recv(1)
        except OSError:  # reset, where the parent died with something unread
            return b""
