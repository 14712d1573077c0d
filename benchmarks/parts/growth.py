"""Growth: no-op jobs while up to a million others wait behind them; updates on an audit log of ten million rows."""

from typing import Any, Final

from benchmarks.bench import Bench
from benchmarks.child import running
from benchmarks.contenders import OURS
from benchmarks.databases import connected, fresh_database
from benchmarks.match import DRAIN_SECONDS, play_on, rate_of
from benchmarks.ours.payload import fill

QUEUED: Final = ((1_000, 100_000, 1_000_000), (1_000, 10_000))
"""Jobs that wait behind those that are measured; the second is for a quick run."""
MEASURED: Final = (10_000, 1_000)
LOGGED: Final = (10_000_000, 10_000)

FILL_LOG: Final = """
INSERT INTO audit_log (job_id, actor, entity, entity_id, action, before, after)
SELECT
    'old-' || n, 'bench', 'task', (n % 100000 + 1)::text, 'update',
    jsonb_build_object('title', 'task ' || n, 'version', 1), jsonb_build_object('title', 'task ' || n + 1, 'version', 2)
FROM generate_series(1, $1::bigint) AS n
"""
INDEXES: Final = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
FROM pg_index WHERE indrelid = 'audit_log'::regclass AND NOT indisprimary
"""
RESET: Final = ("DELETE FROM job", "UPDATE task SET title = 'task' WHERE title LIKE 'changed by %'")
"""What a repetition left: a job of a known id would have no effect, nor would a title that is there."""


async def queued(bench: Bench) -> None:
    """Measure the first ten thousand of a queue that is so long and ten thousand longer."""
    jobs = MEASURED[bench.quick]
    for behind in QUEUED[bench.quick]:
        async with bench.clean() as url:
            await fill(bench.redis_url, "noop", range(jobs + behind))
            given = bench.environment(OURS, "noop", url)
            async with running("growth", OURS.worker_command("noop", jobs, 0), given, bench.logs) as worker:
                await worker.expect("ready")
                await worker.tell("start")
                drained = await worker.expect("drained", within=DRAIN_SECONDS)
        bench.figures.record(f"growth.{behind}", rate_of(drained))


async def logged(bench: Bench) -> None:
    """Measure updates on an empty audit log, and on one of ten million rows, which is made once in a run."""
    async with fresh_database(bench.database_url) as url:
        await _updates(bench, url, 0)
    if bench.full_log is None:
        bench.full_log = await bench.kept.enter_async_context(fresh_database(bench.database_url))
        async with connected(bench.full_log) as connection:
            await _fill_log(connection, LOGGED[bench.quick])
    async with connected(bench.full_log) as connection:
        for sentence in RESET:
            await connection.execute(sentence)
    await _updates(bench, bench.full_log, LOGGED[bench.quick])


async def _fill_log(connection: Any, rows: int) -> None:  # noqa: ANN401 - asyncpg has no types
    """Write so many audit rows; indexes are built afterwards, in half the time."""
    indexes = await connection.fetch(INDEXES)
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['name']}")
    await connection.execute(FILL_LOG, rows)
    for index in indexes:
        await connection.execute(index["definition"])
    await connection.execute("VACUUM (ANALYZE) audit_log")
    await connection.execute("CHECKPOINT")  # which would otherwise fall into what is measured


async def _updates(bench: Bench, url: str, rows: int) -> None:
    played = await play_on(bench, OURS, "update", url)
    bench.figures.record(f"growth.log.{rows}", played.rate)


async def growth(bench: Bench) -> None:
    """Measure both."""
    await queued(bench)
    await logged(bench)
