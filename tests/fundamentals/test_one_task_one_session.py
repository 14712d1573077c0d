"""A session has one user: two tasks in one transaction would commit or lose each other's halves."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from sqlalchemy import text

from domain.errors import SharedSession
from domain.project import Project
from persistence.reader import reader
from persistence.sessions import Sessions
from persistence.transaction import Transaction
from tests.worlds import begin, images

pytestmark = pytest.mark.on_every_engine


async def add(tx: Transaction) -> None:
    """Add an object."""
    tx.session.add(Project(key="other", name="Other"))


async def flush(tx: Transaction) -> None:
    """Write what the owner has added."""
    await tx.session.flush()


async def ask(tx: Transaction) -> None:
    """Run a statement."""
    await tx.session.execute(text("SELECT 1"))


@pytest.mark.parametrize("use", [add, flush, ask])
async def test_another_task_cannot_use_the_session(
    sessions: Sessions, use: Callable[[Transaction], Coroutine[Any, Any, None]]
) -> None:
    """It is told whose the session is; the transaction is rolled back with the error, as with any other."""

    async def handle() -> None:
        async with begin(sessions) as tx:
            tx.session.add(Project(key="own", name="Own"))
            await asyncio.create_task(use(tx), name="stranger")

    with pytest.raises(SharedSession, match=r"is used by stranger: .*in each task"):
        await handle()
    assert await images(sessions, "project") == {}


async def test_another_task_cannot_use_a_reader(sessions: Sessions) -> None:
    """Its one connection answers one question at a time."""
    async with reader(sessions) as read:
        with pytest.raises(SharedSession):
            await asyncio.gather(read.get(Project, 1), read.get(Project, 2))


async def test_a_time_out_by_asyncio_timeout_is_no_other_task(sessions: Sessions) -> None:
    """Unlike `asyncio.wait_for`, which starts one in Python 3.11."""
    async with begin(sessions) as tx, asyncio.timeout(10):
        tx.session.add(Project(key="own", name="Own"))
        await tx.session.flush()
    assert len(await images(sessions, "project")) == 1
