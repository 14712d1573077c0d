"""`counterfoil schedule add`, `pause`, `resume` and `remove`."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated

import typer

from domain.schedule import CatchUp
from persistence.database import open_database
from persistence.job_list import job_names
from persistence.reader import reader
from persistence.schedule_keeping import add_schedule, pause_schedule, remove_schedule, resume_schedule
from persistence.transaction import Transaction, transaction
from worker.cli.asker import operator_origin
from worker.cli.dead import ActorOption, ReasonOption
from worker.cli.json_argument import json_object
from worker.cli.run import run
from worker.cli.schedule_table import times
from worker.new_schedule import checked
from worker.schedules import shipped_schedules
from worker.settings import Settings

Name = Annotated[str, typer.Argument(metavar="NAME", help="the schedule's name")]


def add(
    name: Name,
    cron: Annotated[str, typer.Option(help="five fields, or six with seconds first, such as '0 3 * * *'")],
    job: Annotated[str, typer.Option(help="name of the job")],
    arguments: Annotated[str, typer.Option(metavar="JSON", help="its arguments; - reads standard input")] = "{}",
    zone: Annotated[str, typer.Option(help="IANA time zone, such as Europe/Berlin")] = "UTC",
    catch_up: Annotated[
        CatchUp, typer.Option(help="what becomes of ticks that no worker was there for")
    ] = CatchUp.LAST,
    jitter: Annotated[float, typer.Option(help="seconds by which a tick is delayed at most")] = 0,
    actor: ActorOption = None,
    reason: ReasonOption = None,
) -> None:
    """Add a schedule, which ticks from now on; one with the name of a schedule in code takes its place."""
    timing = {"cron": cron, "zone": zone, "catch_up": catch_up, "jitter": jitter}
    values = {"name": name, "job": job, "arguments": json_object(arguments), **timing}

    async def command(settings: Settings) -> int:
        async with open_database(settings) as database:
            async with reader(database.sessions, current=True) as read:
                wanted = checked(values, await job_names(read), settings)
            async with transaction(database.sessions, operator_origin(actor, reason)) as tx:
                await add_schedule(tx, wanted)
        print(f"{name}: next at {next(iter(times(wanted, datetime.now(UTC), 1)), 'no time, ever')}")
        return 0

    run(command)


def pause(name: Name, actor: ActorOption = None, reason: ReasonOption = None) -> None:
    """Let a schedule tick no more until it is resumed."""

    async def change(tx: Transaction, settings: Settings) -> str:
        changed = await pause_schedule(tx, name, shipped_schedules(settings))
        return f"{name}: paused" if changed else f"{name}: was paused already"

    _change(change, actor, reason)


def resume(name: Name, actor: ActorOption = None, reason: ReasonOption = None) -> None:
    """Let a paused schedule tick again; its catch-up policy decides on what it missed."""

    async def change(tx: Transaction, settings: Settings) -> str:
        changed = await resume_schedule(tx, name, shipped_schedules(settings))
        return f"{name}: resumed" if changed else f"{name}: was not paused"

    _change(change, actor, reason)


def remove(name: Name, actor: ActorOption = None, reason: ReasonOption = None) -> None:
    """Take a schedule out of the table; one in code can be paused instead."""

    async def change(tx: Transaction, settings: Settings) -> str:
        await remove_schedule(tx, name, in_code := shipped_schedules(settings))
        return f"{name}: removed" + ("; the one in code rules again" if name in in_code else "")

    _change(change, actor, reason)


def _change(change: Callable[[Transaction, Settings], Awaitable[str]], actor: str | None, reason: str | None) -> None:
    origin = operator_origin(actor, reason)

    async def command(settings: Settings) -> int:
        async with open_database(settings) as database, transaction(database.sessions, origin) as tx:
            said = await change(tx, settings)
        print(said)
        return 0

    run(command)
