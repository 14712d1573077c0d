"""New rows, where the database has no statement that inserts and audits at once."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from domain.commands import Key, Row
from domain.entities import EntityType
from domain.errors import Duplicate, Problem
from domain.result import Result
from persistence.portable.audit import Audited, keep
from persistence.portable.rows import pieces, read_images, typed
from persistence.portable.written import moment, never_forgotten, summed
from persistence.selection import existing_keys
from persistence.session import AUDITED
from persistence.transaction import Transaction

ATTEMPTS = 3
"""How often an insert starts over when rows with its keys appear between its question and its insert."""


async def insert_new(tx: Transaction, entity: EntityType, rows: Sequence[Row]) -> tuple[Result, set[Key]]:
    """Insert the rows whose natural key no live row has, and return the keys of these; of twins the first.

    Raises Duplicate for keys that appear and vanish in other transactions meanwhile.
    """
    await tx.session.flush()
    key = entity.natural_key
    values = [typed(entity, row) for row in rows]
    if key is None:
        return await _insert(tx, entity, values), set()
    by_key: dict[Any, dict[str, Any]] = {}
    for row in values:
        by_key.setdefault(row[key], row)
    for _ in range(ATTEMPTS):
        taken = await existing_keys(tx, entity, list(by_key))
        new = {value: row for value, row in by_key.items() if value not in taken}
        try:
            async with tx.session.begin_nested():
                return await _insert(tx, entity, list(new.values())), set(new)
        except IntegrityError:
            # A key that was taken meanwhile is a reason to ask again, anything else is an error.
            if not await existing_keys(tx, entity, list(new)):
                raise
    raise Duplicate(entity.name, key, tuple(Problem(None, key, f"{value!r} appears and vanishes") for value in by_key))


async def _insert(tx: Transaction, entity: EntityType, rows: Sequence[Mapping[str, Any]]) -> Result:
    return summed("inserted", entity.name, await insert_values(tx, entity, rows))


async def insert_values(tx: Transaction, entity: EntityType, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert rows of values in the types of their columns, with their audit rows; returns their ids in that order."""
    at = (await moment(tx)).at
    stamped = [{"created_at": at, "updated_at": at, **row} for row in rows]
    ids: list[int] = []
    async with never_forgotten(tx):
        for piece in pieces(stamped):
            found = await _ids_of(tx, entity, piece)
            images = await tx.session.run_sync(read_images, entity, found)
            kept = [Audited(row_id, "insert", None, image) for row_id, image in sorted(images.items())]
            await tx.session.run_sync(keep, entity.name, kept)
            ids += found
    return ids


async def _ids_of(tx: Transaction, entity: EntityType, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert rows in their order, and return their ids."""
    table, options = entity.table, {AUDITED: True}
    dialect = tx.session.get_bind().dialect
    if dialect.insert_executemany_returning_sort_by_parameter_order:
        statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
        return list((await tx.session.execute(statement, list(rows), execution_options=options)).scalars())
    # MySQL, unlike MariaDB, does not say which ids it gave to many rows.
    ids: list[int] = []
    for row in rows:
        found: Any = await tx.session.execute(insert(table).values(row), execution_options=options)
        ids.append(found.inserted_primary_key[0])
    return ids
