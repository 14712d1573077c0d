"""One server process: started on a free port, awaited until it answers, stopped in steps."""

import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar, Final

from worker.embedded.child import Place, spawn
from worker.embedded.errors import StartFailed

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 10.0
POLL_SECONDS: Final = 0.01
# Between the moment when a port is found free and the server's bind, any process may take it.
PORT_ATTEMPTS: Final = 5


@dataclass(frozen=True)
class Server(ABC):
    """What a server is to this module; `gentle` is the signal for an orderly stop, `hard` for an immediate one."""

    name: ClassVar[str]
    gentle: ClassVar[signal.Signals]
    hard: ClassVar[signal.Signals]

    place: Place

    @abstractmethod
    def command(self, port: int) -> Sequence[str]:
        """Prepare a start on 127.0.0.1:`port` and return the command for it."""

    @abstractmethod
    def is_ready(self, pid: int, port: int) -> bool:
        """Return whether the process `pid`, and no other, serves `port` now."""


def free_ports() -> Iterator[int]:
    """Yield TCP ports of 127.0.0.1 that nobody used a moment ago, for ever."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        yield port


@contextmanager
def served(server: Server, *, ports: Iterable[int]) -> Iterator[int]:
    """Run `server` for the time of the block, on the first of `ports` that it gets; yield that port.

    Raises StartFailed when the server ends instead of answering, or does not answer within 30 s.
    """
    child, port = _start_on_one_of(ports, server)
    try:
        yield port
    finally:
        stop(child, server)


def _start_on_one_of(ports: Iterable[int], server: Server) -> tuple[subprocess.Popen[bytes], int]:
    failure = StartFailed(server.name, "was offered no port", server.place.log, [])
    for port in islice(ports, PORT_ATTEMPTS):
        try:
            return start(server, port), port
        except StartFailed as error:
            failure = error
            if not any("Address already in use" in line for line in error.lines):
                break
    raise failure


def start(server: Server, port: int) -> subprocess.Popen[bytes]:
    """Start `server` on `port`, and return its process as soon as it answers.

    It ends with the calling thread, or by `stop`. Raises StartFailed as `served` does.
    """
    earlier = server.place.log_size()
    child = spawn(server.command(port), server.place)
    try:
        _wait_until_ready(child, server, port, earlier)
    except BaseException:
        stop(child, server)
        raise
    return child


def _wait_until_ready(child: subprocess.Popen[bytes], server: Server, port: int, earlier: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    log = server.place.log
    while not server.is_ready(child.pid, port):
        if child.poll() is not None:
            reason = f"ended with code {child.returncode} instead of starting"
            raise StartFailed(server.name, reason, log, server.place.log_lines(earlier))
        if time.monotonic() > deadline:
            reason = f"did not answer within {START_SECONDS:.0f} s"
            raise StartFailed(server.name, reason, log, server.place.log_lines(earlier))
        time.sleep(POLL_SECONDS)


def stop(child: subprocess.Popen[bytes], server: Server) -> None:
    """Stop a server in order; after 10 s at once, and after 10 more by SIGKILL."""
    try:
        for signum in (server.gentle, server.hard):
            child.send_signal(signum)
            if _ended(child):
                return
    except BaseException:
        # A second Ctrl-C: no more waiting, but no orphan either.
        child.send_signal(server.hard)
        raise
    child.kill()
    child.wait()


def _ended(child: subprocess.Popen[bytes]) -> bool:
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True
