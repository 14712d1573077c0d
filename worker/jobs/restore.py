"""The job `restore`."""

from domain.commands import Restore
from domain.result import Result
from persistence.restore import restore_rows
from persistence.transaction import Transaction
from worker.jobs.job import Job


async def restore(tx: Transaction, command: Restore) -> Result:
    """Apply the command; returns what was written, with ids."""
    return await restore_rows(tx, command)


JOB = Job(Restore, restore)
