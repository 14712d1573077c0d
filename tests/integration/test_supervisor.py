"""The parent of several processes, with small programs in the worker's place."""

import asyncio
import signal
import sys
from pathlib import Path

from tests.waiting import DEADLINE, eventually
from worker.processes.supervisor import Supervisor

DEAF = """
import pathlib, signal, socket, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
line = socket.socket(fileno=0)
line.send(b"u")
pathlib.Path(sys.argv[1]).touch()
while line.recv(1):
    pass
"""
"""A process that comes up, and does not stop when it is told to."""

AWAY = """
import pathlib, socket, sys
starts = pathlib.Path(sys.argv[1])
with starts.open("a") as file:
    file.write("x")
line = socket.socket(fileno=0)
line.send(b"u")
if starts.stat().st_size == 1:
    sys.exit(2)
line.recv(1)
"""
"""A process that comes up; the first of its kind then ends as one whose server has gone away."""


def supervisor(program: str, file: Path, patience: float = DEADLINE) -> Supervisor:
    """Return the parent of one process, which runs a program and gets the name of a file."""
    return Supervisor(1, 0, patience=patience, command=(sys.executable, "-c", program, str(file)))


async def test_a_process_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    """A parent must not wait for ever for one whose loop is blocked; its exit code says that one was cut off."""
    ours = supervisor(DEAF, tmp_path / "up", patience=0.01)
    running = asyncio.create_task(ours.run())

    async def is_up() -> bool:
        return (tmp_path / "up").exists()

    await eventually(is_up, "the process is up")
    ours.stop(signal.SIGTERM)
    async with asyncio.timeout(DEADLINE):
        assert await running == 3
    assert ours.children == {}


async def test_a_process_whose_server_goes_away_is_started_again(tmp_path: Path) -> None:
    """Exit code 2 ends the parent only where nothing ever worked: later on a server may be back soon."""
    starts = tmp_path / "starts"
    ours = supervisor(AWAY, starts)
    running = asyncio.create_task(ours.run())

    async def is_back() -> bool:
        return starts.exists() and starts.stat().st_size == 2 and bool(ours.children)

    await eventually(is_back, "the second process runs")
    ours.stop(signal.SIGTERM)
    async with asyncio.timeout(DEADLINE):
        assert await running == 0
