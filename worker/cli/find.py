"""`counterfoil find`."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from pydantic_core import to_jsonable_python
from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.entities import EntityType
from domain.entity import Entity
from domain.errors import UnknownName
from domain.filters import words_of_texts
from persistence.database import open_database
from persistence.reader import reader
from persistence.service import service_of
from worker.cli.audit import BOOKKEEPING
from worker.cli.cells import one_line
from worker.cli.run import fail, run
from worker.settings import Settings

MOST = 100_000
"""Rows of one answer."""


def find(
    entity: Annotated[str, typer.Argument(help="such as task")],
    conditions: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CONDITION]...", help="such as status__in=doing,blocked project.key=kelp search=buoys"),
    ] = None,
    sort: Annotated[str, typer.Option(help="fields, separated by commas; a minus means descending")] = "id",
    columns: Annotated[str | None, typer.Option(help="what the table shows, separated by commas")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="at most so many")] = 50,
    count: Annotated[bool, typer.Option("--count", help="print only how many there are")] = False,
    deleted: Annotated[bool, typer.Option("--include-deleted", help="deleted rows too")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON, one line for each row")] = False,
) -> None:
    """Find rows by conditions in the filter language (docs/filters.md)."""
    texts = [_split(condition) for condition in conditions or []]

    async def command(settings: Settings) -> int:
        async with open_database(settings) as database, reader(database.sessions) as read:
            known = database.entities[entity]
            shown = _columns(known, columns)
            words, service = words_of_texts(entity, texts), service_of(known)
            if count:
                print(await service.count(read, where=words, include_deleted=deleted))
                return 0
            rows = await service.find(read, where=words, sort=sort.split(","), limit=limit, include_deleted=deleted)
        if as_json:
            for row in rows:
                print(json.dumps(to_jsonable_python(row.model_dump())))
        else:
            Console(highlight=False).print(_table(rows, shown))
        return 0

    run(command)


def _split(condition: str) -> tuple[str, str]:
    name, is_said, value = condition.partition("=")
    if not is_said:
        fail(f"{condition!r} is no condition; expected FIELD=VALUE or FIELD__OPERATOR=VALUE, such as status__in=a,b")
    return name, value


def _columns(entity: EntityType, said: str | None) -> Sequence[str]:
    known = [str(column.name) for column in entity.table.columns]
    if said is None:
        return ["id", *(name for name in known if name not in BOOKKEEPING and name != "deleted_at")]
    for name in (names := said.split(",")):
        if name not in known:
            raise UnknownName("column", name, tuple(known))
    return names


def _table(rows: Sequence[Entity], columns: Sequence[str]) -> Table:
    table = Table(title=f"{len(rows)} rows")
    for name in columns:
        table.add_column(name, overflow="ellipsis", max_width=40)
    for row in rows:
        table.add_row(*(Text(one_line(_cell(getattr(row, name)))) for name in columns))
    return table


def _cell(value: Any) -> str:  # noqa: ANN401 - of any column
    plain = to_jsonable_python(value)
    return "" if plain is None else plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
