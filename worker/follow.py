"""A running job followed to its end, with a bar where there is a terminal."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

from arq.connections import ArqRedis
from redis.exceptions import RedisError
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from domain.errors import Unreachable
from domain.job import JobState
from domain.progress import Progress as Told
from persistence.database import Database
from persistence.job_life import recorded
from persistence.job_table import JobRow
from persistence.sessions import Sessions
from worker.client import somebody_works
from worker.composition import open_redis
from worker.progress import progress_of
from worker.settings import Settings

LOOK_SECONDS = 0.1
"""How often the job's row and its progress are looked at."""

ALONE_SECONDS = 3.0
"""How long nobody has to work on the queue before the person is told."""


@dataclass
class Bar:
    """One line on standard error: what is done, how much of it, how fast, how long still; and sentences above it."""

    say: Callable[[str], None]
    _progress: Progress | None = None
    _task: TaskID | None = None
    _doing: str = ""

    def show(self, doing: str, share: float | None, text: str) -> None:
        """Show how far something is: its share from 0 to 1 (None: nobody knows), and figures as text."""
        if self._progress is None:
            return
        if self._task is None or doing != self._doing:
            if self._task is not None:  # what has come to its end keeps its time
                self._progress.remove_task(self._task)
            self._task, self._doing = self._progress.add_task(doing, total=1.0, text=""), doing
        done = 0.0 if share is None else share
        total = None if share is None else 1.0
        self._progress.update(self._task, completed=done, total=total, text=text, refresh=True)


@asynccontextmanager
async def bar_shown() -> AsyncIterator[Bar]:
    """Show a bar for the time of the block; off a terminal nothing but the sentences that are said."""
    console = Console(stderr=True, highlight=False, markup=False)
    say = partial(console.print, soft_wrap=True)
    if not console.is_terminal:
        yield Bar(say)
        return
    text = TextColumn("{task.fields[text]}")
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), text, TimeElapsedColumn())
    with Progress(*columns, console=console, auto_refresh=False, transient=True) as progress:
        yield Bar(say, progress)


@dataclass
class Follower:
    """Follows jobs, one after the other."""

    sessions: Sessions
    redis: ArqRedis | None
    bar: Bar
    _started: float = field(default=0.0)
    _alone: float = field(default=0.0)

    async def ended(self, job_id: str) -> JobRow | None:
        """Return the job's row as soon as the job has ended, or None where it was dropped; waits for ever."""
        self._started = self._alone = 0.0
        while (row := await recorded(self.sessions, job_id)) is not None:
            if row.state != JobState.QUEUED:
                return row
            with suppress(RedisError, OSError):
                await self._look(row)
            await asyncio.sleep(LOOK_SECONDS)
        return None

    async def _look(self, row: JobRow) -> None:
        if self.redis is None:
            return
        if (told := await progress_of(self.redis, row.id)) is not None:
            self._show(row.name, told)
        elif not await somebody_works(self.redis, row.queue):
            before, self._alone = self._alone, self._alone + LOOK_SECONDS
            if before < ALONE_SECONDS <= self._alone:
                self.bar.say(f"nobody works on queue {row.queue!r}: start `counterfoil worker`; waiting")

    def _show(self, doing: str, told: Told) -> None:
        if self._started and told.started > self._started:
            self.bar.say("the worker that ran the job is gone; another one starts over")
        self._started, self._alone = told.started, 0.0
        left = f", {_span(told.seconds_left)} left" if told.seconds_left is not None else ""
        self.bar.show(doing, told.share, f"{told.rows:,} rows, {told.rate:,.0f}/s{left}")


@asynccontextmanager
async def follower(settings: Settings, database: Database, bar: Bar) -> AsyncIterator[Follower]:
    """Follow with what Redis tells; without Redis the job is accepted all the same, and waits for it."""
    async with AsyncExitStack() as stack:
        redis = None
        try:
            redis = await stack.enter_async_context(open_redis(settings))
        except (Unreachable, RedisError) as error:
            bar.say(f"the job waits in the database for Redis, which does not answer ({type(error).__name__})")
        yield Follower(database.sessions, redis, bar)


async def follow_job(settings: Settings, database: Database, job_id: str) -> None:
    """Show how far a job is until it has ended; one that nobody knows has ended."""
    async with bar_shown() as bar, follower(settings, database, bar) as following:
        await following.ended(job_id)


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
