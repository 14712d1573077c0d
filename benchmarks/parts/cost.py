"""The cost of one audited update: bytes of write-ahead log, and round trips to both servers."""

from contextlib import AsyncExitStack
from typing import Final
from urllib.parse import urlsplit

from benchmarks.bench import Bench
from benchmarks.child import running
from benchmarks.contenders import OURS, PEERS, Contender
from benchmarks.databases import connected
from benchmarks.match import DRAIN_SECONDS
from benchmarks.turns import Turns, counting

JOBS: Final = (1_000, 200)
"""The second is for a quick run."""


async def cost(bench: Bench) -> None:
    """Count for everybody; the peers with the update that tutorials write."""
    for contender in (OURS, *PEERS):
        body = "update" if contender is OURS else "orm"
        try:
            await _count(bench, contender, body)
        except Exception as error:  # noqa: BLE001 - whatever a peer does, the others are counted
            bench.figures.fail(contender.figure("cost"), error)


async def _count(bench: Bench, contender: Contender, body: str) -> None:
    jobs = JOBS[bench.quick]
    async with bench.clean() as url, AsyncExitStack() as stack:
        postgres = await stack.enter_async_context(counting(*_place(url)))
        redis = await stack.enter_async_context(counting(*_place(bench.redis_url)))
        given = bench.environment(contender, body, url)
        through = {
            **given,
            "DATABASE_URL": _rerouted(url, postgres),
            "REDIS_URL": _rerouted(bench.redis_url, redis),
        }
        client = await stack.enter_async_context(
            running("cost client", contender.client_command(body, jobs, 0), given, bench.logs)
        )
        await client.expect("filled", within=DRAIN_SECONDS)
        worker = await stack.enter_async_context(
            running("cost worker", contender.worker_command(body, jobs, 0), through, bench.logs)
        )
        await worker.expect("ready")
        owner = await stack.enter_async_context(connected(url))
        before = await owner.fetchval("SELECT pg_current_wal_lsn()::pg_lsn - '0/0'")
        await worker.tell("start")
        await worker.expect("drained", within=DRAIN_SECONDS)
        after = await owner.fetchval("SELECT pg_current_wal_lsn()::pg_lsn - '0/0'")
        bench.figures.record(contender.figure("wal"), float(after - before) / jobs)
        bench.figures.record(contender.figure("postgres"), postgres.count / jobs)
        bench.figures.record(contender.figure("redis"), redis.count / jobs)


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 0


def _rerouted(url: str, turns: Turns) -> str:
    parts = urlsplit(url)
    credentials = parts.netloc.rpartition("@")[0]
    return parts._replace(netloc=f"{credentials}@127.0.0.1:{turns.port}").geturl()
