"""arq's own worker and our engine, made alike over a test's own coroutines: what holds for one shall hold for both."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from signal import SIGUSR1
from typing import Any, Literal

import pytest
from arq.connections import ArqRedis
from arq.jobs import Job, JobResult
from arq.worker import Worker

from worker.arq_context import Context
from worker.engine import Engine
from worker.observer import Observer
from worker.settings import Settings

Kind = Literal["arq", "ours"]

both = pytest.mark.parametrize("kind", ["arq", "ours"])
"""Runs a test with arq's worker and with our engine."""


@dataclass(frozen=True)
class Bench:
    """Makes workers of either kind on a test's queue, which speak what their clients do."""

    settings: Settings
    redis: ArqRedis

    def worker(self, kind: Kind, *functions: Any, **more: Any) -> Worker:  # noqa: ANN401 - as arq takes them
        """Return a worker that ends when nothing is left to do, unless `more` says `burst=False`."""
        given: dict[str, Any] = {
            "functions": functions,
            "redis_pool": self.redis,
            "handle_signals": False,
            "burst": True,
            "job_serializer": self.redis.job_serializer,
            "job_deserializer": self.redis.job_deserializer,
            **more,
        }
        if kind == "arq":
            return Worker(queue_name=self.settings.queue, **{"poll_delay": 0.01, **given})
        return Engine(
            queues=[self.settings.queue],
            redis_url=self.settings.redis_url.get_secret_value(),
            holder=secrets.token_hex(4),
            lease=5,
            observer=Observer(),
            **given,
        )

    async def send(self, function: str, *arguments: Any, **more: Any) -> Job:  # noqa: ANN401 - as arq takes them
        """Enqueue a job, which must be taken."""
        sent = await self.redis.enqueue_job(function, *arguments, **more)
        assert sent is not None
        return sent

    async def result(self, job: Job) -> JobResult:
        """Return what a finished job has left."""
        info = await job.result_info()
        assert info is not None, f"no result of {job.job_id}"
        return info


@asynccontextmanager
async def at_work(worker: Worker) -> AsyncIterator[None]:
    """Run a worker for the time of the block; then it stops at once, as at a signal."""
    running = asyncio.create_task(worker.async_run())
    try:
        yield
    finally:
        if isinstance(worker, Engine):
            worker.drain(0)
        else:
            worker.handle_sig(SIGUSR1)
        with suppress(asyncio.CancelledError):
            await running
        await asyncio.gather(*worker.tasks.values(), return_exceptions=True)


class Diary:
    """What a test's coroutines have seen, in order."""

    def __init__(self) -> None:
        """Begin empty."""
        self.lines: list[Any] = []
        self.begun = asyncio.Event()

    async def note(self, ctx: Context, line: object = None) -> object:
        """Write the line, or this delivery's number, and return it."""
        self.lines.append(ctx["job_try"] if line is None else line)
        return self.lines[-1]

    async def wait(self, ctx: Context) -> None:
        """Write this delivery's number, and wait for ever."""
        self.lines.append(ctx["job_try"])
        self.begun.set()
        await asyncio.Event().wait()
