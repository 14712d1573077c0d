"""Counterfoil's side: a worker process, to which jobs are sent through the job table.

A job's time is from the log line before it opens its transaction (`job.started`) to the one after its commit
(`job.committed`), both by the worker's own clock: what its sender and the queue take is not in it.
"""

import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.bench import Bench
from benchmarks.bulk.files import inline_rows
from benchmarks.bulk.log import Log, time_of
from benchmarks.bulk.state import emptied
from benchmarks.child import running
from benchmarks.contenders import OURS
from benchmarks.databases import connected
from domain.commands import BulkInsert, Command
from domain.origin import Origin
from domain.result import COUNTS
from domain.source import Format, Source
from persistence.enqueue import enqueue

COMMAND: Final = (sys.executable, "-m", "worker.cli", "worker", "--processes", "1")
ORIGIN: Final = Origin(actor="bench")
WARM_ROWS: Final = 2_000
"""Rows of a first job, which is not timed: connections open, and modules are loaded."""


class JobFailed(Exception):
    """A job was not committed, so there is nothing to time."""

    def __init__(self, job: str, error: str) -> None:
        """Build the message from the job's name and the class of what stopped it."""
        super().__init__(f"{job} was not committed: {error}; the worker's log says more")


@dataclass(frozen=True)
class Ran:
    """A job that has committed: seconds, and its counts such as `inserted`."""

    seconds: float
    counts: Mapping[str, int]


@dataclass(frozen=True)
class BulkWorker:
    """A worker at rest, and a connection through which jobs reach it."""

    log: Log
    connection: Any
    folder: Path

    async def run(self, command: Command) -> Ran:
        """Send a job, and wait until it has committed; raises JobFailed, ChildFailed."""
        accepted = await enqueue(self.connection, command, ORIGIN)
        started = await self.log.event("job.started", job_id=accepted.id)
        ended = await self.log.event("job.committed", "job.refused", "job.failed", job_id=accepted.id)
        if ended["event"] != "job.committed":
            raise JobFailed(command.job, ended["error"])
        seconds = (time_of(ended) - time_of(started)).total_seconds()
        return Ran(seconds, {name: ended[name] for name in COUNTS if name in ended})

    def peak(self) -> float:
        """Return the most resident memory that it has had until now, in MB (10**6 bytes)."""
        return peak(self.log.child.pid)


@asynccontextmanager
async def bulk_worker(bench: Bench, url: str, command: Sequence[str] = COMMAND) -> AsyncIterator[BulkWorker]:
    """Run a worker that has done a first job already; afterwards the tables are empty save for the projects."""
    folder = bench.logs / "files"
    folder.mkdir(exist_ok=True)
    given = {
        **bench.environment(OURS, "update", url),
        "COUNTERFOIL_LOG_LEVEL": "info",
        "COUNTERFOIL_SOURCES": folder.as_uri(),
    }
    async with running("bulk worker", command, given, bench.logs) as child, connected(url) as connection:
        log = Log(child)
        await log.event("worker.started")
        worker = BulkWorker(log, connection, folder)
        await emptied(connection)
        await worker.run(BulkInsert(entity="task", rows=inline_rows(0, WARM_ROWS), conflict_on=("key",)))
        await emptied(connection)
        yield worker


def source_of(path: Path) -> Source:
    """Return a CSV file as a job names it."""
    return Source(url=path.as_uri(), format=Format.CSV)


def peak(pid: int) -> float:
    """Return the most resident memory that a process has had until now, in MB (10**6 bytes)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (kibibytes,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(kibibytes) * 1024 / 1e6
