"""A job's work done and taken back, for its counts and its first changes."""

from collections.abc import Awaitable, Callable

from pydantic import JsonValue
from sqlmodel import col, select

from domain.result import Result
from persistence.audit_log import AuditEntry
from persistence.transaction import Transaction

CHANGES_SHOWN = 10
"""How many of a dry run's changes are kept in its result."""


class _TakenBackError(Exception):
    """Ends the savepoint of a dry run."""


async def taken_back(tx: Transaction, work: Callable[[], Awaitable[Result]]) -> Result:
    """Do the work behind a savepoint, roll it back, and return its result with its first changes."""
    try:
        async with tx.session.begin_nested():
            result = await work()
            changes = await _first_changes(tx)
            raise _TakenBackError  # noqa: TRY301 - nothing else ends the savepoint without its commit
    except _TakenBackError:
        return result.model_copy(update={"dry_run": True, "changes": changes})


async def _first_changes(tx: Transaction) -> tuple[dict[str, JsonValue], ...]:
    if tx.origin.job_id is None:  # by its job alone the log knows what belongs to the work
        return ()
    written = select(AuditEntry).where(col(AuditEntry.job_id) == tx.origin.job_id).order_by(col(AuditEntry.id))
    found = (await tx.session.execute(written.limit(CHANGES_SHOWN))).scalars().all()
    for entry in found:
        tx.session.expunge(entry)
    return tuple(
        {
            "entity": entry.entity,
            "id": int(entry.entity_id),
            "action": entry.action,
            "before": entry.before,
            "after": entry.after,
        }
        for entry in found
    )
