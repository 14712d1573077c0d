"""What arq's worker is told: our jobs as its functions, JSON on its wire, our limits; the same for both engines."""

import os
import random
import socket
from typing import Any

from persistence.sessions import Sessions
from worker import wire
from worker.execution import Execution
from worker.functions import ARQ_PATIENCE, arq_function
from worker.jobs import JOBS, SCHEDULED
from worker.observer import Observer
from worker.resting import Resting
from worker.settings import Settings
from worker.sources.roots import Roots
from worker.unrunnable import unreadable_function

HEALTH_SECONDS = 5
"""How often the worker's health key is renewed, by which senders see that somebody works."""

LOCK_SHARE = 0.9
"""The share of a job's time that it may wait for one lock."""

MAX_TRIES = 1_000_000
"""arq's own bound is out of the way: attempts are counted in the job's row, and a stop is none."""


def worker_name() -> str:
    """Return the name of this process, as failed attempts bear it."""
    return f"{socket.gethostname()}:{os.getpid()}"


def arq_settings(settings: Settings, sessions: Sessions, observer: Observer) -> dict[str, Any]:
    """Return the keyword arguments of arq's worker that both engines share."""
    execution = Execution(
        sessions=sessions,
        queue=settings.queue,
        worker=worker_name(),
        job_timeout=settings.job_timeout,
        max_rows=settings.max_rows,
        random=random.random,
        observer=observer,
        roots=Roots.parse(settings.sources, private_hosts=settings.sources_private_hosts),
        max_bytes=settings.max_bytes,
    )
    resting = Resting(sessions, settings.queue, worker_name())
    return {
        "functions": [
            *(arq_function(job, execution) for job in (*JOBS, *SCHEDULED)),
            unreadable_function(resting, observer),
        ],
        "max_jobs": settings.concurrency,
        "job_completion_wait": settings.shutdown_grace,
        "job_timeout": settings.job_timeout + ARQ_PATIENCE,
        "keep_result": settings.result_ttl,
        "max_tries": MAX_TRIES,
        "health_check_interval": HEALTH_SECONDS,
        "job_serializer": wire.encode,
        "job_deserializer": wire.job_decoder(settings.max_bytes),
    }


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
