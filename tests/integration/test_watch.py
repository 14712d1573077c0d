"""What is told of the database's work: figures, slow statements, loops; and nobody's values."""

import asyncio
import inspect
from pathlib import Path

import pytest
import structlog
from sqlalchemy import func, select, text
from structlog.contextvars import bound_contextvars
from structlog.testing import capture_logs

from domain.commands import Update
from domain.errors import Invalid
from domain.task import Task
from persistence.database import open_database
from persistence.reader import reader
from persistence.sessions import Sessions
from persistence.watch.figures import BUCKETS
from persistence.watch.pool import pool_figures
from persistence.watch.scope import statement_scope
from tests.waiting import eventually
from tests.worlds import apply, begin, plant
from worker.settings import Settings


@pytest.fixture(autouse=True)
def _plain_logs() -> None:
    structlog.reset_defaults()


async def test_a_slow_statement_is_logged_without_its_values(settings: Settings) -> None:
    """With the request or the job for which it was sent, and how long it took."""
    async with open_database(settings.model_copy(update={"slow_query": 0.05})) as database:
        with capture_logs() as logs, bound_contextvars(job_id="j1", request_id="r1", actor="ann"):
            async with begin(database.sessions) as tx:
                await tx.session.execute(text("SELECT pg_sleep(0.06), 'secret', :value"), {"value": "secret too"})
                await tx.session.execute(select(func.count()).select_from(Task))
    (line,) = [log for log in logs if log["event"] == "statement.slow"]
    assert 0.05 < line["seconds"] < 5
    assert (line["job_id"], line["request_id"], line["log_level"]) == ("j1", "r1", "warning")
    assert "pg_sleep" in line["statement"]
    assert "secret" not in str(line)


@pytest.mark.on_every_engine
async def test_the_same_statement_again_and_again_is_told_once_with_its_line(settings: Settings) -> None:
    """The line is that of the loop, and not of what it calls; two jobs that send one each are no loop."""
    async with open_database(settings.model_copy(update={"repeated_statements": 3})) as database:
        await plant(database.sessions, tasks=6)
        with capture_logs() as logs:
            for _ in range(2):
                with statement_scope("request GET /tasks"):
                    await apply(database.sessions, Update(entity="task", key=["t1"], changes={"title": "x"}))
            assert not logs
            with statement_scope("request GET /tasks"):
                line_of_loop = await read_one_by_one(database.sessions)
    (line,) = [log for log in logs if log["event"] == "statement.repeated"]
    assert (line["times"], line["scope"]) == (4, "request GET /tasks")
    assert line["at"] == f"{Path(__file__)}:{line_of_loop}"
    assert "FROM task" in line["statement"]
    assert database.watch.figures.repeated == 1


async def read_one_by_one(sessions: Sessions) -> int:
    """Read tasks in a loop, and return the number of the line that does it."""
    async with reader(sessions) as read:
        for number in range(1, 7):
            frame, task = inspect.currentframe(), await read.get(Task, number)
    assert frame is not None
    assert task is not None
    return read_one_by_one.__code__.co_firstlineno + 4


async def test_statements_are_counted_with_their_durations(settings: Settings) -> None:
    """Failed ones too; nothing is counted before somebody wants it."""
    async with open_database(settings) as database:
        await plant(database.sessions, tasks=1)
        assert database.watch.figures.count == 0
        database.watch_statements()
        database.watch_statements()
        async with reader(database.sessions) as read:
            await read.scalars(select(func.pg_sleep(0.02)))
        with pytest.raises(Invalid):
            async with begin(database.sessions) as tx:
                await tx.session.execute(text("SELECT 1/0"))
    figures = database.watch.figures
    assert (figures.count, figures.failed, figures.slow) == (2, 1, 0)
    assert 0.02 < figures.seconds < 5
    assert sum(figures.buckets) == 2
    assert sum(count for count, bound in zip(figures.buckets, BUCKETS, strict=False) if bound < 0.02) == 1


@pytest.mark.on_every_engine
async def test_a_pool_tells_who_waits_for_it(settings: Settings) -> None:
    """Two connections at most, three who want one: the third is counted, and for how long it waited."""
    async with open_database(settings.model_copy(update={"pool_size": 1, "max_overflow": 1})) as database:
        gate = asyncio.Event()

        async def hold() -> None:
            async with reader(database.sessions) as read:
                await read.scalars(select(1))
                await gate.wait()

        holders = [asyncio.create_task(hold()) for _ in range(3)]

        async def one_waits() -> bool:
            found = pool_figures(database.engine)
            return found is not None and (found.in_use, found.waits) == (2, 1)

        await eventually(one_waits, "the third waits")
        found = pool_figures(database.engine)
        assert found is not None
        assert (found.size, found.overflow, found.limit, found.idle) == (1, 1, 2, 0)
        gate.set()
        await asyncio.gather(*holders)
        found = pool_figures(database.engine)
        assert found is not None
        assert (found.in_use, found.waits) == (0, 1)
        assert found.wait_seconds > 0
