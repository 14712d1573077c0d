"""Several queues in one worker, those first that are named first."""

import pytest
from arq.connections import ArqRedis
from pydantic import JsonValue

from persistence.database import Database
from persistence.sessions import Sessions
from tests.relays import accept, job, new_project, relaying, until_state
from tests.waiting import eventually
from tests.workers import answered, running_worker
from tests.worlds import sql
from worker.client import send, somebody_works
from worker.settings import Settings

pytestmark = pytest.mark.own_engine(reason="stock arq has one queue")


async def test_a_flood_in_one_queue_does_not_hold_up_another(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """Ten jobs wait in `bulk`, and one of them runs; then three come in `high`: those are the next."""
    high, bulk = f"{settings.queue}:high", f"{settings.queue}:bulk"
    both = settings.model_copy(update={"queues": (high, bulk), "concurrency": 1})
    await accept(sessions, *(new_project(f"b{n}", bulk) for n in range(10)))
    async with relaying(database, redis), running_worker(both, database, redis) as worker:
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql("LOCK TABLE project IN SHARE ROW EXCLUSIVE MODE")

            async def runs() -> bool:
                return len(worker.tasks) == 1

            await eventually(runs, "a bulk job runs")
            await accept(sessions, *(new_project(f"h{n}", high) for n in range(3)))

            async def waits() -> bool:
                return bool(await redis.zcard(high) == 3)

            await eventually(waits, "the high jobs are on their queue")
        for number in range(10):
            await until_state(sessions, f"b{number}", "succeeded")
        assert await somebody_works(redis, high)
        assert await somebody_works(redis, bulk)
    order = [row[0] for row in await sql(database, "SELECT job_id FROM audit_log WHERE entity = 'project' ORDER BY id")]
    assert len(order) == 13
    assert set(order[1:4]) == {"h0", "h1", "h2"}


async def test_a_stock_clients_job_is_kept_under_the_queue_that_it_came_by(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """So that a retry sends it there again."""
    bulk = f"{settings.queue}:bulk"
    both = settings.model_copy(update={"queues": (settings.queue, bulk)})
    async with running_worker(both, database, redis):
        row: dict[str, JsonValue] = {"entity": "project", "rows": [{"key": "p", "name": "p"}], "actor": "billing"}
        await send(redis, bulk, "bulk_insert", row, job_id="j")
        assert (await answered(redis, "j")).success
    assert (await job(sessions, "j")).queue == bulk
