"""The nightly purge: scheduled where a retention is set, and audited like every write."""

from datetime import UTC, datetime

from arq.connections import ArqRedis

from domain.commands import SoftDelete
from tests.workers import answered, running_worker
from tests.worlds import apply, images, plant, trail
from worker.client import send
from worker.composition import Database
from worker.cron import cron_jobs
from worker.process import build_worker
from worker.settings import Settings, load_settings

EVENING = datetime(2026, 3, 28, 21, 30, tzinfo=UTC)


def with_retention(settings: Settings) -> Settings:
    """Return the settings as they are with COUNTERFOIL_RETENTION_DAYS=30."""
    return load_settings(
        {
            "DATABASE_URL": settings.database_url.get_secret_value(),
            "REDIS_URL": settings.redis_url.get_secret_value(),
            "COUNTERFOIL_QUEUE": settings.queue,
            "COUNTERFOIL_RETENTION_DAYS": "30",
        }
    )


async def test_without_a_retention_nothing_is_scheduled(
    settings: Settings, database: Database, redis: ArqRedis
) -> None:
    """Purging is off by default, and the worker does not even know the job."""
    assert cron_jobs(settings, sessions=database.sessions) == []
    worker = build_worker(settings, database, redis, handle_signals=False)
    assert worker.cron_jobs == []
    assert not [name for name in worker.functions if "purge" in name]


async def test_with_a_retention_the_purge_is_due_every_night(
    settings: Settings, database: Database, redis: ArqRedis
) -> None:
    """At 03:00 UTC, once for however many workers there are: its job's id is that of the night."""
    worker = build_worker(with_retention(settings), database, redis, handle_signals=False)
    (schedule,) = worker.cron_jobs
    schedule.calculate_next(EVENING)
    assert schedule.next_run
    assert schedule.next_run.replace(microsecond=0) == datetime(2026, 3, 29, 3, 0, tzinfo=UTC)
    assert (schedule.unique, worker.timezone) == (True, UTC)


async def test_the_purge_deletes_what_is_old_and_keeps_it_in_the_audit_log(
    settings: Settings, database: Database, redis: ArqRedis
) -> None:
    """Rows deleted more than 30 days ago go, later ones and live ones stay; actor and reason say that it was cron."""
    sessions = database.sessions
    await plant(sessions, tasks=3)
    await apply(sessions, SoftDelete(entity="task", key=["t0", "t1"]), "delete")
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE task SET deleted_at = now() - CASE key WHEN 't0' THEN interval '31 days' ELSE '29 days' END"
            " WHERE deleted_at IS NOT NULL"
        )
    before = await images(sessions, "task")
    async with running_worker(with_retention(settings), database, redis):
        await send(redis, settings.queue, "cron:purge", {}, job_id="tonight")
        answer = await answered(redis, "tonight")
    assert answer.success, answer.failure
    assert {task["key"] for task in (await images(sessions, "task")).values()} == {"t1", "t2"}
    (entry,) = await trail(sessions, job_id="tonight")
    assert (entry.actor, entry.reason, entry.action) == ("cron", "retention of 30 days", "purge")
    assert (entry.before, entry.after) == (before[1], None)
