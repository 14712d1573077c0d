"""The job `bulk_update`."""

from domain.commands import BulkUpdate
from domain.result import Result
from persistence.bulk_update import bulk_change
from persistence.transaction import Transaction
from worker.bulk.load import BulkRun
from worker.bulk.rows_of import rows_of
from worker.job_context import JobContext
from worker.jobs.job import Job


async def bulk_update(tx: Transaction, command: BulkUpdate, context: JobContext | None = None) -> Result:
    """Apply the command; returns what was written, with ids."""
    entity, context = tx.entities[command.entity], context or JobContext()
    change = bulk_change(tx, entity, command, context.job_id)
    return await BulkRun(command, rows_of(tx.entities, command), change, context, keeps_said=True).run()


JOB = Job(BulkUpdate, bulk_update, takes_context=True)
