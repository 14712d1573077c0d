"""Which rows a command means: found and locked in the order of their ids, so that two jobs cannot deadlock on them."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, null, select
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


LARGE = 3_000
"""How many rows may go through Python; more stay in a temporary table.

Measured with PostgreSQL 18 on 2 cores: 10 rows take 0.02 s this way and 0.04 s that way, 3,000 rows 0.09 s either way.
"""


@dataclass(frozen=True, slots=True)
class Selected:
    """A locked live row; `key` is its natural key (None where the entity has none)."""

    id: int
    version: int
    key: Key | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a selection asks of live rows; each of `values`, if there are any, must be the `column` of one of them."""

    conditions: Sequence[ColumnElement[bool]]
    column: str = "id"
    values: Sequence[Key] = ()

    def refuse_missing(self, entity: EntityType, found: Container[Any]) -> None:
        """Raise NotFound unless all values are found."""
        if missing := [value for value in dict.fromkeys(self.values) if value not in found]:
            raise NotFound(entity.name, self.column, tuple(missing))


async def asked(tx: Transaction, entity: EntityType, selection: Selection) -> Asked:
    """Return what the selection asks for; raises InvalidRows and UnknownName for what no row can be asked for."""
    if selection.id is not None:
        return _by_values(entity, "id", selection.id)
    if selection.key is not None:
        return _by_keys(entity, selection.key)
    return Asked(await _conditions(tx, entity, selection.where or {}))


async def select_few(tx: Transaction, entity: EntityType, asked: Asked, *, most: int) -> list[Selected] | None:
    """Return the live rows asked for, locked until the transaction ends, in the order of their ids.

    None where there are more than `most`, some of which are locked then. Raises NotFound when an id or key has no live
    row; a `where` that matches nothing selects nothing.
    """
    if len(asked.values) > most:
        return None
    rows = await _locked(tx, entity, asked.conditions, limit=None if asked.values else most + 1)
    if len(rows) > most:
        return None
    asked.refuse_missing(entity, _named(rows, asked.column))
    return rows


async def select_by_keys(tx: Transaction, entity: EntityType, keys: Sequence[Key]) -> list[Selected]:
    """Return the live rows with these natural keys, locked; raises NotFound for the missing ones."""
    asked = _by_keys(entity, keys)
    rows = await _locked(tx, entity, asked.conditions)
    asked.refuse_missing(entity, _named(rows, asked.column))
    return rows


async def existing_keys(tx: Transaction, entity: EntityType, keys: Sequence[Key]) -> dict[Key, int]:
    """Return the ids of the live rows with these natural keys, locked; missing keys are left out."""
    rows = await _locked(tx, entity, [among(entity.table.c[str(entity.natural_key)], keys)])
    return {row.key: row.id for row in rows if row.key is not None}


def among(column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Return `column = ANY (values)`: one parameter whatever their number, where IN has one for each."""
    return column == any_(literal(list(values), ARRAY(column.type)))


def locked(entity: EntityType, conditions: Sequence[ColumnElement[bool]], *columns: ColumnElement[Any]) -> Select[Any]:
    """Return the query of these columns of live rows that locks them in the order of their ids."""
    table = entity.table
    query = select(*columns).where(table.c.deleted_at.is_(None), *conditions)
    return query.order_by(table.c.id).with_for_update(of=table)


def at_most(query: Select[Any], limit: int) -> Select[Any]:
    """Return the first rows of a query that locks, and lock these alone."""
    # By the plan of the whole: for a bare LIMIT the planner may walk through the table by id, hoping for early hits.
    found = query.cte("found").prefix_with("MATERIALIZED")
    return select(found).limit(limit)


async def _locked(
    tx: Transaction, entity: EntityType, conditions: Sequence[ColumnElement[bool]], *, limit: int | None = None
) -> list[Selected]:
    table = entity.table
    key = table.c[entity.natural_key] if entity.natural_key else null()
    query = locked(entity, conditions, table.c.id, table.c.version, key.label("natural_key"))
    rows = (await tx.session.execute(at_most(query, limit) if limit else query)).all()
    return [Selected(*row) for row in rows]


def _named(rows: Sequence[Selected], column: str) -> set[Any]:
    return {row.id if column == "id" else row.key for row in rows}


def _by_keys(entity: EntityType, keys: Sequence[Key]) -> Asked:
    values = [key_value(entity, key) for key in keys]
    return _by_values(entity, str(entity.natural_key), values)


def _by_values(entity: EntityType, column: str, values: Sequence[Key]) -> Asked:
    return Asked([among(entity.table.c[column], values)], column, values)


async def _conditions(tx: Transaction, entity: EntityType, where: dict[str, Any]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    for name, value in where.items():
        reference = reference_named(tx.entities, entity, name)
        if reference is not None and value is None:
            conditions.append(entity.table.c[reference.column].is_(None))
        elif reference is not None:
            target = tx.entities[reference.target]
            ids = await resolve_keys(tx, target, [key_value(target, value)])
            conditions.append(among(entity.table.c[reference.column], list(ids.values())))
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
