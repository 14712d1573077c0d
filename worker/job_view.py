"""One job as people look at it: what the job table, Redis and the audit log know of it."""

from datetime import datetime
from typing import Any

from arq.connections import ArqRedis
from arq.constants import result_key_prefix
from arq.jobs import Job, JobStatus
from sqlalchemy import select

from domain.job import UNREADABLE, JobState
from domain.moments import now
from persistence.audit_trail import operated, written_by
from persistence.job_table import JobRow
from persistence.reader import Reader
from worker import wire
from worker.client import payload_of
from worker.delivery import ORIGIN_FIELDS, Delivery

_TIMES = ("enqueued_at", "run_at", "dispatched_at", "finished_at")


async def from_table(read: Reader, job_id: str) -> dict[str, Any] | None:
    """Return what the job's row holds, as JSON with its age in seconds, or None where there is no row."""
    row = await read.get(JobRow, job_id)
    if row is None:
        return None
    (present,) = await read.scalars(select(now()))
    origin = {name: getattr(row, name) for name in ORIGIN_FIELDS}
    times = {name: _iso(getattr(row, name)) for name in _TIMES}
    return {
        "id": row.id,
        "job": row.name,
        "state": row.state,
        "attempt": row.attempt,
        "max_attempts": row.max_attempts,
        "queue": row.queue,
        "origin": {name: value for name, value in origin.items() if value is not None},
        **times,
        "age": round((present - row.enqueued_at).total_seconds(), 3),
        "arguments": row.arguments,
        "errors": row.errors,
        "result": row.result,
    }


async def from_audit(read: Reader, job_id: str) -> dict[str, Any]:
    """Return what the job wrote, by entity and action, and what operators did to it."""
    written = await written_by(read, job_id)
    actions = [
        {"at": _iso(one.at), "actor": one.actor, "reason": one.reason, "became": _became(one.action, one.after)}
        for one in await operated(read, job_id)
    ]
    rows = [{"entity": entity, "action": action, "rows": number} for entity, action, number in written]
    return {"written": rows, "operators": actions}


async def from_redis(redis: ArqRedis, queue: str, job_id: str) -> dict[str, Any]:
    """Return arq's status of the job (`running` for its in_progress), and the result where there is one."""
    status = await Job(job_id, redis, queue).status()
    found: dict[str, Any] = {"status": "running" if status is JobStatus.in_progress else status.value}
    if (payload := await redis.get(result_key_prefix + job_id)) is not None:
        found |= _answer(payload)
    return found


async def waiting_in_redis(redis: ArqRedis, queue: str, job_id: str) -> dict[str, Any] | None:
    """Return a job that a stock client sent and no worker has begun, in the form of `from_table`; None: unknown."""
    try:
        message = await payload_of(redis, job_id)
    except ValueError:  # no JSON: the worker will keep it as a dead one
        message = {"f": UNREADABLE, "k": {}}
    if message is None:
        return None
    origin = {name: message["k"][name] for name in ORIGIN_FIELDS if name in message["k"]}
    arguments = Delivery(job_id, 1, message["k"]).command_arguments()
    shown = {"id": job_id, "job": message["f"], "state": None, "queue": queue}
    return {**shown, "origin": origin, "arguments": arguments, "errors": [], "result": None}


def _answer(payload: bytes) -> dict[str, Any]:
    try:
        message = wire.decode(payload)
    except ValueError:  # another program's pickle, which is never loaded
        return {"outcome": "unreadable"}
    outcome = (
        {"outcome": "succeeded", "result": message["r"]}
        if message["s"]
        else {"outcome": "failed", "error": message["r"]}
    )
    return {**outcome, "seconds": round((message["ft"] - message["st"]) / 1000, 3)}


def _became(action: str, after: dict[str, Any] | None) -> str:
    return "dropped" if action == "purge" else str((after or {}).get("state", JobState.QUEUED.value))


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
