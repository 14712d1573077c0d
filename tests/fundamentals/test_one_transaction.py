"""One job, one transaction: data and audit rows commit together or not at all."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from domain.commands import Update
from domain.errors import Duplicate
from domain.project import Project
from domain.task import Task
from persistence.sessions import Sessions
from persistence.transaction import Transaction
from persistence.update import update_rows
from tests.ledger import assert_balanced
from tests.worlds import begin, images, plant, trail

pytestmark = pytest.mark.on_every_engine

Write = Callable[[Transaction], Awaitable[None]]


class SomethingBrokeError(Exception):
    """What a test breaks with."""


async def test_a_write_and_its_audit_row_commit_together(sessions: Sessions) -> None:
    """What one transaction wrote, and who wrote it, is there after the block."""
    await plant(sessions, tasks=1)
    assert [task["title"] for task in (await images(sessions, "task")).values()] == ["Task 0"]
    assert [(entry.entity, entry.action, entry.actor, entry.job_id) for entry in await trail(sessions)] == [
        ("project", "insert", "tester", "plant"),
        ("task", "insert", "tester", "plant"),
    ]


async def test_an_exception_leaves_neither(sessions: Sessions) -> None:
    """Whatever is raised in the block, nothing of it was written."""
    await plant(sessions, tasks=1)
    before = await images(sessions, "task")
    with pytest.raises(SomethingBrokeError):  # noqa: PT012 - the whole block is tested
        async with begin(sessions, "broken") as tx:
            await update_rows(tx, tx.entities["task"], Update(entity="task", key=["t0"], changes={"title": "new"}))
            raise SomethingBrokeError
    assert await images(sessions, "task") == before
    assert await trail(sessions, job_id="broken") == []


async def by_statement(tx: Transaction) -> None:
    """Give one task the key of another, by a statement."""
    await update_rows(tx, tx.entities["task"], Update(entity="task", key=["t0"], changes={"key": "t1"}))


async def by_flush(tx: Transaction) -> None:
    """Give one task the key of another, by a flush."""
    (await tx.session.get_one(Task, 1)).key = "t1"
    await tx.session.flush()


@pytest.mark.parametrize("take_a_taken_key", [by_statement, by_flush])
async def test_what_the_database_refused_is_never_forgotten(sessions: Sessions, take_a_taken_key: Write) -> None:
    """A commit would be a rollback from there on, so the block raises the error that its code swallowed."""
    await plant(sessions, tasks=2)
    with pytest.raises(Duplicate, match=r"task\.key must be unique"):  # noqa: PT012 - the whole block is tested
        async with begin(sessions, "careless") as tx:
            tx.session.add(Project(key="beta", name="Beta"))
            with suppress(Duplicate):
                await take_a_taken_key(tx)
    assert await trail(sessions, job_id="careless") == []


@pytest.mark.parametrize("take_a_taken_key", [by_statement, by_flush])
async def test_a_savepoint_limits_what_is_lost(sessions: Sessions, take_a_taken_key: Write) -> None:
    """What was tried in a savepoint and refused is lost with its audit rows; the rest commits."""
    await plant(sessions, tasks=2)
    async with begin(sessions, "careful") as tx:
        tx.session.add(Project(key="beta", name="Beta"))
        with suppress(Duplicate):
            async with tx.session.begin_nested():
                await update_rows(tx, tx.entities["task"], Update(entity="task", key=["t1"], changes={"title": "new"}))
                await take_a_taken_key(tx)
        tx.session.add(Project(key="gamma", name="Gamma"))
    entries = await trail(sessions, job_id="careful")
    assert [(entry.entity, entry.action) for entry in entries] == [("project", "insert"), ("project", "insert")]
    await assert_balanced(sessions)
