"""`counterfoil audit`."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.images import Step, changes
from persistence.audit_log import AuditEntry
from persistence.audit_trail import row_trail, rows_with_key
from persistence.database import open_database
from persistence.reader import reader
from worker.cli.run import fail, run
from worker.settings import Settings

BOOKKEEPING = {"id", "version", "created_at", "updated_at"}
"""Columns that the table leaves out, because they only repeat what the step says; --json has them."""


def audit(
    entity: Annotated[str, typer.Argument(help="such as task")],
    entity_id: Annotated[int | None, typer.Argument(metavar="ID", help="the row's id")] = None,
    key: Annotated[str | None, typer.Option(help="the row's natural key, in place of its id")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON, one line for each step")] = False,
) -> None:
    """Show a row's life: who, when, what changed from what to what."""
    if (entity_id is None) == (key is None):
        fail("say either the row's ID or its --key")

    async def command(settings: Settings) -> int:
        async with open_database(settings) as database, reader(database.sessions) as read:
            known = database.entities[entity]
            found = [entity_id] if entity_id is not None else await rows_with_key(read, known, str(key))
            entries = await row_trail(read, known, int(found[0] or 0))
        if len(found) > 1:
            typer.echo(f"{len(found) - 1} earlier rows had this key: ids {', '.join(map(str, found[1:]))}", err=True)
        if as_json:
            print("\n".join(json.dumps(_step(entry)) for entry in entries))
        else:
            Console(highlight=False).print(trail_table(entity, int(found[0] or 0), entries))
        return 0

    run(command)


def trail_table(entity: str, entity_id: int, entries: Sequence[AuditEntry]) -> Table:
    """Return the steps as a table: when, what and who, then each column that changed, from what to what."""
    table = Table(title=f"{entity} {entity_id}", show_lines=True, expand=True)
    table.add_column("when (UTC), what, who", ratio=2, overflow="fold")
    table.add_column("column: from -> to", ratio=5)
    for entry in entries:
        told = [f"{entry.at:%Y-%m-%d %H:%M:%S}", f"{entry.action} by {entry.actor}"]
        told += [text for text in (entry.reason, entry.job_id and f"job {entry.job_id}") if text]
        table.add_row(Text("\n".join(told)), _changes(entry))
    return table


def _changes(entry: AuditEntry) -> Table:
    grid = Table.grid(padding=(0, 1), expand=True)
    for ratio in (2, 3, 3):
        grid.add_column(ratio=ratio, no_wrap=True, overflow="ellipsis")
    for change in changes(Step(entry.action, entry.before, entry.after)):
        if change.old != change.new and change.column not in BOOKKEEPING:
            grid.add_row(*(Text(text) for text in (change.column, _cell(change.old), f"-> {_cell(change.new)}")))
    return grid


def _cell(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return " ".join(text.split())


def _step(entry: AuditEntry) -> dict[str, Any]:
    return entry.model_dump(mode="json")
