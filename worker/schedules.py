"""The schedules in code."""

from collections.abc import Mapping

from pydantic import JsonValue

from domain.schedule import Schedule
from worker.settings import Settings


def shipped_schedules(settings: Settings) -> Mapping[str, Schedule]:
    """Return the shipped schedules by name: the purge where there is a retention, and the pruning of finished jobs."""
    prune = Schedule(
        name="prune",
        cron="30 3 * * *",
        job="prune",
        arguments={"finished_days": settings.keep_finished_days, "dead_days": settings.keep_dead_days, "go_on": True},
        jitter=300,
    )
    found = {prune.name: prune}
    if settings.retention_days is not None:
        arguments: dict[str, JsonValue] = {"retention_days": settings.retention_days, "go_on": True}
        found["purge"] = Schedule(name="purge", cron="0 3 * * *", job="purge", arguments=arguments, jitter=300)
    return found
