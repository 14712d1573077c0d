"""Worker processes that stop, are killed, or do not know a job: none of it costs a job its life."""

import signal
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import ClassVar

import pytest
from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix, retry_key_prefix

from domain.commands import Update
from domain.job import CRASHES
from persistence.database import Database
from persistence.sessions import Sessions
from tests.processes import DEADLINE, environment, worker_process
from tests.relays import accept, new_project, relaying, until_state
from tests.waiting import eventually
from tests.workers import retitle, rows_locked, running_worker
from tests.worlds import plant, sql, trail
from worker.client import send
from worker.engine import Engine
from worker.execution import Execution
from worker.functions import arq_function
from worker.jobs.job import Job
from worker.jobs.update import update
from worker.settings import Settings


class Retitle(Update):
    """A job that the shipped worker does not know."""

    job: ClassVar[str] = "retitle"


WAITING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
KILLING_WORKER = Path(__file__).parents[1] / "killing_worker.py"


@pytest.mark.timeout(240)
async def test_ten_stops_in_the_middle_of_one_job_cost_it_no_attempt(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """Ten deploys, each of which the job outlasts: its row is as it was, and then it succeeds at its first attempt."""
    await plant(sessions)
    await send(redis, settings.queue, "update", retitle("t0", "new"), job_id="j")
    async with rows_locked(database) as until_somebody_waits:
        for number in range(10):
            with worker_process(settings, tmp_path / str(number), COUNTERFOIL_SHUTDOWN_GRACE="1") as worker:
                await until_somebody_waits()
                assert worker.stop(signal.SIGTERM) == 0
            assert int(await redis.get(retry_key_prefix + "j") or 0) == 0
    async with running_worker(settings, database, redis):
        row = await until_state(sessions, "j", "succeeded")
    assert (row.attempt, row.errors) == (1, [])
    assert len(await trail(sessions, job_id="j")) == 1


@pytest.mark.timeout(240)
async def test_a_job_that_kills_its_worker_again_and_again_ends_dead(
    settings: Settings, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """After five deaths it is not run again: the sixth worker lives, and the job rests with that reason."""
    await send(redis, settings.queue, "kill", {"actor": "tester"}, job_id="j")
    command = [sys.executable, str(KILLING_WORKER), "worker"]
    given = environment(settings, COUNTERFOIL_LEASE="0.5")
    for _ in range(CRASHES):
        with (tmp_path / "log").open("w") as log:
            died = subprocess.run(  # noqa: ASYNC221 - nothing else is to run meanwhile
                command, env=given, stdout=log, stderr=log, timeout=DEADLINE, check=False
            )
        assert died.returncode == -signal.SIGKILL, (tmp_path / "log").read_text()
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(  # noqa: ASYNC220 - the same
            command, env=given, stdout=log, stderr=log
        ) as survivor,
    ):
        row = await until_state(sessions, "j", "dead")
        survivor.send_signal(signal.SIGTERM)
        assert survivor.wait(DEADLINE) == 0
    assert [error["error"] for error in row.errors] == ["KilledItsWorker"]
    assert "the worker died 5 times" in row.errors[0]["message"]


@pytest.mark.own_engine(reason="stock arq deletes it")
async def test_a_job_of_an_unknown_name_waits_for_a_worker_that_knows_it(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """It is kept as queued, costs no attempt, and is run by the first worker that has its name."""
    await plant(sessions)
    await send(redis, settings.queue, "retitle", {**retitle("t0", "new")}, job_id="j")
    async with running_worker(settings, database, redis) as worker:
        row = await until_state(sessions, "j", "queued")
        assert (row.name, row.attempt, row.errors) == ("retitle", 0, [])

        async def handed_back() -> bool:
            is_running = await redis.exists(in_progress_key_prefix + "j")
            return not is_running and await redis.get(retry_key_prefix + "j") == b"0"

        await eventually(handed_back, "the job is back on its queue")
        execution = Execution(sessions, settings.queue, "one that knows it", 60, 10, lambda: 0.0)
        worker.functions["retitle"] = arq_function(Job(Retitle, update), execution)
        await redis.zadd(settings.queue, {"j": 1})  # otherwise it would wait for half a minute
        row = await until_state(sessions, "j", "succeeded")
    assert row.attempt == 1
    assert len(await trail(sessions, job_id="j")) == 1


async def test_what_cannot_be_decoded_rests_with_its_raw_bytes(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """A pickle, for one: it is never loaded, and what was sent can be read by whoever must mend it."""
    raw = b"\x80\x04\x95pickle"
    await redis.set("arq:job:j", raw)
    await redis.zadd(settings.queue, {"j": 1})
    async with running_worker(settings, database, redis):
        row = await until_state(sessions, "j", "dead")
    assert (row.name, row.actor, row.arguments) == ("<unreadable>", "(missing)", {"base64": "gASVcGlja2xl"})
    assert [error["error"] for error in row.errors] == ["UnreadablePayload"]
    assert len(raw) == 9


@pytest.mark.own_engine(reason="it ends a lease of our engine's")
async def test_the_second_of_two_live_deliveries_answers_with_the_first_ones_result(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """Its lease was lost while it ran: another worker runs it too, and waits at its row."""
    stack = AsyncExitStack()
    await accept(sessions, new_project("p", settings.queue))
    async with stack, running_worker(settings, database, redis) as first, relaying(database, redis):
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql("LOCK TABLE project IN SHARE ROW EXCLUSIVE MODE")

            async def waiting(number: int) -> bool:
                return len(await sql(database, WAITING)) >= number

            await eventually(lambda: waiting(1), "the first delivery waits for the table")
            first.allow_pick_jobs = False
            assert isinstance(first, Engine)
            first.leases.stop()
            await redis.delete(in_progress_key_prefix + "p")
            await redis.zadd(settings.queue, {"p": 1})
            second = await stack.enter_async_context(running_worker(settings, database, redis))
            await eventually(lambda: waiting(2), "the second delivery waits for the row")
            assert (set(first.tasks), set(second.tasks)) == ({"p"}, {"p"})
        row = await until_state(sessions, "p", "succeeded")

        async def answered() -> bool:
            return bool(await redis.exists("arq:result:p")) and not await redis.exists(in_progress_key_prefix + "p")

        await eventually(answered, "both have answered")
    assert row.attempt == 1
    assert len(await trail(sessions, job_id="p")) == 1
