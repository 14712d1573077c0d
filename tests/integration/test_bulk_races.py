"""Loads whose keys are taken by others at the very moment when they are written."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from domain.commands import BulkInsert, OnConflict, OnInvalid
from persistence.database import Database
from persistence.sessions import Sessions
from tests.ledger import assert_balanced
from tests.relays import connected
from tests.waiting import eventually
from tests.worlds import apply, live, plant, sql
from worker.settings import Settings

TAKE = """
INSERT INTO task (key, title, status, priority, project_id) SELECT $1, 'theirs', 'pending', 'medium', id FROM project
"""
BLOCKED_BY = "SELECT 1 FROM pg_stat_activity WHERE :pid = ANY (pg_blocking_pids(pid))"


@pytest.mark.parametrize("on_conflict", list(OnConflict))
async def test_keys_that_others_take_one_after_the_other_meanwhile_are_all_accounted_for(
    settings: Settings, database: Database, sessions: Sessions, on_conflict: OnConflict
) -> None:
    """Each is found only when its transaction has ended, while the load waits for the next one."""
    await plant(sessions, tasks=0)
    rows: list[Any] = [{"key": f"k{n}", "title": "ours", "project.key": "alpha"} for n in range(20)]
    wish = BulkInsert(entity="task", rows=rows, on_conflict=on_conflict, on_invalid=OnInvalid.SKIP)
    async with AsyncExitStack() as stack:
        others = []
        for key in ("k3", "k9"):
            other = await stack.enter_async_context(connected(settings))
            transaction = other.transaction()
            await transaction.start()
            await other.execute(TAKE, key)
            others.append((other, transaction))
        loading = asyncio.create_task(apply(sessions, wish))
        for other, transaction in others:
            pid = other.get_server_pid()

            async def waits(pid: int = pid) -> bool:
                return bool(await sql(database, BLOCKED_BY, pid=pid))

            await eventually(waits, "the load waits for the other transaction")
            await transaction.commit()
        result = await loading
    expected = {"error": (18, 0, 0, 2), "skip": (18, 0, 2, 0), "update": (18, 2, 0, 0)}
    assert (result.inserted, result.updated, result.skipped, result.refused) == expected[on_conflict]
    titles = {key: row["title"] for key, row in (await live(sessions)).items()}
    taken = "ours" if on_conflict is OnConflict.UPDATE else "theirs"
    assert titles == dict.fromkeys((row["key"] for row in rows), "ours") | {"k3": taken, "k9": taken}
    await sql(database, "DELETE FROM task WHERE title = 'theirs'")  # which nobody has audited
    if on_conflict is not OnConflict.UPDATE:
        await assert_balanced(sessions)
