"""Writes of rows by their ids, each with its audit rows."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from sqlalchemy import CursorResult, Executable

from domain.entities import EntityType
from domain.errors import AuditMismatch
from domain.result import IDS_KEPT, Result, counted
from persistence.portable.audit import Audited, changed, keep
from persistence.portable.moment import Moment, moment_of
from persistence.portable.rows import pieces, read_images
from persistence.session import AUDITED, FAILURE
from persistence.transaction import Transaction

_COUNTS = {"update": "updated", "soft_delete": "deleted", "restore": "restored", "purge": "purged"}

Write = Callable[[Sequence[int]], Awaitable[int]]
"""Writes the rows of these ids, and returns how many it wrote."""


@asynccontextmanager
async def never_forgotten(tx: Transaction) -> AsyncIterator[None]:
    """Have the transaction fail where the block does, also where the error is swallowed later: half of it is written.

    A savepoint round the block forgives, as it takes that half back.
    """
    try:
        yield
    except Exception as error:
        tx.session.sync_session.info[FAILURE] = error
        raise


async def audited(tx: Transaction, entity: EntityType, action: str, ids: Sequence[int], write: Write) -> Result:
    """Write rows that are locked already by `write`, with the audit rows of what it did to them.

    Raises AuditMismatch where it wrote other than these.
    """
    await tx.session.flush()
    async with never_forgotten(tx):
        for piece in pieces(ids):
            await _audited(tx, entity, action, piece, write)
    return summed(_COUNTS[action], entity.name, ids)


async def _audited(tx: Transaction, entity: EntityType, action: str, ids: Sequence[int], write: Write) -> None:
    before = await tx.session.run_sync(read_images, entity, ids)
    written = await write(ids)
    if action == "purge":
        rows = [Audited(row_id, action, before[row_id], None) for row_id in sorted(before)]
    else:
        rows = changed(action, before, await tx.session.run_sync(read_images, entity, ids))
    if written != len(rows):
        raise AuditMismatch(entity.name, written=written, audited=len(rows))
    await tx.session.run_sync(keep, entity.name, rows)


async def run(tx: Transaction, statement: Executable) -> int:
    """Run a statement whose audit rows its caller writes, and return how many rows it wrote."""
    found = await tx.session.execute(statement, execution_options={AUDITED: True, "synchronize_session": False})
    return cast("CursorResult[Any]", found).rowcount


async def run_many(tx: Transaction, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> int:
    """Run a statement for each of the rows' parameters, as `run` does."""
    found = await tx.session.execute(statement, list(rows), execution_options={AUDITED: True})
    return cast("CursorResult[Any]", found).rowcount


async def moment(tx: Transaction) -> Moment:
    """Return the moment of the transaction."""
    return await tx.session.run_sync(moment_of)


def summed(count: str, entity: str, ids: Iterable[int]) -> Result:
    """Return the result of rows that were written, with the first of their ids."""
    found = sorted(ids)
    return counted(count, entity, len(found), found[:IDS_KEPT])
