"""Jobs as arq knows them: coroutines that take arq's context and the job's arguments."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NoReturn, cast

import structlog
from arq.cron import CronJob
from arq.typing import WorkerCoroutine
from arq.worker import Function, func
from pydantic import JsonValue

from domain.errors import CounterfoilError, UnknownName
from persistence.transaction import Sessions
from worker.execution import Delivery, asker, execute
from worker.jobs.job import Job
from worker.wire import UNREADABLE, refusal

NAME_SHOWN = 200
"""Characters of an unknown job's name in a log line: a sender may make it as long as a payload."""


class FunctionTable(dict[str, Function | CronJob]):
    """arq's table of functions, in which an unknown name is a job that fails with the nearest valid one."""

    def __missing__(self, name: str) -> Function:
        """Return a function that refuses the job."""
        known = tuple(known for known in self if known != UNREADABLE)

        async def refuse(ctx: dict[Any, Any], /, *_: Any, **arguments: Any) -> NoReturn:  # noqa: ANN401 - as sent
            _refuse(ctx, name, arguments, UnknownName("job", name, known))

        return _function(refuse, name)


def arq_functions(jobs: Iterable[Job], *, sessions: Sessions, max_rows: int) -> list[Function]:
    """Return the jobs as arq functions, and one for payloads that cannot be read."""
    known = [arq_function(job, sessions=sessions, max_rows=max_rows) for job in jobs]
    return [*known, _function(_unreadable, UNREADABLE)]


def arq_function(job: Job, *, sessions: Sessions, max_rows: int) -> Function:
    """Return the arq function that executes a job."""

    async def run(  # what was sent: JSON, whose shape `execute` judges
        ctx: dict[Any, Any],
        /,
        *positional: Any,  # noqa: ANN401
        **arguments: Any,  # noqa: ANN401
    ) -> dict[str, JsonValue]:
        delivery = Delivery(str(ctx["job_id"]), int(ctx["job_try"]), arguments, len(positional))
        return await execute(job, delivery, sessions=sessions, max_rows=max_rows)

    return _function(run, job.name)


def _function(coroutine: Callable[..., Awaitable[Any]], name: str) -> Function:
    # The context is positional alone, so that an argument named ctx is refused like any other; arq's type says less.
    return func(cast("WorkerCoroutine", coroutine), name=name)


async def _unreadable(ctx: dict[Any, Any], /, *_: Any, **found: Any) -> NoReturn:  # noqa: ANN401 - of `job_decoder`
    _refuse(ctx, UNREADABLE, {}, refusal(found))


def _refuse(ctx: dict[Any, Any], name: str, arguments: dict[str, Any], error: CounterfoilError) -> NoReturn:
    log = structlog.get_logger("counterfoil.job")
    log.warning(
        "job.refused",
        error=type(error).__name__,
        job_id=ctx["job_id"],
        job=name[:NAME_SHOWN],
        attempt=ctx["job_try"],
        **asker(arguments),
    )
    raise error
