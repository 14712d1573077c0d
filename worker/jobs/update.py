"""The job `update`."""

from domain.commands import Update
from domain.result import Result
from persistence.transaction import Transaction
from persistence.update import update_rows
from persistence.update_at_once import update_at_once
from worker.jobs.job import Job


async def update(tx: Transaction, command: Update) -> Result:
    """Apply the command; returns what was written, with ids."""
    return await update_rows(tx, tx.entities[command.entity], command)


JOB = Job(Update, update, at_once=update_at_once)
