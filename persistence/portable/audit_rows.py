"""Audit rows made in Python, of rows that are no entity's: jobs and schedules that operators change."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import insert

from domain.errors import AuditMismatch
from persistence.audit_log import AuditEntry
from persistence.portable.clock import present
from persistence.session import AUDITED
from persistence.transaction import Transaction

Image = Mapping[str, Any]


class Entry(NamedTuple):
    """What happened to one row: its id, and its columns before and after, those that changed, or all."""

    row_id: str
    action: str
    before: Image | None
    after: Image | None


async def write_entries(tx: Transaction, name: str, entries: Sequence[Entry]) -> None:
    """Write the audit rows of rows of `name`; raises AuditMismatch unless each entry became one."""
    if not entries:
        return
    at = await present(tx.session)
    rows = [
        {
            **tx.origin.model_dump(),
            "at": at,
            "entity": name,
            "entity_id": entry.row_id,
            "action": entry.action,
            "before": _printed(entry.before),
            "after": _printed(entry.after),
        }
        for entry in entries
    ]
    found: Any = await tx.session.execute(insert(AuditEntry).values(rows), execution_options={AUDITED: True})
    if found.rowcount != len(rows):
        raise AuditMismatch(name, written=len(rows), audited=found.rowcount)


def _printed(image: Image | None) -> dict[str, Any] | None:
    if image is None:
        return None
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in image.items()}
