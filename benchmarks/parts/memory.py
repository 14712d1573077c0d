"""A worker at rest and under load: memory, and its share of a core."""

import asyncio
import os
from pathlib import Path
from time import monotonic
from typing import Final

from benchmarks.bench import Bench
from benchmarks.child import running
from benchmarks.contenders import OURS
from benchmarks.match import DRAIN_SECONDS
from benchmarks.ours.payload import fill

SETTLE_SECONDS: Final = (10.0, 1.0)
"""From the worker's start until it is at rest; the second is for a quick run."""
REST_SECONDS: Final = (20.0, 2.0)
"""For how long its time on the processors is counted."""
LOAD: Final = (20_000, 500)
"""Updates after which the memory is looked at again."""


async def memory(bench: Bench) -> None:
    """Start a worker, leave it alone, then give it work."""
    jobs = LOAD[bench.quick]
    async with bench.clean() as url:
        given = bench.environment(OURS, "update", url)
        async with running("memory", OURS.worker_command("update", jobs, 0), given, bench.logs) as worker:
            await worker.expect("ready")
            await worker.tell("start")
            await worker.expect("up")
            await asyncio.sleep(SETTLE_SECONDS[bench.quick])
            bench.figures.record("rest.rss", resident(worker.pid))
            bench.figures.record("rest.cpu", await share(worker.pid, REST_SECONDS[bench.quick]))
            await fill(bench.redis_url, "update", range(jobs))
            await worker.expect("drained", within=DRAIN_SECONDS)
            bench.figures.record("load.rss", resident(worker.pid))


def resident(pid: int) -> float:
    """Return the resident memory of a process in MB (10**6 bytes)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def share(pid: int, seconds: float) -> float:
    """Return the share of one core, in per cent, that a process used within so many seconds."""
    began, used = monotonic(), _used(pid)
    await asyncio.sleep(seconds)
    return 100 * (_used(pid) - used) / (monotonic() - began)


def _used(pid: int) -> float:
    """Return the seconds of processor time that a process has used, the system's on its behalf included."""
    # After the name in brackets, which may hold spaces, utime and stime are the 12th and 13th fields: proc(5).
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
