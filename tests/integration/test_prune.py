"""Pruning: what ended long ago leaves the job table, batch by batch."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy import insert

from domain.commands import Prune
from persistence.database import Database
from persistence.enqueue import NewJob
from persistence.job_table import JobRow
from persistence.prune import prune_jobs
from persistence.sessions import Sessions
from tests.relays import BILLING, accept, jobs
from tests.worlds import begin

pytestmark = pytest.mark.on_every_engine

PRUNE = Prune(finished_days=7, dead_days=90, limit=3, go_on=True)


async def plant(database: Database, state: str, days: int, number: int = 1) -> None:
    """Insert jobs that ended so many days ago; their ids are the state and a number."""
    asked = {"name": "update", "queue": "q", "arguments": {}, "actor": "billing", "state": state}
    ended = datetime.now(UTC) - timedelta(days=days)
    rows = [{"id": f"{state}{n}", **asked, "finished_at": ended} for n in range(1, number + 1)]
    async with database.engine.begin() as connection:
        await connection.execute(insert(JobRow), rows)


async def pruned(sessions: Sessions) -> int:
    """Run one job `prune`, and return how many rows it removed."""
    async with begin(sessions, "prune") as tx:
        return (await prune_jobs(tx, PRUNE)).purged


async def test_each_state_is_kept_for_its_time(database: Database, sessions: Sessions) -> None:
    """Dead jobs stay longer; what has not ended stays whatever its age."""
    for state, days in (("succeeded", 8), ("cancelled", 8), ("dead", 91), ("queued", 500)):
        await plant(database, state, days)
    assert await pruned(sessions) == 3
    await plant(database, "succeeded", 6)
    await plant(database, "dead", 89)
    assert await pruned(sessions) == 0
    assert [row.id for row in await jobs(sessions) if row.name == "update"] == ["dead1", "queued1", "succeeded1"]


async def test_a_full_batch_enqueues_the_next_one_until_nothing_is_left(database: Database, sessions: Sessions) -> None:
    """Each is a transaction of its own, on the queue of the first, under the actor who asked for it."""
    await plant(database, "succeeded", 8, number=7)
    await accept(sessions, NewJob(PRUNE, BILLING, "prune", queue="mine"))
    assert [await pruned(sessions) for _ in range(3)] == [3, 3, 1]
    batches = [row for row in await jobs(sessions) if row.name == "prune" and row.id != "prune"]
    assert [(row.queue, row.actor, row.arguments) for row in batches] == [
        ("mine", "tester", {"finished_days": 7, "dead_days": 90, "limit": 3, "go_on": True})
    ] * 2


@pytest.mark.on_every_engine(without=("sqlite",), reason="it locks all rows or none")
async def test_what_somebody_has_locked_is_passed_over(database: Database, sessions: Sessions) -> None:
    """An operator who looks at a job for long holds up nobody."""
    await plant(database, "succeeded", 8, number=2)
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("SELECT id FROM job WHERE id = 'succeeded1' FOR UPDATE")
        assert await pruned(sessions) == 1
    assert await pruned(sessions) == 1


@pytest.mark.parametrize("days", [0, 1.9])
def test_an_id_is_not_forgotten_while_redis_may_deliver_it(days: float) -> None:
    """Its job would take a second effect."""
    with pytest.raises(ValidationError, match="greater than or equal to 2"):
        Prune(finished_days=days, dead_days=90)
