"""The bytes of a source that were uploaded with its job, in chunks, until the job has succeeded."""

from sqlalchemy import delete, func, insert, select
from sqlmodel import col

from persistence.bulk_table import UploadRow
from persistence.session import WriteSession


async def keep_chunk(session: WriteSession, job_id: str, number: int, data: bytes) -> None:
    """Keep a chunk, compressed already, of a job that has a row; whoever keeps it numbers it."""
    await session.execute(insert(UploadRow).values(job_id=job_id, number=number, data=data))


async def chunk_of(session: WriteSession, job_id: str, number: int) -> bytes | None:
    """Return a chunk as it was kept, or None where there is none of this number."""
    query = select(col(UploadRow.data)).where(col(UploadRow.job_id) == job_id, col(UploadRow.number) == number)
    found: bytes | None = (await session.execute(query)).scalar_one_or_none()
    return found


async def remove_upload(session: WriteSession, job_id: str) -> None:
    """Remove all chunks of a job, in the session's transaction: the job has succeeded, and wants them no more."""
    await session.execute(delete(UploadRow).where(col(UploadRow.job_id) == job_id))


async def upload_size(session: WriteSession, job_id: str) -> int:
    """Return the bytes of a job's chunks in all; none of them is read for it."""
    total = func.coalesce(func.sum(func.length(UploadRow.data)), 0)
    return int((await session.execute(select(total).where(col(UploadRow.job_id) == job_id))).scalar_one())
