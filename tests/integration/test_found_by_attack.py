"""What an attacker found: each of these once wrote a wrong audit row, hid a write, or ended the worker."""

from datetime import UTC, datetime

import pytest
from arq.connections import ArqRedis
from sqlalchemy import DDL

from domain.commands import Row
from domain.errors import UnauditedWrite
from domain.project import Project
from domain.task import Task
from persistence.database import Database
from persistence.sessions import Sessions
from tests.ledger import assert_balanced
from tests.workers import answered, running_worker
from tests.worlds import begin, plant, trail
from worker.client import send
from worker.settings import Settings

NOW = datetime.now(UTC)


@pytest.mark.own_engine(reason="it ends stock arq's")
async def test_an_id_that_is_no_text_does_not_end_the_worker(
    settings: Settings, database: Database, redis: ArqRedis
) -> None:
    """It is taken off the queue, and the next job runs."""
    await plant(database.sessions, tasks=1)
    await redis.zadd(settings.queue, {b"\xff\xfe": 1})
    async with running_worker(settings, database, redis):
        arguments: Row = {"entity": "task", "key": "t0", "changes": {"title": "new"}, "actor": "tester"}
        assert await send(redis, settings.queue, "update", arguments, job_id="good")
        assert (await answered(redis, "good")).success
    assert await redis.zcard(settings.queue) == 0


@pytest.mark.own_engine(reason="it ends stock arq's")
async def test_a_time_without_end_does_not_end_the_worker(
    settings: Settings, database: Database, redis: ArqRedis
) -> None:
    """Of a job's abort, or of the job itself, as Redis accepts them; the next job runs."""
    await plant(database.sessions, tasks=1)
    arguments: Row = {"entity": "task", "key": "t0", "changes": {"title": "new"}, "actor": "tester"}
    assert await send(redis, settings.queue, "update", arguments, job_id="bad")
    await redis.zadd("arq:abort", {"bad": "inf"})
    await redis.zadd(settings.queue, {"endless": "-inf"})
    async with running_worker(settings, database, redis):
        assert not (await answered(redis, "bad")).success
        assert await send(redis, settings.queue, "update", arguments, job_id="good")
        assert (await answered(redis, "good")).success


async def test_a_write_inside_a_ddl_element_is_refused(sessions: Sessions) -> None:
    """DDL takes any text."""

    async def hide() -> None:
        async with begin(sessions) as tx:
            await tx.session.execute(DDL("update task set title = 'x'"))  # type: ignore[no-untyped-call]

    with pytest.raises(UnauditedWrite, match="update on 'task'"):
        await hide()


async def test_an_id_cannot_be_changed(sessions: Sessions) -> None:
    """The trail of the row would end where the row does not."""
    await plant(sessions, tasks=1)

    async def change() -> None:
        async with begin(sessions) as tx:
            (await tx.session.get_one(Task, 1)).id = 1000
            await tx.session.flush()

    with pytest.raises(UnauditedWrite, match="a change of an id"):
        await change()
    await assert_balanced(sessions)


async def test_a_row_replaced_within_one_flush_is_purged_before_it_is_inserted(sessions: Sessions) -> None:
    """So the trail leads to the row that lives."""
    await plant(sessions, tasks=0)
    async with begin(sessions, "swap") as tx:
        await tx.session.delete(await tx.session.get_one(Project, 1))
        tx.session.add(Project(id=1, key="alpha", name="Another", created_at=NOW, updated_at=NOW))
    assert [entry.action for entry in await trail(sessions, job_id="swap")] == ["purge", "insert"]


async def test_some_objects_cannot_be_flushed_alone(sessions: Sessions) -> None:
    """The others would be audited without having been written."""
    await plant(sessions, tasks=2)

    async def flush_one() -> None:
        async with begin(sessions) as tx:
            one, other = await tx.session.get_one(Task, 1), await tx.session.get_one(Task, 2)
            one.title = other.title = "new"
            await tx.session.flush([one])

    with pytest.raises(UnauditedWrite, match="a flush of some objects alone"):
        await flush_one()
    await assert_balanced(sessions)
