"""The worker process: the engine over our functions, beside relay and ticks, until a signal."""

import secrets
from contextlib import suppress
from pathlib import Path

import structlog
from arq.connections import ArqRedis

from domain.errors import unknown
from persistence.database import Database, open_database
from persistence.job_life import register_jobs
from persistence.settings import PREFIX, SettingsError
from worker.arq_settings import arq_settings, session_settings, worker_name
from worker.composition import open_redis
from worker.duties import company
from worker.engine import Engine
from worker.health.report import Report
from worker.interpreter import settle_interpreter
from worker.jobs import ATTEMPTS, JOBS, MAX_RUNNING, SCHEDULED
from worker.limits import Limits
from worker.observer import Observer
from worker.presence import present, served_queues
from worker.processes.leash import Leash
from worker.recycling import Recycling
from worker.resting import Resting
from worker.settings import Settings, queues_of
from worker.unrunnable import FunctionTable


async def run_worker(settings: Settings, leash: Leash | None = None, health_folder: Path | None = None) -> None:
    """Run jobs, relay and tick until SIGTERM or SIGINT; what runs then is finished within `shutdown_grace` seconds.

    With a `leash` it is one of several processes, and its parent decides on the end, and asks it for its
    health by a socket in `health_folder`. Raises Unreachable when a server does not answer at the start, NotMigrated,
    CannotListen, SettingsError.
    """
    log = structlog.get_logger("counterfoil.worker")
    settle_interpreter()
    async with (
        open_database(
            settings, application_name="counterfoil worker", session_settings=session_settings(settings.job_timeout)
        ) as database,
        open_redis(settings) as redis,
    ):
        await register_jobs(database.sessions, ATTEMPTS)
        report = Report(settings, health_folder)
        worker = build_worker(settings, database, redis, has_parent=leash is not None, observer=report.observer)
        if settings.queue not in worker.queues:  # there schedules put their jobs, and the shell's commands
            log.warning("queue.not_served", queue=settings.queue, serves=worker.queues)
        if unused := sorted(set(settings.queue_max_running) - set(worker.queues)):  # another worker's, or mistyped
            log.info("limit.unused", queues=unused, serves=worker.queues)
        log.info(
            "worker.started", queue=settings.queue, jobs=[job.name for job in JOBS], concurrency=settings.concurrency
        )
        if leash is not None:
            leash.up(lambda: _put_back_now(worker))
        async with report.shown(worker, database, redis), company(settings, database, redis), present(redis, worker):
            await worker.async_run()
        if not worker.is_recycled:  # the next process serves the queue at once
            await worker.close(kept=await served_queues(redis))
        log.info("worker.stopped", complete=worker.jobs_complete, failed=worker.jobs_failed)


def _put_back_now(worker: Engine) -> None:
    with suppress(RuntimeError):  # its loop has just ended
        worker.loop.call_soon_threadsafe(worker.stop, 0, "parent")


def _limits(settings: Settings) -> Limits:
    known = [job.name for job in (*JOBS, *SCHEDULED)]
    strange = [name for name in settings.job_max_running if name not in known]
    if strange:
        raise SettingsError(tuple(f"{PREFIX}JOB_MAX_RUNNING: {unknown('job', name, known)}" for name in strange))
    return Limits(settings.queue_max_running, {**MAX_RUNNING, **settings.job_max_running})


def build_worker(  # noqa: PLR0913 - what a worker is made of
    settings: Settings,
    database: Database,
    redis: ArqRedis,
    *,
    handle_signals: bool = True,
    has_parent: bool = False,
    observer: Observer | None = None,
) -> Engine:
    """Return the engine over our jobs, with JSON on the wire; whoever observes it is told of every job.

    Raises SettingsError for a limit of a job that there is not.
    """
    observer = observer or Observer()
    worker = Engine(
        queues=queues_of(settings),
        weights=settings.queue_weights,
        limits=_limits(settings),
        redis_url=settings.redis_url.get_secret_value(),
        holder=f"{worker_name()}:{secrets.token_hex(4)}",
        lease=settings.lease,
        recycling=Recycling(settings.recycle_jobs, settings.recycle_mb),
        has_parent=has_parent,
        observer=observer,
        redis_pool=redis,
        handle_signals=handle_signals,
        allow_abort_jobs=True,
        **arq_settings(settings, database.sessions, observer),
    )
    resting = Resting(database.sessions, settings.queue, worker_name())
    worker.functions = FunctionTable(worker.functions, resting, observer)  # arq makes a plain dict of what it is given
    return worker
