"""`counterfoil rejects`."""

import json
from collections.abc import AsyncIterator
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from persistence.database import open_database
from persistence.reader import Reader, reader
from persistence.rejects import count_rejects, header_of, rejects_of
from worker.cli.bulk_job import dialect_of, require_job
from worker.cli.cells import one_line
from worker.cli.rejected_csv import RejectedCsv
from worker.cli.rejected_json import RejectedJson, json_line
from worker.cli.rejected_record import RejectedRecord, by_record
from worker.cli.run import fail, run
from worker.settings import Settings

SHOWN = 50
"""Problems that the table shows; --csv has them all."""

RAW_SHOWN = 200
"""Characters of a record that the table shows at most; a terminal has room for fewer."""


def rejects(
    job_id: Annotated[str, typer.Argument(metavar="ID", help="the job's id")],
    as_csv: Annotated[
        bool, typer.Option("--csv", help="print the records as CSV, with line and reason in front")
    ] = False,
    as_ndjson: Annotated[bool, typer.Option("--ndjson", help="print the records as JSON, one a line")] = False,
) -> None:
    """Show the records that a job refused, and why; --csv is a file to correct and import again."""
    if as_csv and as_ndjson:
        fail("say either --csv or --ndjson")

    async def command(settings: Settings) -> int:
        async with open_database(settings) as database, reader(database.sessions) as read:
            await require_job(read, job_id)
            if (header := await header_of(read, job_id)) is None:
                typer.echo(f"job {job_id!r} has no refused records", err=True)
            elif as_csv or as_ndjson:
                source = RejectedCsv(await dialect_of(read, job_id), header) if header else None
                async for line in (_csv if as_csv else _ndjson)(read, job_id, source):
                    print(line)
            else:
                await _print(read, job_id)
        return 0

    run(command)


async def _csv(read: Reader, job_id: str, source: RejectedCsv | None) -> AsyncIterator[str]:
    form = source or RejectedJson()
    if isinstance(form, RejectedJson):
        async for record in _records(read, job_id):
            form.learn(record)
    yield form.heading()
    async for record in _records(read, job_id):
        yield form.line(record)


async def _ndjson(read: Reader, job_id: str, source: RejectedCsv | None) -> AsyncIterator[str]:
    async for record in _records(read, job_id):
        yield json.dumps(source.as_object(record), ensure_ascii=False) if source else json_line(record)


def _records(read: Reader, job_id: str) -> AsyncIterator[RejectedRecord]:
    return by_record(rejects_of(read, job_id))


async def _print(read: Reader, job_id: str) -> None:
    table = Table("line", "field", "reason")
    table.add_column("record", no_wrap=True, overflow="ellipsis", max_width=60)
    async for one in rejects_of(read, job_id, limit=SHOWN):
        cells = (str(one.line), one.field, one.reason, one.raw[:RAW_SHOWN])
        table.add_row(*(Text(one_line(cell)) for cell in cells))
    Console(highlight=False).print(table)
    if (number := await count_rejects(read, job_id)) > SHOWN:
        print(f"… {SHOWN} of {number:,} problems; --csv has the records of all")
