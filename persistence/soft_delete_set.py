"""Rows that are deleted together and too many to go through Python: a set of the transaction, of several entities."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, column, exists, func, literal, select, table, text

from domain.entities import EntityType, Reference
from domain.errors import StaleVersion
from domain.result import Result, counted
from persistence.selection import Asked, locked
from persistence.selection_conditions import among
from persistence.selection_set import fill_set, make_set, measure_set
from persistence.statements import name_of
from persistence.transaction import Transaction
from persistence.update_set import write_set

_NAME = "counterfoil_marked"
_ROW = ("id", "deleted_at", "version", "updated_at")
_SET = table(_NAME, *(column(name) for name in ("entity", "level", *_ROW)), schema="pg_temp")
_INDEXES = [text(f"CREATE INDEX ON pg_temp.{_NAME} ({columns})") for columns in ("entity, level", "entity, id")]
_PLANNED = f"""
    SELECT id, version, updated_at, deleted_at AS old_0,
        CASE CAST(:action AS text) WHEN 'soft_delete' THEN now() END AS new_0
    FROM pg_temp.{_NAME}
    WHERE entity = CAST(:entity AS text)
"""  # noqa: S608 - our own name

DEEP = 8
"""The level from which on the set has indexes, without which every further level is a walk through all of it.

A project with 100,000 tasks, 300 of them a chain of subtasks, is deleted in 2.2 s with them and in 5.9 s without.
"""


async def take_set(tx: Transaction, entity: EntityType, asked: Asked) -> None:
    """Lock all rows that are asked for, and begin the set with them; raises NotFound."""
    await _make(tx, entity)
    found = await fill_set(tx, _SET, _rows(entity, 0, *asked.conditions))
    if found < len(set(asked.values)):
        source = entity.table.c
        held = await tx.session.execute(select(source[asked.column]).where(holds(entity, source.id)))
        asked.refuse_missing(entity, set(held.scalars()))
    await measure_set(tx, _NAME)


async def refuse_stale_set(tx: Transaction, entity: EntityType, expected: int) -> None:
    """Raise StaleVersion where a row of the set, which begins with those that are asked for, has another version."""
    stale = select(_SET.c.id, _SET.c.version).where(_SET.c.version != expected).order_by(_SET.c.id).limit(1)
    for row_id, version in await tx.session.execute(stale):
        raise StaleVersion(entity.name, row_id, expected=expected, actual=version)


async def take_owned(tx: Transaction, entity: EntityType) -> None:
    """Add to the set, level by level, the live rows that it owns; a ring of owners ends where it meets itself."""
    level, owners, known, new = 0, [entity], 0, 0
    while owners:
        if level == DEEP:
            for index in _INDEXES:
                await tx.session.execute(index)
        if new > known:  # measured again wherever it has doubled: a chain of owners has a level for each
            await measure_set(tx, _NAME)
            known, new = known + new, 0
        found = {}
        for owner in owners:
            for child, reference in tx.entities.owned_by(owner.name):
                if count := await _take_owned(tx, owner, child, reference, level):
                    found[child.name] = child
                    new += count
        level, owners = level + 1, list(found.values())


async def take_ids(tx: Transaction, ids: Mapping[str, Sequence[int]]) -> None:
    """Make the set of deleted rows that are locked already, their ids by entity."""
    await _make(tx, tx.entities[next(iter(ids))])
    for level, name in enumerate(ids):
        entity = tx.entities[name]
        source = entity.table.c
        rows = select(*_row(entity, level)).where(among(source.id, ids[name]), source.deleted_at.is_not(None))
        await fill_set(tx, _SET, rows)
    await measure_set(tx, _NAME)


async def mark_set(tx: Transaction, action: str) -> Result:
    """Set (`soft_delete`) or clear (`restore`) the deletion of the set's rows, with their audit rows."""
    result = Result()
    count = "deleted" if action == "soft_delete" else "restored"
    name = _SET.c.entity
    met = await tx.session.execute(select(name).group_by(name).order_by(func.min(_SET.c.level), name))
    for entity in [tx.entities[str(row[0])] for row in met.all()]:
        found = await write_set(tx, entity, ["deleted_at"], _PLANNED, {"action": action})
        result += counted(count, entity.name, found["written"], found["ids"])
    return result


def holds(entity: EntityType, row_id: ColumnElement[Any], *, level: int | None = None) -> ColumnElement[bool]:
    """Return the condition that the set holds the entity's row of this id, perhaps at one level."""
    conditions = [_SET.c.entity == entity.name, _SET.c.id == row_id]
    if level is not None:
        conditions.append(_SET.c.level == level)
    return exists().where(*conditions)


async def _take_owned(tx: Transaction, owner: EntityType, child: EntityType, reference: Reference, level: int) -> int:
    source = child.table.c
    owned = holds(owner, source[reference.column], level=level), ~holds(child, source.id)
    return await fill_set(tx, _SET, _rows(child, level + 1, *owned))


async def _make(tx: Transaction, like: EntityType) -> None:
    of_model = f"SELECT '' AS entity, 0 AS level, {', '.join(_ROW)} FROM {name_of(like.table)}"  # noqa: S608 - its name
    await make_set(tx, _NAME, of_model)


def _rows(entity: EntityType, level: int, *conditions: ColumnElement[bool]) -> Select[Any]:
    return locked(entity, conditions, *_row(entity, level))


def _row(entity: EntityType, level: int) -> list[ColumnElement[Any]]:
    source = entity.table.c
    return [literal(entity.name), literal(level), *(source[name] for name in _ROW)]
