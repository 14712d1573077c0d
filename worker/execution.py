"""The execution of one job, in five steps: bind, parse, open the transaction, run, outcome."""

import traceback
from asyncio import CancelledError
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import structlog
from pydantic import BaseModel, JsonValue, ValidationError
from pydantic_core import ErrorDetails
from structlog.contextvars import bind_contextvars
from structlog.stdlib import BoundLogger

from domain.commands import Command
from domain.errors import CounterfoilError, InvalidCommand, Problem, TooLarge, unknown
from domain.origin import Origin
from domain.result import COUNTS, Result
from persistence.transaction import Sessions, transaction
from worker.jobs.job import Job

ORIGIN_FIELDS = ("actor", "request_id", "reason")
"""Arguments that every job takes beside its command's own."""

ASKER_SHOWN = 200
"""Characters of an actor or request id in a log line: an origin allows no more, but a refused one may be longer."""

PATH_SHOWN = 8
"""Steps of the path to a refused value: too deep a nesting has hundreds."""

Model = TypeVar("Model", bound=BaseModel)
_LISTS = ("rows", "id", "key", "changes_by_key")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of a job by the queue: its id, its number (from 1), its arguments as they came.

    `positional` counts arguments without a name, of which every job refuses any.
    """

    job_id: str
    attempt: int
    arguments: Mapping[str, JsonValue]
    positional: int = 0


async def execute(job: Job, delivery: Delivery, *, sessions: Sessions, max_rows: int) -> dict[str, JsonValue]:
    """Run one delivery of a job in one transaction and return its result as JSON.

    Raises what stopped it, after the rollback; every step binds or logs an event, none of which holds argument values.
    """
    log: BoundLogger = structlog.get_logger("counterfoil.job")
    bind_contextvars(job_id=delivery.job_id, job=job.name, attempt=delivery.attempt, **asker(delivery.arguments))
    try:
        command, origin = parse(job, delivery, max_rows=max_rows)
        log.info("job.started")
        async with transaction(sessions, origin) as tx:
            result: Result = await job.apply(tx, command)
    except (Exception, CancelledError) as error:  # noqa: BLE001 - logged and raised again
        _failed(log, error)
    return _succeeded(log, result)


def asker(arguments: Mapping[str, JsonValue]) -> dict[str, str | None]:
    """Return who asks, for log lines, None where nobody said: they name the sender of a job that is refused, too."""
    said = {name: arguments.get(name) for name in ("actor", "request_id")}
    return {name: value[:ASKER_SHOWN] if isinstance(value, str) else None for name, value in said.items()}


def parse(job: Job, delivery: Delivery, *, max_rows: int) -> tuple[Command, Origin]:
    """Return the command and the origin that the arguments hold; raises TooLarge, InvalidCommand."""
    for name in _LISTS:
        value = delivery.arguments.get(name)
        if isinstance(value, list | dict) and len(value) > max_rows:
            raise TooLarge(f"entries in {name!r}", len(value), max_rows, "COUNTERFOIL_MAX_ROWS")
    if delivery.positional:
        problem = Problem(None, "", f"{delivery.positional} positional arguments; name every argument")
        raise InvalidCommand(job.name, (problem,))
    origin = {name: delivery.arguments[name] for name in ORIGIN_FIELDS if name in delivery.arguments}
    arguments = {name: value for name, value in delivery.arguments.items() if name not in ORIGIN_FIELDS}
    problems: list[Problem] = []
    command = _validated(job.command, arguments, problems)
    source = _validated(Origin, {**origin, "job_id": delivery.job_id}, problems)
    if command is None or source is None:
        raise InvalidCommand(job.name, tuple(problems))
    return command, source


def _validated(model: type[Model], values: Mapping[str, Any], problems: list[Problem]) -> Model | None:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems.extend(_problem(model, detail) for detail in error.errors(include_url=False))
        return None


def _problem(model: type[BaseModel], detail: ErrorDetails) -> Problem:
    name = ".".join(str(part) for part in detail["loc"][:PATH_SHOWN])
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        message = unknown("argument", name, [*model.model_fields, *ORIGIN_FIELDS])
    return Problem(None, name, message)


def _succeeded(log: BoundLogger, result: Result) -> dict[str, JsonValue]:
    log.info("job.committed", **{name: count for name in COUNTS if (count := getattr(result, name))})
    answer: dict[str, JsonValue] = result.model_dump(mode="json")
    return answer


def _failed(log: BoundLogger, error: BaseException) -> NoReturn:
    """Log what stopped the job, by class only: messages name values, and a log must not."""
    name = type(error).__name__
    if isinstance(error, CancelledError):
        log.warning("job.interrupted", error=name)
    elif isinstance(error, CounterfoilError):
        log.warning("job.refused", error=name)
    else:
        log.error("job.failed", error=name, stack="".join(traceback.format_tb(error.__traceback__)))
    raise error
