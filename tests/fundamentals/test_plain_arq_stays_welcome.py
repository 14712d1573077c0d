"""Plain arq stays welcome: a service with stock arq and JSON sends jobs and reads results; no pickle is loaded."""

import asyncio
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from arq.connections import ArqRedis, RedisSettings, create_pool
from arq.jobs import SerializationError

from persistence.database import Database
from persistence.sessions import Sessions
from tests.workers import running_worker
from tests.worlds import images, plant, trail
from worker.settings import Settings

SERVICE = """
import asyncio, json, os, sys
from arq import create_pool
from arq.connections import RedisSettings

async def main():
    pool = await create_pool(
        RedisSettings.from_dsn(os.environ["REDIS_URL"]),
        job_serializer=lambda job: json.dumps(job).encode(),
        job_deserializer=json.loads,
        default_queue_name=os.environ["QUEUE"],
    )
    job = await pool.enqueue_job(
        "update",
        entity="task", key="t0", changes={"status": "done"},
        actor="billing", request_id="r-17", reason="invoice paid",
    )
    result = await job.result(timeout=20, poll_delay=0.02)
    print(json.dumps({"id": job.job_id, "result": result, "status": await job.status()}))
    assert not {"domain", "persistence", "worker"} & set(sys.modules)
    await pool.aclose()

asyncio.run(main())
"""


def run_service(settings: Settings) -> Any:  # noqa: ANN401 - what the service prints
    """Run the other service in an isolated Python, and return what it learned."""
    given = {**os.environ, "REDIS_URL": settings.redis_url.get_secret_value(), "QUEUE": settings.queue}
    command = [sys.executable, "-I", "-c", SERVICE]
    return json.loads(subprocess.run(command, env=given, check=True, capture_output=True, timeout=60).stdout)


async def test_a_service_with_stock_arq_enqueues_a_job_and_reads_its_result(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """It imports nothing of ours; the row is changed, and the audit row says who asked, for what request, and why."""
    await plant(sessions)
    async with running_worker(settings, database, redis):
        seen = await asyncio.to_thread(run_service, settings)
    assert seen["status"] == "complete"
    assert (seen["result"]["updated"], seen["result"]["ids"]) == (1, {"updated": {"task": [1]}})
    assert (await images(sessions, "task"))[1]["status"] == "done"
    (entry,) = await trail(sessions, job_id=seen["id"])
    assert (entry.actor, entry.request_id, entry.reason) == ("billing", "r-17", "invoice paid")


async def test_a_failed_job_tells_its_sender_why(settings: Settings, database: Database, redis: ArqRedis) -> None:
    """`Job.result()` raises arq's error with our sentence: what was wrong, and the way out."""
    async with running_worker(settings, database, redis):
        job = await redis.enqueue_job("update", entity="tusk", id=1, changes={"title": "x"}, actor="billing")
        assert job
        with pytest.raises(SerializationError, match=r"UnknownName: unknown entity 'tusk'; did you mean 'task'\?"):
            await job.result(timeout=20, poll_delay=0.02)


class Trap:
    """An object whose unpickling makes a file."""

    def __init__(self, path: Path) -> None:
        """Say which file."""
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        """Tell pickle to call `Path.touch` on loading."""
        return Path.touch, (self.path,)


async def test_a_pickle_is_refused_and_never_loaded(
    settings: Settings, database: Database, redis: ArqRedis, tmp_path: Path
) -> None:
    """Stock arq pickles by default: such a job is answered, in JSON, and nothing in it is run."""
    url = settings.redis_url.get_secret_value()
    pickling = await create_pool(RedisSettings.from_dsn(url), default_queue_name=settings.queue)
    async with running_worker(settings, database, redis):
        sent = await pickling.enqueue_job("update", Trap(tmp_path / "sprung"))
        await pickling.aclose()
        assert sent
        job = type(sent)(sent.job_id, redis, settings.queue, redis.job_deserializer)
        with pytest.raises(SerializationError, match=r"UnreadablePayload: .* \(a pickle\); .* JSON job_serializer"):
            await job.result(timeout=20, poll_delay=0.02)
    assert not (tmp_path / "sprung").exists()
    pickle.loads(pickle.dumps(Trap(tmp_path / "sprung")))  # noqa: S301 - the proof that the trap is one
    assert (tmp_path / "sprung").exists()
