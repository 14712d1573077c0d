"""The relay: due rows go onto their queues, once whoever relays; what Redis has lost goes there again."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from arq.connections import ArqRedis
from arq.jobs import SerializationError
from sqlalchemy import text

import worker.duties
import worker.relay
from persistence.database import Database
from persistence.dispatch import Sendable, sendable_jobs
from persistence.sessions import Sessions
from persistence.transaction import bookkeeping
from tests.processes import command, worker_process
from tests.redis_faults import wipe
from tests.relays import accept, job, jobs, new_project, relaying, until_state
from tests.waiting import eventually
from tests.walks import Crash
from tests.workers import answered, running_worker
from tests.worlds import images, sql, trail
from worker.relay import ALIVE, Relay
from worker.settings import Settings

NOW = timedelta(0)


async def queued(redis: ArqRedis, settings: Settings) -> set[str]:
    """Return the ids on the queue."""
    return {job_id.decode() for job_id in await redis.zrange(settings.queue, 0, -1)}


async def test_a_commit_rings_the_bell(
    settings: Settings, database: Database, redis: ArqRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The relay hears of a job at once: here it would look by itself only after a quarter of an hour."""
    monkeypatch.setattr(worker.relay, "POLL_SECONDS", 900.0)
    async with relaying(database, redis):
        await eventually(lambda: redis.exists(ALIVE), "the relay has looked once")
        await accept(database.sessions, new_project("a", settings.queue))

        async def dispatched() -> bool:
            return await queued(redis, settings) == {"a"}

        await eventually(dispatched, "the job is on its queue")


async def test_a_bell_that_lost_its_connection_listens_anew(
    settings: Settings, database: Database, redis: ArqRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The listening connection alone is cut; the next commit is heard all the same."""
    monkeypatch.setattr(worker.relay, "POLL_SECONDS", 900.0)
    monkeypatch.setattr(worker.duties, "PAUSE_SECONDS", 0.0)
    listens = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
    async with relaying(database, redis):

        async def listening() -> bool:
            return bool(await sql(database, listens))

        await eventually(listening, "the relay listens")
        ((first,),) = await sql(database, listens)
        await sql(database, "SELECT pg_terminate_backend(:pid)", pid=first)

        async def listening_anew() -> bool:
            return any(pid != first for (pid,) in await sql(database, listens))

        await eventually(listening_anew, "the relay listens on another connection")
        await accept(database.sessions, new_project("a", settings.queue))

        async def dispatched() -> bool:
            return await queued(redis, settings) == {"a"}

        await eventually(dispatched, "the job is on its queue")


@pytest.mark.parametrize(
    "arguments",
    ['{"limit": 1e5000}', '{"limit": ' + "[" * 3_000 + "]" * 3_000 + "}", '{"limit": "' + "x" * 4_000 + '"}'],
    ids=["a number without end", "nesting without end", "more bytes than the worker takes"],
)
async def test_a_row_that_no_worker_can_read_ends_dead_and_holds_up_nobody(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, arguments: str
) -> None:
    """It is sent as PostgreSQL prints it, comes back as unreadable, and rests; the job behind it runs."""
    poison = (
        "INSERT INTO job (id, name, queue, arguments, actor, run_at) VALUES (:id, 'purge', :queue, :given, 'x', :at)"
    )
    values = {"id": "poison", "queue": settings.queue, "given": arguments, "at": datetime(2020, 1, 1, tzinfo=UTC)}
    await sql(database, poison, **values)
    await accept(sessions, new_project("a", settings.queue))
    small = settings.model_copy(update={"max_bytes": 3_000})
    async with running_worker(small, database, redis), relaying(database, redis):

        async def rests() -> bool:
            states = await sql(database, "SELECT state FROM job ORDER BY id")
            return states == [("succeeded",), ("dead",)]

        await eventually(rests, "the poisonous job is dead, and the one behind it has succeeded")
    told = await command(settings, "job", "poison")
    assert (told.code, "UnreadablePayload: " in told.out or "TooLarge: " in told.out) == (0, True)


async def test_a_strangers_payload_under_an_accepted_jobs_id_harms_nobody(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """A pickle under the id of a job for later: the sender is refused, and the job keeps its row."""
    await accept(sessions, new_project("a", settings.queue, run_at=datetime.now(UTC) + timedelta(days=1)))
    async with running_worker(settings, database, redis):
        await redis.set("arq:job:a", b"\x80\x04pickle", ex=3600)
        await redis.zadd(settings.queue, {"a": 1})
        assert (await answered(redis, "a")).failure.startswith("UnreadablePayload: ")
    assert ((await job(sessions, "a")).state, (await job(sessions, "a")).errors) == ("queued", [])


async def test_a_queue_that_is_something_else_in_redis_holds_up_nobody(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """Another application has a text of that name: its job is set aside for a minute, the one behind it goes out."""
    await redis.set("emails", "somebody's")
    await accept(sessions, new_project("a", "emails"), new_project("b", settings.queue))
    assert await Relay(sessions, redis).dispatch() == 2
    assert await queued(redis, settings) == {"b"}
    ((is_later,),) = await sql(database, "SELECT run_at > now() AND dispatched_at IS NULL FROM job WHERE id = 'a'")
    assert is_later
    assert await redis.get("emails") == b"somebody's"


async def test_a_stock_job_that_waits_under_the_same_id_neither_delays_an_accepted_one_nor_is_replaced(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """It is deferred for a month: the accepted job runs now, and the stock sender is told that the id is taken."""
    row: dict[str, Any] = {"entity": "project", "rows": [{"key": "z", "name": "z"}], "actor": "stock"}
    sent = await redis.enqueue_job(
        "bulk_insert", _job_id="a", _queue_name=settings.queue, _defer_by=timedelta(days=30), **row
    )
    assert sent
    await accept(sessions, new_project("a", settings.queue))
    async with running_worker(settings, database, redis), relaying(database, redis):
        with pytest.raises(SerializationError, match="JobIdTaken: job 'a' is there already"):
            await sent.result(timeout=30)
        await until_state(sessions, "a", "succeeded")
    assert set((await images(sessions, "project"))[1].items()) >= {("key", "a")}


async def test_a_job_for_later_needs_no_redis_until_it_is_due(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """It stays in the table alone; as soon as it is due, it is dispatched."""
    relay = Relay(sessions, redis)
    await accept(sessions, new_project("a", settings.queue, run_at=datetime.now(UTC) + timedelta(days=1)))
    assert await relay.dispatch() == 0
    await wipe(redis)
    await sql(database, "UPDATE job SET run_at = now() - interval '1 second'")
    assert await relay.dispatch() == 1
    assert await queued(redis, settings) == {"a"}


@pytest.mark.on_every_engine
async def test_many_relays_at_once_dispatch_each_job_once(
    settings: Settings, sessions: Sessions, redis: ArqRedis
) -> None:
    """Eight of them share 1,200 jobs; each goes to its own queue, and is marked."""
    await accept(sessions, *(new_project(f"p{n}", f"{settings.queue}:{n % 2}") for n in range(1200)))
    relay, found = Relay(sessions, redis), 0
    while number := sum(await asyncio.gather(*(relay.dispatch() for _ in range(8)))):
        found += number
    assert found == 1200
    assert [await redis.zcard(f"{settings.queue}:{n}") for n in range(2)] == [600, 600]
    assert all(row.dispatched_at for row in await jobs(sessions))


class DiesAfterRedis(Relay):
    """A relay whose process dies between Redis and the commit."""

    async def _put(self, jobs: Sequence[Sendable]) -> set[str]:
        await super()._put(jobs)
        raise Crash


async def test_a_crash_between_redis_and_the_commit_dispatches_again_with_one_effect(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """Once before the worker runs the job, and once after it has."""
    await accept(sessions, new_project("a", settings.queue))
    with pytest.raises(Crash):
        await DiesAfterRedis(sessions, redis).dispatch()
    assert (await job(sessions, "a")).dispatched_at is None
    assert await Relay(sessions, redis).dispatch() == 1
    assert await queued(redis, settings) == {"a"}
    async with running_worker(settings, database, redis):
        await until_state(sessions, "a", "succeeded")
        async with bookkeeping(sessions) as session:
            sent = await sendable_jobs(session, ["a"])
        await Relay(sessions, redis)._put(sent)  # noqa: SLF001 - a relay that was slow

        async def acknowledged() -> bool:
            return not await queued(redis, settings)

        await eventually(acknowledged, "the second delivery is acknowledged")
    assert len(await trail(sessions, job_id="a")) == 1


async def test_the_sweep_finds_what_redis_has_lost_and_nothing_else(
    settings: Settings, sessions: Sessions, redis: ArqRedis
) -> None:
    """A job whose payload is gone, and one that is not on its queue, go there again; a third is left as it is."""
    relay = Relay(sessions, redis)
    await accept(sessions, *(new_project(key, settings.queue) for key in "abc"))
    assert await relay.dispatch() == 3
    assert await relay.sweep(NOW) == 0
    await redis.delete("arq:job:a")
    await redis.zrem(settings.queue, "b")
    assert await relay.sweep(timedelta(minutes=1)) == 0
    assert await relay.sweep(NOW) == 2
    assert [row.id for row in await jobs(sessions) if row.dispatched_at is None] == ["a", "b"]
    assert await relay.dispatch() == 2
    assert await queued(redis, settings) == {"a", "b", "c"}


async def test_the_sweep_does_not_wait_for_a_job_that_runs(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """Redis has lost it, but its row is locked: the relay goes on with the others, and looks again later."""
    relay = Relay(sessions, redis)
    await accept(sessions, *(new_project(key, settings.queue) for key in "ab"))
    assert await relay.dispatch() == 2
    await wipe(redis)
    async with database.engine.begin() as connection:
        await connection.execute(text("SELECT FROM job WHERE id = 'a' FOR UPDATE"))
        async with asyncio.timeout(10):
            assert await relay.sweep(NOW) == 1
    assert await relay.sweep(NOW) == 1


@pytest.mark.timeout(240)
async def test_a_thousand_jobs_outlive_a_wiped_redis(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """Accepted and dispatched while no worker ran; then Redis is wiped, workers start, and each has one effect."""
    await accept(sessions, *(new_project(f"p{n}", settings.queue) for n in range(1000)))
    while await Relay(sessions, redis).dispatch():
        pass
    await wipe(redis)
    with worker_process(settings, tmp_path / "one"), worker_process(settings, tmp_path / "two"):

        async def all_succeeded() -> bool:
            return not await sql(database, "SELECT id FROM job WHERE state <> 'succeeded' LIMIT 1")

        await eventually(all_succeeded, "all jobs have succeeded", seconds=200)
    effects = "SELECT count(*), count(DISTINCT job_id), count(DISTINCT entity_id) FROM audit_log"
    assert await sql(database, effects) == [(1000, 1000, 1000)]
    assert await sql(database, "SELECT count(*) FROM project") == [(1000,)]
