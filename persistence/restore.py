"""Bring soft-deleted rows back, set-based and audited."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Text, cast, func, select
from sqlmodel import col

from domain.commands import Restore
from domain.entities import EntityType
from domain.errors import CannotRestore, NotFound, Problem, StaleVersion
from domain.result import Result
from persistence.audit_log import AuditEntry
from persistence.dialects import Dialect, dialect_of
from persistence.portable import restore as portable
from persistence.rows_among import rows_among
from persistence.selection import LARGE
from persistence.selection_conditions import among
from persistence.soft_delete import mark_rows
from persistence.soft_delete_set import mark_set, take_ids
from persistence.transaction import Transaction


async def restore_rows(tx: Transaction, command: Restore, *, large: int = LARGE) -> Result:
    """Restore exactly the rows that one soft delete's job removed and that are deleted since then, or the given ids.

    Rows that live already are skipped; more than `large` rows are changed as one set. Raises NotFound, StaleVersion;
    CannotRestore when another row holds or wants a key, or when an owner (a task's project or parent) is deleted and
    does not come back with them.
    """
    if command.job_id is not None:
        logged = col(AuditEntry.job_id) == command.job_id
        removed, skipped = await _removed_by(
            tx, logged, NotFound("soft delete", "job_id", (command.job_id,), live=False)
        )
    else:
        entity = tx.entities[str(command.entity)]
        removed, skipped = await _deleted_among(tx, entity, command)
        if command.cascade and removed[entity.name]:
            removed, also = await _removed_with(tx, entity, removed[entity.name])
            skipped += also
    result = Result(skipped=skipped)
    # Owners first: their entities stand first in the log of a cascade, but nothing promises it.
    for name in sorted(removed, key=lambda name: list(tx.entities).index(name)):
        await _refuse_orphans(tx, tx.entities[name], removed)
        await _refuse_taken_keys(tx, tx.entities[name], removed[name])
    if sum(map(len, removed.values())) > large and dialect_of(tx.session) is Dialect.POSTGRESQL:
        await take_ids(tx, removed)
        return result + await mark_set(tx, "restore")
    for name, ids in removed.items():
        result += await mark_rows(tx, tx.entities[name], ids, "restore")
    return result


async def _removed_with(tx: Transaction, entity: EntityType, ids: Sequence[int]) -> tuple[dict[str, list[int]], int]:
    """Return what the transactions that deleted these rows deleted, and how many of it are others' by now."""
    named = [str(row_id) for row_id in ids]
    latest = (
        select(func.max(col(AuditEntry.id)))
        .where(col(AuditEntry.entity) == entity.name, col(AuditEntry.entity_id).in_(named))
        .where(col(AuditEntry.action) == "soft_delete")
        .group_by(col(AuditEntry.entity_id))
    )
    deletions = select(col(AuditEntry.txid)).where(col(AuditEntry.id).in_(latest))
    return await _removed_by(tx, col(AuditEntry.txid).in_(deletions), NotFound("soft delete", "id", tuple(ids)))


async def _removed_by(
    tx: Transaction, which: ColumnElement[bool], missing: NotFound
) -> tuple[dict[str, list[int]], int]:
    conditions = (which, col(AuditEntry.action) == "soft_delete")
    logged = await tx.session.execute(
        select(col(AuditEntry.entity), func.count()).where(*conditions).group_by(col(AuditEntry.entity))
    )
    counts: dict[str, int] = {row[0]: row[1] for row in logged}
    if not counts:
        raise missing
    removed = {name: await _still_removed(tx, tx.entities[name], conditions) for name in counts}
    return removed, sum(counts.values()) - sum(len(ids) for ids in removed.values())


async def _still_removed(tx: Transaction, entity: EntityType, conditions: Sequence[ColumnElement[bool]]) -> list[int]:
    """Return the rows whose deletion is still the one that was logged: both times are that transaction's."""
    if dialect_of(tx.session) is not Dialect.POSTGRESQL:
        return await portable.still_removed(tx, entity, conditions)
    table = entity.table
    logged_at = cast(col(AuditEntry.after)["deleted_at"].as_string(), DateTime(timezone=True))
    query = (
        select(table.c.id)
        .join(AuditEntry, col(AuditEntry.entity_id) == cast(table.c.id, Text))
        .where(*conditions, col(AuditEntry.entity) == entity.name, table.c.deleted_at == logged_at)
        .order_by(table.c.id)
        .with_for_update(of=table)
    )
    return list((await tx.session.execute(query)).scalars())


async def _deleted_among(tx: Transaction, entity: EntityType, command: Restore) -> tuple[dict[str, list[int]], int]:
    source, ids, expected = entity.table.c, command.id or [], command.expected_version
    query = select(source.id, source.version, source.deleted_at).order_by(source.id).with_for_update()
    rows = await rows_among(tx, query, source.id, ids)
    found: dict[int, Any] = {row[0]: row[2] for row in rows}
    if missing := [entity_id for entity_id in dict.fromkeys(ids) if entity_id not in found]:
        raise NotFound(entity.name, "id", tuple(missing), live=False)
    for row_id, version, _ in rows:
        if expected not in {None, version}:
            raise StaleVersion(entity.name, row_id, expected=expected, actual=version)
    deleted = [entity_id for entity_id, deleted_at in found.items() if deleted_at is not None]
    return {entity.name: deleted}, len(found) - len(deleted)


async def _refuse_orphans(tx: Transaction, entity: EntityType, removed: dict[str, list[int]]) -> None:
    table = entity.table
    for owner in entity.owners:
        if owner.target not in tx.entities:
            continue
        parent = tx.entities[owner.target].table.alias()
        query = (
            select(table.c.id, parent.c.id, parent.c.deleted_at)
            .join(parent, parent.c.id == table.c[owner.column])
            .order_by(parent.c.id)
            .with_for_update(of=parent, read=True)
        )
        back = set(removed.get(owner.target, ()))
        rows = await rows_among(tx, query, table.c.id, removed[entity.name])
        orphans = [row for row in rows if row[2] is not None and row[1] not in back]
        if orphans:
            found = (
                Problem(None, f"id {row[0]}", f"its {owner.name} {row[1]} is deleted; restore that first")
                for row in orphans
            )
            raise CannotRestore(entity.name, tuple(found))


async def _refuse_taken_keys(tx: Transaction, entity: EntityType, ids: Sequence[int]) -> None:
    if (key := entity.natural_key) is None:
        return
    if dialect_of(tx.session) is not Dialect.POSTGRESQL:
        await portable.refuse_taken_keys(tx, entity, ids)
        return
    table, holder = entity.table, entity.table.alias()
    twin = (holder.c.id < table.c.id) & among(holder.c.id, ids)
    query = (
        select(table.c.id, table.c[key], holder.c.id, holder.c.deleted_at)
        .join(holder, (holder.c[key] == table.c[key]) & (holder.c.deleted_at.is_(None) | twin))
        .where(among(table.c.id, ids), table.c.deleted_at.is_not(None))
        .order_by(table.c.id)
    )
    rows = (await tx.session.execute(query)).all()
    if rows:
        found = (
            Problem(
                None, f"id {row[0]}", f"{key} {row[1]!r} is {'held' if row[3] is None else 'wanted'} by row {row[2]}"
            )
            for row in rows
        )
        raise CannotRestore(entity.name, tuple(found))
