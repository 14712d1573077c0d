"""Audit rows of what was written: rows are read before and after, and their difference is written in Python."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

import sqlalchemy.orm
from sqlalchemy import Table, insert

from domain.errors import AuditMismatch
from domain.origin import Origin
from persistence.audit_log import AuditEntry
from persistence.portable.json_values import difference
from persistence.portable.moment import moment_of
from persistence.portable.rows import Image

AUDIT_LOG = cast("Table", AuditEntry.__table__)  # type: ignore[attr-defined]


class Audited(NamedTuple):
    """A row that was written: its id, what was done to it, and its images."""

    id: int | str
    action: str
    before: Image | None
    after: Image | None


def keep(session: sqlalchemy.orm.Session, entity: str, rows: Sequence[Audited]) -> None:
    """Write the audit rows of rows that were written; raises AuditMismatch unless there are as many then."""
    if not rows:
        return
    origin: Origin = session.info["origin"]
    moment = moment_of(session)
    same = {**origin.model_dump(), "entity": entity, "at": moment.at, "txid": moment.number}
    values = [
        {**same, "entity_id": str(row.id), "action": row.action, "before": row.before, "after": row.after}
        for row in rows
    ]
    # The audited session itself refuses `connection()`.
    written = sqlalchemy.orm.Session.connection(session).execute(insert(AUDIT_LOG), values)
    if written.rowcount != len(rows):
        raise AuditMismatch(entity, written=len(rows), audited=written.rowcount)


def changed(action: str, before: Mapping[int, Image], after: Mapping[int, Image]) -> list[Audited]:
    """Return the audit rows of changes: for each row what differs."""
    return [Audited(row_id, action, *difference(before[row_id], after[row_id])) for row_id in sorted(after)]
