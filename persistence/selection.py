"""Which rows a command means: found and locked in the order of their ids, so that two jobs cannot deadlock on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, FromClause, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.expression import any_, literal

from domain.commands import Key, Selection
from domain.entities import Entities, EntityType
from domain.errors import NotFound, UnknownName
from domain.rows import dotted_names, field_value, key_value, reference_named
from persistence.references import resolve_keys
from persistence.transaction import Transaction

OPERATORS = ("eq",)
"""What `field__operator` may say in `where`."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A locked live row; `key` is its natural key (None where the entity has none)."""

    id: int
    version: int
    key: Key | None


async def select_rows(tx: Transaction, entity: EntityType, selection: Selection) -> list[Selected]:
    """Return the selected live rows, locked until the transaction ends, in the order of their ids.

    Raises NotFound when an id or key has no live row; a `where` that matches nothing selects nothing.
    """
    if selection.id is not None:
        return await select_by(tx, entity, "id", selection.id)
    if selection.key is not None:
        return await select_by_keys(tx, entity, selection.key)
    return await _locked(tx, entity, await _conditions(tx, entity, selection.where or {}))


async def select_by_keys(tx: Transaction, entity: EntityType, keys: Sequence[Key]) -> list[Selected]:
    """Return the live rows with these natural keys, locked; raises NotFound for the missing ones."""
    values = [key_value(entity, key) for key in keys]
    return await select_by(tx, entity, str(entity.natural_key), values)


async def select_by(tx: Transaction, entity: EntityType, column: str, values: Sequence[Key]) -> list[Selected]:
    """Return the live rows whose id or natural key (`column`) is among the values, locked; raises NotFound."""
    rows = await _locked(tx, entity, [among(entity.table, column, values)])
    found = {row.id if column == "id" else row.key for row in rows}
    if missing := [value for value in dict.fromkeys(values) if value not in found]:
        raise NotFound(entity.name, column, tuple(missing))
    return rows


async def existing_keys(tx: Transaction, entity: EntityType, keys: Sequence[Key]) -> dict[Key, int]:
    """Return the ids of the live rows with these natural keys, locked; missing keys are left out."""
    rows = await _locked(tx, entity, [among(entity.table, str(entity.natural_key), keys)])
    return {row.key: row.id for row in rows if row.key is not None}


def among(table: FromClause, column: str, values: Sequence[Any]) -> ColumnElement[bool]:
    """Return `column = ANY (values)`: one parameter whatever their number, where IN has one for each."""
    kind = table.c[column].type
    return table.c[column] == any_(literal(list(values), ARRAY(kind)))


async def _locked(tx: Transaction, entity: EntityType, conditions: Sequence[ColumnElement[bool]]) -> list[Selected]:
    table = entity.table
    key = table.c[entity.natural_key] if entity.natural_key else table.c.id
    query = select(table.c.id, table.c.version, key).where(table.c.deleted_at.is_(None), *conditions)
    rows = (await tx.session.execute(query.order_by(table.c.id).with_for_update())).all()
    return [Selected(row[0], row[1], row[2] if entity.natural_key else None) for row in rows]


async def _conditions(tx: Transaction, entity: EntityType, where: dict[str, Any]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    for name, value in where.items():
        reference = reference_named(tx.entities, entity, name)
        if reference is not None and value is None:
            conditions.append(entity.table.c[reference.column].is_(None))
        elif reference is not None:
            target = tx.entities[reference.target]
            ids = await resolve_keys(tx, target, [key_value(target, value)])
            conditions.append(among(entity.table, reference.column, list(ids.values())))
        else:
            conditions.append(_equal(tx.entities, entity, name, value))
    return conditions


def _equal(
    entities: Entities,
    entity: EntityType,
    name: str,
    value: Any,  # noqa: ANN401 - a JSON value
) -> ColumnElement[bool]:
    field, _, operator = name.partition("__")
    fields = {str(column.name) for column in entity.table.columns}
    if field not in fields:
        raise UnknownName("field", name, (*fields, *dotted_names(entities, entity)))
    if operator and operator not in OPERATORS:
        raise UnknownName("operator", operator, OPERATORS)
    column = entity.table.c[field]
    if value is None:
        return column.is_(None)
    return cast("ColumnElement[bool]", column == field_value(entity, field, value))
