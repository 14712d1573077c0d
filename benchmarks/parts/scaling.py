"""Scaling: the same updates by one, two and four worker processes, all of which wait before the first job comes."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any, Final

from redis.asyncio import Redis

from benchmarks.bench import DRAIN_SECONDS, Bench
from benchmarks.child import Child, running
from benchmarks.contenders import OURS
from benchmarks.ours.payload import QUEUE, fill

PROCESSES: Final = (1, 2, 4)
LOOK_SECONDS: Final = 0.05
PATIENCE_SECONDS: Final = 120.0


async def scaling(bench: Bench) -> None:
    """Measure each number of processes; one has as many jobs as four, so that all find the same queue."""
    jobs = int(max(bench.jobs(OURS, "update"), OURS.guesses["update"] * DRAIN_SECONDS[bench.quick]))
    for processes in PROCESSES:
        bench.figures.record(f"scaling.{processes}", await _rate(bench, processes, jobs))


async def _rate(bench: Bench, processes: int, jobs: int) -> float:
    async with bench.clean() as url, AsyncExitStack() as stack:
        given = bench.environment(OURS, "update", url)
        workers = [
            await stack.enter_async_context(
                running(f"scaling {number}", OURS.worker_command("update", jobs + 1, 0), given, bench.logs)
            )
            for number in range(processes)
        ]
        for worker in workers:
            await worker.expect("ready")
            await worker.tell("start")
        for worker in workers:
            await worker.expect("up")
        await fill(bench.redis_url, "update", range(jobs))
        await drained(bench.redis_url)
        return jobs / await _lasted(workers, jobs)


async def _lasted(workers: list[Child], jobs: int) -> float:
    """Return the seconds from the first begin to the last end among all workers."""
    reports: list[dict[str, Any]] = []
    for worker in workers:
        await worker.tell("report")
        reports.append(await worker.expect("report"))
    if (done := sum(report["count"] for report in reports)) != jobs:
        raise RuntimeError(f"{done} of {jobs} jobs have ended, and none is queued")
    busy = [report for report in reports if report["count"]]
    return float(max(report["last"] for report in busy) - min(report["first"] for report in busy))


async def drained(redis_url: str) -> None:
    """Return as soon as no job is on the queue, running ones included; raises TimeoutError."""
    client: Any = Redis.from_url(redis_url)
    async with client, asyncio.timeout(PATIENCE_SECONDS):
        while await client.exists(QUEUE):
            await asyncio.sleep(LOOK_SECONDS)
