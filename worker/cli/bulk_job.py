"""What the commands about a bulk job ask of its row; not the whole row, since arguments may be large."""

from pydantic import ValidationError
from sqlalchemy import select
from sqlmodel import col

from domain.source import Dialect
from persistence.job_table import JobRow
from persistence.reader import Reader
from worker.cli.run import REFUSED, fail


async def require_job(read: Reader, job_id: str) -> None:
    """End the command with exit code 1 where the job table has no such job."""
    if not await read.scalars(select(col(JobRow.id)).where(col(JobRow.id) == job_id)):
        fail(f"no job {job_id!r} in the job table: look the id up with `counterfoil jobs`; it may be pruned", REFUSED)


async def dialect_of(read: Reader, job_id: str) -> Dialect:
    """Return the dialect of the job's source, or the usual one where its arguments name none."""
    named = col(JobRow.arguments)["source"]["dialect"]
    found = await read.scalars(select(named).where(col(JobRow.id) == job_id))
    try:
        return Dialect.model_validate(found[0]) if found and found[0] is not None else Dialect()
    except ValidationError:  # a team's own job may call something else its source
        return Dialect()
