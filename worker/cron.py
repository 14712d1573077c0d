"""Schedules: what runs by the clock, through arq's cron."""

from typing import Any

from arq.cron import CronJob, cron
from pydantic import JsonValue

from persistence.transaction import Sessions
from worker.execution import Delivery, execute
from worker.jobs.purge import JOB as PURGE
from worker.settings import Settings

ACTOR = "cron"
"""The actor of what a schedule writes."""


def cron_jobs(settings: Settings, *, sessions: Sessions) -> list[CronJob]:
    """Return the schedules that the settings turn on: a purge every night at 03:00 UTC, where there is a retention."""
    if settings.retention_days is None:
        return []
    arguments: dict[str, JsonValue] = {
        "retention_days": settings.retention_days,
        "actor": ACTOR,
        "reason": f"retention of {settings.retention_days:g} days",
    }

    async def purge(ctx: dict[Any, Any]) -> dict[str, JsonValue]:
        delivery = Delivery(str(ctx["job_id"]), int(ctx["job_try"]), arguments)
        return await execute(PURGE, delivery, sessions=sessions, max_rows=settings.max_rows)

    # arq would keep no result, and give the job up when a deploy cuts its first try.
    return [cron(purge, name="cron:purge", hour=3, minute=0, keep_result=settings.result_ttl, max_tries=None)]
