"""The worker process: stock arq's loop over our functions, until a signal."""

import asyncio
from asyncio import CancelledError
from contextlib import suppress
from datetime import UTC
from signal import Signals

import structlog
from arq.connections import ArqRedis
from arq.worker import Worker

from worker import wire
from worker.composition import Database, open_database, open_redis
from worker.cron import cron_jobs
from worker.functions import FunctionTable, arq_functions
from worker.jobs import JOBS
from worker.settings import Settings

POLL_SECONDS = 0.05
"""How often the queue is looked at: arq's own 0.5 s makes a job wait 253 ms in the median."""

HEALTH_SECONDS = 5
"""How often the worker's health key is renewed, by which senders see that somebody works."""

MAX_TRIES = 100
"""arq counts every start as a try, also one that a deploy cut; its default of 5 would lose a job to five deploys."""


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
    """Run jobs until SIGTERM or SIGINT; what runs then is finished within `shutdown_grace` seconds.

    Raises Unreachable when a server does not answer at the start.
    """
    log = structlog.get_logger("counterfoil.worker")
    async with (
        open_database(settings, application_name="counterfoil worker") as database,
        open_redis(settings) as redis,
    ):
        worker = build_worker(settings, database, redis)
        log.info(
            "worker.started", queue=settings.queue, jobs=[job.name for job in JOBS], concurrency=settings.concurrency
        )
        with suppress(CancelledError):  # arq ends its loop by cancelling it
            await worker.async_run()
        await worker.close()
        log.info("worker.stopped", complete=worker.jobs_complete, failed=worker.jobs_failed)


def build_worker(settings: Settings, database: Database, redis: ArqRedis, *, handle_signals: bool = True) -> Worker:
    """Return stock arq's worker over our jobs, with JSON on the wire."""
    functions = arq_functions(JOBS, sessions=database.sessions, max_rows=settings.max_rows)
    worker = _Worker(
        functions=functions,
        cron_jobs=cron_jobs(settings, sessions=database.sessions),
        redis_pool=redis,
        queue_name=settings.queue,
        max_jobs=settings.concurrency,
        job_timeout=settings.job_timeout,
        job_completion_wait=settings.shutdown_grace,
        keep_result=settings.result_ttl,
        max_tries=MAX_TRIES,
        poll_delay=POLL_SECONDS,
        health_check_interval=HEALTH_SECONDS,
        job_serializer=wire.encode,
        job_deserializer=wire.job_decoder(settings.max_bytes),
        timezone=UTC,
        handle_signals=handle_signals,
    )
    worker.functions = FunctionTable(worker.functions)  # arq makes a plain dict of what it is given
    return worker
