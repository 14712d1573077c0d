"""Worker processes beside each other on one queue: each job takes effect once."""

from pathlib import Path

from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix

from persistence.database import Database
from tests.processes import worker_process
from tests.waiting import eventually
from tests.workers import answered, retitle, rows_locked
from tests.worlds import images, plant, trail
from worker.client import send
from worker.settings import Settings

TASKS, JOBS = 20, 200


async def test_two_workers_share_a_queue_and_each_job_takes_effect_once(
    settings: Settings, database: Database, redis: ArqRedis, tmp_path: Path
) -> None:
    """200 jobs that meet on 20 rows: one audit row each, every row changed ten times, and both workers worked."""
    sessions = database.sessions
    await plant(sessions, tasks=TASKS)
    with worker_process(settings, tmp_path / "one") as one, worker_process(settings, tmp_path / "two") as two:
        async with rows_locked(database):
            for number in range(JOBS):
                arguments = retitle(f"t{number % TASKS}", f"Title {number}")
                await send(redis, settings.queue, "update", arguments, job_id=f"job-{number}")

            async def both_are_busy() -> bool:
                running = [key async for key in redis.scan_iter(f"{in_progress_key_prefix}*")]
                return len(running) == 2 * settings.concurrency

            await eventually(both_are_busy, "each worker runs as many jobs as it may")
        answers = [await answered(redis, f"job-{number}") for number in range(JOBS)]
        assert (one.stop(), two.stop()) == (0, 0)
    assert all(answer.success for answer in answers)
    updates = [entry.job_id for entry in await trail(sessions, "task") if entry.action == "update"]
    assert sorted(updates, key=str) == sorted(f"job-{number}" for number in range(JOBS))
    assert {task["version"] for task in (await images(sessions, "task")).values()} == {1 + JOBS // TASKS}
    done = [worker.lines()[-1]["complete"] for worker in (one, two)]
    assert sum(done) == JOBS
    assert min(done) >= settings.concurrency
