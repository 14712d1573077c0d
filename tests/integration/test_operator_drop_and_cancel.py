"""Jobs that an operator drops or cancels."""

import asyncio
from collections import Counter
from functools import partial

import pytest
from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix, job_key_prefix, result_key_prefix
from arq.jobs import Job, SerializationError
from sqlalchemy import text

from domain.commands import SoftDelete, Update
from domain.errors import NotFound
from domain.origin import Origin
from persistence.database import Database
from persistence.enqueue import enqueue
from persistence.sessions import Sessions
from tests.executions import deliver, failing, nothing, raising
from tests.locks import one_waits
from tests.processes import command
from tests.relays import BILLING
from tests.resting import actions, jobs, leave_answers, rest
from tests.waiting import eventually
from tests.workers import retitle, rows_locked, running_worker
from tests.worlds import begin, images, plant, trail
from worker.client import send, wait
from worker.operator import Operator
from worker.outcome import Ended
from worker.relay import Relay
from worker.settings import Settings

pytestmark = pytest.mark.on_every_engine


async def accept(sessions: Sessions, queue: str, job_id: str, job: str = "update") -> None:
    """Put a job into the table by its door."""
    command = SoftDelete if job == "soft_delete" else partial(Update, changes={"title": "new"})
    async with begin(sessions) as tx:
        await enqueue(tx.session, command(entity="task", key=["t0"]), BILLING, job_id=job_id, queue=queue)


async def test_of_a_dropped_job_the_audit_log_keeps_the_row_and_the_table_the_id(
    settings: Settings, sessions: Sessions, redis: ArqRedis
) -> None:
    """A purge with the whole row before, by the operator; arguments and errors are gone, and all that Redis held."""
    await rest(sessions, 2, queue=settings.queue)
    before = (await jobs(sessions))["j0001"]
    await leave_answers(redis, "j0001")
    await redis.zadd(settings.queue, {"j0001": 1})
    ended = await command(settings, "drop", "j0001", "--actor", "ada", "--reason", "obsolete")
    assert (ended.code, ended.out) == (0, "1 job dropped\n")
    left = (await jobs(sessions))["j0001"]
    assert (left["state"], left["arguments"], left["errors"]) == ("dropped", {}, [])
    assert (await jobs(sessions))["j0002"]["state"] == "dead"
    (entry,) = await actions(sessions)
    assert (entry.entity_id, entry.action, entry.actor, entry.reason) == ("j0001", "purge", "ada", "obsolete")
    assert (entry.before, entry.after) == (before, None)
    assert await redis.keys("arq:*") + await redis.keys(settings.queue) == []
    assert "dropped by ada (obsolete)" in (await command(settings, "job", "j0001")).out


async def test_a_delivery_that_was_under_way_does_not_bring_a_dropped_job_back(
    settings: Settings, sessions: Sessions
) -> None:
    """A worker was paused between claim and take; its job ended dead elsewhere, and was dropped: it has no effect."""
    late = failing(nothing)
    dead = failing(raising(NotFound("task", "key", ("t9",))))
    assert isinstance(await deliver(sessions, dead), Ended)
    assert (await command(settings, "drop", "j")).code == 0
    outcome = await deliver(sessions, late)
    assert isinstance(outcome, Ended)
    assert str(outcome.error) == "job 'j' is dropped"
    assert await images(sessions, "project") == {}
    again = await command(settings, "enqueue", "purge", "{}", "--job-id", "j")
    assert again.code == 2


async def test_all_dead_jobs_that_fit_are_dropped_and_no_others(settings: Settings, sessions: Sessions) -> None:
    """Unreadable payloads too; what is not dead stays."""
    await rest(sessions, 1_001, name="<unreadable>")
    await rest(sessions, job_id="alive", name="<unreadable>", state="queued")
    await rest(sessions, job_id="other")
    ended = await command(settings, "drop", "--all", "--job", "<unreadable>")
    assert ended.out == "1,001 jobs dropped\n"
    states = Counter(row["state"] for row in (await jobs(sessions)).values())
    assert states == {"dropped": 1_001, "queued": 1, "dead": 1}
    assert len(await actions(sessions)) == 1_001


async def test_what_is_not_dead_is_not_dropped(settings: Settings, sessions: Sessions) -> None:
    """It is refused with its state."""
    await rest(sessions, job_id="alive", state="queued")
    ended = await command(settings, "drop", "alive")
    assert (ended.code, "job 'alive': is queued; only what is dead" in ended.line) == (1, True)


async def test_a_cancelled_job_never_runs(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """It is off its queue, audited, and whoever waits for it is told; a later delivery has no effect."""
    await plant(sessions)
    await accept(sessions, settings.queue, "mine")
    await Relay(sessions, redis).dispatch()
    ended = await command(settings, "cancel", "mine", "--actor", "ada", "--reason", "wrong file")
    assert (ended.code, ended.out) == (0, "1 job cancelled\n")
    assert await redis.zcard(settings.queue) == 0
    assert not await redis.exists(job_key_prefix + "mine")
    with pytest.raises(SerializationError, match="EndedBefore: job 'mine' is cancelled"):
        await Job("mine", redis, settings.queue, redis.job_deserializer).result(timeout=5)
    (entry,) = await actions(sessions)
    assert (entry.action, entry.actor, entry.reason) == ("update", "ada", "wrong file")
    assert [(entry.before or {})["state"], (entry.after or {})["state"]] == ["queued", "cancelled"]
    await redis.delete(result_key_prefix + "mine")
    async with running_worker(settings, database, redis):
        await send(redis, settings.queue, "update", {**retitle("t0", "new"), "key": ["t0"]}, job_id="mine")
        assert "is cancelled" in (await wait(redis, "mine")).failure
    assert await trail(sessions, job_id="mine") == []


async def test_what_waits_in_redis_alone_is_cancelled_too(
    settings: Settings, sessions: Sessions, redis: ArqRedis
) -> None:
    """A stock client's job gets its row, which says cancelled, and leaves the queue."""
    await send(redis, settings.queue, "update", retitle("t0", "new"), job_id="stock")
    assert (await command(settings, "cancel", "stock")).code == 0
    row = (await jobs(sessions))["stock"]
    assert (row["state"], row["actor"], row["queue"]) == ("cancelled", "billing", settings.queue)
    assert await redis.zcard(settings.queue) == 0


@pytest.mark.parametrize("through_redis", [False, True])
@pytest.mark.parametrize("job", ["update", "soft_delete"])
@pytest.mark.on_every_engine(without=("sqlite",), reason="what runs there holds the only lock")
@pytest.mark.own_engine(reason="aborts are off on stock arq")
async def test_what_runs_is_rolled_back_and_cancelled(  # noqa: PLR0913, PLR0917 - fixtures, and two parameters
    settings: Settings,
    database: Database,
    sessions: Sessions,
    redis: ArqRedis,
    job: str,
    through_redis: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Whether its row is locked, not committed yet, or not even written; audited once, as the operator's action."""
    await plant(sessions)
    arguments = retitle("t0", "new") if job == "update" else {"entity": "task", "key": "t0", "actor": "billing"}
    if through_redis:
        await send(redis, settings.queue, job, arguments, job_id="mine")
    else:
        await accept(sessions, settings.queue, "mine", job)
        await Relay(sessions, redis).dispatch()
    async with running_worker(settings, database, redis), rows_locked(database) as until_the_job_waits:
        await until_the_job_waits()
        ended = await command(settings, "cancel", "mine", "--actor", "ada")
        assert ended.code == 0
        assert "1 job cancelled" in ended.out.splitlines()  # the worker in this process logs to the same output
        await send(redis, settings.queue, "update", retitle("t9", "new"), job_id="next")
        assert not (await wait(redis, "next")).success  # the worker lives, and has a slot free
    assert (await jobs(sessions))["mine"]["state"] == "cancelled"
    assert (await images(sessions, "task"))[1]["deleted_at"] is None
    assert (await images(sessions, "task"))[1]["title"] == "Task 0"
    assert [entry.actor for entry in await actions(sessions)] == ["ada"]
    assert await redis.zcard("arq:abort") == 0


@pytest.mark.on_every_engine(without=("sqlite",), reason="what runs there holds the only lock")
async def test_nothing_is_stopped_where_one_of_the_jobs_has_ended(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """All or none: the job that runs goes on and takes effect."""
    await plant(sessions)
    await rest(sessions, job_id="over")
    await accept(sessions, settings.queue, "mine")
    await Relay(sessions, redis).dispatch()
    async with running_worker(settings, database, redis):
        async with rows_locked(database) as until_the_job_waits:
            await until_the_job_waits()
            ended = await command(settings, "cancel", "mine", "over")
        assert (ended.code, "job 'over': is dead" in ended.line) == (1, True)
        assert (await wait(redis, "mine")).success
    assert (await images(sessions, "task"))[1]["title"] == "new"


@pytest.mark.on_every_engine(without=("sqlite", "mariadb"), reason="there nobody waits in the database")
async def test_a_cancel_waits_for_a_relay_that_holds_the_row(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """A dispatch takes some milliseconds, and is no reason to say that the job runs."""
    await accept(sessions, settings.queue, "mine")
    async with begin(sessions) as relay:
        await relay.session.execute(text("SELECT id FROM job FOR UPDATE"))
        cancelling = asyncio.create_task(command(settings, "cancel", "mine"))
        await one_waits(database)
    assert (await cancelling).code == 0
    assert await redis.zcard(settings.queue) == 0


@pytest.mark.parametrize("state", ["succeeded", "dead", "cancelled"])
async def test_what_has_ended_is_not_cancelled(settings: Settings, sessions: Sessions, state: str) -> None:
    """It is refused with its state; all or none."""
    await rest(sessions, job_id="over", state=state)
    await rest(sessions, state="queued")
    ended = await command(settings, "cancel", "over", "j0001", "nobody")
    assert ended.code == 1
    assert f"job 'over': is {state}; only what is queued can be taken" in ended.line
    nobody = await command(settings, "cancel", "j0001", "nobody")
    assert (nobody.code, "job 'nobody': there is no such job" in nobody.line) == (1, True)
    assert (await jobs(sessions))["j0001"]["state"] == "queued"


async def test_two_operators_may_cancel_the_same_jobs_in_any_order(
    settings: Settings, sessions: Sessions, redis: ArqRedis
) -> None:
    """One of them does, the other is told so; neither is ended by a deadlock, also where the jobs had no rows."""
    ids = [f"j{number:02}" for number in range(60)]
    for job_id in ids:
        await send(redis, settings.queue, "update", retitle("t0", "new"), job_id=job_id)
    operators = [Operator(sessions, redis, settings, Origin(actor=actor)) for actor in ("ada", "bob")]
    asked = zip(operators, (ids, ids[::-1]), strict=True)
    told = await asyncio.gather(*(one.cancel(which) for one, which in asked), return_exceptions=True)
    assert sorted(type(one).__name__ for one in told) == ["JobsRefused", "int"]
    assert {row["state"] for row in (await jobs(sessions)).values()} == {"cancelled"}
    assert len({entry.actor for entry in await actions(sessions)}) == 1


@pytest.mark.on_every_engine(without=("postgresql", "mariadb"), reason="their jobs wait for rows, and not for a turn")
@pytest.mark.own_engine(reason="aborts are off on stock arq")
async def test_a_job_that_waits_for_its_turn_to_write_is_cancelled(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """It stops waiting at once; the command waits for its own turn, and then says what became of the job."""
    await plant(sessions)
    async with running_worker(settings, database, redis):
        async with begin(sessions) as writer:
            await writer.session.execute(text("SELECT id FROM job"))
            await send(redis, settings.queue, "update", retitle("t0", "new"), job_id="mine")

            async def runs() -> bool:
                return bool(await redis.exists(in_progress_key_prefix + "mine"))

            async def has_stopped() -> bool:
                return not await runs()

            await eventually(runs, "the job runs")
            cancelling = asyncio.create_task(command(settings, "cancel", "mine"))
            await eventually(has_stopped, "the job has stopped")
        assert (await cancelling).code == 0
    assert (await jobs(sessions))["mine"]["state"] == "cancelled"
    assert (await images(sessions, "task"))[1]["title"] == "Task 0"
