"""The job `bulk_update`."""

from domain.commands import BulkUpdate
from domain.result import Result
from persistence.bulk_update import bulk_change
from persistence.dry_run import taken_back
from persistence.transaction import Transaction
from worker.bulk.load import BulkRun
from worker.bulk.planning import Rows
from worker.job_context import JobContext
from worker.jobs.job import Job


async def bulk_update(tx: Transaction, command: BulkUpdate, context: JobContext | None = None) -> Result:
    """Apply the command; returns what was written, with ids."""
    entity, context = tx.entities[command.entity], context or JobContext()
    change = bulk_change(tx, entity, command, context.job_id)
    rows = Rows(tx.entities, entity, changes=True, named_by=change.column)
    run = BulkRun(command, rows, change, context, keeps_said=True)
    if not command.dry_run:
        return await run.run()
    result = await taken_back(tx, run.run)
    await change.refusals.keep_held()
    return result


JOB = Job(BulkUpdate, bulk_update, takes_context=True)
