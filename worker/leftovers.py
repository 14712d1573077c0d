"""What arq keeps in Redis of jobs that an operator has retried, dropped or cancelled."""

from collections.abc import Sequence
from time import time

from arq.connections import ArqRedis
from arq.constants import job_key_prefix, result_key_prefix, retry_key_prefix

from domain.errors import EndedBefore
from persistence.chosen_jobs import Chosen
from worker import wire


async def forget_answers(redis: ArqRedis, jobs: Sequence[Chosen]) -> None:
    """Remove old results and the count of deliveries, so that no client reads the old failure as the new one."""
    if keys := [prefix + job.id for job in jobs for prefix in (result_key_prefix, retry_key_prefix)]:
        await redis.delete(*keys)


async def take_off_queues(redis: ArqRedis, jobs: Sequence[Chosen]) -> None:
    """Remove jobs from their arq queues with everything that arq keeps of them."""
    async with redis.pipeline(transaction=False) as pipe:
        for job in jobs:
            pipe.zrem(job.queue, job.id)
            pipe.delete(*(prefix + job.id for prefix in (job_key_prefix, result_key_prefix, retry_key_prefix)))
        await pipe.execute()


async def answer_cancelled(redis: ArqRedis, jobs: Sequence[Chosen], *, seconds: int) -> None:
    """Answer whoever waits for these jobs that they are cancelled; the answers stay for so many seconds."""
    now = int(time() * 1000)
    times = {"t": 0, "et": now, "st": now, "ft": now}
    async with redis.pipeline(transaction=False) as pipe:
        for job in jobs:
            failure = EndedBefore(job.id, "cancelled", "")
            message = {**times, "f": job.name, "a": (), "k": {}, "s": False, "r": failure, "q": job.queue, "id": job.id}
            pipe.set(result_key_prefix + job.id, wire.encode(message), ex=seconds)
        await pipe.execute()
