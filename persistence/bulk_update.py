"""Bulk update: rows found by their key or id, each changed to what its line says."""

from dataclasses import dataclass

from domain.batch import Batch
from domain.commands import BulkUpdate
from domain.entities import EntityType
from domain.errors import InvalidRows, Problem
from persistence.bulk import BulkWrite
from persistence.holders import find_holders
from persistence.refusals import Refusals
from persistence.related_rows import RelatedRows
from persistence.transaction import Transaction
from persistence.unique_keys import UniqueKey


@dataclass
class BulkChange(BulkWrite):
    """A bulk update on its way; `column` is the one by which rows are found."""

    column: str = "id"

    async def write(self, batch: Batch) -> None:
        """Change the rows that the lines mean; a line without a live row is refused."""
        key = UniqueKey((self.column,), live=True)
        values = batch.columns[self.column]
        holders = await find_holders(self.tx, self.entity, key, [values], locked=True)
        missing = [
            batch.reject(number, self.column, f"no live {self.entity.name} has {value!r}")
            for number, value in enumerate(values)
            if number not in holders
        ]
        await self.refuse(missing)
        held = {number: holders[number].id for number in sorted(holders)}
        await self.change(batch, held, key=(self.column,))


def match_column(entity: EntityType, command: BulkUpdate) -> str:
    """Return the column that names the rows; raises InvalidRows for one that does not name one row."""
    column = command.match_on or entity.natural_key or "id"
    if column not in {"id", entity.natural_key}:
        problem = Problem(None, "match_on", f"{column!r} does not name one row; expected {entity.natural_key or 'id'}")
        raise InvalidRows(entity.name, (problem,))
    return column


def bulk_change(tx: Transaction, entity: EntityType, command: BulkUpdate, job_id: str | None) -> BulkChange:
    """Return the bulk update that a command asks for; raises InvalidRows where the entity cannot serve it."""
    refusals, column = Refusals(tx, command, job_id), match_column(entity, command)
    return BulkChange(tx, entity, command, job_id, RelatedRows(tx, entity), refusals, column=column)
