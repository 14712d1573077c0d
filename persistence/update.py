"""Change rows set-based, audited with the difference."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache

from sqlalchemy import Table

from domain.commands import Row, Update
from domain.entities import EntityType
from domain.errors import InvalidRows, Problem
from domain.result import Result, counted
from domain.rows import key_value, parse_rows
from persistence.attempted import Attempted
from persistence.dialects import Dialect, dialect_of
from persistence.integrity import explained
from persistence.portable import update as portable
from persistence.references import settle_references
from persistence.selection import LARGE, asked, refuse_stale, select_by_keys, select_few
from persistence.statements import compared, quoted, statement
from persistence.transaction import Transaction
from persistence.update_many import update_many


async def update_rows(tx: Transaction, entity: EntityType, command: Update, *, large: int = LARGE) -> Result:
    """Change the selected rows; those whose values are already as wanted are left alone and counted as skipped.

    One change set for more than `large` rows stays in the database: their ids and values do not travel.

    Raises InvalidRows, MissingReference, NotFound, StaleVersion, Duplicate.
    """
    if command.changes_by_key is not None:
        return await _update_by_key(tx, entity, command)
    (changes,) = await _settled(tx, entity, [command.changes or {}])
    expected = command.expected_version if isinstance(command.expected_version, int) else None
    selection = await asked(tx, entity, command)
    rows = await select_few(tx, entity, selection, most=large)
    if rows is None:
        return await update_many(tx, entity, selection, changes, expected_version=expected)
    if expected is not None:
        refuse_stale(entity, rows, {row.id: expected for row in rows})
    return await apply_changes(tx, entity, {row.id: changes for row in rows})


async def apply_changes(tx: Transaction, entity: EntityType, changes: Mapping[int, Row]) -> Result:
    """Apply a change set to each of the locked rows, by id; a change set that changes nothing is skipped."""
    columns = sorted({name for row in changes.values() for name in row})
    if not columns:
        return Result(skipped=len(changes))
    if dialect_of(tx.session) is not Dialect.POSTGRESQL:
        with explained(tx.entities, lambda: Attempted({entity.name: list(changes.values())})):
            return await portable.apply_changes(tx, entity, changes)
    sentence = statement("update", table=entity.table, **change_of(entity.table, tuple(columns)))
    rows = [{"id": entity_id, "changes": row} for entity_id, row in changes.items()]
    with explained(tx.entities, lambda: Attempted({entity.name: list(changes.values())})):
        found = await tx.write(entity.name, sentence, {"changes": json.dumps(rows)})
    skipped = Result(skipped=len(changes) - found["written"])
    return counted("updated", entity.name, found["written"], found["ids"]) + skipped


@lru_cache(maxsize=1024)
def change_of(table: Table, columns: tuple[str, ...]) -> dict[str, str]:
    """Return the parts of a sentence that changes these columns from `planned.old_row` to `planned.new_row`."""
    return {
        "assignments": ", ".join(f"{quoted(column)} = (planned.new_row).{quoted(column)}" for column in columns),
        "new_columns": ", ".join(compared(table, one, f"(planned.new_row).{quoted(one)}") for one in columns),
        "old_columns": ", ".join(compared(table, one, f"(planned.old_row).{quoted(one)}") for one in columns),
        "old_images": _images(table, columns, "old_row"),
        "new_images": _images(table, columns, "new_row"),
    }


async def _update_by_key(tx: Transaction, entity: EntityType, command: Update) -> Result:
    given = command.changes_by_key or {}
    by_key = {key_value(entity, key): changes for key, changes in given.items()}
    if len(by_key) < len(given):  # such as "7" and "07" for a number
        problem = Problem(None, "changes_by_key", "names a row twice; say all of its changes at once")
        raise InvalidRows(entity.name, (problem,))
    settled = dict(zip(by_key, await _settled(tx, entity, list(by_key.values())), strict=True))
    rows = await select_by_keys(tx, entity, list(by_key))
    if isinstance(command.expected_version, Mapping):
        wanted = {key_value(entity, key): version for key, version in command.expected_version.items()}
        refuse_stale(entity, rows, {row.id: wanted[row.key] for row in rows if row.key in wanted})
    return await apply_changes(tx, entity, {row.id: settled[row.key] for row in rows if row.key is not None})


async def _settled(tx: Transaction, entity: EntityType, changes: Sequence[Row]) -> list[Row]:
    checked = parse_rows(tx.entities, entity, changes, changes=True)
    return await settle_references(tx, entity, checked)


def _images(table: Table, columns: Sequence[str], row: str) -> str:
    """Return the JSON of the columns that differ: known columns are 7 times as fast as a generic JSON difference."""
    return " || ".join(
        f"CASE WHEN {compared(table, column, f'(old_row).{name}')} "
        f"IS DISTINCT FROM {compared(table, column, f'(new_row).{name}')} "
        f"THEN jsonb_build_object('{column}', ({row}).{name}) ELSE jsonb_build_object() END"
        for column, name in ((column, quoted(column)) for column in columns)
    )
