"""The nightly purge: scheduled where a retention is set, and audited like every write."""

from datetime import UTC, datetime

from arq.connections import ArqRedis

from domain.commands import SoftDelete
from domain.schedule import Schedule
from persistence.database import Database
from tests.workers import answered, running_worker
from tests.worlds import apply, images, plant, trail
from worker.client import send
from worker.schedules import shipped_schedules
from worker.settings import Settings

EVENING = datetime(2026, 3, 28, 21, 30, tzinfo=UTC)


def with_retention(settings: Settings) -> Settings:
    """Return the settings as they are with COUNTERFOIL_RETENTION_DAYS=30."""
    return settings.model_copy(update={"retention_days": 30.0, "go_on": True})


def test_without_a_retention_nothing_is_purged(settings: Settings) -> None:
    """Purging is off by default; pruning the job table is not."""
    assert list(shipped_schedules(settings)) == ["prune"]


def test_with_a_retention_the_purge_is_due_every_night(settings: Settings) -> None:
    """At 03:00 UTC, once for however many workers there are: its job's id is that of the night."""
    purge: Schedule = shipped_schedules(with_retention(settings))["purge"]
    night = next(purge.ticks(EVENING))
    assert night == datetime(2026, 3, 29, 3, 0, tzinfo=UTC)
    assert purge.job_id(night) == "cron:purge:2026-03-29T03:00:00Z"
    assert purge.arguments == {"retention_days": 30.0, "go_on": True}


async def test_the_purge_deletes_what_is_old_and_keeps_it_in_the_audit_log(
    settings: Settings, database: Database, redis: ArqRedis
) -> None:
    """Rows deleted more than 30 days ago go, later ones and live ones stay."""
    sessions = database.sessions
    await plant(sessions, tasks=3)
    await apply(sessions, SoftDelete(entity="task", key=["t0", "t1"]), "delete")
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE task SET deleted_at = now() - CASE key WHEN 't0' THEN interval '31 days' ELSE '29 days' END"
            " WHERE deleted_at IS NOT NULL"
        )
    before = await images(sessions, "task")
    purge = shipped_schedules(with_retention(settings))["purge"]
    async with running_worker(settings, database, redis):
        await send(redis, settings.queue, purge.job, {**purge.arguments, "actor": "cron"}, job_id="tonight")
        answer = await answered(redis, "tonight")
    assert answer.success, answer.failure
    assert {task["key"] for task in (await images(sessions, "task")).values()} == {"t1", "t2"}
    (entry,) = await trail(sessions, job_id="tonight")
    assert (entry.actor, entry.action) == ("cron", "purge")
    assert (entry.before, entry.after) == (before[1], None)
