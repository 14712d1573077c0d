"""Jobs followed one after the other: how far each is, and whether somebody works on it."""

import asyncio
from dataclasses import dataclass, field

import pytest
from arq.connections import ArqRedis

from domain.commands import SoftDelete
from domain.origin import Origin
from domain.progress import PROGRESS_KEY, Progress
from persistence.database import Database
from persistence.enqueue import enqueue
from persistence.sessions import Sessions
from tests.waiting import eventually
from tests.worlds import begin, sql
from worker import follow
from worker.follow import Bar, Follower

COMMAND = SoftDelete(entity="task", id=[1])


@dataclass
class Seen(Bar):
    """A bar that remembers what it has shown."""

    shown: list[str] = field(default_factory=list)

    def show(self, doing: str, share: float | None, text: str) -> None:  # noqa: ARG002 - the bar's own signature
        """Remember what is done, and how far it is."""
        self.shown.append(text)


async def sent(sessions: Sessions, job_id: str, queue: str) -> None:
    """Enqueue a job for which nobody works."""
    async with begin(sessions) as tx:
        await enqueue(tx.session, COMMAND, Origin(actor="tester"), job_id=job_id, queue=queue)


async def followed(following: Follower, database: Database, redis: ArqRedis, job_id: str, started: list[float]) -> None:
    """Follow a job that tells of runs which started then, and ends."""
    bar = following.bar
    assert isinstance(bar, Seen)
    waiting = asyncio.create_task(following.ended(job_id))
    for begun in started:
        progress = Progress(rows=int(begun), position=1, size=None, started=begun, seconds=1)
        await redis.set(PROGRESS_KEY + job_id, progress.model_dump_json())

        async def seen(text: str = f"{int(begun):,} rows") -> bool:
            return any(shown.startswith(text) for shown in bar.shown)

        await eventually(seen, "the progress is shown")
    await sql(database, "UPDATE job SET state = 'succeeded', finished_at = now() WHERE id = :id", id=job_id)
    assert await waiting is not None


async def test_only_a_run_that_starts_over_is_told_as_one(
    sessions: Sessions, database: Database, redis: ArqRedis
) -> None:
    """The next job of an import in parts starts later too, and nothing has happened to its worker."""
    said: list[str] = []
    following = Follower(sessions, redis, Seen(said.append))
    for job_id in ("first", "second"):
        await sent(sessions, job_id, "bulk")
    await followed(following, database, redis, "first", [100.0])
    await followed(following, database, redis, "second", [200.0])
    assert said == []
    await sent(sessions, "third", "bulk")
    await followed(following, database, redis, "third", [300.0, 400.0])
    assert said == ["the worker that ran the job is gone; another one starts over"]


async def test_the_queue_that_nobody_works_on_is_the_jobs_own(
    monkeypatch: pytest.MonkeyPatch, sessions: Sessions, database: Database, redis: ArqRedis
) -> None:
    """Whatever queue this shell's settings name."""
    monkeypatch.setattr(follow, "ALONE_SECONDS", 0.1)
    said: list[str] = []
    await sent(sessions, "job", "nightly")
    waiting = asyncio.create_task(Follower(sessions, redis, Bar(said.append)).ended("job"))

    async def told() -> bool:
        return bool(said)

    await eventually(told, "the person is told")
    assert said == ["nobody works on queue 'nightly': start `counterfoil worker`; waiting"]
    await sql(database, "DELETE FROM job")
    assert await waiting is None
