"""`counterfoil jobs`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.job import JobState
from persistence.database import open_database
from persistence.job_filter import JobFilter
from persistence.job_list import JobLine, count_jobs, list_jobs, require_name
from persistence.reader import reader
from worker.cli.cells import one_line, span
from worker.cli.run import run
from worker.settings import Settings


def jobs(
    state: Annotated[JobState | None, typer.Option(help="only jobs in this state")] = None,
    name: Annotated[str | None, typer.Option("--job", metavar="NAME", help="only jobs of this name")] = None,
    error: Annotated[str | None, typer.Option(metavar="TEXT", help="only jobs whose last error holds this")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="at most so many")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """List jobs, the newest first, and without a filter how many there are in each state."""
    which = JobFilter(state, name, error)

    async def command(settings: Settings) -> int:
        async with open_database(settings) as database, reader(database.sessions) as read:
            await require_name(read, name)
            found = await list_jobs(read, which, limit)
            counts = {} if which.conditions() else await count_jobs(read)
        if as_json:
            print(json.dumps({"jobs": [_as_json(line) for line in found], **({"counts": counts} if counts else {})}))
        else:
            _print(found, counts)
        return 0

    run(command)


def _print(found: Sequence[JobLine], counts: Mapping[str, int]) -> None:
    console = Console(highlight=False)
    if found:
        console.print(_table(found))
    else:
        print("no job fits" if not counts else "no jobs")
    if counts:
        print(", ".join(f"{count:,} {state}" for state, count in counts.items()))


def _table(found: Sequence[JobLine]) -> Table:
    table = Table("id", "job", "state", "attempts", "age")
    table.add_column("last error", no_wrap=True, overflow="ellipsis", max_width=80)
    table.add_column("actor")
    for line in found:
        attempts = f"{line.attempt} of {line.max_attempts}"
        cells = (line.id, line.job, line.state, attempts, span(line.age), line.error or "", line.actor)
        table.add_row(*(Text(one_line(cell)) for cell in cells))
    return table


def _as_json(line: JobLine) -> dict[str, Any]:
    times = {"enqueued_at": line.enqueued_at.isoformat(), "age": round(line.age.total_seconds(), 3)}
    return {**asdict(line), **times}
