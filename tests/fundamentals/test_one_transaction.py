"""One job, one transaction: data and audit rows commit together or not at all."""

import pytest

from domain.commands import Update
from persistence.transaction import Sessions
from persistence.update import update_rows
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
    with pytest.raises(SomethingBrokeError):
        async with begin(sessions, "broken") as tx:
            await update_rows(tx, tx.entities["task"], Update(entity="task", key=["t0"], changes={"title": "new"}))
            raise SomethingBrokeError
    assert await images(sessions, "task") == before
    assert await trail(sessions, job_id="broken") == []
