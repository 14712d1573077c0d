"""A worker process as its parent sees it: started afresh, told to stop, waited for."""

import asyncio
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

from worker.processes.leash import NOW

# -P: a folder named `worker` where the command is run must not take our package's place.
COMMAND = (sys.executable, "-P", "-m", "worker.cli", "worker", "--leashed")
"""A worker process that is one of several."""


class Child:
    """A process that was started, with a line to it on its standard input: it ends when the line is cut."""

    def __init__(self, process: asyncio.subprocess.Process, line: socket.socket) -> None:
        """Take what `start_child` has made."""
        self._process = process
        self._line = line
        self._started = time.monotonic()
        self.pid = process.pid

    @property
    def lived(self) -> float:
        """Seconds since its start."""
        return time.monotonic() - self._started

    async def came_up(self) -> bool:
        """Return True as soon as it says that it works, False if it ends before."""
        try:
            return bool(await asyncio.get_running_loop().sock_recv(self._line, 1))
        except OSError:
            return False

    async def ended(self) -> int:
        """Return its exit code when it has ended; -9 is SIGKILL."""
        code = await self._process.wait()
        self._line.close()
        return code

    def stop(self) -> None:
        """Have it take no more jobs, and finish those that it runs."""
        self._signal(signal.SIGTERM)

    def stop_now(self) -> None:
        """Have it put back what it still runs."""
        with suppress(OSError):  # it has just ended
            self._line.send(NOW)

    def kill(self) -> None:
        """End it as it is."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(number)


async def start_child(command: Sequence[str] = COMMAND) -> Child:
    """Start a process with our environment and output; raises OSError where the system refuses another one.

    It gets a session of its own: what a terminal sends to all of us reaches it through its parent alone.
    """
    ours, theirs = socket.socketpair()
    ours.settimeout(0)  # as the loop wants it
    try:
        with theirs:
            process = await asyncio.create_subprocess_exec(*command, stdin=theirs.fileno(), start_new_session=True)
    except OSError:
        ours.close()
        raise
    return Child(process, ours)
