"""Processes of the command line, each with the environment of a test's settings; none outlives its test."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis
from typer.testing import CliRunner

from tests.waiting import wait_until
from worker.cli.main import build
from worker.client import health_key
from worker.settings import Settings

REPOSITORY = Path(__file__).parents[1]
DEADLINE = 60.0
"""Seconds after which a process that should have ended is killed, and its test fails."""


@dataclass(frozen=True)
class Ended:
    """What a command said, and the exit code with which it ended."""

    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The one line on standard error; fails where there are more, or none."""
        (line,) = self.err.splitlines()
        return line


@dataclass(frozen=True)
class Running:
    """A process that runs, and the file of its standard error."""

    process: "subprocess.Popen[str]"
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        """Return its log, of which every complete line must be JSON."""
        return [json.loads(line) for line in self.log.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def said(self, event: str) -> bool:
        """Tell whether an event stands in its log."""
        return self.times_said(event) > 0

    def times_said(self, event: str) -> int:
        """Return how often an event stands in its log."""
        return sum(line["event"] == event for line in self.lines())

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(DEADLINE)


def environment(settings: Settings, **extra: str) -> dict[str, str]:
    """Return the environment of a process: the servers and the queue of the settings, and what `extra` adds."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(REPOSITORY),
        "COLUMNS": "200",
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "COUNTERFOIL_QUEUE": settings.queue,
        "COUNTERFOIL_PROCESSES": "1",  # a test that stops or kills a worker means the process that it has started
        **extra,
    }


def run_command(
    given: dict[str, str], *arguments: str, stdin: str = "", cwd: Path | None = None, seconds: float = DEADLINE
) -> Ended:
    """Run `counterfoil` to its end, in a process of its own, which is killed after so many seconds."""
    command = [sys.executable, "-m", "worker.cli", *arguments]
    ended = subprocess.run(
        command, env=given, input=stdin, cwd=cwd, capture_output=True, text=True, timeout=seconds, check=False
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


async def command(settings: Settings, *arguments: str, stdin: str = "", **extra: str) -> Ended:
    """Run `counterfoil` to its end in a thread of this process: a process of its own takes 1.3 s to start."""
    given = {**environment(settings), **extra}
    ended = await asyncio.to_thread(CliRunner().invoke, build(), arguments, input=stdin, env=given)
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return Ended(ended.exit_code, ended.stdout, ended.stderr)


@contextmanager
def started(given: dict[str, str], log: Path, *arguments: str, cwd: Path | None = None) -> Iterator[Running]:
    """Run `counterfoil` for the time of the block; where it has not ended by then, it is killed."""
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "worker.cli", *arguments],
            env=given,
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=stream,
            text=True,
        )
    with process:
        try:
            yield Running(process, log)
        finally:
            process.kill()


@contextmanager
def worker_process(settings: Settings, log: Path, *, processes: int = 1, **extra: str) -> Iterator[Running]:
    """Run `counterfoil worker`, which logs JSON lines, and yield it as soon as all its processes work."""
    given = environment(settings, COUNTERFOIL_LOG_FORMAT="json", **extra)
    with (
        started(given, log, "worker", "--processes", str(processes)) as worker,
        Redis.from_url(given["REDIS_URL"]) as redis,
    ):

        def works() -> bool:
            assert worker.process.poll() is None, log.read_text()
            return worker.times_said("worker.started") >= processes and bool(redis.exists(health_key(settings.queue)))

        wait_until(works, "the worker works", seconds=DEADLINE)
        yield worker


@contextmanager
def stock_process(settings: Settings, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `arq worker.stock.WorkerSettings` for the time of the block."""
    given = environment(settings, COUNTERFOIL_LOG_FORMAT="json", COUNTERFOIL_SHUTDOWN_GRACE="1")
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "arq", "worker.stock.WorkerSettings"], env=given, stdout=stream, stderr=stream
        )
    with process:
        try:
            yield process
        finally:
            process.kill()
