"""Audit rows of what operators change, jobs and schedules, which are no entities."""

from collections.abc import Sequence
from typing import Any

from persistence.portable.audit import Audited, keep
from persistence.portable.json_values import json_value
from persistence.transaction import Transaction


async def keep_rows(tx: Transaction, name: str, rows: Sequence[Audited]) -> None:
    """Write the audit rows of rows of `name`, whose images are values of Python's; raises AuditMismatch."""
    printed = [row._replace(before=_printed(row.before), after=_printed(row.after)) for row in rows]
    await tx.session.run_sync(keep, name, printed)


def _printed(image: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if image is None else {name: json_value(value) for name, value in image.items()}
