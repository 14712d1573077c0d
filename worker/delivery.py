"""A delivery of a job, and what its arguments say: a command, and who asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from domain.commands import Command
from domain.errors import InvalidCommand, Problem, TooLarge, unknown
from domain.origin import Origin
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

    `positional` counts arguments without a name, of which every job refuses any. `queue` is None where the engine does
    not tell: stock arq has one queue.
    """

    job_id: str
    attempt: int
    arguments: Mapping[str, JsonValue]
    positional: int = 0
    queue: str | None = None

    def command_arguments(self) -> dict[str, JsonValue]:
        """Return the arguments without those of the origin."""
        return {name: value for name, value in self.arguments.items() if name not in ORIGIN_FIELDS}


def asker(arguments: Mapping[str, JsonValue]) -> dict[str, str | None]:
    """Return who asks, for log lines, None where nobody said: they name the sender of a job that is refused, too."""
    said = {name: arguments.get(name) for name in ("actor", "request_id")}
    return {name: value[:ASKER_SHOWN] if isinstance(value, str) else None for name, value in said.items()}


def refuse_id(delivery: Delivery) -> None:
    """Raise InvalidCommand for an id under which no row can be kept."""
    try:
        Origin(actor="x", job_id=delivery.job_id)
    except ValidationError as error:
        problem = Problem(None, "job_id", error.errors(include_url=False)[0]["msg"].removeprefix("Value error, "))
        raise InvalidCommand("job", (problem,)) from None


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
    problems: list[Problem] = []
    command = _validated(job.command, delivery.command_arguments(), problems)
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
