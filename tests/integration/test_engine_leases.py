"""A lease holds as long as its job runs, also while a handler blocks the loop, and ends with it."""

from itertools import pairwise

import pytest
from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix
from arq.worker import func
from redis import Redis

from tests.arq_workers import Bench, at_work
from tests.waiting import eventually, wait_until
from worker.arq_context import Context
from worker.engine import Engine
from worker.leases import RENEWALS
from worker.settings import Settings

ROUNDS = 15
"""In each of them, of some tenths of a second, the leases are renewed once or twice."""


@pytest.fixture
def bench(settings: Settings, redis: ArqRedis) -> Bench:
    """Return a bench that speaks JSON."""
    return Bench(settings, redis)


async def test_a_renewal_never_outlives_its_job(bench: Bench, redis: ArqRedis) -> None:
    """Jobs that end while their leases are being renewed leave nothing in Redis that says that they run."""

    async def brief(_: Context) -> None:
        pass

    worker = bench.worker("ours", func(brief, name="brief"), burst=False, keep_result=0)  # type: ignore[arg-type]
    assert isinstance(worker, Engine)
    worker.leases.seconds = 0.3
    async with at_work(worker):
        for number in range(ROUNDS):
            sent = [await bench.send("brief", _job_id=f"{number}-{one}") for one in range(300)]

            async def all_over() -> bool:
                return not await redis.zcard(bench.settings.queue) and not worker.leases.held

            await eventually(all_over, "all jobs are acknowledged")
            assert not await redis.exists(*(in_progress_key_prefix + job.job_id for job in sent))


async def test_a_lease_is_renewed_while_its_handler_blocks_the_loop(bench: Bench, settings: Settings) -> None:
    """For as long as it takes: nobody else may claim a job that lives."""
    left: list[int] = []

    async def block(ctx: Context) -> None:
        with Redis.from_url(settings.redis_url.get_secret_value()) as redis:

            def renewed_for_a_whole_lease() -> bool:
                left.append(redis.pttl(in_progress_key_prefix + ctx["job_id"]))
                return sum(now > before for before, now in pairwise(left)) > RENEWALS

            wait_until(renewed_for_a_whole_lease, "the lease was renewed again and again")

    job = await bench.send("block")
    worker = bench.worker("ours", func(block, name="block"))
    assert isinstance(worker, Engine)
    worker.leases.seconds = 0.6
    await worker.async_run()
    assert (await bench.result(job)).success
    assert min(left) > 0
