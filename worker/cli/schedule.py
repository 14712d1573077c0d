"""`counterfoil schedule`: its sub-commands, of which those that only look are here."""

from typing import Annotated

import typer

from persistence.database import open_database
from persistence.reader import reader
from persistence.schedule_list import find_schedule, list_schedules
from worker.cli.run import REFUSED, fail, run
from worker.cli.schedule_changes import Name, add, pause, remove, resume
from worker.cli.schedule_table import print_json, print_table, times
from worker.schedules import shipped_schedules
from worker.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Jobs that are due by the clock: those in code, and those of the table.")


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False) -> None:
    """Show all schedules: where each comes from, when it ticks next, and when it ticked last."""

    async def command(settings: Settings) -> int:
        async with open_database(settings) as database, reader(database.sessions) as read:
            found = await list_schedules(read, shipped_schedules(settings))
        (print_json if as_json else print_table)(found)
        return 0

    run(command)


@app.command("next")
def next_(name: Name, count: Annotated[int, typer.Option(min=1, max=1000, help="how many")] = 5) -> None:
    """Print the next times of a schedule, in its zone and in UTC."""

    async def command(settings: Settings) -> int:
        async with open_database(settings) as database, reader(database.sessions) as read:
            found = await find_schedule(read, shipped_schedules(settings), name)
        if found.schedule is None:
            fail(f"schedule {name!r} cannot be read, and does not tick; remove it and add it anew", REFUSED)
        for time in times(found.schedule, found.now, count):
            print(time)
        if found.schedule.paused:
            typer.echo(f"{name} is paused: it would tick at these times", err=True)
        return 0

    run(command)


for _change in (add, pause, resume, remove):
    app.command()(_change)
