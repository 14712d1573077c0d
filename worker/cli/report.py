"""`counterfoil report`."""

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from domain.reject import Fate, RowFate
from domain.row_runs import fates_of
from persistence.database import open_database
from persistence.reader import Reader, reader
from persistence.row_report import report_of, report_runs
from worker.cli.bulk_job import require_job
from worker.cli.run import run
from worker.settings import Settings

SHOWN = 20
"""Rows that were not inserted, of which so many are shown; --csv has every row."""


def report(
    job_id: Annotated[str, typer.Argument(metavar="ID", help="the job's id")],
    as_csv: Annotated[bool, typer.Option("--csv", help="print line, fate and id of every row")] = False,
) -> None:
    """Show what became of a bulk job's rows: how many of each fate, and the first that were not inserted."""

    async def command(settings: Settings) -> int:
        async with open_database(settings) as database, reader(database.sessions) as read:
            await require_job(read, job_id)
            if not await (_print_csv if as_csv else _print)(read, job_id):
                typer.echo(f"job {job_id!r} has no report of its rows", err=True)
        return 0

    run(command)


async def _print_csv(read: Reader, job_id: str) -> bool:
    """Print every row, and tell whether there is any."""
    is_any = False
    async for row in report_of(read, job_id):
        if not is_any:
            print(",".join(RowFate._fields))
        print(",".join(_cells(row)))
        is_any = True
    return is_any


async def _print(read: Reader, job_id: str) -> bool:
    """Print the tables, and tell whether there is any row."""
    counts: Counter[Fate] = Counter()
    others: list[RowFate] = []
    async for one in report_runs(read, job_id):
        counts[one.fate] += one.length
        if one.fate is not Fate.INSERTED:
            others += islice(fates_of([one]), SHOWN - len(others))
    if counts:
        _print_table(("fate", "rows"), [(fate, f"{counts[fate]:,}") for fate in Fate if counts[fate]])
    if others:
        _print_table(RowFate._fields, [_cells(row) for row in others])
    if (left := counts.total() - counts[Fate.INSERTED] - len(others)) > 0:
        print(f"… and {left:,} more that were not inserted; --csv has every row")
    return bool(counts)


def _print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(*columns)
    for row in rows:
        table.add_row(*row)
    Console(highlight=False).print(table)


def _cells(row: RowFate) -> tuple[str, str, str]:
    return str(row.line), row.fate, "" if row.id is None else str(row.id)
