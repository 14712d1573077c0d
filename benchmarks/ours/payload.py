"""Jobs as a stock arq client in JSON sends them."""

import json
from time import time
from typing import Any, Literal

from arq.constants import job_key_prefix
from redis.asyncio import Redis

from benchmarks.rows import row_of, title_of

Body = Literal["noop", "update"]

QUEUE = "arq:queue"
EXPIRES_MS = 86_400_000
BATCH = 5_000
"""Jobs in one pipeline."""


def arguments_of(body: Body, number: int) -> dict[str, Any]:
    """Return the arguments of job `number`."""
    if body == "noop":
        return {}
    changes = {"title": title_of(number)}
    return {"entity": "task", "id": row_of(number), "changes": changes, "actor": "bench"}


def id_of(number: int) -> str:
    """Return the id of job `number`."""
    return f"bench-{number}"


def number_of(job_id: str) -> int:
    """Return the number of the job with this id."""
    return int(job_id.removeprefix("bench-"))


async def fill(redis_url: str, body: Body, numbers: range) -> None:
    """Put jobs on the queue by arq's own keys, in pipelines: `enqueue_job` would take minutes for a million.

    The payloads come first and the queue after them, so that waiting workers get all at one moment, or nearly so.
    """
    now = int(time() * 1000)
    client: Any = Redis.from_url(redis_url)
    async with client:
        for begin in range(0, len(numbers), BATCH):
            pipe = client.pipeline(transaction=False)
            for number in numbers[begin : begin + BATCH]:
                job: dict[str, Any] = {"t": None, "f": body, "a": [], "k": arguments_of(body, number), "et": now}
                payload = json.dumps(job, separators=(",", ":"))
                pipe.set(job_key_prefix + id_of(number), payload, px=EXPIRES_MS)
            await pipe.execute()
        for begin in range(0, len(numbers), BATCH):
            await client.zadd(QUEUE, {id_of(number): now for number in numbers[begin : begin + BATCH]})
