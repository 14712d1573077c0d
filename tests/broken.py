"""Executions and relays that break exactly one rule, each of which the state machine must catch."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from sqlalchemy import text

import worker.execution
from domain.commands import Command
from domain.job import JobState, RetryPolicy
from domain.origin import Origin
from domain.result import Result
from persistence.job_failure import Failure, Recorded
from persistence.job_life import Acceptance, accept_job, finish_job, take_job
from persistence.sessions import Sessions
from persistence.statements import sentence
from persistence.transaction import Transaction, transaction
from worker.delivery import Delivery
from worker.execution import Execution
from worker.jobs.job import Job
from worker.relay import Relay


async def _finish_blindly(tx: Transaction, job_id: str, result: Result) -> None:
    """Write the outcome where it finds a queued row: without the check that alone would refuse the second effect."""
    await tx.session.flush()
    await tx.session.execute(sentence("finish_job"), {"id": job_id, "result": result.model_dump_json()})


class TakesNoRow(Execution):
    """Runs the job without taking its row, and does not look whether the outcome found it queued."""

    async def _apply(self, job: Job, delivery: Delivery, command: Command, origin: Origin, *_: object) -> Result | None:
        await accept_job(self.sessions, self._acceptance(job, delivery))
        async with transaction(self.sessions, origin) as tx:
            result = await job.apply(tx, command)
            await _finish_blindly(tx, delivery.job_id, result)
        return result


class LocksNoRow(Execution):
    """Looks whether the job is queued, without a lock: two live deliveries both see that it is, and both finish it."""

    async def _apply(self, job: Job, delivery: Delivery, command: Command, origin: Origin, *_: object) -> Result | None:
        await accept_job(self.sessions, self._acceptance(job, delivery))
        async with transaction(self.sessions, origin) as tx:
            query = text("SELECT state FROM job WHERE id = :id")
            if (await tx.session.execute(query, {"id": delivery.job_id})).scalar_one() != JobState.QUEUED:
                return None
            result = await job.apply(tx, command)
            await _finish_blindly(tx, delivery.job_id, result)
        return result


class FinishesLater(Execution):
    """Commits the data first, and the outcome in a transaction of its own."""

    async def _apply(self, job: Job, delivery: Delivery, command: Command, origin: Origin, *_: object) -> Result | None:
        async with transaction(self.sessions, origin) as tx:
            if not await take_job(tx, self._acceptance(job, delivery)):
                return None
            result = await job.apply(tx, command)
        async with transaction(self.sessions, origin) as tx:
            await finish_job(tx, delivery.job_id, result.model_dump(mode="json"))
        return result


class FinishesFirst(Execution):
    """Commits the outcome first, and the data in a transaction of its own: at most once."""

    async def _apply(self, job: Job, delivery: Delivery, command: Command, origin: Origin, *_: object) -> Result | None:
        async with transaction(self.sessions, origin) as tx:
            if not await take_job(tx, self._acceptance(job, delivery)):
                return None
            await finish_job(tx, delivery.job_id, Result(inserted=1).model_dump(mode="json"))
        async with transaction(self.sessions, origin) as tx:
            return await job.apply(tx, command)


class SwallowsErrors(Execution):
    """Commits what was written before the job failed, and keeps the failure beside it."""

    async def _apply(self, job: Job, delivery: Delivery, command: Command, origin: Origin, *_: object) -> Result | None:
        failed: Exception | None = None
        async with transaction(self.sessions, origin) as tx:
            if not await take_job(tx, self._acceptance(job, delivery)):
                return None
            result = await job.apply(tx, command)
            try:
                await finish_job(tx, delivery.job_id, result.model_dump(mode="json"))
            except Exception as error:  # noqa: BLE001 - this is what is wrong with it
                failed = error
        if failed is not None:
            raise failed
        return result


class NeverSweeps(Relay):
    """Dispatches, but never looks whether Redis still has what was dispatched."""

    async def sweep(self, lost_after: timedelta) -> int:  # noqa: ARG002 - the signature of the real one
        """Find nothing."""
        return 0


async def _ends_whatever(
    sessions: Sessions, job: Acceptance, _: Failure, policy: RetryPolicy, random: Callable[[], float]
) -> Recorded:
    """Keep a failure without a look at the state: a commit whose answer was lost is tried again."""
    await accept_job(sessions, job)
    async with sessions() as session, session.begin():
        again = text("UPDATE job SET state = 'queued', finished_at = NULL WHERE id = :id")
        await session.execute(again, {"id": job.id})
    return Recorded(JobState.QUEUED, 1, is_new=True, delay=policy.delay(1, random))


class IgnoresState(Execution):
    """Keeps failures through `_ends_whatever`, once it is `installed`."""

    @staticmethod
    def install(patch: pytest.MonkeyPatch) -> None:
        """Put the broken function in the place of the real one."""
        patch.setattr(worker.execution, "record_failure", _ends_whatever)


class BelievesIds(Execution):
    """Takes any delivery under the id of a job for that job's own, once it is `installed`."""

    @staticmethod
    def install(patch: pytest.MonkeyPatch) -> None:
        """Leave out the comparison of names and arguments."""
        patch.setattr(Acceptance, "refuse_other", lambda *_: None)


EXECUTIONS: Mapping[str, type[Execution]] = {
    variant.__name__: variant
    for variant in (TakesNoRow, LocksNoRow, FinishesLater, FinishesFirst, SwallowsErrors, IgnoresState, BelievesIds)
}
