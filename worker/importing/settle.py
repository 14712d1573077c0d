"""What came of a job of an import, counted."""

from domain.job import JobState
from persistence.job_table import JobRow
from persistence.reader import reader
from persistence.rejects import rejects_of
from persistence.sessions import Sessions
from worker.importing.summary import KEPT, Ending, Summary


async def settle(sessions: Sessions, row: JobRow | None, job_id: str, summary: Summary) -> Ending:
    """Add what came of an ended job to the summary."""
    async with reader(sessions, current=True) as read:
        found = [reject async for reject in rejects_of(read, job_id, limit=KEPT)]
    summary.rejects += found[: KEPT - len(summary.rejects)]
    if found:
        summary.refusing.append(job_id)
    if row is None or row.state != JobState.SUCCEEDED:
        last = row.errors[-1]["message"] if row and row.errors else f"the job is {row.state if row else 'gone'}"
        summary.failures.append(f"{job_id}: {last}")
        return Ending.FAILED
    summary.add(row.result or {})
    return Ending.DRY_RUN if (row.result or {}).get("dry_run") else Ending.DONE
