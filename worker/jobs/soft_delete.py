"""The job `soft_delete`."""

from domain.commands import SoftDelete
from domain.result import Result
from persistence.soft_delete import soft_delete_rows
from persistence.transaction import Transaction
from worker.jobs.job import Job


async def soft_delete(tx: Transaction, command: SoftDelete) -> Result:
    """Apply the command; returns what was written, with ids."""
    return await soft_delete_rows(tx, tx.entities[command.entity], command)


JOB = Job(SoftDelete, soft_delete)
