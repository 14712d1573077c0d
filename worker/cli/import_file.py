"""`counterfoil import`."""

import asyncio
from typing import Annotated

import typer
from redis.exceptions import RedisError
from rich.console import Console

from domain.commands import OnConflict
from worker.cli.run import REFUSED, run, system_user
from worker.importing.errors import UnreadableFile
from worker.importing.options import Format, Options, delimiter_of, format_of, pairs
from worker.importing.run import import_rows, rehearse
from worker.importing.summary import Ending, remarks, summary_json, summary_table
from worker.importing.tally import Tally
from worker.settings import Settings

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 + SIGINT."""


def import_file(
    file: Annotated[str, typer.Argument(metavar="FILE", help="a CSV or NDJSON file; - reads standard input")],
    entity: Annotated[str, typer.Option(help="what the rows are, such as task")],
    maps: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="FIELD=COLUMN", help="a field, or a reference such as project.key, and its column"
        ),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="FIELD=VALUE", help="the value where the file says none: no column, or an empty cell"
        ),
    ] = None,
    on_conflict: Annotated[
        OnConflict, typer.Option(help="what becomes of a row whose natural key a live row has")
    ] = OnConflict.ERROR,
    distinct: Annotated[str | None, typer.Option(metavar="FIELD", help="take only the first row of each value")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="rows in one job, at most COUNTERFOIL_MAX_ROWS")] = 1000,
    said: Annotated[Format | None, typer.Option("--format", help="by the file's suffix unless said")] = None,
    delimiter: Annotated[str, typer.Option(help="between the cells of CSV: one character, or tab")] = ",",
    encoding: Annotated[str, typer.Option(help="of the file")] = "utf-8",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="read, map and check; send nothing")] = False,
    actor: Annotated[str | None, typer.Option(help="who asks; the operating system's user")] = None,
    reason: Annotated[str | None, typer.Option(help="why, in words; the file and its lines")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the summary as JSON")] = False,
) -> None:
    """Insert the rows of a file, as jobs that a worker runs; exit code 1 when any row was refused.

    Without --map, columns that are named as fields are taken. A row that cannot be read, does not fit, or is refused by
    the database is named with its line; it does not keep the others out.
    """

    async def command(settings: Settings) -> int:
        options = Options(
            file=file,
            entity=entity,
            format=format_of(file, said),
            maps=pairs("--map", maps or ()),
            sets=pairs("--set", sets or ()),
            on_conflict=on_conflict,
            distinct=distinct,
            batch_size=batch_size,
            delimiter=delimiter_of(delimiter),
            encoding=encoding,
            actor=system_user() if actor is None else actor,
            reason=reason,
        )
        return await _imported(options, settings, dry_run=dry_run, as_json=as_json)

    run(command)


async def _imported(options: Options, settings: Settings, *, dry_run: bool, as_json: bool) -> int:
    tally, ending = Tally(), Ending.DRY_RUN if dry_run else Ending.DONE
    try:
        await (rehearse if dry_run else import_rows)(options, settings, tally)
    except asyncio.CancelledError:  # Ctrl-C
        ending = Ending.INTERRUPTED
    except (RedisError, UnreadableFile):
        if tally.read:
            _print(tally, Ending.BROKEN_OFF, as_json=as_json)
        raise
    _print(tally, ending, as_json=as_json)
    if ending is Ending.INTERRUPTED:
        return INTERRUPTED
    return REFUSED if tally.refused else 0


def _print(tally: Tally, ending: Ending, *, as_json: bool) -> None:
    if as_json:
        print(summary_json(tally, ending))
        return
    Console(highlight=False).print(summary_table(tally))
    for line in remarks(tally, ending):
        print(line)
