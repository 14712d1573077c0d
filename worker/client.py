"""The sender's side: put a job on the queue, wait for its answer."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from arq.connections import ArqRedis
from arq.constants import health_check_key_suffix, job_key_prefix, result_key_prefix
from pydantic import JsonValue

from domain.errors import Problem
from worker import wire

POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished job: its result, or what stopped it (`failure` in words, `problems` by row)."""

    job_id: str
    success: bool
    result: JsonValue
    failure: str = ""
    problems: tuple[Problem, ...] = ()


async def send(
    redis: ArqRedis, queue: str, job: str, arguments: Mapping[str, JsonValue], *, job_id: str | None = None
) -> str | None:
    """Put a job on the queue and return its id, or None where a job with this id is there already."""
    reserved: dict[str, Any] = {"_job_id": job_id, "_queue_name": queue}
    given: dict[str, Any] = {**arguments, **reserved}
    handle = await redis.enqueue_job(job, **given)
    return handle.job_id if handle else None


async def wait(redis: ArqRedis, job_id: str) -> Answer:
    """Return the job's answer as soon as it is there; waits for ever, so bound it with `asyncio.timeout`."""
    # Stock arq announces no results: to look is all that a client can do.
    while (payload := await redis.get(result_key_prefix + job_id)) is None:  # noqa: ASYNC110
        await asyncio.sleep(POLL_SECONDS)
    return answer(job_id, payload)


def answer(job_id: str, payload: bytes) -> Answer:
    """Return what a result of arq's in JSON says."""
    message = wire.decode(payload)
    if message["s"]:
        return Answer(job_id, success=True, result=message["r"])
    problems = (Problem(*problem) for problem in message.get("error", {}).get("problems", []))
    return Answer(job_id, success=False, result=None, failure=str(message["r"]), problems=tuple(problems))


def health_key(queue: str) -> str:
    """Return the key that a working worker renews every few seconds."""
    return queue + health_check_key_suffix


async def somebody_works(redis: ArqRedis, queue: str) -> bool:
    """Tell whether a worker has renewed the queue's health key within the last seconds."""
    return bool(await redis.exists(health_key(queue)))


async def payload_of(redis: ArqRedis, job_id: str) -> dict[str, Any] | None:
    """Return a waiting or running job as it was sent, or None."""
    payload = await redis.get(job_key_prefix + job_id)
    return None if payload is None else wire.decode(payload)
