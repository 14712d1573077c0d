"""Rows of a bulk job inserted behind savepoints: those that the table refuses are found out by halves."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from domain.batch import Batch
from domain.entities import EntityType
from persistence.classification import told
from persistence.portable.holders import holdings
from persistence.portable.insert import insert_values
from persistence.portable.row_errors import is_about_rows
from persistence.transaction import Transaction
from persistence.unique_keys import UniqueKey, unique_keys

if TYPE_CHECKING:
    from persistence.tried_rows import Tried


async def try_rows(tx: Transaction, entity: EntityType, batch: Batch, key: UniqueKey | None, tried: "Tried") -> None:
    """Insert the rows that the table takes, and add what became of all of them to `tried`."""
    again: list[int] = []
    parts = [list(range(len(batch)))] if len(batch) else []
    while parts:
        numbers = parts.pop()
        part = batch.only(numbers)
        try:
            async with tx.session.begin_nested():
                ids = await insert_values(tx, entity, list(_rows(part)))
        except DBAPIError as error:
            if not is_about_rows(error):
                raise
            if len(numbers) > 1:
                middle = len(numbers) // 2
                parts += [numbers[middle:], numbers[:middle]]  # the first half comes next, so that lines rise
            elif key is not None and await _is_taken(tx, entity, key, part):
                again += numbers
            else:
                column, reason = await _fault(tx, entity, part, error)
                tried.rejects.append(part.reject(0, column, reason))
        else:
            tried.ids += ids
            tried.lines += part.lines
    tried.again = batch.only(again)


async def _is_taken(tx: Transaction, entity: EntityType, key: UniqueKey, one: Batch) -> bool:
    if not set(key.columns) <= one.columns.keys():
        return False
    values = [one.columns[name] for name in key.columns]
    return any(await holdings(tx.session, entity.table, key, values, locked=False))


async def _fault(tx: Transaction, entity: EntityType, one: Batch, error: DBAPIError) -> tuple[str, str]:
    """Return the column at fault and the reason: as the database is asked, in its own words where it cannot tell."""
    for name, (value,) in one.columns.items():
        if value is None and not entity.table.c[name].nullable:
            return name, "must not be null"
    for key in unique_keys(entity.table):
        if await _is_taken(tx, entity, key, one):
            return key.columns[0], "another row has this value, which must be unique"
    return "", told(error)


def _rows(batch: Batch) -> Iterator[dict[str, Any]]:
    names: Sequence[str] = list(batch.columns)
    for values in zip(*batch.columns.values(), strict=True):
        yield dict(zip(names, values, strict=True))
