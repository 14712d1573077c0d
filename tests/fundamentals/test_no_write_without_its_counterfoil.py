"""No write without its counterfoil: every written row has an audit row, and what would leave none is refused."""

import pytest
from sqlalchemy import ClauseElement, delete, insert, text, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from domain.commands import Update
from domain.errors import UnauditedWrite
from domain.origin import Origin
from domain.project import Project
from domain.task import Task, TaskStatus
from persistence.database import Database
from persistence.dialects import Dialect, dialect_of
from persistence.sessions import Sessions
from persistence.transaction import transaction
from persistence.update import update_rows
from tests.ledger import assert_balanced
from tests.worlds import begin, images, plant, trail

pytestmark = pytest.mark.on_every_engine


async def test_a_flush_is_audited_by_itself(sessions: Sessions) -> None:
    """Change an object and flush: the audit row with the old and the new values follows without a further call."""
    await plant(sessions, tasks=1)
    async with begin(sessions, "flush") as tx:
        task = await tx.session.get_one(Task, 1)
        task.status = TaskStatus.DONE
    (entry,) = await trail(sessions, job_id="flush")
    assert (entry.entity, entry.entity_id, entry.action) == ("task", "1", "update")
    assert entry.before is not None
    assert entry.after is not None
    assert (entry.before["status"], entry.after["status"]) == ("pending", "done")
    assert (entry.before["version"], entry.after["version"]) == (1, 2)


async def test_a_set_based_write_is_audited_by_its_own_statement(sessions: Sessions) -> None:
    """One call changes many rows, and each of them has its audit row."""
    await plant(sessions, tasks=3)
    async with begin(sessions, "set") as tx:
        await update_rows(
            tx, tx.entities["task"], Update(entity="task", where={"project.key": "alpha"}, changes={"status": "done"})
        )
    entries = await trail(sessions, job_id="set")
    assert [(entry.entity_id, entry.action) for entry in entries] == [(str(n), "update") for n in (1, 2, 3)]
    assert {entry.txid for entry in entries} == {entries[0].txid}


async def test_the_audit_row_says_who_and_why(sessions: Sessions) -> None:
    """The origin of the transaction stands in every audit row of it."""
    origin = Origin(actor="billing", request_id="r-7", reason="invoice 12", job_id="j-1")
    async with transaction(sessions, origin) as tx:
        tx.session.add(Project(key="alpha", name="Alpha"))
    (entry,) = await trail(sessions)
    assert Origin.model_validate(entry.model_dump(include=set(Origin.model_fields))) == origin
    assert entry.at is not None


async def test_the_audit_log_alone_tells_every_row(sessions: Sessions) -> None:
    """Replay a row's audited life from its insert, and you have the row as it is."""
    await plant(sessions, tasks=3)
    async with begin(sessions) as tx:
        (await tx.session.get_one(Task, 2)).tags = ["urgent"]
        await update_rows(tx, tx.entities["task"], Update(entity="task", key=["t2"], changes={"title": "new"}))
    await assert_balanced(sessions)


@pytest.mark.parametrize(
    "statement",
    [
        update(Task).values(title="x"),
        delete(Task).where(col(Task.id) == 1),
        insert(Project).values(key="beta", name="Beta"),
        text("UPDATE task SET title = 'x'"),
        text("DELETE FROM audit_log"),
    ],
    ids=str,
)
async def test_bulk_statements_that_would_go_round_the_audit_are_refused(
    sessions: Sessions, statement: ClauseElement
) -> None:
    """The session refuses them with an error that names the right calls, and nothing is written."""
    await plant(sessions, tasks=1)
    before = await images(sessions, "task")
    with pytest.raises(UnauditedWrite, match=r"would leave no audit row: change objects and flush, or call a service"):
        async with begin(sessions) as tx:
            await tx.session.execute(statement)  # type: ignore[call-overload]
    assert await images(sessions, "task") == before
    await assert_balanced(sessions)


async def test_the_bare_connection_is_refused(sessions: Sessions) -> None:
    """There is no way round by the session's connection."""
    async with begin(sessions) as tx:
        with pytest.raises(UnauditedWrite, match="bare connection"):
            await tx.session.connection()


@pytest.mark.parametrize(
    "sentence", ["UPDATE audit_log SET actor = 'nobody'", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
async def test_the_audit_log_accepts_new_rows_only(database: Database, sentence: str) -> None:
    """The database itself refuses to change or remove audit rows, whoever asks; of TRUNCATE only PostgreSQL hears."""
    if sentence.startswith("TRUNCATE") and dialect_of(database.sessions()) is not Dialect.POSTGRESQL:
        pytest.skip("SQLite has no TRUNCATE, and MySQL asks no trigger")
    await plant(database.sessions, tasks=0)
    async with database.engine.connect() as connection:
        with pytest.raises(DBAPIError, match="audit_log is append-only"):
            await connection.execute(text(sentence))
