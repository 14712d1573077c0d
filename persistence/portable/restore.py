"""What a restore asks: which rows are still deleted as the audit log says, and who holds or wants their keys."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from domain.entities import EntityType
from domain.errors import CannotRestore, Problem
from persistence.audit_log import AuditEntry
from persistence.rows_among import rows_among
from persistence.transaction import Transaction


async def still_removed(tx: Transaction, entity: EntityType, conditions: Sequence[ColumnElement[bool]]) -> list[int]:
    """Return the rows, locked, whose deletion is still the one that was logged: both times are that transaction's."""
    logged = select(col(AuditEntry.entity_id), col(AuditEntry.after)).where(
        *conditions, col(AuditEntry.entity) == entity.name
    )
    rows = (await tx.session.execute(logged)).all()
    times = {int(row_id): datetime.fromisoformat(str(after["deleted_at"])) for row_id, after in rows if after}
    table = entity.table
    query = select(table.c.id, table.c.deleted_at).order_by(table.c.id).with_for_update()
    found = await rows_among(tx, query, table.c.id, sorted(times))
    return [row_id for row_id, deleted_at in found if deleted_at == times[row_id]]


async def refuse_taken_keys(tx: Transaction, entity: EntityType, ids: Sequence[int]) -> None:
    """Raise CannotRestore where a live row holds the key of one of the rows, or an earlier one of them wants it."""
    if (key := entity.natural_key) is None:
        return
    table = entity.table
    query = select(table.c.id, table.c[key], table.c.deleted_at).order_by(table.c.id)
    back = [(row[0], row[1]) for row in await rows_among(tx, query, table.c.id, ids) if row[2] is not None]
    live = query.where(table.c.deleted_at.is_(None))
    holders = {row[1]: row[0] for row in await rows_among(tx, live, table.c[key], [value for _, value in back])}
    problems: list[Problem] = []
    wanted: dict[Any, int] = {}
    for row_id, value in sorted(back):
        said = f"{key} {value!r} is"
        if value in holders:
            problems.append(Problem(None, f"id {row_id}", f"{said} held by row {holders[value]}"))
        elif value in wanted:
            problems.append(Problem(None, f"id {row_id}", f"{said} wanted by row {wanted[value]}"))
        wanted.setdefault(value, row_id)
    if problems:
        raise CannotRestore(entity.name, tuple(problems))
