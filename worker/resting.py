"""Deliveries that no worker, or not this one, can run: each is kept in the job table, where it rests or waits."""

from dataclasses import dataclass

from domain.errors import CounterfoilError
from domain.job import UNREADABLE, RetryPolicy
from persistence.dispatch import sendable_jobs
from persistence.job_failure import Failure, bury, record_failure
from persistence.job_life import accept_job, cancel_job
from persistence.sessions import Sessions
from persistence.transaction import bookkeeping
from worker.acceptance import acceptance
from worker.delivery import Delivery, refuse_id
from worker.relay import payload


@dataclass(frozen=True, slots=True)
class Resting:
    """Keeps what cannot be run; `queue` and `worker` are the names that its rows bear."""

    sessions: Sessions
    queue: str
    worker: str

    async def keep_unreadable(self, delivery: Delivery, raw: bytes, error: CounterfoilError) -> None:
        """Keep a payload that is no job, as a dead one; raises InvalidCommand for an id that no row can have.

        Where its id is an accepted job's, that job ends only if the payload is its own: a stranger's harms nobody.
        """
        refuse_id(delivery)
        failure = Failure.of(error, self.worker)
        async with bookkeeping(self.sessions) as session:
            accepted = await sendable_jobs(session, [delivery.job_id])
        if not accepted:
            row = acceptance(UNREADABLE, delivery, queue=delivery.queue or self.queue, max_attempts=1)
            await record_failure(self.sessions, row, failure, RetryPolicy(), lambda: 0.0)
        elif payload(accepted[0]) == raw:
            await bury(self.sessions, delivery.job_id, failure)

    async def keep_unknown(self, name: str, delivery: Delivery) -> None:
        """Keep a job whose name this worker does not know, as queued; raises InvalidCommand as above."""
        refuse_id(delivery)
        row = acceptance(name, delivery, queue=delivery.queue or self.queue, max_attempts=RetryPolicy().max_attempts)
        await accept_job(self.sessions, row)

    async def cancel_unknown(self, name: str, delivery: Delivery) -> None:
        """Keep that such a job was aborted; raises InvalidCommand as above, JobIdTaken."""
        refuse_id(delivery)
        row = acceptance(name, delivery, queue=delivery.queue or self.queue, max_attempts=RetryPolicy().max_attempts)
        await cancel_job(self.sessions, row)
