"""The job `bulk_insert`."""

from collections.abc import Sequence

from domain.commands import BulkInsert, OnConflict, OnInvalid, Row
from domain.entities import EntityType
from domain.result import Result
from persistence.bulk_insert import bulk_load
from persistence.insert import insert_rows
from persistence.transaction import Transaction
from worker.bulk.load import BulkRun
from worker.bulk.rows_of import rows_of
from worker.job_context import JobContext
from worker.jobs.job import Job

FEW_ROWS = 500
"""Up to so many rows one statement is quicker than COPY (make bench): 100 rows took 11 and 20 ms, 1,000 59 and 49."""


async def bulk_insert(tx: Transaction, command: BulkInsert, context: JobContext | None = None) -> Result:
    """Apply the command; returns what was written, with ids."""
    entity = tx.entities[command.entity]
    if _is_small(command) and not _names_own_rows(entity, command.rows or []):
        return await insert_rows(tx, entity, command.rows or [], command.on_conflict)
    context = context or JobContext()
    load = bulk_load(tx, entity, command, context.job_id)
    keeps_said = command.on_conflict is OnConflict.UPDATE
    return await BulkRun(command, rows_of(tx.entities, command), load, context, keeps_said=keeps_said).run()


def _is_small(command: BulkInsert) -> bool:
    """Tell whether one statement does all that the command asks for."""
    is_plain = command.conflict_on is None and not command.create_missing and not command.dry_run
    return is_plain and command.on_invalid is OnInvalid.ABORT and len(command.rows or ()) in range(1, FEW_ROWS + 1)


def _names_own_rows(entity: EntityType, rows: Sequence[Row]) -> bool:
    """Tell whether a row names another one of the same job, which one statement cannot know yet."""
    key = entity.natural_key
    names = [f"{one.name}.{key}" for one in entity.references.values() if one.target == entity.name]
    if key is None or not (named := {str(row[name]) for name in names for row in rows if row.get(name) is not None}):
        return False
    return not named.isdisjoint(str(row.get(key)) for row in rows)


JOB = Job(BulkInsert, bulk_insert, takes_context=True)
