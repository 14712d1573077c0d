"""The audit of an ORM flush: its rows are read before and after, and the difference is written."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from domain.entities import EntityType
from domain.entity import Entity
from domain.errors import AuditMismatch, InvalidRows, Problem
from domain.storable import UNSTORABLE, unstorable_path
from persistence.portable.audit import Audited, changed, keep
from persistence.portable.moment import moment_of
from persistence.portable.rows import Image, read_images


def stamp(session: Session, changed_ones: Iterable[Entity]) -> None:
    """Give what a flush is about to write the transaction's time; raises InvalidRows for text that no row can hold."""
    new = [instance for instance in session.new if isinstance(instance, Entity)]
    existing = list(changed_ones)
    if not (new or existing):
        return
    at = moment_of(session).at
    for instance in existing:
        instance.updated_at = at
    for instance in new:
        instance.created_at, instance.updated_at = instance.created_at or at, instance.updated_at or at
    for instance in (*new, *existing):
        _refuse_text(instance)


def _refuse_text(instance: Entity) -> None:
    """Refuse what PostgreSQL refuses by itself: SQLite takes text of any length, and both take a NUL character."""
    table = cast("Table", instance.__table__)  # type: ignore[attr-defined]
    for column in table.columns:
        value = getattr(instance, column.name, None)
        if not isinstance(value, str):
            continue
        most = getattr(column.type, "length", None)
        if most is not None and len(value) > most:
            why = f"value too long, {len(value):,} characters of at most {most:,}"
        elif unstorable_path(value) is not None:
            why = UNSTORABLE
        else:
            continue
        raise InvalidRows(table.name, (Problem(None, column.name, why),))


def images(session: Session, entity: EntityType, ids: Sequence[int]) -> dict[int, Image]:
    """Return the rows that a flush is about to write, as they are now."""
    return read_images(session, entity, ids)


def write(session: Session, entity: EntityType, actions: dict[int, str], before: dict[int, Image]) -> None:
    """Write the audit rows of one entity's rows, of which `actions` says by id what was done to them."""
    after = read_images(session, entity, [row_id for row_id, action in actions.items() if action != "purge"])
    rows: list[Audited] = []
    by_action: dict[str, list[int]] = defaultdict(list)
    for row_id, action in actions.items():
        by_action[action].append(row_id)
    for action, ids in by_action.items():
        if action == "insert":
            rows += [Audited(row_id, action, None, after[row_id]) for row_id in ids if row_id in after]
        elif action == "purge":
            rows += [Audited(row_id, action, before[row_id], None) for row_id in ids if row_id in before]
        else:
            found = {row_id: after[row_id] for row_id in ids if row_id in after and row_id in before}
            rows += changed(action, before, found)
    if len(rows) != len(actions):
        raise AuditMismatch(entity.name, written=len(actions), audited=len(rows))
    keep(session, entity.name, sorted(rows, key=lambda row: (cast("int", row.id), row.action == "insert")))
