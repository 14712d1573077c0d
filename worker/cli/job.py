"""`counterfoil job`."""

import json
from datetime import timedelta
from typing import Annotated, Any

import typer
from redis.exceptions import RedisError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.errors import Unreachable
from persistence.database import open_database
from persistence.reader import reader
from worker.cli.cells import block, one_line, plain, span
from worker.cli.result_line import result_line
from worker.cli.run import REFUSED, fail, run
from worker.composition import open_redis
from worker.follow import follow_job
from worker.job_view import from_audit, from_redis, from_table, waiting_in_redis
from worker.settings import Settings


def job(
    job_id: Annotated[str, typer.Argument(metavar="ID", help="the job's id")],
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="first show how far it is until it has ended")] = False,
) -> None:
    """Show a job: its arguments, attempts, errors and result, what Redis knows of it, and the rows that it wrote."""

    async def command(settings: Settings) -> int:
        if follow:
            async with open_database(settings) as database:
                await follow_job(settings, database, job_id)
        async with open_database(settings) as database, reader(database.sessions) as read:
            row, audited = await from_table(read, job_id), await from_audit(read, job_id)
        waiting, queued = await _in_redis(settings, row["queue"] if row else settings.queue, job_id)
        known = row or waiting
        if known is None and not queued.get("outcome") and not any(audited.values()):
            fail(f"no job {job_id!r}: neither the job table nor the queue nor the audit log knows it", REFUSED)
        found = {**(known or {"id": job_id, "state": None}), "redis": queued, **audited}
        print(json.dumps(found)) if as_json else _print(found)
        return 0

    run(command)


async def _in_redis(settings: Settings, queue: str, job_id: str) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Return the job as it waits in Redis, and its status; the job table can be read while Redis is away."""
    try:
        async with open_redis(settings) as redis:
            return await waiting_in_redis(redis, queue, job_id), await from_redis(redis, queue, job_id)
    except (Unreachable, RedisError) as error:
        return None, {"status": "not known", "error": f"Redis does not answer ({type(error).__name__})"}


def _print(found: dict[str, Any]) -> None:
    table = Table(show_header=False)
    for name, value in found.items():
        if name not in {"max_attempts", "queue"} and value is not None:
            table.add_row(name, Text(_cell(name, value, found)))
    Console(highlight=False).print(table)


def _cell(name: str, value: Any, found: dict[str, Any]) -> str:  # noqa: ANN401, PLR0911 - one line for each kind of value
    match name:
        case "age":
            return span(timedelta(seconds=value))
        case "attempt":
            return f"{value} of {found['max_attempts']}"
        case "arguments":
            return block(value)
        case "result":
            return result_line(value)
        case "origin" | "redis":
            return "\n".join(f"{key}: {_text(inner)}" for key, inner in value.items())
        case "errors":
            return "\n".join(map(_attempt, value)) or "none"
        case "written":
            return "\n".join(f"{one['rows']:,} {one['entity']}: {one['action']}" for one in value) or "no rows"
        case "operators":
            return "\n".join(map(_action, value)) or "none"
        case _:
            return plain(str(value))


def _attempt(error: dict[str, Any]) -> str:
    return plain(
        f"{error['at']} attempt {error['attempt']} on {error['worker']}\n  {error['error']}: {error['message']}"
    )


def _action(action: dict[str, Any]) -> str:
    why = f" ({action['reason']})" if action["reason"] else ""
    return one_line(f"{action['at']} {action['became']} by {action['actor']}{why}")


def _text(value: Any) -> str:  # noqa: ANN401 - a JSON value
    return one_line(value if isinstance(value, str) else json.dumps(value))
