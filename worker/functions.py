"""Jobs as arq knows them: coroutines that take arq's context and the job's arguments."""

from collections.abc import Iterable
from typing import Any, NoReturn

import structlog
from arq.worker import Function, func
from pydantic import JsonValue

from domain.errors import InvalidCommand, Problem, UnknownName, UnreadablePayload
from persistence.transaction import Sessions
from worker.execution import Delivery, execute
from worker.jobs.job import Job
from worker.wire import UNREADABLE


class Functions(dict[str, Function]):
    """arq's table of functions, in which an unknown name is a job that fails with the nearest valid one."""

    def __missing__(self, name: str) -> Function:
        """Return a function that refuses the job."""
        known = tuple(known for known in self if known != UNREADABLE)

        async def refuse(_: dict[str, Any], *__: JsonValue, **___: JsonValue) -> NoReturn:
            structlog.get_logger("counterfoil.job").warning("job.refused", error="UnknownName", job_id=_["job_id"])
            raise UnknownName("job", name, known)

        return func(refuse, name=name)


def arq_functions(jobs: Iterable[Job], *, sessions: Sessions, max_rows: int) -> Functions:
    """Return arq's table for the jobs, and for payloads that cannot be read."""
    table = [arq_function(job, sessions=sessions, max_rows=max_rows) for job in jobs]
    return Functions({function.name: function for function in [*table, func(_unreadable, name=UNREADABLE)]})


def arq_function(job: Job, *, sessions: Sessions, max_rows: int) -> Function:
    """Return the arq function that executes a job."""

    async def run(ctx: dict[str, Any], *positional: JsonValue, **arguments: JsonValue) -> dict[str, JsonValue]:
        if positional:
            problem = Problem(None, "", f"{len(positional)} positional arguments; name every argument")
            raise InvalidCommand(job.name, (problem,))
        delivery = Delivery(str(ctx["job_id"]), int(ctx["job_try"]), arguments)
        return await execute(job, delivery, sessions=sessions, max_rows=max_rows)

    return func(run, name=job.name)


async def _unreadable(ctx: dict[str, Any], why: str) -> NoReturn:
    structlog.get_logger("counterfoil.job").warning("job.refused", error="UnreadablePayload", job_id=ctx["job_id"])
    raise UnreadablePayload(why)
