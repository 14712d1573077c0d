"""A handler that blocks the event loop is named while it does, and its duration is told afterwards."""

from typing import ClassVar

import pytest
from arq.connections import ArqRedis
from structlog.testing import capture_logs

from domain.commands import Command
from domain.result import Result
from persistence.database import Database
from persistence.sessions import Sessions
from persistence.transaction import Transaction
from tests.relays import until_state
from tests.waiting import eventually, wait_until
from tests.workers import running_worker
from worker.blocked_loop import BLOCKED_SECONDS, was_paused
from worker.client import send
from worker.execution import Execution
from worker.functions import arq_function
from worker.jobs.job import Job
from worker.settings import Settings

pytestmark = pytest.mark.own_engine(reason="stock arq does not watch its loop")


class Block(Command):
    """A job that does not give the loop back while it waits."""

    job: ClassVar[str] = "block"


async def test_a_handler_that_blocks_the_loop_is_named(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """It is seen while it blocks, so also where that never ends; one line for its begin, and one for its end."""
    with capture_logs() as logged:

        def reported() -> bool:
            return any(line["event"] == "loop.blocked" and "job" in line for line in logged)

        async def block(_: Transaction, __: Block) -> Result:
            wait_until(reported, "the blocked loop is reported")
            return Result()

        async with running_worker(settings, database, redis) as worker:
            execution = Execution(sessions, settings.queue, "blocked", 60, 10, lambda: 0.0)
            worker.functions["block"] = arq_function(Job(Block, block), execution)
            await send(redis, settings.queue, "block", {"actor": "tester"}, job_id="j")
            await until_state(sessions, "j", "succeeded")

            async def is_over() -> bool:
                return any(line["event"] == "loop.unblocked" and "job" in line for line in logged)

            await eventually(is_over, "its end is told")
    # A busy machine may hold up the test's own part of the loop, too.
    ours = [line for line in logged if line["event"].startswith("loop.") and line.get("job_id") == "j"]
    blocked, unblocked = ours
    assert (blocked["event"], blocked["job"]) == ("loop.blocked", "block")
    assert "in block\n" in blocked["stack"]
    assert (unblocked["event"], unblocked["job"]) == ("loop.unblocked", "block")
    assert unblocked["seconds"] >= BLOCKED_SECONDS


@pytest.mark.parametrize(
    ("passed", "worked", "paused"), [(1.0, 0.0, False), (60.0, 0.1, True), (60.0, 59.0, False), (1.9, 0.0, False)]
)
def test_a_process_that_was_stopped_is_no_blocked_loop(passed: float, worked: float, *, paused: bool) -> None:
    """A paused container is nobody's fault; a handler that keeps all threads waiting works meanwhile."""
    assert was_paused(passed, worked, 1.0) is paused
