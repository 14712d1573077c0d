"""Which rows a command means: found and locked in the order of their ids, so that two jobs cannot deadlock on them."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, null, select

from domain.commands import Key, Selection
from domain.entities import EntityType
from domain.errors import NotFound, StaleVersion
from domain.filters import parse_filter
from domain.rows import key_value
from persistence.dialects import Dialect, dialect_of
from persistence.filters import checked_clause
from persistence.rows_among import rows_among
from persistence.selection_conditions import among
from persistence.transaction import Transaction

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
    """Return what the selection asks for.

    Raises InvalidRows, InvalidFilter and UnknownName for what no row can be asked for.
    """
    if selection.id is not None:
        return _by_values(entity, "id", selection.id)
    if selection.key is not None:
        return _by_keys(entity, selection.key)
    if selection.everything:
        return Asked(())
    tree = parse_filter(tx.entities, entity, selection.where or {})
    return Asked([checked_clause(tx.entities, entity, tree, dialect_of(tx.session))])


async def select_few(tx: Transaction, entity: EntityType, asked: Asked, *, most: int) -> list[Selected] | None:
    """Return the live rows asked for, locked until the transaction ends, in the order of their ids.

    None where there are more than `most`, some of which are locked then; on PostgreSQL alone, elsewhere all go through
    Python. Raises NotFound when an id or key has no live
    row; a `where` that matches nothing selects nothing.
    """
    if dialect_of(tx.session) is not Dialect.POSTGRESQL:
        return await _all_locked(tx, entity, asked)
    if len(asked.values) > most:
        return None
    rows = await _locked(tx, entity, asked.conditions, limit=None if asked.values else most + 1)
    if len(rows) > most:
        return None
    asked.refuse_missing(entity, _named(rows, asked.column))
    return rows


def refuse_stale(entity: EntityType, rows: Iterable[Selected], expected: Mapping[int, int]) -> None:
    """Raise StaleVersion for the first row, by id, that has another version than the expected one."""
    for row in rows:
        if row.id in expected and row.version != expected[row.id]:
            raise StaleVersion(entity.name, row.id, expected=expected[row.id], actual=row.version)


async def select_by_keys(tx: Transaction, entity: EntityType, keys: Sequence[Key]) -> list[Selected]:
    """Return the live rows with these natural keys, locked; raises NotFound for the missing ones."""
    return await _all_locked(tx, entity, _by_keys(entity, keys))


async def existing_keys(tx: Transaction, entity: EntityType, keys: Sequence[Key]) -> dict[Key, int]:
    """Return the ids of the live rows with these natural keys, locked; missing keys are left out."""
    column = entity.table.c[str(entity.natural_key)]
    rows = [Selected(*row) for row in await rows_among(tx, _query(entity, []), column, keys)]
    return {row.key: row.id for row in rows if row.key is not None}


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
    query = _query(entity, conditions)
    rows = (await tx.session.execute(at_most(query, limit) if limit else query)).all()
    return [Selected(*row) for row in rows]


async def _all_locked(tx: Transaction, entity: EntityType, asked: Asked) -> list[Selected]:
    """Return the rows asked for, locked, however many they are; raises NotFound."""
    if asked.values:
        found = await rows_among(tx, _query(entity, []), entity.table.c[asked.column], asked.values)
        rows = sorted((Selected(*row) for row in found), key=lambda row: row.id)
    else:
        rows = await _locked(tx, entity, asked.conditions)
    asked.refuse_missing(entity, _named(rows, asked.column))
    return rows


def _query(entity: EntityType, conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    table = entity.table
    key = table.c[entity.natural_key] if entity.natural_key else null()
    return locked(entity, conditions, table.c.id, table.c.version, key.label("natural_key"))


def _named(rows: Sequence[Selected], column: str) -> set[Any]:
    return {row.id if column == "id" else row.key for row in rows}


def _by_keys(entity: EntityType, keys: Sequence[Key]) -> Asked:
    values = [key_value(entity, key) for key in keys]
    return _by_values(entity, str(entity.natural_key), values)


def _by_values(entity: EntityType, column: str, values: Sequence[Key]) -> Asked:
    return Asked([among(entity.table.c[column], values)], column, values)
