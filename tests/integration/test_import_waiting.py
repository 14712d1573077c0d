"""Waiting for answers: nobody works, Ctrl-C, a job that vanished."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from arq.connections import ArqRedis
from arq.constants import job_key_prefix

from persistence.transaction import Sessions
from tests.processes import environment, started
from tests.waiting import eventually
from tests.workers import running_worker
from tests.worlds import live
from worker.composition import Database
from worker.importing.judge import Fate, Judged
from worker.importing.options import Format, Options
from worker.importing.post import Post
from worker.settings import Settings

HEADER = "key,name,email\n"
MEMBERS = ("--entity", "member")


async def test_without_a_worker_it_says_so_and_waits(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """As soon as one is there, the import goes on to its end."""
    file = tmp_path / "members.csv"
    file.write_text(f"{HEADER}ada,Ada,\nchen,Chen,\n")
    with started(environment(settings), tmp_path / "log", "import", str(file), *MEMBERS) as running:

        async def told() -> bool:
            return running.log.read_text() != ""

        await eventually(told, "the person is told")
        notice = f"nobody works on queue '{settings.queue}': start `counterfoil worker`; waiting\n"
        assert running.log.read_text() == notice
        async with running_worker(settings, database, redis):
            assert await asyncio.to_thread(running.process.wait, 30) == 0
    assert set(await live(sessions, "member")) == {"ada", "chen"}


async def test_ctrl_c_ends_with_a_summary_and_exit_code_130(
    settings: Settings, redis: ArqRedis, tmp_path: Path
) -> None:
    """Rows in jobs that nobody answered are told, and an input that never ends does not keep the process."""
    pipe = tmp_path / "members.csv"
    os.mkfifo(pipe)
    arguments = ("import", str(pipe), *MEMBERS, "--batch-size", "1", "--json")
    with endless(pipe), started(environment(settings), tmp_path / "log", *arguments) as running:

        async def sent() -> bool:
            return int(await redis.zcard(settings.queue)) == 2

        await eventually(sent, "both rows are sent")
        assert await asyncio.to_thread(running.stop, signal.SIGINT) == 130
        assert running.process.stdout
        summary = json.loads(running.process.stdout.read())
    assert (summary["ending"], summary["waiting"], summary["jobs"]) == ("interrupted", 2, 2)


@contextmanager
def endless(pipe: Path) -> Iterator[None]:
    """Write two members into a pipe, and keep it open for the time of the block."""
    with pipe.open("r+b", buffering=0) as stream:  # for reading too: otherwise it would wait for a reader
        stream.write(f"{HEADER}ada,Ada,\nchen,Chen,\n".encode())
        yield


async def test_a_job_that_vanished_is_answered_as_lost(settings: Settings, redis: ArqRedis) -> None:
    """An emptied Redis does not make an import wait for ever."""
    options = Options(file="members.csv", entity="member", format=Format.CSV, actor="ada")
    rows = [Judged(2, Fate.SENT, {"key": "ada", "name": "Ada"})]
    sending = asyncio.create_task(Post(redis, settings.queue, options, patience=0.05).send(rows))

    async def sent() -> bool:
        return int(await redis.zcard(settings.queue)) == 1

    await eventually(sent, "the job is sent")
    (job_id,) = await redis.zrange(settings.queue, 0, 0)
    await redis.delete(job_key_prefix + job_id.decode())
    answer = await asyncio.wait_for(sending, 20)
    assert not answer.success
    assert answer.failure.startswith(f"job {job_id.decode()} vanished from the queue without an answer")
