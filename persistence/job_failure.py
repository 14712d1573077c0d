"""A failed attempt, kept: the one commit beside the job's own transaction, after its rollback."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from domain.errors import RowsRefused
from domain.job import JobState, RetryPolicy, Severity, next_state
from domain.reject import Reject
from domain.storable import storable
from persistence.classification import severity, told
from persistence.dialects import Dialect, dialect_of
from persistence.job_life import Acceptance, accept_in, recorded_row
from persistence.job_table import JobRow
from persistence.portable.job_failure import keep_attempt
from persistence.rejects import clear_rejects, keep_rejects
from persistence.session import WriteSession
from persistence.sessions import Sessions
from persistence.statements import sentence
from persistence.transaction import bookkeeping

MESSAGE_KEPT = 2_000
"""Characters of an error's message that are kept."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What stopped one attempt, as it is kept: the error's class and message, the worker, what it means, rejects."""

    error: str
    message: str
    worker: str
    severity: Severity
    rejects: tuple[Reject, ...] = ()

    @classmethod
    def of(cls, error: Exception, worker: str) -> "Failure":
        """Return what is kept of an error; each of many attempts may name a thousand rows."""
        rejects = error.rejects if isinstance(error, RowsRefused) else ()
        return cls(type(error).__name__, storable(told(error))[:MESSAGE_KEPT], worker, severity(error), rejects)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of the job: its state, how many attempts failed, and `delay` in seconds until the next.

    `is_new` is False where the job had ended before, and this failure is not its own.
    """

    state: JobState
    attempt: int
    is_new: bool = False
    delay: float = 0.0


async def record_failure(
    sessions: Sessions, job: Acceptance, failure: Failure, policy: RetryPolicy, random: Callable[[], float]
) -> Recorded:
    """Keep a failed attempt in the job's row, its rejects beside it, and decide whether there is another one.

    A job that has ended meanwhile stays as it is: a commit whose answer was lost had succeeded after all. So does
    another job that has this id: raises JobIdTaken.
    """
    async with bookkeeping(sessions) as session:
        row = await _locked(session, job)
        job.refuse_other(row)
        if row["state"] != JobState.QUEUED:
            return Recorded(JobState(row["state"]), row["attempt"])
        attempt = row["attempt"] + 1
        state = next_state(failure.severity, attempt, 1 + _unknown(row), row["max_attempts"])
        delay = policy.delay(attempt, random) if state is JobState.QUEUED else 0.0
        await _keep(session, job.id, failure, state, delay)
        return Recorded(state, attempt, is_new=True, delay=delay)


async def bury(sessions: Sessions, job_id: str, failure: Failure) -> None:
    """End a queued job whose row holds what no worker can read."""
    async with bookkeeping(sessions) as session:
        query = select(col(JobRow.id)).where(col(JobRow.id) == job_id, col(JobRow.state) == JobState.QUEUED.value)
        if (await session.execute(query.with_for_update())).one_or_none() is not None:
            await _keep(session, job_id, failure, JobState.DEAD, 0.0)


async def _locked(session: WriteSession, job: Acceptance) -> Mapping[str, Any]:
    await accept_in(session, job)
    await session.execute(select(col(JobRow.id)).where(col(JobRow.id) == job.id).with_for_update())
    if (row := await recorded_row(session, job)) is None:
        raise RuntimeError(f"job {job.id!r} was removed while its row was locked")
    return row


def _unknown(row: Mapping[str, Any]) -> int:
    """Return how many attempts nobody could explain since the job was accepted, or was last tried again by hand."""
    since = row["errors"][-row["attempt"] :] if row["attempt"] else []
    return sum(error.get("severity", Severity.UNKNOWN) == Severity.UNKNOWN for error in since)


async def _keep(session: WriteSession, job_id: str, failure: Failure, state: JobState, delay: float) -> None:
    kept = {"error": failure.error, "message": failure.message, "worker": failure.worker, "severity": failure.severity}
    if dialect_of(session) is not Dialect.POSTGRESQL:
        await clear_rejects(session, job_id)  # those that are there are always those of the last attempt
        await keep_attempt(session, job_id, kept, state, delay)
        await keep_rejects(session, job_id, failure.rejects)
        return
    values = {"id": job_id, "kept": json.dumps(kept), "state": state.value, "delay": delay}
    await session.execute(sentence("fail_job"), values)
    await keep_rejects(session, job_id, failure.rejects)
