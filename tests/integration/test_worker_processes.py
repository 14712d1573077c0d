"""Several worker processes under one parent: dead ones are replaced, and all of them end with it."""

import asyncio
import os
import secrets
import signal
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from arq.connections import ArqRedis

from persistence.database import Database
from persistence.sessions import Sessions
from tests.processes import DEADLINE, Running, environment, run_command, started, worker_process
from tests.relays import accept, jobs, new_project, until_state
from tests.waiting import eventually, wait_until
from tests.workers import rows_locked
from tests.worlds import plant, sql
from worker.client import send, somebody_works
from worker.presence import present_workers
from worker.settings import Settings


def children(parent: Running) -> set[int]:
    """Return the ids of a parent's processes."""
    return {child.pid for child in psutil.Process(parent.process.pid).children()}


def events(worker: Running, *names: str) -> list[dict[str, object]]:
    """Return the lines of some events."""
    return [line for line in worker.lines() if line["event"] in names]


def until_gone(pids: Iterable[int]) -> None:
    """Return as soon as none of the processes is there."""
    wait_until(lambda: not any(psutil.pid_exists(pid) for pid in pids), "the processes have ended")


async def test_a_child_that_is_killed_is_replaced_and_its_job_runs(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """The other goes on, the parent names the signal, and the job takes effect once."""
    await plant(sessions)
    with worker_process(settings, tmp_path / "log", processes=2, COUNTERFOIL_LEASE="1") as parent:
        before = children(parent)
        assert len(before) == 2
        async with rows_locked(database) as until_the_job_waits:
            await send(redis, settings.queue, "soft_delete", {"entity": "task", "key": "t0", "actor": "x"}, job_id="j")
            await until_the_job_waits()
            (started,) = events(parent, "job.started")
            victim = started["pid"]
            assert isinstance(victim, int)
            os.kill(victim, signal.SIGKILL)
            wait_until(lambda: parent.times_said("worker.started") == 3, "another process works")
        assert (await until_state(sessions, "j", "succeeded")).attempt == 1
        assert before & children(parent) == before - {victim}
        assert len(children(parent)) == 2
        (died,) = events(parent, "worker.child_died")
        assert (died["pid"], died["signal"], died["restart_in"]) == (victim, "SIGKILL", 0.5)
        assert parent.stop() == 0
    assert await sql(database, "SELECT count(*) FROM audit_log WHERE job_id = 'j'") == [(1,)]


async def test_a_child_that_is_told_to_stop_leaves_the_sign_that_its_queue_is_served(
    settings: Settings, redis: ArqRedis, tmp_path: Path
) -> None:
    """The other serves it still; senders would be told that nobody does."""
    with worker_process(settings, tmp_path / "log", processes=2) as parent:

        async def both_are_listed() -> bool:
            return len(await present_workers(redis)) == 2

        await eventually(both_are_listed, "both are listed")
        os.kill(children(parent).pop(), signal.SIGTERM)
        wait_until(lambda: parent.said("worker.stopped"), "it has stopped")
        assert await somebody_works(redis, settings.queue)
        wait_until(lambda: parent.times_said("worker.started") == 3, "another process works")
        assert parent.stop() == 0
    assert not await somebody_works(redis, settings.queue)


@pytest.mark.parametrize("to_all", [False, True])
async def test_one_signal_lets_all_processes_finish_what_they_run(
    settings: Settings, database: Database, sessions: Sessions, tmp_path: Path, *, to_all: bool
) -> None:
    """Four running jobs commit at their first attempt, also where the process manager signals every process."""
    with worker_process(settings, tmp_path / "log", processes=2, COUNTERFOIL_CONCURRENCY="2") as parent:
        pids = children(parent)
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql("LOCK TABLE project IN SHARE ROW EXCLUSIVE MODE")
            await accept(sessions, *(new_project(f"p{number}", settings.queue) for number in range(5)))
            wait_until(lambda: parent.times_said("job.started") == 4, "all slots are taken")
            for pid in pids if to_all else ():
                os.kill(pid, signal.SIGTERM)
            parent.process.send_signal(signal.SIGTERM)
            wait_until(lambda: parent.times_said("worker.stopping") == 2, "both processes have heard of it")
            assert parent.process.poll() is None
        assert parent.process.wait(DEADLINE) == 0
    until_gone(pids)
    assert {line["pid"] for line in events(parent, "job.started")} == pids
    found = {row.id: (row.state, row.attempt, row.errors) for row in await jobs(sessions)}
    assert sorted(found.values()) == [("queued", 0, []), *[("succeeded", 1, [])] * 4]
    assert not events(parent, "worker.child_died", "worker.child_cut_off", "job.interrupted")
    assert parent.lines()[-1]["event"] == "supervisor.stopped"


async def test_a_second_signal_puts_back_what_runs(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """Long before the grace time is over, and it costs the job no attempt."""
    with worker_process(settings, tmp_path / "log", processes=2, COUNTERFOIL_SHUTDOWN_GRACE="3600") as parent:
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql("LOCK TABLE project IN SHARE ROW EXCLUSIVE MODE")
            await accept(sessions, new_project("p", settings.queue))
            wait_until(lambda: parent.said("job.started"), "the job runs")
            parent.process.send_signal(signal.SIGINT)
            wait_until(lambda: parent.times_said("worker.stopping") == 2, "both processes have heard of it")
            assert parent.stop(signal.SIGINT) == 0
    assert parent.times_said("job.interrupted") == 1
    (row,) = await jobs(sessions)
    assert (row.state, row.attempt, row.errors) == ("queued", 0, [])
    assert await redis.get("arq:retry:p") == b"0"


async def test_no_process_outlives_a_parent_that_is_killed(
    settings: Settings, database: Database, sessions: Sessions, tmp_path: Path
) -> None:
    """They notice, finish what they run, and end, although nobody has told them."""
    with worker_process(settings, tmp_path / "log", processes=2) as parent:
        pids = children(parent)
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql("LOCK TABLE project IN SHARE ROW EXCLUSIVE MODE")
            await accept(sessions, new_project("p", settings.queue))
            wait_until(lambda: parent.said("job.started"), "the job runs")
            assert parent.stop(signal.SIGKILL) == -signal.SIGKILL
            wait_until(lambda: parent.times_said("worker.stopping") == 2, "both have noticed")
        until_gone(pids)
    assert parent.times_said("worker.orphaned") == parent.times_said("worker.stopped") == 2
    (row,) = await jobs(sessions)
    assert (row.state, row.attempt) == ("succeeded", 1)


@pytest.mark.parametrize(("limit", "value", "told"), [("JOBS", "3", "jobs"), ("MB", "1", "megabytes")])
async def test_processes_are_replaced_after_their_share_of_jobs(  # noqa: PLR0913 - fixtures
    settings: Settings, database: Database, sessions: Sessions, tmp_path: Path, *, limit: str, value: str, told: str
) -> None:
    """Without a pause and without a loss: each job takes effect once, and none has a second attempt."""
    names = [f"p{number:02}" for number in range(12)]
    given = {"COUNTERFOIL_CONCURRENCY": "2", f"COUNTERFOIL_RECYCLE_{limit}": value}
    with worker_process(settings, tmp_path / "log", processes=1, **given) as parent:
        await accept(sessions, *(new_project(name, settings.queue) for name in names))

        async def done() -> bool:
            return all(row.state == "succeeded" for row in await jobs(sessions))

        await eventually(done, "all jobs have run")
        wait_until(lambda: parent.times_said("worker.recycled") >= 3, "three processes were replaced")
        assert parent.stop() == 0
    effects = await sql(database, "SELECT job_id, count(*) FROM audit_log GROUP BY job_id ORDER BY job_id")
    assert [tuple(row) for row in effects] == [(name, 1) for name in names]
    assert {row.attempt for row in await jobs(sessions)} == {1}
    assert len({line["pid"] for line in events(parent, "job.committed")}) >= 3
    assert not events(parent, "worker.child_died", "job.interrupted")
    measured = [int(str(line[told])) for line in events(parent, "worker.recycled")]
    assert set(measured) == {3} if told == "jobs" else min(measured) > 1


def test_what_hinders_all_processes_is_said_once(settings: Settings) -> None:
    """Wrong settings, and a server that does not answer: one line, exit code 2, and nothing is tried again."""
    given = environment(settings, COUNTERFOIL_PROCESSES="3")
    ended = run_command({**given, "COUNTERFOIL_CONCURRENCY": "many"}, "worker")
    assert (ended.code, ended.line.partition(":")[0]) == (2, "counterfoil")
    nobody = urlsplit(given["REDIS_URL"])._replace(netloc="127.0.0.1:1").geturl()
    ended = run_command({**given, "REDIS_URL": nobody}, "worker")
    assert ended.code == 2
    assert ended.line.startswith("counterfoil: Redis at redis://127.0.0.1:1")


async def test_a_role_without_rights_is_one_line(settings: Settings, database: Database) -> None:
    """Nothing is tried again where nothing ever worked, and no stack stands in the log."""
    role = f"weak_{secrets.token_hex(4)}"
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN PASSWORD 'weak'")
    try:
        given = environment(settings, COUNTERFOIL_PROCESSES="2")
        url = urlsplit(given["DATABASE_URL"])
        weak = url._replace(netloc=f"{role}:weak@{url.netloc.rpartition('@')[2]}").geturl()
        ended = await asyncio.to_thread(run_command, {**given, "DATABASE_URL": weak}, "worker")
    finally:
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql(f"DROP ROLE {role}")
    assert ended.code == 2
    assert ended.line.startswith("counterfoil: the database refused a statement, or went away (InsufficientPrivilege")


def test_a_signal_while_the_first_process_starts_ends_it(settings: Settings, tmp_path: Path) -> None:
    """Whatever the parent was waiting for: it ends in order, and starts no other."""
    given = environment(settings, COUNTERFOIL_LOG_FORMAT="json")
    with started(given, tmp_path / "log", "worker", "--processes", "2") as parent:
        wait_until(lambda: bool(children(parent)), "the first process is being started")
        pids = children(parent)
        assert parent.stop() == 0
    until_gone(pids)
    assert not events(parent, "supervisor.started", "worker.started", "worker.child_cut_off")
