"""Through PgBouncer in transaction mode everything works as without it: no session is relied on."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from arq.connections import ArqRedis
from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel import col, select

from domain.commands import BulkInsert, SoftDelete, Update
from domain.errors import Duplicate, ReadOnly
from domain.origin import Origin
from domain.task import Task
from persistence.database import Database, open_database
from persistence.enqueue import enqueue
from persistence.listen import listening
from persistence.reader import reader
from tests.imports import counts, imported, working
from tests.ledger import assert_balanced
from tests.pgbouncers import pgbouncer_before
from tests.worlds import apply, begin, images, live, plant, sql
from worker.migrate import reach_database, upgrade
from worker.settings import Settings


@pytest.fixture
def bounced(settings: Settings) -> Iterator[Settings]:
    """Return settings whose database is behind PgBouncer."""
    with pgbouncer_before(settings.database_url.get_secret_value()) as url:
        yield settings.model_copy(update={"database_url": SecretStr(f"{url}?pgbouncer=true")})


@pytest.fixture
async def behind(bounced: Settings) -> AsyncIterator[Database]:
    """Return the test's database through PgBouncer, with the time-outs of a worker."""
    own = {"lock_timeout": "1500", "idle_in_transaction_session_timeout": "30000"}
    async with open_database(bounced, session_settings=own) as database:
        yield database


async def test_writes_and_their_audit_go_through(behind: Database) -> None:
    """Set-based, by flush, and refused ones, from many clients on two connections of the server."""
    sessions = behind.sessions
    await plant(sessions, tasks=8)

    async def change(number: int) -> None:
        for turn in range(4):
            command = Update(entity="task", key=[f"t{number}"], changes={"title": f"Turn {turn}"})
            await apply(sessions, command)
            async with begin(sessions) as tx:
                (await tx.session.get_one(Task, number + 1)).tags = [str(turn)]

    await asyncio.gather(*(change(number) for number in range(8)))
    with pytest.raises(Duplicate):
        await apply(sessions, BulkInsert(entity="project", rows=[{"key": "alpha", "name": "A"}]))
    await apply(sessions, SoftDelete(entity="project", key=["alpha"], cascade=True))
    assert {row["version"] for row in (await images(sessions, "task")).values()} == {10}
    assert await live(sessions) == {}
    await assert_balanced(sessions)


async def test_readers_cannot_write_and_stream(behind: Database) -> None:
    """A cursor lives as long as its transaction, and so does its connection to the server."""
    await plant(behind.sessions, tasks=5)
    async with reader(behind.sessions) as read:
        found = [row async for row in read.stream(select(col(Task.key)).order_by(col(Task.id)), page=2)]
    assert [row[0] for row in found] == ["t0", "t1", "t2", "t3", "t4"]
    with pytest.raises(ReadOnly):
        async with reader(behind.sessions) as read:
            await read.rows(text("CREATE TABLE sneaky (id int)"))  # type: ignore[arg-type]


async def test_what_a_connection_was_told_holds_in_every_transaction(behind: Database) -> None:
    """Time zone and name are brought back by PgBouncer, the time-outs are said anew; nothing is left of them behind."""
    names = ("timezone", "application_name", "lock_timeout", "idle_in_transaction_session_timeout")

    async def shown(*_: object) -> tuple[str, ...]:
        async with begin(behind.sessions) as tx:
            return tuple([str((await tx.session.execute(text(f"SHOW {name}"))).scalar_one()) for name in names])

    assert set(await asyncio.gather(*map(shown, range(12)))) == {("UTC", "counterfoil", "1500ms", "30s")}
    async with behind.engine.connect() as plain:
        autocommit = await plain.execution_options(isolation_level="AUTOCOMMIT")
        assert (await autocommit.execute(text("SHOW lock_timeout"))).scalar_one() == "0"


async def test_no_prepared_statement_stays_on_the_server(behind: Database) -> None:
    """The next transaction of another client would stumble over its name, or the server fill up with them."""
    await plant(behind.sessions, tasks=3)
    async with behind.engine.connect() as plain:
        for _ in range(6):
            assert (await plain.execute(text("SELECT count(*) FROM pg_prepared_statements"))).scalar_one() == 0
            await plain.rollback()


async def test_a_job_is_enqueued_with_its_callers_transaction_and_nobody_listens(behind: Database) -> None:
    """NOTIFY has no listener behind PgBouncer: the bell does not ring, and the relay's poll is what is left."""
    assert behind.listener is None
    async with begin(behind.sessions) as tx:
        await enqueue(tx.session, Update(entity="task", key=["t0"], changes={"title": "x"}), Origin(actor="me"))
    async with listening(behind.listener) as bell:
        await bell.wait(0.01)
    assert await sql(behind, "SELECT count(*) FROM job") == [(1,)]


async def test_with_a_second_url_the_bell_rings(bounced: Settings, settings: Settings) -> None:
    """The one that goes past PgBouncer."""
    async with open_database(bounced.model_copy(update={"listen_url": settings.database_url})) as database:
        assert database.listener not in {None, database.engine}
        async with listening(database.listener) as bell:
            async with begin(database.sessions) as tx:
                await enqueue(tx.session, Update(entity="task", key=["t0"], changes={"title": "x"}), Origin(actor="me"))
            async with asyncio.timeout(30):
                await bell.wait(60)


async def test_a_worker_imports_and_updates_through_it(
    bounced: Settings, behind: Database, redis: ArqRedis, tmp_path: Path
) -> None:
    """COPY into a temporary table is one transaction's; an update at once takes the long way, which has a time-out."""
    file = tmp_path / "members.csv"
    file.write_text("key,name\n" + "".join(f"m{row},Name\n" for row in range(3_000)))
    async with working(bounced, behind, redis):
        assert counts(await imported(bounced, file, "member"))[0] == 3_000
        sent: dict[str, Any] = {"entity": "member", "key": ["m1"], "changes": {"name": "Other"}, "actor": "billing"}
        job = await redis.enqueue_job("update", **sent, _queue_name=bounced.queue)
        assert job is not None
        assert (await job.result(timeout=60))["updated"] == 1
    assert (await live(behind.sessions, "member"))["m1"]["name"] == "Other"
    await assert_balanced(behind.sessions)


async def test_a_setting_may_say_it_and_migrations_go_through(bounced: Settings) -> None:
    """`COUNTERFOIL_PGBOUNCER=true`, where the URL is somebody else's to write."""
    url = bounced.database_url.get_secret_value().partition("?")[0]
    said = bounced.model_copy(update={"database_url": SecretStr(url), "pgbouncer": True})
    await asyncio.to_thread(upgrade, said)
    assert await asyncio.to_thread(reach_database, said)
