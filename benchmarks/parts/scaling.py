"""Scaling: the same updates by one, two and four worker processes, all of which wait before the first job comes."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any, Final

from redis.asyncio import Redis

from benchmarks.bench import DRAIN_SECONDS, Bench
from benchmarks.child import Child, running
from benchmarks.contenders import OURS
from benchmarks.meter import WARM
from benchmarks.ours.payload import QUEUE, fill

PROCESSES: Final = (1, 2, 4)
LOOK_SECONDS: Final = 0.05
PATIENCE_SECONDS: Final = 120.0
UNTOLD: Final = 0
"""The jobs of one worker, which nobody knows before: it is asked in the end."""


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
                running(f"scaling {number}", OURS.worker_command("update", UNTOLD, 0), given, bench.logs)
            )
            for number in range(processes)
        ]
        for worker in workers:
            await worker.expect("ready")
            await worker.tell("start")
        for worker in workers:
            await worker.expect("up")
        await _drain(bench, workers, range(WARM * processes))
        reports = await _drain(bench, workers, range(WARM * processes, WARM * processes + jobs))
    return float(jobs / (max(report["last"] for report in reports) - min(report["first"] for report in reports)))


async def _drain(bench: Bench, workers: list[Child], numbers: range) -> list[dict[str, Any]]:
    """Send jobs, wait until all have ended, and return what the workers that had some report."""
    await fill(bench.redis_url, "update", numbers)
    await drained(bench.redis_url)
    reports: list[dict[str, Any]] = []
    for worker in workers:
        await worker.tell("report")
        reports.append(await worker.expect("report"))
    if (done := sum(report["jobs"] for report in reports)) != len(numbers):
        raise RuntimeError(f"{done} of {len(numbers)} jobs have ended, and none is queued")
    return [report for report in reports if report["jobs"]]


async def drained(redis_url: str) -> None:
    """Return as soon as no job is on the queue, running ones included; raises TimeoutError."""
    client: Any = Redis.from_url(redis_url)
    async with client, asyncio.timeout(PATIENCE_SECONDS):
        while await client.exists(QUEUE):  # noqa: ASYNC110 - to listen would cost the server more
            await asyncio.sleep(LOOK_SECONDS)
