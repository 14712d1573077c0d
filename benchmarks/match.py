"""One contender, one body: a queue that is drained, then single jobs to the worker that is idle now."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from benchmarks.bench import Bench
from benchmarks.child import running
from benchmarks.contenders import Contender
from benchmarks.databases import fresh_database

DRAIN_SECONDS = 120.0
IDLE_SECONDS = 1.0
"""Between the last of the waiting jobs and the first of the single ones."""


@dataclass(frozen=True)
class Played:
    """Jobs a second, when the first few have warmed the worker up; latencies in ms, sorted."""

    rate: float
    latencies: Sequence[float] = ()

    def percentile(self, percent: int) -> float:
        """Return a percentile of the latencies in ms."""
        return quantiles(self.latencies, n=100, method="inclusive")[percent - 1]


def rate_of(report: Mapping[str, Any]) -> float:
    """Return the jobs a second of what a meter has reported."""
    return float(report["jobs"] / (report["last"] - report["first"]))


async def play(bench: Bench, contender: Contender, body: str, *, answer: int = 0) -> Played:
    """Measure on a fresh database and an empty Redis; raises ChildFailed."""
    async with fresh_database(bench.database_url) as database_url:
        return await play_on(bench, contender, body, database_url, answer=answer)


async def play_on(bench: Bench, contender: Contender, body: str, database_url: str, *, answer: int = 0) -> Played:
    """Measure on this database and an empty Redis; raises ChildFailed."""
    await bench.empty_redis()
    return await measure(bench, contender, body, database_url, jobs=bench.jobs(contender, body), answer=answer)


async def measure(  # noqa: PLR0913 - what is measured, and how much of it
    bench: Bench, contender: Contender, body: str, database_url: str, *, jobs: int, answer: int = 0
) -> Played:
    """Measure so many waiting jobs, then single ones, on servers as they are; raises ChildFailed."""
    given = bench.environment(contender, body, database_url)
    async with AsyncExitStack() as stack:
        client, worker = [
            await stack.enter_async_context(running(f"{contender.slug} {body} {role}", command, given, bench.logs))
            for role, command in (
                ("client", contender.client_command(body, jobs, answer)),
                ("worker", contender.worker_command(body, jobs, answer)),
            )
        ]
        await worker.expect("ready")
        await client.expect("filled", within=DRAIN_SECONDS)
        await worker.tell("start")
        drained = await worker.expect("drained", within=DRAIN_SECONDS)
        rate = rate_of(drained)
        if not answer:
            return Played(rate)
        await asyncio.sleep(IDLE_SECONDS)
        await client.tell("send")
        begins = (await client.expect("sent"))["begins"]
        ends = (await worker.expect("ended"))["ends"]
    return Played(rate, sorted(1000 * (ends[number] - begin) for number, begin in begins.items()))
