"""A job too long for one transaction goes on in another job, which is enqueued within the first one's."""

from sqlalchemy import select
from sqlmodel import col

from domain.commands import Command
from persistence.enqueue import enqueue
from persistence.job_table import JobRow
from persistence.transaction import Transaction


async def enqueue_next_batch(tx: Transaction, command: Command) -> None:
    """Enqueue the command again on the queue of the job that is running, for the same actor and reason."""
    running = select(col(JobRow.queue)).where(col(JobRow.id) == tx.origin.job_id)
    queue = (await tx.session.execute(running)).scalar_one_or_none()
    await enqueue(tx.session, command, tx.origin, queue=queue)
