"""A service with stock arq that sends jobs in JSON.

Usage: `python -m benchmarks.ours.client BODY FILL COUNT`, with REDIS_URL in the environment. It fills the queue with
FILL jobs; at the word `send`, it enqueues COUNT more, one by one.
"""

import asyncio
import json
import os
import sys
from typing import Any, cast

from arq import create_pool
from arq.connections import RedisSettings

from benchmarks.lines import heard, say
from benchmarks.ours.payload import Body, arguments_of, fill, id_of
from benchmarks.sending import send


async def main(body: Body, waiting: int, count: int) -> None:
    """Fill the queue, and send when told to."""
    url = os.environ["REDIS_URL"]
    await fill(url, body, range(waiting))
    say("filled")
    if not count or not await asyncio.to_thread(heard, "send"):
        return
    pool = await create_pool(
        RedisSettings.from_dsn(url), job_serializer=lambda job: json.dumps(job).encode(), job_deserializer=json.loads
    )

    async def enqueue(number: int) -> object:
        given: dict[str, Any] = {**arguments_of(body, number), "_job_id": id_of(number)}
        return await pool.enqueue_job(body, **given)

    await send(enqueue, range(waiting, waiting + count))
    await pool.aclose()


if __name__ == "__main__":
    asyncio.run(main(cast("Body", sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
