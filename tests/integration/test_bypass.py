"""The ways round the audit log that a session would offer, each refused."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, MetaData, Table, delete, insert, select, text, update
from sqlalchemy.orm import aliased, registry
from sqlmodel import col

from domain.errors import UnauditedWrite
from domain.member import Member
from domain.task import Task
from persistence.audit_log import AuditEntry
from persistence.dialects import Dialect, dialect_of
from persistence.session import WriteSession
from persistence.sessions import Sessions
from tests.ledger import assert_balanced
from tests.worlds import begin, images, plant

pytestmark = pytest.mark.on_every_engine

TABLE = Task.__table__  # type: ignore[attr-defined]
ROW: dict[str, Any] = {"key": "x", "title": "x", "project_id": 1, "status": "pending", "priority": "low"}

OWN = Table("own", MetaData(), Column("task", BigInteger))
"""A table of a host application."""


class Other:
    """A host application's own class for the table of tasks."""

    title: str


registry().map_imperatively(Other, TABLE)


async def change_other(session: WriteSession) -> None:
    """Change a task by way of it."""
    (await session.scalars(select(Other))).one().title = "x"
    await session.flush()


BUILT: dict[str, Callable[[WriteSession], Awaitable[Any]]] = {
    "table": lambda s: s.execute(TABLE.update().values(title="x")),
    "many rows": lambda s: s.execute(insert(Task), [ROW, ROW | {"key": "y"}]),
    "exec": lambda s: s.exec(delete(Task)),
    "scalars": lambda s: s.scalars(update(Task).values(title="x").returning(col(Task.id))),
    "stream": lambda s: s.stream(delete(Task).returning(col(Task.id))),
    "in a CTE": lambda s: s.execute(select(update(Task).values(title="x").returning(col(Task.id)).cte("c"))),
    "from select": lambda s: s.execute(insert(Member).from_select(["key", "name"], select(TABLE.c.key, TABLE.c.title))),
    "as objects": lambda s: s.execute(select(Task).from_statement(update(Task).values(title="x").returning(Task))),
    "text as objects": lambda s: s.execute(
        select(Task).from_statement(text("UPDATE task SET title = 'x' RETURNING *"))
    ),
    "text as columns": lambda s: s.execute(text("DELETE FROM task RETURNING id").columns(TABLE.c.id)),
    "audit log": lambda s: s.execute(insert(AuditEntry), [{"actor": "x", "entity": "task", "action": "purge"}]),
    "bulk_save_objects": lambda s: s.run_sync(lambda t: t.bulk_save_objects([Task(**ROW)])),
    "bulk_insert_mappings": lambda s: s.run_sync(lambda t: t.bulk_insert_mappings(Task, [ROW])),
    "bulk_update_mappings": lambda s: s.run_sync(lambda t: t.bulk_update_mappings(Task, [ROW | {"id": 1}])),
    "alias": lambda s: s.execute(update(aliased(Task)).values(title="x")),
    "alias of the table": lambda s: s.execute(delete(TABLE.alias("t"))),
    "join": lambda s: s.execute(update(OWN.join(TABLE, OWN.c.task == TABLE.c.id)).values({TABLE.c.title: "x"})),
    "columns of another table": lambda s: s.execute(
        update(OWN).values({TABLE.c.title: "x"}).where(OWN.c.task == TABLE.c.id)
    ),
    "rows of values": lambda s: s.execute(
        insert(OWN).values(
            [{"task": select(update(Task).values(title="x").returning(col(Task.id)).cte("c").c.id).scalar_subquery()}]
        )
    ),
    "object of another class": change_other,
    "bare connection": lambda s: s.run_sync(lambda t: t.connection()),
}

SPELT = [
    "update task set title = 'x'",
    'UPDATE ONLY "public"."task" AS t SET title = \'x\'',
    "UPDATE/* quickly */task SET title = 'x'",
    "UPDATE -- quickly\ntask SET title = 'x'",
    "UPDATE public . task SET title = 'x'",
    "UPDATE\"task\" SET title = 'x'",
    "WITH moved AS (DELETE FROM ONLY (task) RETURNING id) SELECT '--', id FROM moved",
    "MERGE INTO task USING project ON false WHEN NOT MATCHED THEN DO NOTHING",
    "TRUNCATE TABLE unrelated, task CASCADE",
    "UPDATE /* /* */ */ task SET title = 'x'",
    "UPDATE 'task' SET title = 'x'",
    "UPDATE # quickly\ntask SET title = 'x'",
    "UPDATE /*!task*/ SET title = 'x'",
    "/*M!100100 UPDATE */ task SET title = 'x'",
    "UPDATE own AS o, task AS t SET t.title = 'x' WHERE o.task = t.id",
    "UPDATE own STRAIGHT_JOIN (task) SET title = 'x'",
    "DELETE t FROM task AS t WHERE t.id > 0",
    "DELETE own, task.* FROM own, task",
    "DELETE FROM t USING own, `task` t WHERE t.id > 0",
    "DO $$ BEGIN INSERT INTO audit_log (actor) VALUES ('x'); END $$",
]


async def test_a_built_statement_is_refused_however_it_is_sent(sessions: Sessions, subtests: pytest.Subtests) -> None:
    """By every method of the session, alone or inside another statement, by the ORM or by its table."""
    await plant(sessions, tasks=1)
    before = await images(sessions, "task")
    for way, send in BUILT.items():
        with subtests.test(way):
            with pytest.raises(UnauditedWrite, match="would leave no audit row"):
                async with begin(sessions) as tx:
                    await send(tx.session)
            assert await images(sessions, "task") == before
            await assert_balanced(sessions)


async def test_text_is_refused_however_it_is_spelt(sessions: Sessions, subtests: pytest.Subtests) -> None:
    """Case, quotes, schema, comments and lists of tables do not hide a write."""
    for sentence in SPELT:
        with subtests.test(sentence), pytest.raises(UnauditedWrite, match="would leave no audit row"):
            async with begin(sessions) as tx:
                await tx.session.execute(text(sentence))


HARMLESS: dict[Dialect, list[str]] = {
    Dialect.POSTGRESQL: [
        "SELECT id FROM task ORDER BY id FOR UPDATE OF task SKIP LOCKED",
        "SELECT 1 FROM task FOR NO KEY UPDATE",
        "CREATE TABLE own AS SELECT 1 AS task",
        "CREATE TEMPORARY TABLE own (task int) ON COMMIT DROP",
    ],
    Dialect.SQLITE: ["CREATE TABLE own AS SELECT 1 AS task", "CREATE TEMPORARY TABLE own (task int)"],
    Dialect.MYSQL: ["SELECT id FROM task FOR UPDATE SKIP LOCKED", "CREATE TEMPORARY TABLE own AS SELECT 1 AS task"],
}


async def test_what_writes_no_audited_table_is_let_through(sessions: Sessions, subtests: pytest.Subtests) -> None:
    """Locks, and a host application's own tables, are its own affair."""
    for sentence in HARMLESS[dialect_of(sessions())]:
        with subtests.test(sentence):
            async with begin(sessions) as tx:
                await tx.session.execute(text(sentence))


async def test_the_tables_of_a_host_application_are_its_own(sessions: Sessions) -> None:
    """Its rows share the transaction, and are not audited."""
    async with begin(sessions) as tx:
        await tx.session.execute(text("CREATE TABLE own (task int)"))
        await tx.session.execute(text("INSERT INTO own (task) SELECT 1"))
        await tx.session.execute(text("UPDATE own SET task = 2"))
        assert (await tx.session.execute(text("SELECT task FROM own"))).scalar_one() == 2
