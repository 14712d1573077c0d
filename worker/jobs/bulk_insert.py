"""The job `bulk_insert`."""

from domain.commands import BulkInsert, OnConflict, OnInvalid
from domain.entities import EntityType
from domain.result import Result
from persistence.bulk_insert import bulk_load
from persistence.dry_run import taken_back
from persistence.insert import insert_rows
from persistence.transaction import Transaction
from worker.bulk.load import BulkRun
from worker.bulk.planning import Rows
from worker.job_context import JobContext
from worker.jobs.job import Job

FEW_ROWS = 1_000
"""Up to so many rows one statement is quicker than COPY, see docs/benchmarks.md."""


async def bulk_insert(tx: Transaction, command: BulkInsert, context: JobContext | None = None) -> Result:
    """Apply the command; returns what was written, with ids."""
    entity = tx.entities[command.entity]
    if _is_small(command):
        return await insert_rows(tx, entity, command.rows or [], command.on_conflict)
    context = context or JobContext()
    load = bulk_load(tx, entity, command, context.job_id)
    rows = Rows(tx.entities, entity, parents=_parents(tx, entity, command))
    run = BulkRun(command, rows, load, context, keeps_said=command.on_conflict is OnConflict.UPDATE)
    if not command.dry_run:
        return await run.run()
    result = await taken_back(tx, run.run)
    await load.refusals.keep_held()
    return result


def _is_small(command: BulkInsert) -> bool:
    """Tell whether one statement does all that the command asks for."""
    is_plain = command.conflict_on is None and not command.create_missing and not command.dry_run
    return is_plain and command.on_invalid is OnInvalid.ABORT and len(command.rows or ()) in range(1, FEW_ROWS + 1)


def _parents(tx: Transaction, entity: EntityType, command: BulkInsert) -> dict[str, tuple[str, ...]]:
    """Return the fields of related rows that a row may say beside the natural key, by reference."""
    found = {}
    for name in command.create_missing:
        target = tx.entities[entity.references[name].target]
        found[name] = tuple(one for one in target.create.model_fields if one != target.natural_key)
    return found


JOB = Job(BulkInsert, bulk_insert, takes_context=True)
