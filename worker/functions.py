"""Jobs as arq knows them: coroutines that take arq's context and the job's arguments."""

from collections.abc import Iterable
from typing import Any, NoReturn

import structlog
from arq.cron import CronJob
from arq.worker import Function, func
from pydantic import JsonValue

from domain.errors import InvalidCommand, Problem, UnknownName, UnreadablePayload
from persistence.transaction import Sessions
from worker.execution import Delivery, execute
from worker.jobs.job import Job
from worker.wire import UNREADABLE


class FunctionTable(dict[str, Function | CronJob]):
    """arq's table of functions, in which an unknown name is a job that fails with the nearest valid one."""

    def __missing__(self, name: str) -> Function:
        """Return a function that refuses the job."""
        known = tuple(known for known in self if known != UNREADABLE)

        async def refuse(ctx: dict[Any, Any], *_: Any, **__: Any) -> NoReturn:  # noqa: ANN401 - whatever was sent
            structlog.get_logger("counterfoil.job").warning("job.refused", error="UnknownName", job_id=ctx["job_id"])
            raise UnknownName("job", name, known)

        return func(refuse, name=name)


def arq_functions(jobs: Iterable[Job], *, sessions: Sessions, max_rows: int) -> list[Function]:
    """Return the jobs as arq functions, and one for payloads that cannot be read."""
    known = [arq_function(job, sessions=sessions, max_rows=max_rows) for job in jobs]
    return [*known, func(_unreadable, name=UNREADABLE)]


def arq_function(job: Job, *, sessions: Sessions, max_rows: int) -> Function:
    """Return the arq function that executes a job."""

    async def run(  # what was sent: JSON, whose shape `execute` judges
        ctx: dict[Any, Any],
        *positional: Any,  # noqa: ANN401
        **arguments: Any,  # noqa: ANN401
    ) -> dict[str, JsonValue]:
        if positional:
            problem = Problem(None, "", f"{len(positional)} positional arguments; name every argument")
            raise InvalidCommand(job.name, (problem,))
        delivery = Delivery(str(ctx["job_id"]), int(ctx["job_try"]), arguments)
        return await execute(job, delivery, sessions=sessions, max_rows=max_rows)

    return func(run, name=job.name)


async def _unreadable(ctx: dict[Any, Any], why: str) -> NoReturn:
    structlog.get_logger("counterfoil.job").warning("job.refused", error="UnreadablePayload", job_id=ctx["job_id"])
    raise UnreadablePayload(why)
