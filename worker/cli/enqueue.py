"""`counterfoil enqueue`."""

import asyncio
import json
import sys
from typing import Annotated, Any, cast

import typer
from pydantic import JsonValue

from domain.errors import UnknownName
from worker.cli.json_argument import json_object
from worker.cli.result_line import result_line
from worker.cli.run import REFUSED, fail, run, system_user
from worker.client import Answer, send, somebody_works, wait
from worker.composition import open_redis
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
    job_id: Annotated[str | None, typer.Option(help="the job's id; a second job with the same id is refused")] = None,
    wait_for: Annotated[float | None, typer.Option("--timeout", help="seconds to wait at most, with --wait")] = None,
    wait_: Annotated[bool, typer.Option("--wait", help="wait for the result and print it")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="with --wait, print the result as JSON")] = False,
) -> None:
    """Send a job; print its id, or with --wait its result (exit code 1 when it failed)."""
    if not wait_ and (as_json or wait_for is not None):
        fail("--timeout and --json go with --wait")
    origin = {"actor": actor, "reason": reason, "request_id": request_id}
    said: dict[str, JsonValue] = {name: value for name, value in origin.items() if value is not None}
    given: dict[str, JsonValue] = {"actor": system_user(), **json_object(arguments), **said}

    async def command(settings: Settings) -> int:
        _refuse_early(settings, job, Delivery(job_id or "door", 1, given))
        async with open_redis(settings) as redis:
            sent = await send(redis, settings.queue, job, given, job_id=job_id)
            if sent is None:
                fail(f"a job with id {job_id!r} is there already; see `counterfoil job {job_id}`")
            if not wait_:
                print(sent)
                return 0
            if not await somebody_works(redis, settings.queue):
                typer.echo(f"nobody works on queue {settings.queue!r}; start `counterfoil worker`", err=True)
            try:
                async with asyncio.timeout(wait_for):
                    return _report(await wait(redis, sent), as_json=as_json)
            except TimeoutError:
                fail(f"job {sent} has no result after {wait_for} s; see `counterfoil job {sent}`", REFUSED)

    run(command)


def _refuse_early(settings: Settings, name: str, delivery: Delivery) -> None:
    """Refuse at the door what the worker would refuse: an unknown job, arguments that do not fit, too much of them."""
    jobs = {job.name: job for job in JOBS}
    if name not in jobs:
        raise UnknownName("job", name, tuple(jobs))
    parse(jobs[name], delivery, max_rows=settings.max_rows)
    read_job(encode({"t": None, "f": name, "a": [], "k": delivery.arguments, "et": 0}), settings.max_bytes)


def _report(answer: Answer, *, as_json: bool) -> int:
    if answer.success:
        print(json.dumps(answer.result) if as_json else result_line(cast("dict[str, Any]", answer.result)))
        return 0
    print(answer.failure, file=sys.stderr)
    return REFUSED
