"""Executions of one job without a queue, for what the queue adds nothing to."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

import pytest
from pydantic import JsonValue

from domain.commands import Command
from domain.job import RetryPolicy
from domain.project import Project
from domain.result import Result
from persistence.sessions import Sessions
from persistence.transaction import Transaction
from worker.delivery import Delivery
from worker.execution import Execution
from worker.jobs.job import Job
from worker.outcome import Outcome

Arguments = Mapping[str, JsonValue]
Fails = Callable[[Transaction], Awaitable[Any]]


ends = pytest.mark.parametrize("end", [SystemExit(1), KeyboardInterrupt(), GeneratorExit()], ids=repr)
"""Runs a test with each of what is raised to end a program, or a coroutine."""


class Try(Command):
    """A job that writes a project, and then does what its test says."""

    job: ClassVar[str] = "try"


def failing(then: Fails, policy: RetryPolicy | None = None, timeout: float | None = None) -> Job:
    """Return a job that writes a row, and then does `then`."""

    async def run(tx: Transaction, _: Try) -> Result:
        tx.session.add(Project(key="written", name="written"))
        await tx.session.flush()
        await then(tx)
        return Result(inserted=1)

    return Job(Try, run, policy or RetryPolicy(max_attempts=3, base=0), timeout)


async def deliver(
    sessions: Sessions, job: Job, arguments: Arguments | None = None, *, job_id: str = "j", attempt: int = 1
) -> Outcome:
    """Deliver the job once, for `tester`, to a worker of this name whose dice always show the longest delay."""
    execution = Execution(sessions, "q", "tester", 60, 10, lambda: 1.0)
    return await execution.execute(job, Delivery(job_id, attempt, {"actor": "tester", **(arguments or {})}))


def raising(error: BaseException) -> Fails:
    """Return what raises the error."""

    async def then(_: Transaction) -> None:
        raise error

    return then


async def nothing(_: Transaction) -> None:
    """Do nothing more."""


async def for_ever(_: Transaction) -> None:
    """Wait until somebody ends the job."""
    await asyncio.Event().wait()
