"""One job, one transaction: data and audit rows commit together or not at all."""

from contextlib import suppress

import pytest
from sqlalchemy.exc import DBAPIError

from domain.commands import Update
from domain.errors import Duplicate
from domain.project import Project
from persistence.transaction import Sessions
from persistence.update import update_rows
from tests.ledger import assert_balanced
from tests.worlds import begin, images, plant, trail


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


async def test_a_refused_statement_is_never_forgotten(sessions: Sessions) -> None:
    """PostgreSQL makes a rollback of the commit then, so the block raises the error that its code swallowed."""
    await plant(sessions, tasks=2)
    to_taken_key = Update(entity="task", key=["t0"], changes={"key": "t1"})
    with pytest.raises(Duplicate, match=r"task\.key must be unique"):  # noqa: PT012 - the whole block is tested
        async with begin(sessions, "careless") as tx:
            tx.session.add(Project(key="beta", name="Beta"))
            with suppress(DBAPIError):
                await update_rows(tx, tx.entities["task"], to_taken_key)
    assert await trail(sessions, job_id="careless") == []


async def test_a_savepoint_limits_what_is_lost(sessions: Sessions) -> None:
    """What was tried in a savepoint and refused is lost with its audit rows; the rest commits."""
    await plant(sessions, tasks=2)
    to_taken_key = Update(entity="task", key=["t0"], changes={"key": "t1"})
    async with begin(sessions, "careful") as tx:
        tx.session.add(Project(key="beta", name="Beta"))
        with suppress(DBAPIError):
            async with tx.session.begin_nested():
                await update_rows(tx, tx.entities["task"], Update(entity="task", key=["t1"], changes={"title": "new"}))
                await update_rows(tx, tx.entities["task"], to_taken_key)
    assert [(entry.entity, entry.action) for entry in await trail(sessions, job_id="careful")] == [
        ("project", "insert")
    ]
    await assert_balanced(sessions)
