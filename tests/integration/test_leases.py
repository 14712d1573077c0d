"""Leases, and the acknowledgements that end them, where the two cross on their way."""

import asyncio
from collections.abc import Iterator

import pytest
from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix, job_key_prefix, result_key_prefix
from redis import Redis as SyncRedis

from tests.workers import retitle
from worker.acknowledgements import Acknowledgements, Finished, PutBack
from worker.claims import Claims
from worker.client import send
from worker.leases import Leases
from worker.limits import RUNNING_PREFIX, Limits
from worker.settings import Settings


async def held(settings: Settings, redis: ArqRedis, holder: str) -> Leases:
    """Claim the job `j`, of a queue with a limit, and return the leases among which its own is."""
    leases = Leases(settings.redis_url.get_secret_value(), holder, seconds=10)
    found = await Claims(redis, leases, Limits({settings.queue: 5})).claim(settings.queue, 1, ())
    assert [job.id for job in found.jobs] == ["j"]
    return leases


@pytest.fixture
async def client(settings: Settings, redis: ArqRedis) -> ArqRedis:
    """Return the connection of a client that has sent the job `j`."""
    await send(redis, settings.queue, "update", retitle("t0", "new"), job_id="j")
    return redis


@pytest.fixture
def other(settings: Settings) -> Iterator[SyncRedis]:
    """Return a connection as the thread that renews has one."""
    with SyncRedis.from_url(settings.redis_url.get_secret_value()) as redis:
        yield redis


@pytest.mark.parametrize("kind", [Finished, PutBack])
async def test_a_renewal_that_an_acknowledgement_overtakes_brings_no_lease_back(
    settings: Settings, client: ArqRedis, other: SyncRedis, kind: type[Finished | PutBack]
) -> None:
    """Neither the lease, which the next delivery would wait for, nor the job's place under the limit of its queue."""
    leases = await held(settings, client, "me")
    acknowledgements, loop = Acknowledgements(client, leases), asyncio.get_running_loop()
    sending = asyncio.create_task(acknowledgements.run())

    def overtaken(args: list[str]) -> object:
        acknowledgements.add(kind("j", settings.queue))
        asyncio.run_coroutine_threadsafe(acknowledgements.sent(10), loop).result()
        return renew(args=args)

    renew = leases.script(other)
    await asyncio.to_thread(leases.renew, overtaken)
    sending.cancel()
    assert not await client.exists(in_progress_key_prefix + "j")
    assert not await client.exists(f"{RUNNING_PREFIX}queue:{settings.queue}")
    assert bool(await client.exists(job_key_prefix + "j")) is (kind is PutBack)


async def test_a_lease_that_a_wipe_took_is_set_anew_while_its_job_runs(
    settings: Settings, client: ArqRedis, other: SyncRedis
) -> None:
    """And its place under the limit with it."""
    leases = await held(settings, client, "me")
    await client.delete(in_progress_key_prefix + "j", f"{RUNNING_PREFIX}queue:{settings.queue}")
    await asyncio.to_thread(leases.renew, leases.script(other))
    assert await client.get(in_progress_key_prefix + "j") == b"me"
    assert await client.zcard(f"{RUNNING_PREFIX}queue:{settings.queue}") == 1


async def test_a_late_acknowledgement_leaves_alone_what_another_worker_holds(
    settings: Settings, client: ArqRedis
) -> None:
    """It was kept while Redis was away: by now the id may be at its next life, after an operator's `retry`."""
    late = await held(settings, client, "late")
    await client.delete(in_progress_key_prefix + "j")
    await client.zadd(settings.queue, {"j": 1})
    await held(settings, client, "other")
    acknowledgements = Acknowledgements(client, late)
    acknowledgements.add(Finished("j", settings.queue, b"an old answer", keep_ms=10_000))
    sending = asyncio.create_task(acknowledgements.run())
    await acknowledgements.sent(10)
    sending.cancel()
    assert await client.get(in_progress_key_prefix + "j") == b"other"
    assert await client.exists(job_key_prefix + "j")
    assert not await client.exists(result_key_prefix + "j")
    assert await client.zscore(settings.queue, "j") is not None
