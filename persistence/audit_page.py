"""Pages of the audit log, the newest first: by entity and row, by who asked, by job, by request, by time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from persistence.audit_log import AuditEntry
from persistence.reader import Reader


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Conditions that an entry meets all at once; one that is None asks for nothing. `until` itself is outside."""

    entity: str | None = None
    entity_id: str | None = None
    action: str | None = None
    actor: str | None = None
    job_id: str | None = None
    request_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions on the audit log."""
        names = ("entity", "entity_id", "action", "actor", "job_id", "request_id")
        values = {name: getattr(self, name) for name in names}
        found = [col(getattr(AuditEntry, name)) == value for name, value in values.items() if value is not None]
        if self.since is not None:
            found.append(col(AuditEntry.at) >= self.since)
        if self.until is not None:
            found.append(col(AuditEntry.at) < self.until)
        return found


async def audit_page(
    read: Reader, which: AuditFilter, limit: int, *, before: int | None = None
) -> Sequence[AuditEntry]:
    """Return up to `limit` entries that fit, the newest first; `before` is the id of the last one of a page before."""
    older = [] if before is None else [col(AuditEntry.id) < before]
    query = select(AuditEntry).where(*which.conditions(), *older).order_by(col(AuditEntry.id).desc()).limit(limit)
    return await read.scalars(query)
