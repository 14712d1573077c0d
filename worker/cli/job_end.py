"""Waiting in a shell for the end of a job, by its row."""

import asyncio
import json
import sys

import typer
from redis.exceptions import RedisError

from domain.errors import Unreachable
from domain.job import JobState
from persistence.job_life import recorded
from persistence.job_table import JobRow
from persistence.sessions import Sessions
from worker.cli.result_line import result_line
from worker.cli.run import REFUSED, fail
from worker.client import somebody_works
from worker.composition import open_redis
from worker.settings import Settings

POLL_SECONDS = 0.05
"""How often the job's row is looked at."""


async def warn_of_waiting(settings: Settings) -> None:
    """Say so where nobody will run the job soon; it is accepted all the same."""
    try:
        async with open_redis(settings) as redis:
            if not await somebody_works(redis, settings.queue):
                typer.echo(f"nobody works on queue {settings.queue!r}; start `counterfoil worker`", err=True)
    except (Unreachable, RedisError) as error:
        typer.echo(f"the job waits in the database for Redis, which does not answer ({type(error).__name__})", err=True)


async def ended(sessions: Sessions, job_id: str) -> JobRow:
    """Return the job's row as soon as the job has ended; waits for ever, so bound it with `asyncio.timeout`."""
    while True:
        row = await recorded(sessions, job_id)
        if row is None:
            fail(f"job {job_id} was dropped", REFUSED)
        if row.state != JobState.QUEUED:
            return row
        await asyncio.sleep(POLL_SECONDS)


def report(row: JobRow, *, as_json: bool) -> int:
    """Print the result, or the last error on standard error, and return the exit code."""
    if row.state == JobState.SUCCEEDED and row.result is not None:
        print(json.dumps(row.result) if as_json else result_line(row.result))
        return 0
    last = f"{row.errors[-1]['error']}: {row.errors[-1]['message']}" if row.errors else f"the job is {row.state}"
    print(last, file=sys.stderr)
    return REFUSED
