"""`counterfoil import`."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy.exc import DBAPIError

from domain.commands import MAX_REJECTS, OnConflict, OnInvalid
from domain.errors import CounterfoilError
from domain.source import Compression, Format
from worker.cli.run import REFUSED, run, system_user
from worker.importing.described import described
from worker.importing.options import Options, pairs
from worker.importing.run import import_rows
from worker.importing.summary import Ending, Summary
from worker.settings import Settings

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 + SIGINT."""


def import_file(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="a CSV, NDJSON or Parquet file, also .gz or .zst; - is standard input; or a URL"
        ),
    ],
    entity: Annotated[str, typer.Option(help="what the rows are, such as task")],
    maps: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=COLUMN", help="a field, or one of a related row such as project.key"),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="FIELD=VALUE", help="the value where the file says none: no column, or an empty cell"
        ),
    ] = None,
    on_conflict: Annotated[
        OnConflict, typer.Option(help="what becomes of a row whose key a row already has")
    ] = OnConflict.ERROR,
    conflict_on: Annotated[
        str | None, typer.Option(metavar="COLUMNS", help="the unique columns that are the key, by commas")
    ] = None,
    on_invalid: Annotated[
        OnInvalid, typer.Option(help="whether a refused row is left out, or nothing is written")
    ] = OnInvalid.SKIP,
    max_rejects: Annotated[int, typer.Option(min=0, help="refused rows after which it gives up")] = MAX_REJECTS,
    create_missing: Annotated[
        list[str] | None, typer.Option(metavar="REFERENCE", help="create missing related rows, such as project")
    ] = None,
    update: Annotated[bool, typer.Option("--update", help="change rows that are there, and insert none")] = False,
    match_on: Annotated[str | None, typer.Option(help="with --update: id, or the natural key")] = None,
    distinct: Annotated[str | None, typer.Option(metavar="FIELD", help="take only the first row of each value")] = None,
    commit_every: Annotated[
        int | None, typer.Option(min=1, metavar="ROWS", help="one job for so many rows; run again, it goes on")
    ] = None,
    said: Annotated[Format | None, typer.Option("--format", help="by the file's suffix unless said")] = None,
    compression: Annotated[Compression | None, typer.Option(help="by the file's suffix unless said")] = None,
    delimiter: Annotated[str, typer.Option(help="between the cells of CSV: one character, or tab")] = ",",
    quote: Annotated[str, typer.Option(help="round cells of CSV")] = '"',
    escape: Annotated[str | None, typer.Option(help="before a quote in a cell; else it is doubled")] = None,
    null: Annotated[str | None, typer.Option(help=r"the cell that means null, such as \N")] = None,
    encoding: Annotated[str, typer.Option(help="of the file")] = "utf-8",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="do all of it, and take it back")] = False,
    actor: Annotated[str | None, typer.Option(help="who asks; the operating system's user")] = None,
    reason: Annotated[str | None, typer.Option(help="why, in words; the file's name")] = None,
    job_id: Annotated[str | None, typer.Option(help="the job's id: the same id twice is one job")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the summary as JSON")] = False,
) -> None:
    """Insert the rows of a file, or change rows by it, in one job; exit code 1 when any row was refused.

    Without --map, columns that are named as fields are taken. A row that cannot be read, does not fit, or is refused by
    the database is named with its line, and kept for `counterfoil rejects`; it does not keep the others out.
    """

    async def command(settings: Settings) -> int:
        source = described(
            file,
            form=said,
            compression=compression,
            characters={"delimiter": delimiter, "quote": quote, "escape": escape},
            null=null,
            encoding=encoding,
            maps=pairs("--map", maps or ()),
            sets=pairs("--set", sets or ()),
            distinct=distinct,
        )
        options = Options(
            file=file,
            entity=entity,
            source=source,
            on_conflict=on_conflict,
            conflict_on=tuple(conflict_on.split(",")) if conflict_on else None,
            on_invalid=on_invalid,
            max_rejects=max_rejects,
            create_missing=tuple(create_missing or ()),
            is_update=update,
            match_on=match_on,
            dry_run=dry_run,
            actor=system_user() if actor is None else actor,
            reason=reason,
            job_id=job_id,
        )
        return await _imported(options, settings, commit_every, as_json=as_json)

    run(command)


async def _imported(options: Options, settings: Settings, rows_each: int | None, *, as_json: bool) -> int:
    summary = Summary()
    try:
        ending = await import_rows(options, settings, summary, rows_each=rows_each)
    except asyncio.CancelledError:  # Ctrl-C
        ending = Ending.INTERRUPTED
    except (CounterfoilError, DBAPIError) as error:
        if not summary.jobs:
            raise
        # What was sent is not taken back: who thinks that nothing was would send it twice.
        job_id = summary.jobs[-1]
        summary.failures.append(f"{job_id} was not waited for ({type(error).__name__}); see counterfoil job {job_id}")
        ending = Ending.FAILED
    if as_json:
        print(summary.as_json(ending))
    else:
        Console(highlight=False).print(summary.table())
        for line in summary.remarks(ending):
            print(line)
    if ending is Ending.INTERRUPTED:
        return INTERRUPTED
    return REFUSED if ending is Ending.FAILED or summary.counts["refused"] else 0
