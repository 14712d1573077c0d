"""Rows changed behind a savepoint: those whose change the table refuses are found out by halves."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.exc import DBAPIError

from domain.batch import Batch
from domain.entities import EntityType
from domain.reject import Reject
from domain.result import Result
from persistence.classification import told
from persistence.staged_update import Written, apply_columns
from persistence.transaction import Transaction
from persistence.tried_rows import is_about_rows


@dataclass
class Changed:
    """What became of changes: the counts, the ids of the rows that changed, and what was refused."""

    result: Result = field(default_factory=Result)
    changed: set[int] = field(default_factory=set)
    rejects: list[Reject] = field(default_factory=list)

    def add(self, written: Written) -> None:
        """Count what was written."""
        self.result += written.result
        self.changed |= written.changed


async def change_tried(
    tx: Transaction, entity: EntityType, columns: Sequence[str], batch: Batch, ids: Sequence[int]
) -> Changed:
    """Change the columns of the locked rows with these ids, row by row to the values of the batch."""
    done = Changed()
    if columns:
        await _change(tx, entity, columns, batch, ids, done)
    else:
        done.result += Result(skipped=len(batch))
    return done


async def _change(  # noqa: PLR0913, PLR0917 - a part of `change_tried`, which calls itself
    tx: Transaction, entity: EntityType, columns: Sequence[str], batch: Batch, ids: Sequence[int], done: Changed
) -> None:
    rows = list(zip(ids, *(batch.columns[name] for name in columns), strict=True))
    try:
        async with tx.session.begin_nested():
            written = await apply_columns(tx, entity, columns, rows)
        done.add(written)
    except DBAPIError as error:
        if not is_about_rows(error):
            raise
        if len(batch) == 1:
            done.rejects.append(batch.reject(0, ", ".join(columns), told(error)))
            return
        middle = len(batch) // 2
        for part in (range(middle), range(middle, len(batch))):
            await _change(tx, entity, columns, batch.only(part), [ids[number] for number in part], done)
