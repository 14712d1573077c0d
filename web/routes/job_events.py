"""`/jobs/{id}/events`: what becomes of a job, told as it happens (server-sent events)."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import structlog
from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import select
from sqlmodel import col

from domain.errors import NotFound
from domain.job import JobState
from domain.progress import PROGRESS_KEY
from persistence.job_table import JobRow
from persistence.reader import reader
from persistence.sessions import Sessions
from web.documented import BEARER, refusals
from web.refusals import is_for_the_moment
from web.routes.jobs import JobId
from web.scopes import Serving
from web.served import Served

LOOK_SECONDS = 0.25
"""How often the job's row and its progress are looked at; workers tell progress no oftener."""

HEARTBEAT_SECONDS = 15.0
"""After which a silent stream says a comment, so that proxies (nginx: 60 s) do not cut it."""

REDIS_SECONDS = 1.0
"""How long Redis may take; what it tells is worth no longer wait."""

_MEANING = """\
Follow a job until it ends.

`event: state` names the state and the failed attempts, at first and when either changes; `event: progress` how far a
running bulk job is; `event: end` the final state, the result and the errors, and the stream ends. Lines that begin with
a colon are heartbeats. A stream that ends without `end` (a deploy, a database that is away) can be opened again.
"""

router = APIRouter(prefix="/jobs", tags=["jobs"], dependencies=[Depends(BEARER)])


@router.get(
    "/{job_id}/events",
    description=_MEANING,
    response_class=StreamingResponse,
    responses={
        200: {"description": "Events", "content": {"text/event-stream": {"schema": {"type": "string"}}}},
        **refusals(401, 404, 422),
    },
)
async def events(job_id: JobId, serving: Serving) -> StreamingResponse:
    """Follow a job until it ends; raises NotFound."""
    first = await _look(serving.database.sessions, job_id)
    if first is None:
        raise NotFound("job", "id", (job_id,), live=False)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nginx would keep events back
    return StreamingResponse(_told(serving, job_id, first), headers=headers, media_type="text/event-stream")


async def _told(serving: Served, job_id: str, first: dict[str, Any]) -> AsyncIterator[str]:
    """Yield what happens; between two looks no connection is held."""
    row: dict[str, Any] | None = first
    state, progress, spoke = None, None, time.monotonic()
    while row is not None and row["state"] == JobState.QUEUED and not serving.stopping.is_set():
        said = ""
        if (now := {"state": row["state"], "attempt": row["attempt"]}) != state:
            state, said = now, _event("state", now)
        if (further := await _progress(serving.redis, job_id)) not in {None, progress}:
            progress, said = further, f"{said}event: progress\ndata: {further}\n\n"
        if not said and time.monotonic() - spoke > HEARTBEAT_SECONDS:
            said = ": still there\n\n"
        if said:
            spoke = time.monotonic()
            yield said
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await serving.stopping.wait()
        try:
            row = await _look(serving.database.sessions, job_id)
        except Exception as error:  # the answer has begun: it can say no 503
            if not is_for_the_moment(error):
                raise
            structlog.get_logger("counterfoil.web").warning("http.stream_ended", error=type(error).__name__)
            return
    if row is not None and row["state"] != JobState.QUEUED:
        yield _event("end", row)


async def _look(sessions: Sessions, job_id: str) -> dict[str, Any] | None:
    columns = (JobRow.state, JobRow.attempt, JobRow.result, JobRow.errors)
    query = select(*(col(column) for column in columns)).where(col(JobRow.id) == job_id)
    async with reader(sessions, current=True) as read:  # a replica may not have heard of the job yet
        found = await read.rows(query)
    return dict(found[0]._mapping) if found else None  # noqa: SLF001 - SQLAlchemy's public name for it


async def _progress(redis: Redis | None, job_id: str) -> str | None:
    """Return what a worker tells, as JSON, or None; a Redis that is away is no matter."""
    if redis is None:
        return None
    with suppress(RedisError, OSError, TimeoutError):
        async with asyncio.timeout(REDIS_SECONDS):
            told = await redis.get(PROGRESS_KEY + job_id)
            return None if told is None else str(told, "utf-8")
    return None


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
