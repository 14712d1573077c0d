"""What the database and Redis hold of every job, when all is over."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from redis.asyncio import Redis
from sqlalchemy import text

from persistence.database import Database
from persistence.ticks import ACTOR as CRON

WORDS: Final = 80
"""Characters of an error's message by which it is told from others."""
# The commit's own time, to the microsecond: `finished_at` is when the transaction began.
_JOBS: Final = """
SELECT id, state, attempt, errors, GREATEST(run_at, enqueued_at) AS due, pg_xact_commit_timestamp(xmin) AS committed
FROM job WHERE actor <> :cron
"""
_EFFECTS: Final = "SELECT job_id, count(*) FROM audit_log WHERE job_id IS NOT NULL GROUP BY job_id"


@dataclass(frozen=True)
class Row:
    """A job's row: its state, its errors, when it was due and when its last change was committed."""

    state: str
    attempt: int
    errors: list[dict[str, Any]]
    due: datetime
    committed: datetime


@dataclass(frozen=True)
class Findings:
    """The rows of the job table and the number of audit rows, each by job id; Redis keys without a time to live."""

    rows: dict[str, Row]
    effects: dict[str, int]
    eternal_keys: list[str]

    def failed_attempts(self) -> Counter[str]:
        """Return how many attempts were stopped by which error."""
        return Counter(_words(error) for row in self.rows.values() for error in row.errors)


def _words(error: dict[str, Any]) -> str:
    line = str(error["message"]).partition("\n")[0]
    return f"{error['error']}: {line[:WORDS]}" if line else str(error["error"])


async def find(database: Database, redis_url: str) -> Findings:
    """Read it all; nobody works any more."""
    async with database.engine.connect() as connection:
        jobs = (await connection.execute(text(_JOBS), {"cron": CRON})).all()
        effects = (await connection.execute(text(_EFFECTS))).all()
    rows = {row.id: Row(row.state, row.attempt, row.errors, row.due, row.committed) for row in jobs}
    return Findings(rows, {row[0]: row[1] for row in effects}, await _eternal_keys(redis_url))


async def _eternal_keys(url: str) -> list[str]:
    client: Any = Redis.from_url(url, decode_responses=True)
    async with client:
        keys = [key async for key in client.scan_iter("*", count=1000)]
        async with client.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.pttl(key)
            lives = await pipe.execute()
    return sorted(key for key, life in zip(keys, lives, strict=True) if life == -1)
