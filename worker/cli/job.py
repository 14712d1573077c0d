"""`counterfoil job`."""

import json
from typing import Annotated, Any

import typer
from arq.connections import ArqRedis
from arq.constants import result_key_prefix
from arq.jobs import Job, JobStatus
from rich.console import Console
from rich.table import Table

from persistence.audit_trail import written_by
from persistence.reader import reader
from worker import wire
from worker.cli.result_line import result_line
from worker.cli.run import REFUSED, fail, run
from worker.client import payload_of
from worker.composition import open_database, open_redis
from worker.execution import ORIGIN_FIELDS
from worker.settings import Settings


def job(
    job_id: Annotated[str, typer.Argument(metavar="ID", help="the job's id")],
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Show a job: what the queue knows of it, its result or error, and the rows that the audit log has of it."""

    async def command(settings: Settings) -> int:
        async with open_redis(settings) as redis, open_database(settings) as database:
            found = await _described(redis, settings, job_id)
            async with reader(database.sessions) as read:
                written = await written_by(read, job_id)
        found["written"] = [{"entity": entity, "action": action, "rows": rows} for entity, action, rows in written]
        if found["status"] == JobStatus.not_found.value and not written:
            fail(f"no job {job_id!r}: neither the queue nor the audit log knows it", REFUSED)
        print(json.dumps(found)) if as_json else _print(found)
        return 0

    run(command)


async def _described(redis: ArqRedis, settings: Settings, job_id: str) -> dict[str, Any]:
    status = await Job(job_id, redis, settings.queue).status()
    found: dict[str, Any] = {"id": job_id, "status": status.value}
    if (payload := await redis.get(result_key_prefix + job_id)) is not None:
        message = _finished(payload)
        found |= _outcome(message)
    else:
        message = await _waiting(redis, job_id)
    found["job"] = message["f"]
    found["origin"] = {name: message["k"][name] for name in ORIGIN_FIELDS if name in message["k"]}
    found["arguments"] = sorted(set(message["k"]) - set(ORIGIN_FIELDS))
    return found


def _finished(payload: bytes) -> dict[str, Any]:
    try:
        return wire.decode(payload)
    except ValueError:  # no JSON: another worker's pickle
        return {"f": wire.UNREADABLE, "k": {}}


def _outcome(message: dict[str, Any]) -> dict[str, Any]:
    if "s" not in message:
        return {"outcome": "unreadable"}
    outcome, name = ("succeeded", "result") if message["s"] else ("failed", "error")
    return {"outcome": outcome, name: message["r"], "seconds": round((message["ft"] - message["st"]) / 1000, 3)}


async def _waiting(redis: ArqRedis, job_id: str) -> dict[str, Any]:
    try:
        return await payload_of(redis, job_id) or {"f": None, "k": {}}
    except ValueError:  # no JSON: the worker will refuse it
        return {"f": wire.UNREADABLE, "k": {}}


def _print(found: dict[str, Any]) -> None:
    table = Table(show_header=False)
    for name, value in found.items():
        table.add_row(name, _cell(name, value))
    Console(markup=False).print(table)


def _cell(name: str, value: Any) -> str:  # noqa: ANN401 - a JSON value
    if name == "written":
        return "\n".join(f"{one['rows']:,} {one['entity']}: {one['action']}" for one in value) or "no rows"
    if name == "result" and isinstance(value, dict):
        return result_line(value)
    return value if isinstance(value, str) else json.dumps(value)
