"""The job `bulk_insert`."""

from domain.commands import BulkInsert
from domain.result import Result
from persistence.insert import insert_rows
from persistence.transaction import Transaction
from worker.jobs.job import Job


async def bulk_insert(tx: Transaction, command: BulkInsert) -> Result:
    """Apply the command; returns what was written, with ids."""
    return await insert_rows(tx, tx.entities[command.entity], command.rows, command.on_conflict)


JOB = Job(BulkInsert, bulk_insert)
