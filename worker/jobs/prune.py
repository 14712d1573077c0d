"""The job `prune`, which a nightly schedule runs."""

from domain.commands import Prune
from domain.job import RetryPolicy
from domain.result import Result
from persistence.prune import prune_jobs
from persistence.transaction import Transaction
from worker.jobs.job import Job


async def prune(tx: Transaction, command: Prune) -> Result:
    """Apply the command; returns how many rows of the job table were removed, as purged."""
    return await prune_jobs(tx, command)


JOB = Job(Prune, prune, RetryPolicy(max_attempts=3))
