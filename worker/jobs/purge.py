"""The job `purge`, which the nightly schedule runs."""

from domain.commands import Purge
from domain.result import Result
from persistence.purge import purge_rows
from persistence.transaction import Transaction
from worker.jobs.job import Job


async def purge(tx: Transaction, command: Purge) -> Result:
    """Apply the command; returns what was purged, with ids."""
    return await purge_rows(tx, command)


JOB = Job(Purge, purge)
