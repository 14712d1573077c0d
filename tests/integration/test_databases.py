"""What is true of every database: its clock, its text, its transactions, and readers that cannot write."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from domain.errors import ReadOnly
from domain.moments import now
from domain.project import Project
from domain.task import Task
from persistence.database import Database
from persistence.reader import reader
from persistence.sessions import Sessions
from tests.worlds import begin, live, plant

pytestmark = pytest.mark.on_every_engine
TABLE = Project.__table__  # type: ignore[attr-defined]


async def test_a_moment_comes_back_in_utc(database: Database) -> None:
    """To the microsecond, whatever zone it was given in; the database's own clock is in UTC too."""
    given = datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    async with database.engine.begin() as connection:
        await connection.execute(TABLE.insert().values(key="p", name="P", updated_at=given))
        row = (await connection.execute(select(TABLE.c.updated_at, TABLE.c.created_at, now()))).one()
    assert row[0] == given
    assert {moment.tzinfo for moment in row} == {UTC}
    assert abs(row[1] - datetime.now(UTC)) < timedelta(minutes=5)
    assert row[2] >= row[1]


async def test_a_naive_moment_is_refused(database: Database) -> None:
    """Nobody guesses its zone."""
    with pytest.raises(StatementError, match="has no time zone"):
        async with database.engine.begin() as connection:
            await connection.execute(TABLE.insert().values(key="p", name="P", updated_at=datetime(2026, 1, 1)))  # noqa: DTZ001


async def test_a_live_key_is_unique_among_live_rows_to_the_letter(database: Database) -> None:
    """Deleted rows may share it; case and accents tell keys apart."""
    async with database.engine.begin() as connection:
        for key in ("ann", "Ann", "ànn"):
            await connection.execute(TABLE.insert().values(key=key, name=key))
        for _ in range(2):
            await connection.execute(TABLE.insert().values(key="ann", name="gone", deleted_at=now()))
    with pytest.raises(DBAPIError):
        async with database.engine.begin() as connection:
            await connection.execute(TABLE.insert().values(key="ann", name="twin"))


async def test_the_audit_log_takes_new_rows_only(database: Database) -> None:
    """The database itself refuses to change or remove one."""
    entry = "INSERT INTO audit_log (actor, entity, entity_id, action) VALUES ('a', 'task', '1', 'insert')"
    async with database.engine.begin() as connection:
        await connection.execute(text(entry))
    for sentence in ("UPDATE audit_log SET actor = 'b'", "DELETE FROM audit_log"):
        with pytest.raises(DBAPIError, match="audit_log is append-only"):
            async with database.engine.begin() as connection:
                await connection.execute(text(sentence))


async def test_a_reader_is_refused_by_the_database_and_a_writer_may_follow(sessions: Sessions) -> None:
    """Read-only is the transaction, not the connection that the pool hands on."""
    for _ in range(2):
        with pytest.raises(ReadOnly):
            async with reader(sessions) as read:
                await read.rows(text("DELETE FROM project"))  # type: ignore[arg-type]
        async with sessions() as session, session.begin():
            session.info["origin"] = None
            await session.execute(text("DELETE FROM schedule"))


async def test_a_rollback_takes_everything_back(database: Database) -> None:
    """Also what was read and written before it, statement by statement."""
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the whole block is tested
        async with database.engine.begin() as connection:
            await connection.execute(select(TABLE.c.id))
            await connection.execute(TABLE.insert().values(key="p", name="P"))
            raise ZeroDivisionError
    async with database.engine.connect() as connection:
        assert (await connection.execute(select(TABLE.c.id))).all() == []


async def test_ids_are_never_used_again(database: Database) -> None:
    """The row after a purged one has a new id, so that one id is one life in the audit log."""
    async with database.engine.begin() as connection:
        first = await connection.execute(TABLE.insert().values(key="p", name="P"))
        await connection.execute(TABLE.delete())
        second = await connection.execute(TABLE.insert().values(key="p", name="P"))
    assert tuple(second.inserted_primary_key or ()) > tuple(first.inserted_primary_key or ())


async def test_indexes_are_there(database: Database) -> None:
    """Those of the job table, partial or plain."""

    def names(connection: Connection) -> set[str]:
        return {str(index["name"]) for index in inspect(connection).get_indexes("job")}

    async with database.engine.connect() as connection:
        assert await connection.run_sync(names) >= {"ix_job_due", "ix_job_dispatched", "ix_job_finished"}


@pytest.mark.on_every_engine(without=("postgresql", "mariadb"), reason="they lock rows, SQLite the database")
async def test_writers_that_read_first_take_turns(sessions: Sessions) -> None:
    """A transaction that has read can always write: it has had the lock since it began."""
    await plant(sessions, tasks=1)

    async def rename(letter: str) -> None:
        async with begin(sessions) as tx:
            task = await tx.session.get_one(Task, 1)
            task.title += letter

    await asyncio.gather(*map(rename, "abc"))
    assert sorted((await live(sessions))["t0"]["title"]) == sorted("Task 0abc")
