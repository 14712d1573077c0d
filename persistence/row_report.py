"""What became of every row of a bulk job, kept beside its row."""

from collections.abc import AsyncIterator, Sequence

from sqlalchemy import insert, select
from sqlmodel import col

from domain.reject import Fate, RowFate
from domain.row_runs import RowRun, fates_of
from persistence.bulk_table import ReportRow
from persistence.reader import Reader
from persistence.session import WriteSession

PAGE = 100
"""Batches that are read at a time: a batch whose ids are all in disorder is some hundred KB."""


async def keep_report(session: WriteSession, job_id: str, batch: int, runs: Sequence[RowRun]) -> None:
    """Keep what became of a batch's rows, in the session's transaction; batches are numbered in the rows' order."""
    if runs:
        row = {"job_id": job_id, "batch": batch, "first_line": runs[0].line, "runs": [list(run) for run in runs]}
        await session.execute(insert(ReportRow).values(row))


async def report_runs(read: Reader, job_id: str) -> AsyncIterator[RowRun]:
    """Yield what became of a job's rows in runs, batch by batch, for those who count."""
    query = select(col(ReportRow.runs)).where(col(ReportRow.job_id) == job_id).order_by(col(ReportRow.batch))
    async for (runs,) in read.stream(query, PAGE):
        for line, length, fate, first_id in runs:
            yield RowRun(line, length, Fate(fate), first_id)


async def report_of(read: Reader, job_id: str) -> AsyncIterator[RowFate]:
    """Yield what became of each row of a job, batch by batch."""
    async for run in report_runs(read, job_id):
        for fate in fates_of([run]):
            yield fate
