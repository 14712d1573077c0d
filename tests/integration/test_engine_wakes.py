"""How a worker hears of new jobs, on servers that permit more and less."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from arq.connections import ArqRedis

import worker.claiming
from persistence.database import Database
from persistence.sessions import Sessions
from tests.relays import accept, new_project, relaying, until_state
from tests.waiting import eventually
from tests.workers import answered, retitle, running_worker
from tests.worlds import plant
from worker.claiming import Claiming, Slots
from worker.claims import Claims
from worker.client import send
from worker.composition import open_redis
from worker.embedded import embedded_redis
from worker.leases import Leases
from worker.limits import Limits
from worker.observer import Observer
from worker.settings import Settings
from worker.shares import Strict
from worker.wakeup import CHANNEL, Source, source_of

pytestmark = pytest.mark.own_engine(reason="stock arq is not woken, it looks every half second")


@pytest.fixture
async def managed(settings: Settings, redis: ArqRedis) -> AsyncIterator[Settings]:
    """Return settings for a Redis that permits no CONFIG, as managed ones do."""
    name = f"user-{secrets.token_hex(4)}"
    await redis.acl_setuser(
        name,
        enabled=True,
        passwords=["+secret"],
        keys=["*"],
        channels=["*"],
        categories=["+@all"],
        commands=["-config"],
    )
    host = settings.redis_url.get_secret_value().rpartition("@")[2].removeprefix("redis://")
    url = type(settings.redis_url)(f"redis://{name}:secret@{host}")
    yield settings.model_copy(update={"redis_url": url})
    await redis.acl_deluser(name)


async def test_events_are_turned_on_where_the_server_permits_it(settings: Settings, tmp_path: Path) -> None:
    """What others have turned on stays on."""
    with embedded_redis(tmp_path, durable=False) as url:
        own = settings.model_copy(update={"redis_url": type(settings.redis_url)(url)})
        async with open_redis(own) as redis:
            await redis.config_set("notify-keyspace-events", "Kx")
            assert await source_of(redis) is Source.EVENTS
            assert set((await redis.config_get("notify-keyspace-events"))["notify-keyspace-events"]) == set("KExz")


async def test_an_event_wakes_a_worker_that_would_look_in_a_quarter_of_an_hour(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stock client's job begins at once."""
    monkeypatch.setattr(worker.claiming, "NET_SECONDS", 900.0)
    await plant(sessions)
    async with running_worker(settings, database, redis) as running:

        async def rests() -> bool:
            return bool(await redis.exists(running.health_check_key))

        await eventually(rests, "the worker has begun")
        for key in ("t0", "t1"):
            await send(redis, settings.queue, "update", retitle(key, "new"), job_id=key)
            assert (await answered(redis, key)).success


async def test_a_redis_that_has_forgotten_the_events_is_told_again(
    settings: Settings, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restart takes what was turned on: when the worker listens again, a stock client's job begins at once again."""
    monkeypatch.setattr(worker.claiming, "NET_SECONDS", 900.0)
    await plant(database.sessions)
    with embedded_redis(tmp_path, durable=False) as url:
        own = settings.model_copy(update={"redis_url": type(settings.redis_url)(url)})
        async with open_redis(own) as redis, running_worker(own, database, redis):

            async def listens() -> bool:
                return bool((await redis.pubsub_numsub(CHANNEL))[0][1])

            await eventually(listens, "the worker listens")
            await redis.config_set("notify-keyspace-events", "")
            await redis.client_kill_filter(_type="pubsub")
            await eventually(listens, "the worker listens again")
            for key in ("t0", "t1"):
                await send(redis, own.queue, "update", retitle(key, "new"), job_id=key)
                assert (await answered(redis, key)).success


async def test_without_events_our_doors_wake_and_stock_clients_are_found(
    managed: Settings, database: Database, sessions: Sessions
) -> None:
    """Nobody is told by the server; both doors work all the same."""
    await plant(sessions)
    async with open_redis(managed) as redis:
        assert await source_of(redis) is Source.PUBLISHED
        async with running_worker(managed, database, redis), relaying(database, redis):
            await accept(sessions, new_project("p", managed.queue))
            await until_state(sessions, "p", "succeeded")
            await send(redis, managed.queue, "update", retitle("t0", "new"), job_id="j")
            assert (await answered(redis, "j")).success


async def test_a_slot_that_gets_free_while_the_worker_asks_wakes_it(settings: Settings, redis: ArqRedis) -> None:
    """Until the turn is over nobody knows whether more was wanted; afterwards nothing is left, and nobody is woken."""
    leases = Leases(settings.redis_url.get_secret_value(), "me", 10)
    during = []
    slots = Slots(lambda: 2, (), lambda _: during.append(claiming.left_some), lambda _: None)
    claims = Claims(redis, leases, Limits())
    claiming = Claiming(claims, Strict([settings.queue]), settings.queue, slots, Observer())
    await redis.enqueue_job("any")
    await claiming.turn()
    assert during == [True]
    assert not claiming.left_some
