"""Recovery: a worker is killed in the middle of a job, and another one runs it again, to its commit."""

import asyncio
from contextlib import AsyncExitStack
from time import time
from typing import Any

from benchmarks.bench import Bench
from benchmarks.child import running
from benchmarks.contenders import OURS
from benchmarks.databases import connected
from benchmarks.ours.payload import fill

LOOK_SECONDS = 0.01
PATIENCE_SECONDS = 60.0
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def recovery(bench: Bench) -> None:
    """Kill the worker of a job that waits for its row, let the row go, and wait for the job's commit elsewhere."""
    async with bench.clean() as url, AsyncExitStack() as stack:
        given = {**bench.environment(OURS, "update", url), "COUNTERFOIL_CONCURRENCY": "1"}
        owner = await stack.enter_async_context(connected(url))
        victim = await stack.enter_async_context(
            running("recovery victim", OURS.worker_command("update", 1, 0), given, bench.logs)
        )
        heir = await stack.enter_async_context(
            running("recovery heir", OURS.worker_command("update", 1, 0), given, bench.logs)
        )
        await victim.expect("ready")
        await heir.expect("ready")
        lock = owner.transaction()
        await lock.start()
        await owner.execute("LOCK TABLE task IN SHARE MODE")
        await victim.tell("start")
        await victim.expect("up")
        await fill(bench.redis_url, "update", range(1))
        async with connected(url) as onlooker:  # within a transaction, the view of what others do stays as it was
            await _until_somebody_waits(onlooker)
        await heir.tell("start")
        await heir.expect("up")
        killed = time()
        await victim.kill()
        await lock.rollback()
        ended = await heir.expect("drained", within=PATIENCE_SECONDS)
    bench.figures.record("recovery.seconds", ended["last"] - killed)


async def _until_somebody_waits(connection: Any) -> None:  # noqa: ANN401 - asyncpg has no types
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await connection.fetchval(WAITING):  # noqa: ASYNC110 - a lock announces nothing
            await asyncio.sleep(LOOK_SECONDS)
