"""A schedule that somebody asks for, judged before it is kept: name, expression, zone, job and arguments."""

from collections.abc import Collection, Mapping

from pydantic import JsonValue, ValidationError

from domain.errors import InvalidSchedule, Problem, UnknownName
from domain.schedule import Schedule
from persistence.ticks import ACTOR
from worker.delivery import ORIGIN_FIELDS, Delivery, parse
from worker.jobs import JOBS, SCHEDULED
from worker.settings import Settings


def checked(values: Mapping[str, object], registered: Collection[str], settings: Settings) -> Schedule:
    """Return the schedule that the values say; its job is one of ours, or one that another worker has registered.

    Raises InvalidSchedule, UnknownName, and for arguments that the job would refuse InvalidCommand or TooLarge.
    """
    name = str(values.get("name"))
    try:
        schedule = Schedule.model_validate(values)
    except ValidationError as error:
        found = (
            Problem(None, ".".join(map(str, detail["loc"])), detail["msg"].removeprefix("Value error, "))
            for detail in error.errors(include_url=False)
        )
        raise InvalidSchedule(name, tuple(found)) from None
    _judge_job(schedule, registered, settings)
    return schedule


def _judge_job(schedule: Schedule, registered: Collection[str], settings: Settings) -> None:
    ours = {job.name: job for job in (*JOBS, *SCHEDULED)}
    if schedule.job not in ours:
        if schedule.job not in registered:
            raise UnknownName("job", schedule.job, tuple({*ours, *registered}))
        return
    if said := [field for field in ORIGIN_FIELDS if field in schedule.arguments]:
        problem = Problem(None, said[0], f"is the schedule's own: its jobs have the actor {ACTOR!r}")
        raise InvalidSchedule(schedule.name, (problem,))
    arguments: dict[str, JsonValue] = {**schedule.arguments, "actor": ACTOR}
    parse(ours[schedule.job], Delivery("schedule", 1, arguments), max_rows=settings.max_rows)
