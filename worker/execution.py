"""The execution of one job, in five steps: parse, open the transaction, take the job's row, run, outcome."""

import asyncio
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from redis.asyncio import Redis
from structlog.contextvars import bind_contextvars

from domain.commands import Command
from domain.errors import CounterfoilError, EndedBefore, InvalidCommand, JobIdTaken, KilledItsWorker, NotYetDue
from domain.job import CRASHES, JobState, Severity
from domain.origin import Origin
from domain.result import COUNTS, Result
from persistence.classification import severity
from persistence.job_failure import Failure, record_failure
from persistence.job_life import Acceptance, cancel_job, finish_job, recorded_end, take_job
from persistence.sessions import Sessions
from persistence.transaction import transaction
from persistence.watch.scope import statement_scope
from worker.acceptance import acceptance
from worker.delivery import Delivery, asker, parse, refuse_id
from worker.job_context import NOWHERE, JobContext
from worker.jobs.job import Job
from worker.observer import End, Observer
from worker.outcome import Again, Ended, Outcome, Succeeded
from worker.progress import MoreTime, Teller
from worker.sources.roots import Roots
from worker.stopping import CancelledWithin, as_exception, is_cancelled

_LOG = "counterfoil.job"

RECORD_SECONDS = 5.0
"""Seconds for keeping a failed attempt: a paused worker may hold the job's row, and a server may hang."""


@dataclass(frozen=True, slots=True)
class Execution:
    """What a job's execution needs: sessions, limits, the names of queue and worker, and dice for the backoff."""

    sessions: Sessions
    queue: str
    worker: str
    job_timeout: float
    max_rows: int
    random: Callable[[], float]
    observer: Observer = field(default_factory=Observer)
    roots: Roots = NOWHERE
    max_bytes: int = 16 * 1024 * 1024

    async def execute(
        self, job: Job, delivery: Delivery, redis: Redis | None = None, more_time: MoreTime | None = None
    ) -> Outcome:
        """Run one delivery of a job, and return what became of it; a long one tells `redis` how far it is.

        `more_time`, called then, lets the engine's own limit count from that moment, as the job's does.

        Raises nothing but CancelledError, when the worker stops: the job's row is then as if nothing had been.
        """
        with statement_scope(f"job {job.name}"):
            return await self._execute(job, delivery, redis, more_time)

    async def _execute(self, job: Job, delivery: Delivery, redis: Redis | None, more_time: MoreTime | None) -> Outcome:
        bind_contextvars(job_id=delivery.job_id, job=job.name, attempt=delivery.attempt, **asker(delivery.arguments))
        try:
            refuse_id(delivery)
        except InvalidCommand as error:  # there can be no row for it
            _log_failure(error)
            self.observer.ended(job.name, End.REFUSED)
            return Ended(error)
        try:
            _refuse_killer(delivery)
            command, origin = parse(job, delivery, max_rows=self.max_rows)
            result = await self._apply(job, delivery, command, origin, Teller(redis, delivery.job_id, more_time))
        except asyncio.CancelledError:
            if not is_cancelled():
                return await self._failed(job, delivery, CancelledWithin())
            structlog.get_logger(_LOG).warning("job.interrupted")
            raise
        except NotYetDue as early:
            self.observer.handed_back(job.name)
            return Again(early.seconds, str(early))
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is kept, and the worker lives on
            return await self._failed(job, delivery, as_exception(error))
        if result is None:
            return await self._recorded(job, delivery)
        self.observer.ended(job.name, End.SUCCEEDED)
        return _committed(result)

    async def _apply(
        self, job: Job, delivery: Delivery, command: Command, origin: Origin, teller: Teller
    ) -> Result | None:
        """Open the transaction, take the job's row, run; None where another delivery has ended the job.

        The time-out counts from the last batch of a job that tells how far it is.
        """
        structlog.get_logger(_LOG).info("job.started")
        accepted = self._acceptance(job, delivery)
        async with asyncio.timeout(seconds := job.timeout or self.job_timeout) as deadline:
            if job.at_once is not None:
                try:
                    async with transaction(self.sessions, origin) as tx:
                        return await job.at_once(tx, command, accepted)
                except Exception as error:
                    # The long way asks the job's row first: whether the job is due, or has ended.
                    if severity(error) is Severity.TRANSIENT:
                        raise
            async with transaction(self.sessions, origin) as tx:
                if (taken := await take_job(tx, accepted)) is None:
                    return None
                if job.takes_context:
                    context = self._context(delivery, teller, deadline, seconds)
                    try:
                        result = await job.apply(taken, command, context)
                    finally:
                        await teller.end()
                else:
                    result = await job.apply(taken, command)
                await finish_job(tx, delivery.job_id, result.model_dump(mode="json"))
                return result

    def _context(self, delivery: Delivery, teller: Teller, deadline: asyncio.Timeout, seconds: float) -> JobContext:
        def moved(rows: int, position: int, size: int | None) -> None:
            deadline.reschedule(asyncio.get_running_loop().time() + seconds)
            teller(rows, position, size)

        return JobContext(delivery.job_id, self.roots, self.max_bytes, moved)

    async def _failed(self, job: Job, delivery: Delivery, error: Exception) -> Outcome:
        """Keep the failed attempt, and say whether there is another."""
        _log_failure(error)
        failure = Failure.of(error, self.worker)
        try:
            async with asyncio.timeout(RECORD_SECONDS):
                record = await record_failure(
                    self.sessions, self._acceptance(job, delivery), failure, job.policy, self.random
                )
        except JobIdTaken as taken:
            self.observer.ended(job.name, End.REFUSED)
            return Ended(taken)
        except Exception as lost:  # noqa: BLE001 - the job stays queued in Redis, and in its row where it has one
            _log_failure(lost)
            self.observer.handed_back(job.name)
            return Again(RECORD_SECONDS * (1 + self.random()), failure.message)
        if record.is_new:
            self.observer.failed(job.name, failure.severity)
        if record.state is JobState.QUEUED:
            self.observer.retried(job.name)
            structlog.get_logger(_LOG).info("job.retried", attempt=record.attempt, delay=round(record.delay, 3))
            return Again(record.delay, failure.message)
        if record.state is JobState.DEAD and record.is_new:
            self.observer.ended(job.name, End.DEAD)
            return Ended(error)
        return await self._recorded(job, delivery)

    async def cancelled(self, job: Job, delivery: Delivery) -> Outcome | None:
        """Keep that a client has aborted the job; returns None, or what became of a job that had ended before.

        The abort may have come while the commit was answered. Where it cannot be kept, the job is to come again.
        """
        try:
            async with asyncio.timeout(RECORD_SECONDS):
                is_kept = await cancel_job(self.sessions, self._acceptance(job, delivery))
        except JobIdTaken as taken:
            return Ended(taken)
        except Exception as error:  # noqa: BLE001 - whatever it is, the worker lives on
            _log_failure(error)
            self.observer.handed_back(job.name)
            return Again(RECORD_SECONDS * (1 + self.random()), "the abort could not be kept")
        if is_kept:
            self.observer.ended(job.name, End.CANCELLED)
            return None
        outcome = await self._recorded(job, delivery)
        is_cancelled_before = isinstance(outcome, Ended) and getattr(outcome.error, "state", "") == JobState.CANCELLED
        return None if is_cancelled_before else outcome

    async def _recorded(self, job: Job, delivery: Delivery) -> Outcome:
        """Return the outcome that another delivery of the job has recorded."""
        structlog.get_logger(_LOG).info("job.done_before")
        try:
            row = await recorded_end(self.sessions, self._acceptance(job, delivery))
        except JobIdTaken as taken:
            self.observer.ended(job.name, End.REFUSED)
            return Ended(taken)
        except Exception as error:  # noqa: BLE001 - the job has ended; its sender's answer waits for the database
            _log_failure(error)
            self.observer.handed_back(job.name)
            return Again(RECORD_SECONDS, "the recorded outcome cannot be read")
        self.observer.ended(job.name, End.DONE_BEFORE)
        if row is None:
            return Ended(EndedBefore(delivery.job_id, "dropped", ""))
        if row["state"] == JobState.SUCCEEDED:
            return Succeeded(row["result"])
        last = str(row["errors"][-1]["message"]) if row["errors"] else ""
        return Ended(EndedBefore(delivery.job_id, row["state"], last))

    def _acceptance(self, job: Job, delivery: Delivery) -> Acceptance:
        return acceptance(job.name, delivery, queue=delivery.queue or self.queue, max_attempts=job.policy.max_attempts)


def _refuse_killer(delivery: Delivery) -> None:
    """Refuse a job whose deliveries end with their worker's death; those that were handed back are not counted."""
    if delivery.attempt > CRASHES:
        raise KilledItsWorker(delivery.attempt - 1)


def _committed(result: Result) -> Succeeded:
    counts = {name: count for name in COUNTS if (count := getattr(result, name))}
    structlog.get_logger(_LOG).info("job.committed", **counts, **({"dry_run": True} if result.dry_run else {}))
    return Succeeded(result.model_dump(mode="json"))


def _log_failure(error: Exception) -> None:
    """Log what stopped the job, by class only: messages name values, and a log must not."""
    log, name = structlog.get_logger(_LOG), type(error).__name__
    if isinstance(error, CounterfoilError):
        log.warning("job.refused", error=name)
    else:
        log.error("job.failed", error=name, stack="".join(traceback.format_tb(error.__traceback__)))
