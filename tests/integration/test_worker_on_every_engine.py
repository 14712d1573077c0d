"""The whole way of jobs on every database: a real worker process, a relay, a schedule, and deaths in the middle."""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from arq.connections import ArqRedis
from sqlalchemy import update

from domain.commands import BulkInsert, Command, Purge, Restore, SoftDelete, Update
from persistence.database import Database
from persistence.enqueue import NewJob
from persistence.job_table import JobRow
from persistence.schedule_table import ScheduleTick
from persistence.sessions import Sessions
from tests.imports import imported
from tests.processes import REPOSITORY, command, worker_process
from tests.relays import BILLING, accept, jobs, until_state
from tests.single import execute
from tests.victim import Work, do_both
from tests.waiting import eventually
from tests.workers import retitle
from tests.worlds import images, live, plant, trail
from worker.client import send, wait
from worker.delivery import Delivery
from worker.jobs.job import Job
from worker.settings import Settings

pytestmark = pytest.mark.on_every_engine


async def done(sessions: Sessions, settings: Settings, job_id: str, asked: Command) -> JobRow:
    """Enqueue a command, and return its row as soon as it has succeeded."""
    await accept(sessions, NewJob(asked, BILLING, job_id, queue=settings.queue))
    return await until_state(sessions, job_id, "succeeded")


async def test_every_job_goes_its_way_through_a_worker_process(
    settings: Settings, sessions: Sessions, tmp_path: Path
) -> None:
    """Enqueued, relayed, run, audited under its id: rows, a file, an update, a deletion, its undoing, a purge."""
    file = tmp_path / "tasks.csv"
    file.write_text("key,title,project.key\n" + "".join(f"t{n},Task {n},alpha\n" for n in range(600)) + "bad,,alpha\n")
    project = BulkInsert(entity="project", rows=[{"key": "alpha", "name": "Alpha"}])
    with worker_process(settings, tmp_path / "log"):
        await done(sessions, settings, "project", project)
        summary = await imported(settings, file, "task", "--job-id", "file")
        assert (summary["inserted"], summary["refused"], summary["code"]) == (600, 1, 1)
        change = Update(entity="task", key=["t1", "t2"], changes={"status": "done"})
        assert ((await done(sessions, settings, "update", change)).result or {})["updated"] == 2
        delete = SoftDelete(entity="project", key=["alpha"], cascade=True)
        assert ((await done(sessions, settings, "delete", delete)).result or {})["deleted"] == 601
        assert await live(sessions) == {}
        assert ((await done(sessions, settings, "restore", Restore(job_id="delete"))).result or {})["restored"] == 601
        await done(sessions, settings, "again", SoftDelete(entity="task", key=["t3"]))
        await done(sessions, settings, "purge", Purge(retention_days=0.000_000_1))
    rows = await live(sessions)
    assert (len(rows), {key for key, row in rows.items() if row["status"] == "done"}) == (599, {"t1", "t2"})
    assert len(await images(sessions, "task")) == 599
    written = {job_id: len(await trail(sessions, job_id=job_id)) for job_id in ("file", "update", "delete", "purge")}
    assert written == {"file": 600, "update": 2, "delete": 601, "purge": 1}
    assert {row.state for row in await jobs(sessions)} == {"succeeded"}


async def test_two_deliveries_take_effect_once(
    settings: Settings, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """Sent by a stock client, without a row, and twenty more beside it that want the same row."""
    await plant(sessions, tasks=1)
    with worker_process(settings, tmp_path / "log"):
        ids = [f"j{n}" for n in range(20)]
        for job_id in ids:
            await send(redis, settings.queue, "update", retitle("t0", job_id), job_id=job_id)
        for job_id in ids:
            assert (await wait(redis, job_id)).success
        await redis.delete(*[f"arq:result:{job_id}" for job_id in ids])
        await send(redis, settings.queue, "update", retitle("t0", "j0"), job_id="j0")
        assert (await wait(redis, "j0")).success
    (row,) = (await images(sessions, "task")).values()
    assert row["version"] == 21
    assert len(await trail(sessions, job_id="j0")) == 1


async def test_a_worker_killed_before_its_commit_leaves_nothing_and_the_job_runs_later(
    settings: Settings, sessions: Sessions
) -> None:
    """All was written and audited, and nothing of it is there; then the job runs, once."""
    await plant(sessions, tasks=1)
    before = await images(sessions, "task")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.victim", "commit", "doomed"),
        cwd=REPOSITORY,
        env=os.environ
        | {
            "DATABASE_URL": settings.database_url.get_secret_value(),
            "REDIS_URL": settings.redis_url.get_secret_value(),
        },
        stdout=subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert (out.splitlines()[-1], process.returncode) == (b"all written", -9)
    assert await images(sessions, "task") == before
    assert await trail(sessions, job_id="doomed") == []
    assert await jobs(sessions) == []
    for attempt in (2, 3):
        delivery = Delivery("doomed", attempt, {"actor": "victim"})
        await execute(Job(Work, do_both), delivery, sessions=sessions, max_rows=10)
    assert [entry.action for entry in await trail(sessions, job_id="doomed")] == ["update", "insert"]
    assert [row.state for row in await jobs(sessions)] == ["succeeded"]


async def test_a_schedule_ticks_and_operators_have_their_commands(
    settings: Settings, database: Database, sessions: Sessions, tmp_path: Path
) -> None:
    """A tick that was missed becomes a job and runs; a refused job rests, is looked at, retried, dropped."""
    added = ("add", "nightly", "--cron", "0 3 * * *", "--job", "purge", "--arguments", '{"retention_days": 30}')
    assert (await command(settings, "schedule", *added)).code == 0
    async with database.engine.begin() as connection:
        await connection.execute(update(ScheduleTick).values(ticked_at=datetime.now(UTC) - timedelta(days=1)))
    wrong = Update(entity="task", key=["nobody"], changes={"title": "new"})
    with worker_process(settings, tmp_path / "log"):
        await accept(sessions, NewJob(wrong, BILLING, "wrong", queue=settings.queue))
        await until_state(sessions, "wrong", "dead")

        async def ticked() -> bool:
            return any(row.id.startswith("cron:nightly:") and row.state == "succeeded" for row in await jobs(sessions))

        await eventually(ticked, "the tick has become a job, and run")
        assert "NotFound" in (await command(settings, "job", "wrong")).out
        assert (await command(settings, "retry", "wrong")).out == "1 job queued again\n"
        await until_state(sessions, "wrong", "dead")
    assert (await command(settings, "drop", "wrong")).out == "1 job dropped\n"
    assert "1 dropped" in (await command(settings, "jobs")).out
    later = NewJob(wrong, BILLING, "later", run_at=datetime.now(UTC) + timedelta(days=1))
    await accept(sessions, later)
    assert (await command(settings, "cancel", "later")).code == 0
    assert [entry.action for entry in await trail(sessions, "job")] == ["update", "purge", "update"]
    assert (await command(settings, "check")).out.count("migrations: ") == 1
