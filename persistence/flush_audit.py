"""Flush, then audit: what an ORM flush wrote gets its audit rows at once, on the same connection."""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import sqlalchemy.orm
from sqlalchemy import Connection, func, inspect
from sqlalchemy.orm import Session

from domain.entities import Entities, EntityType
from domain.entity import Entity
from domain.errors import AuditMismatch, UnauditedWrite
from domain.origin import Origin
from persistence.attempted import Attempted, Read
from persistence.audit_log import AuditEntry
from persistence.dialects import Dialect, dialect_of
from persistence.flush_refusals import (
    PURGED,
    name_of,
    refuse_cascade,
    refuse_links,
    refuse_new_id,
    refuse_others,
)
from persistence.integrity import explained
from persistence.portable import flush as portable
from persistence.statements import statement

_PENDING = "counterfoil_pending"

STALE = "counterfoil_stale"
"""Where a session's `info` keeps the objects of its last flush that failed, and their versions."""


@dataclass
class _Pending:
    """What a flush is about to write: the rows as they were, by entity and id, and what becomes of them."""

    changed: dict[int, tuple[Entity, str]] = field(default_factory=dict)
    images: dict[tuple[str, int], Any] = field(default_factory=dict)
    attempted: Attempted = field(default_factory=Attempted)


def prepare_flush(session: Session) -> None:
    """Before a flush: raise `version` and `updated_at` of what changed, and read the rows as they are now.

    The rows come from the database, because the ORM does not keep the old value of a list that was changed in place.
    Another transaction cannot slip between: the flush then finds another `version` and fails.
    Raises UnauditedWrite for an object of the audit log itself, and for rows between two entities (many to many).
    """
    pending, is_postgresql = _Pending(), dialect_of(session) is Dialect.POSTGRESQL
    if any(isinstance(instance, AuditEntry) for instance in (*session.new, *session.dirty, *session.deleted)):
        raise UnauditedWrite("an object", str(AuditEntry.__tablename__))
    refuse_links(session)
    refuse_others(session)
    for instance in session.dirty:
        if isinstance(instance, Entity) and session.is_modified(instance, include_collections=False):
            refuse_new_id(instance)
            pending.changed[id(instance)] = (instance, _action(instance))
            instance.version += 1
            if is_postgresql:
                instance.updated_at = cast("Any", func.now())  # the database's clock, read back by the mapper
    for instance in session.deleted:
        if isinstance(instance, Entity):
            pending.changed[id(instance)] = (instance, "purge")
    if not is_postgresql:
        portable.stamp(session, [one for one, action in pending.changed.values() if action != "purge"])
    _read_images(session, pending)
    pending.attempted = _attempted(session, pending)
    session.info[_PENDING] = pending
    session.info[PURGED] = {id(instance) for instance in session.deleted}


def audit_flush(session: Session) -> None:
    """After a flush: write one audit row for every entity that it wrote, in one statement for each table.

    Raises AuditMismatch when the numbers differ, UnauditedWrite when the ORM changed further objects by itself; the
    transaction is then rolled back.
    """
    pending: _Pending = session.info.pop(_PENDING)
    for instance in session.dirty:
        if isinstance(instance, Entity) and id(instance) not in pending.changed:
            refuse_cascade(session, instance)
    written = [(instance, "insert") for instance in session.new if isinstance(instance, Entity)]
    by_entity: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for instance, action in (*written, *pending.changed.values()):
        name = name_of(instance)
        row_id = cast("int", instance.id)
        by_entity[name].append({"id": row_id, "action": action, "before": pending.images.get((name, row_id))})
    for name, rows in by_entity.items():
        _write(session, session.info["entities"][name], rows)


@contextmanager
def explained_flush(session: Session) -> Iterator[None]:
    """Raise errors of the business for what the database refuses of a flush, with the values that it was to write."""
    entities: Entities = session.info["entities"]

    def attempted() -> Attempted:
        pending: _Pending | None = session.info.pop(_PENDING, None)
        found = pending.attempted if pending else Attempted()
        session.info[STALE] = found.changed
        return found

    with explained(entities, attempted):
        yield


def _attempted(session: Session, pending: _Pending) -> Attempted:
    """Return what a flush is about to write: the rollback after a failure empties the objects."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    purged: dict[str, list[int]] = defaultdict(list)
    changed = []
    for instance in session.new:
        if isinstance(instance, Entity):
            rows[name_of(instance)].append(dict(vars(instance)))
    for instance, action in pending.changed.values():
        row_id = cast("int", instance.id)
        if action == "purge":
            purged[name_of(instance)].append(row_id)
        else:
            rows[name_of(instance)].append(dict(vars(instance)))
        if (version := vars(instance).get("version")) is not None:
            changed.append(Read(name_of(instance), row_id, version - (action != "purge")))
    return Attempted(rows, changed, purged)


def _read_images(session: Session, pending: _Pending) -> None:
    ids: dict[str, list[int]] = defaultdict(list)
    for instance, _ in pending.changed.values():
        ids[name_of(instance)].append(cast("int", instance.id))
    for name, row_ids in ids.items():
        entity: EntityType = session.info["entities"][name]
        if dialect_of(session) is not Dialect.POSTGRESQL:
            found_images = portable.images(session, entity, row_ids)
            pending.images.update({(name, row_id): image for row_id, image in found_images.items()})
            continue
        found = _connection(session).execute(statement("images", table=entity.table), {"row_ids": row_ids})
        pending.images.update({(name, row.id): row.image for row in found})


def _connection(session: Session) -> Connection:
    # The audited session itself refuses `connection()`.
    return sqlalchemy.orm.Session.connection(session)


def _action(instance: Entity) -> str:
    history = inspect(instance).attrs["deleted_at"].history
    if not history.has_changes():
        return "update"
    return "restore" if instance.deleted_at is None else "soft_delete"


def _write(session: Session, entity: EntityType, rows: list[dict[str, Any]]) -> None:
    if dialect_of(session) is not Dialect.POSTGRESQL:
        before = {row["id"]: row["before"] for row in rows if row["before"] is not None}
        portable.write(session, entity, {row["id"]: row["action"] for row in rows}, before)
        return
    origin: Origin = session.info["origin"]
    written = _connection(session).execute(
        statement("flush_audit", table=entity.table),
        {**origin.model_dump(), "entity": entity.name, "changes": json.dumps(rows)},
    )
    if written.rowcount != len(rows):
        raise AuditMismatch(entity.name, written=len(rows), audited=written.rowcount)
