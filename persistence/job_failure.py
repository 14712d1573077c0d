"""A failed attempt, kept: the one commit beside the job's own transaction, after its rollback."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from domain.job import JobState, RetryPolicy, Severity, next_state
from persistence.integrity import explained
from persistence.job_life import Acceptance
from persistence.job_table import JobRow
from persistence.session import WriteSession
from persistence.transaction import Sessions


@dataclass(frozen=True, slots=True)
class Failure:
    """What stopped one attempt, as it is kept: the error's class and message, the worker, and what it means."""

    error: str
    message: str
    worker: str
    severity: Severity


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
    """Keep a failed attempt in the job's row, and decide whether there is another one.

    A job that has ended meanwhile stays as it is: a commit whose answer was lost had succeeded after all.
    """
    async with sessions() as session:
        with explained(session.info["entities"]):
            async with session.begin():
                row = await _locked(session, job)
                if row.state != JobState.QUEUED:
                    return Recorded(JobState(row.state), row.attempt)
                return await _keep(session, row, failure, policy, random)


async def _locked(session: WriteSession, job: Acceptance) -> JobRow:
    row = insert(JobRow).values(**job.columns(), max_attempts=job.max_attempts, dispatched_at=func.now())
    await session.execute(row.on_conflict_do_nothing())
    return await session.get_one(JobRow, job.id, with_for_update=True)


async def _keep(
    session: WriteSession, row: JobRow, failure: Failure, policy: RetryPolicy, random: Callable[[], float]
) -> Recorded:
    now = (await session.execute(select(func.now()))).scalar_one()
    row.attempt += 1
    state = next_state(failure.severity, row.attempt, row.max_attempts)
    delay = policy.delay(row.attempt, random) if state is JobState.QUEUED else 0.0
    kept = {"error": failure.error, "message": failure.message, "worker": failure.worker}
    row.errors = [*row.errors, {"at": now.isoformat(), "attempt": row.attempt, **kept}]
    row.state = state.value
    row.run_at, row.dispatched_at = now + timedelta(seconds=delay), now
    row.finished_at = None if state is JobState.QUEUED else now
    return Recorded(state, row.attempt, is_new=True, delay=delay)
