"""The figures that a worker reports, as a monitoring system reads them."""

from datetime import UTC, datetime, timedelta

from arq.connections import ArqRedis

from persistence.database import Database
from persistence.sessions import Sessions
from tests.health import Figures
from tests.relays import accept, new_project, until_state
from tests.waiting import eventually
from tests.workers import answered, reporting_worker, retitle, rows_locked
from tests.worlds import plant, sql
from worker.client import send
from worker.settings import Settings

CUT_WAITING = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def test_every_outcome_is_counted_by_job(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """One succeeds, one is dead, one is cut off and tried again, one is aborted, and one is delivered twice."""
    await plant(sessions)
    async with reporting_worker(settings, database, redis) as (_, port):
        await send(redis, settings.queue, "update", retitle("t0", "new"), job_id="good")
        await send(redis, settings.queue, "update", retitle("t99", "new"), job_id="dead")
        for job_id in ("good", "dead"):
            await answered(redis, job_id)
        async with rows_locked(database) as until_somebody_waits:
            await send(redis, settings.queue, "update", retitle("t1", "new"), job_id="cut")
            await until_somebody_waits()
            await sql(database, CUT_WAITING)
            await _until(port, "jobs_retried_total", 1, job="update")
        await answered(redis, "cut")
        async with rows_locked(database) as until_somebody_waits:
            await send(redis, settings.queue, "update", retitle("t2", "new"), job_id="aborted")
            await until_somebody_waits()
            await redis.zadd("arq:abort", {"aborted": int(datetime.now(UTC).timestamp() * 1000)})
            await until_state(sessions, "aborted", "cancelled")
        await answered(redis, "aborted")
        await redis.delete("arq:result:good")
        await send(redis, settings.queue, "update", retitle("t0", "new"), job_id="good")
        await answered(redis, "good")
        figures = Figures(port)
    ended = {how: figures("jobs_ended_total", job="update", outcome=how) for how in figures.labels("outcome")}
    assert ended == {"succeeded": 2, "dead": 1, "cancelled": 1, "done_before": 1, "refused": 0}
    failed = {
        what: figures("job_attempts_failed_total", job="update", severity=what) for what in figures.labels("severity")
    }
    assert failed == {"transient": 1, "permanent": 1, "unknown": 0}
    assert figures("jobs_retried_total", job="update") == 1
    assert figures("jobs_handed_back_total", job="update") == 0
    assert figures("queue_jobs_claimed_total", queue=settings.queue) == 6
    assert figures("jobs_claimed_total", job="update") == 6
    assert figures("job_run_seconds_count", job="update") == 6
    assert figures("job_wait_seconds_count", job="update") == 6
    assert 0 < figures("job_run_seconds_sum", job="update") < 60


async def test_a_queues_depth_and_the_age_of_its_oldest_job_are_told(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """The one slot is taken: two jobs wait, one of them for a quarter of an hour; the table holds one that is due."""
    await plant(sessions)
    one = settings.model_copy(update={"concurrency": 1})
    async with reporting_worker(one, database, redis) as (_, port):
        async with rows_locked(database) as until_somebody_waits:
            await send(redis, settings.queue, "update", retitle("t0", "new"), job_id="runs")
            await until_somebody_waits()
            await send(redis, settings.queue, "update", retitle("t1", "new"), job_id="a")
            await send(redis, settings.queue, "update", retitle("t2", "new"), job_id="b")
            await redis.zincrby(settings.queue, -900_000, "b")
            tomorrow = datetime.now(UTC) + timedelta(days=1)
            await accept(sessions, new_project("x", "else"), new_project("y", "else", run_at=tomorrow))
            await _until(port, "table_jobs", 1, state="scheduled")
            await _until(port, "queue_depth", 2, queue=settings.queue)
            figures = Figures(port)
            assert figures("queue_later", queue=settings.queue) == 1
            assert 900 <= figures("queue_oldest_seconds", queue=settings.queue) < 960
            assert (figures("table_jobs", state="due"), figures("table_jobs", state="dead")) == (1, 0)
            assert 0 <= figures("table_oldest_seconds") < 60
            assert (figures("slots"), figures("running"), figures("leases")) == (1, 1, 1)
            assert figures("pool_connections", state="in_use") == 2  # the job's, and the one that locks
        for job_id in ("runs", "a", "b"):
            await answered(redis, job_id)
        await _until(port, "queue_depth", 0, queue=settings.queue)


async def test_names_that_senders_make_up_make_no_series(
    settings: Settings, database: Database, redis: ArqRedis
) -> None:
    """Jobs of unknown names and payloads that cannot be read are counted together."""
    async with reporting_worker(settings, database, redis) as (_, port):
        before = Figures(port).labels("job")
        for number in range(3):
            await send(redis, settings.queue, f"made_up_{number}", {"actor": "billing"}, job_id=f"j{number}")
        await redis.set("arq:job:p", b"\x80\x04\x95pickle")
        await redis.zadd(settings.queue, {"p": 1})
        await _until(port, "jobs_handed_back_total", 3, job="(unknown)")
        await _until(port, "jobs_ended_total", 1, job="(unknown)", outcome="dead")
        figures = Figures(port)
    assert figures.labels("job") == before
    assert "made_up" not in figures.text


async def test_figures_are_named_as_prometheus_wants_them(
    settings: Settings, database: Database, redis: ArqRedis
) -> None:
    """Each has a meaning, counters end with _total, times are seconds, and no series is told twice."""
    async with reporting_worker(settings, database, redis) as (_, port):
        figures = Figures(port)
    own = [family for name, family in figures.families.items() if name.startswith("counterfoil_")]
    assert len(own) > 15
    assert {family.type for family in own} == {"counter", "gauge", "histogram"}
    for family in own:
        assert family.documentation.endswith("."), family.name
        for sample in family.samples:
            ending = sample.name.removeprefix(family.name)
            wanted = {"counter": {"_total"}, "gauge": {""}, "histogram": {"_bucket", "_count", "_sum"}}[family.type]
            assert ending in wanted, sample
        assert family.type != "histogram" or family.name.endswith("_seconds")
    lines = [line.rpartition(" ")[0] for line in figures.text.splitlines() if not line.startswith("#")]
    assert len(lines) == len(set(lines))


async def _until(port: int, name: str, value: float, **labels: str) -> None:
    async def holds() -> bool:
        return Figures(port)(name, **labels) == value

    await eventually(holds, f"{name} is {value}")


async def test_the_work_of_the_database_is_reported(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """Pool and statements, whose buckets are cumulative as Prometheus wants them."""
    await plant(sessions)
    async with reporting_worker(settings, database, redis) as (_, port):
        await send(redis, settings.queue, "update", retitle("t0", "new"), job_id="good")
        await answered(redis, "good")
        figures = Figures(port)
    assert figures("pool_limit") == settings.pool_size + settings.max_overflow
    assert figures("pool_waits_total") == 0
    assert figures("pool_connections", state="idle") >= 1
    whole = figures("statement_seconds_count")
    assert whole > 0
    assert figures("statement_seconds_bucket", le="+Inf") == whole
    assert figures("statement_seconds_bucket", le="0.001") <= figures("statement_seconds_bucket", le="10.0") <= whole
    assert figures("statements_failed_total") == 0
