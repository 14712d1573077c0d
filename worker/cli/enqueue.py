"""`counterfoil enqueue`."""

import asyncio
from datetime import datetime
from typing import Annotated

import typer
from pydantic import JsonValue

from domain.commands import Command
from domain.errors import UnknownName
from domain.origin import Origin
from persistence.database import open_database
from persistence.enqueue import enqueue as enqueue_job
from persistence.transaction import transaction
from worker.cli.job_end import ended, report, warn_of_waiting
from worker.cli.json_argument import json_object
from worker.cli.run import REFUSED, fail, run, system_user
from worker.delivery import Delivery, parse
from worker.jobs import JOBS
from worker.settings import Settings
from worker.wire import encode, read_job


def enqueue(
    job: Annotated[str, typer.Argument(help="name of the job, such as update")],
    arguments: Annotated[
        str, typer.Argument(metavar="JSON", help="its arguments, a JSON object; - reads standard input")
    ],
    actor: Annotated[str | None, typer.Option(help="who asks; else the JSON's actor, or the system's user")] = None,
    reason: Annotated[str | None, typer.Option(help="why, in words")] = None,
    request_id: Annotated[str | None, typer.Option(help="your own request's id")] = None,
    job_id: Annotated[str | None, typer.Option(help="the job's id: the same id twice is one job")] = None,
    run_at: Annotated[
        str | None, typer.Option(metavar="TIME", help="not before this time: ISO 8601 with its zone")
    ] = None,
    wait_for: Annotated[float | None, typer.Option("--timeout", help="seconds to wait at most, with --wait")] = None,
    wait_: Annotated[bool, typer.Option("--wait", help="wait for the result and print it")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="with --wait, print the result as JSON")] = False,
) -> None:
    """Put a job into the job table; print its id, or with --wait its result (exit code 1 when it failed)."""
    if not wait_ and (as_json or wait_for is not None):
        fail("--timeout and --json go with --wait")
    origin = {"actor": actor, "reason": reason, "request_id": request_id}
    said: dict[str, JsonValue] = {name: value for name, value in origin.items() if value is not None}
    given: dict[str, JsonValue] = {"actor": system_user(), **json_object(arguments), **said}

    due = None if run_at is None else _time(run_at)

    async def command(settings: Settings) -> int:
        wanted, origin = _parsed(settings, job, Delivery(job_id or "door", 1, given))
        async with open_database(settings) as database:
            async with transaction(database.sessions, origin) as tx:
                accepted = await enqueue_job(
                    tx.session, wanted, origin, job_id=job_id, queue=settings.queue, run_at=due
                )
            if not accepted.is_new:
                typer.echo(f"job {accepted.id} was there already, with these arguments; none was added", err=True)
            if not wait_:
                print(accepted.id)
                return 0
            await warn_of_waiting(settings)
            try:
                async with asyncio.timeout(wait_for):
                    return report(await ended(database.sessions, accepted.id), as_json=as_json)
            except TimeoutError:
                fail(
                    f"job {accepted.id} has not ended after {wait_for} s; see `counterfoil job {accepted.id}`", REFUSED
                )

    run(command)


def _time(told: str) -> datetime:
    try:
        return datetime.fromisoformat(told)
    except ValueError:
        fail(f"--run-at: {told!r} is no time in ISO 8601, such as 2027-01-31T08:00:00+01:00")


def _parsed(settings: Settings, name: str, delivery: Delivery) -> tuple[Command, Origin]:
    """Return command and origin; refuse what the worker would: an unknown job, arguments that do not fit, too many."""
    jobs = {job.name: job for job in JOBS}
    if name not in jobs:
        raise UnknownName("job", name, tuple(jobs))
    parsed = parse(jobs[name], delivery, max_rows=settings.max_rows)
    read_job(encode({"t": None, "f": name, "a": [], "k": delivery.arguments, "et": 0}), settings.max_bytes)
    return parsed
