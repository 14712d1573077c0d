"""The worker process: stock arq's loop over our functions, until a signal."""

import asyncio
import os
import random
import socket
from contextlib import suppress
from signal import Signals

import structlog
from arq.connections import ArqRedis
from arq.worker import Worker

from persistence.job_life import register_jobs
from worker import wire
from worker.composition import Database, open_database, open_redis
from worker.duties import relay_always, tick_always
from worker.execution import Execution
from worker.functions import ARQ_PATIENCE, FunctionTable, arq_functions
from worker.jobs import JOBS, SCHEDULED
from worker.schedules import shipped_schedules
from worker.settings import Settings

POLL_SECONDS = 0.05
"""How often the queue is looked at: arq's own 0.5 s makes a job wait 253 ms in the median."""

HEALTH_SECONDS = 5
"""How often the worker's health key is renewed, by which senders see that somebody works."""

LOCK_SHARE = 0.9
"""The share of a job's time that it may wait for one lock."""

MAX_TRIES = 1_000_000
"""arq's own bound is out of the way: attempts are counted in the job's row, and a stop is none."""


class _Worker(Worker):
    """Stock arq's worker, which says when it begins to stop, and ends in order."""

    def handle_sig_wait_for_completion(self, signum: Signals) -> None:
        """Take no more jobs, and let those that run finish."""
        log = structlog.get_logger("counterfoil.worker")
        log.info("worker.stopping", signal=Signals(signum).name, running=len(self.tasks))
        super().handle_sig_wait_for_completion(signum)

    async def start_jobs(self, job_ids: list[bytes]) -> None:
        """Start jobs; an id that is no text, for which arq itself would end the worker, is taken off the queue."""
        readable = []
        for job_id in job_ids:
            try:
                job_id.decode()
                readable.append(job_id)
            except UnicodeDecodeError:
                structlog.get_logger("counterfoil.worker").warning("job.refused", error="UnreadableId")
                await self.pool.zrem(self.queue_name, job_id)
        await super().start_jobs(readable)

    async def close(self) -> None:
        """Wait for the last jobs, and close; arq's own raises where one was cancelled as it was acknowledged."""
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        self.tasks.clear()
        await super().close()


async def run_worker(settings: Settings) -> None:
    """Run jobs, relay and tick until SIGTERM or SIGINT; what runs then is finished within `shutdown_grace` seconds.

    Raises Unreachable when a server does not answer at the start.
    """
    log = structlog.get_logger("counterfoil.worker")
    async with (
        open_database(
            settings, application_name="counterfoil worker", session_settings=session_settings(settings.job_timeout)
        ) as database,
        open_redis(settings) as redis,
    ):
        await register_jobs(database.sessions, {job.name: job.policy.max_attempts for job in (*JOBS, *SCHEDULED)})
        worker = build_worker(settings, database, redis)
        log.info(
            "worker.started", queue=settings.queue, jobs=[job.name for job in JOBS], concurrency=settings.concurrency
        )
        duties = (
            asyncio.create_task(relay_always(database.engine, database.sessions, redis)),
            asyncio.create_task(tick_always(database.sessions, shipped_schedules(settings), settings.queue)),
        )
        with suppress(asyncio.CancelledError):  # arq ends its loop by cancelling it
            await worker.async_run()
        for duty in duties:
            duty.cancel()
        await asyncio.gather(*duties, return_exceptions=True)
        await worker.close()
        log.info("worker.stopped", complete=worker.jobs_complete, failed=worker.jobs_failed)


def session_settings(job_timeout: float) -> dict[str, str]:
    """Return what PostgreSQL shall know of a worker whose jobs may take so many seconds.

    A worker that hangs, is paused, or loses its network in the middle of a job holds that job's rows: PostgreSQL takes
    them back after the time that no job may take. Who waits for a row that long is told so by an error that names a
    lock, which is no fault of the job's, before the job's own time-out, which may be.
    """
    longest = max(job.timeout or job_timeout for job in (*JOBS, *SCHEDULED))
    return {
        "idle_in_transaction_session_timeout": f"{longest * 1000:.0f}",
        "lock_timeout": f"{job_timeout * LOCK_SHARE * 1000:.0f}",
    }


def build_worker(settings: Settings, database: Database, redis: ArqRedis, *, handle_signals: bool = True) -> Worker:
    """Return stock arq's worker over our jobs, with JSON on the wire."""
    execution = Execution(
        sessions=database.sessions,
        queue=settings.queue,
        worker=f"{socket.gethostname()}:{os.getpid()}",
        job_timeout=settings.job_timeout,
        max_rows=settings.max_rows,
        random=random.random,
    )
    worker = _Worker(
        functions=arq_functions((*JOBS, *SCHEDULED), execution),
        redis_pool=redis,
        queue_name=settings.queue,
        max_jobs=settings.concurrency,
        job_completion_wait=settings.shutdown_grace,
        job_timeout=settings.job_timeout + ARQ_PATIENCE,  # the lease is the longest time-out, also of an unknown job
        keep_result=settings.result_ttl,
        max_tries=MAX_TRIES,
        poll_delay=POLL_SECONDS,
        health_check_interval=HEALTH_SECONDS,
        job_serializer=wire.encode,
        job_deserializer=wire.job_decoder(settings.max_bytes),
        handle_signals=handle_signals,
    )
    worker.functions = FunctionTable(worker.functions, execution)  # arq makes a plain dict of what it is given
    return worker
