"""Jobs that rest in the job table, for operators to act on, and short ways to look at them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from arq.connections import ArqRedis
from arq.constants import result_key_prefix, retry_key_prefix
from sqlalchemy import insert

from persistence.audit_log import AuditEntry
from persistence.job_table import JobRow
from persistence.sessions import Sessions
from tests.worlds import begin, images, trail


async def rest(  # noqa: PLR0913 - a column each
    sessions: Sessions,
    number: int = 1,
    *,
    job_id: str | None = None,
    name: str = "update",
    state: str = "dead",
    error: str = "Unreachable",
    queue: str = "q",
    actor: str = "billing",
    arguments: dict[str, Any] | None = None,
) -> None:
    """Put jobs into the table as they ended: `j0001` and so on, unless one is to have `job_id`."""
    given = arguments or {"entity": "task", "key": "t0", "changes": {"title": "SECRET"}}
    now = datetime.now(UTC)
    asked = {"name": name, "queue": queue, "arguments": given, "actor": actor, "state": state, "attempt": 3}
    ended = {"dispatched_at": now, "finished_at": None if state == "queued" else now}
    rows = [
        {
            "id": job_id or f"j{n:04}",
            **asked,
            **ended,
            "errors": [
                {"at": now.isoformat(), "attempt": 1, "error": error, "message": f"boom {n}", "worker": "w:1"},
            ],
            "enqueued_at": now + timedelta(seconds=n),
        }
        for n in range(1, number + 1)
    ]
    async with begin(sessions) as tx:
        await tx.session.execute(insert(JobRow), rows)


async def jobs(sessions: Sessions) -> dict[str, dict[str, Any]]:
    """Return the rows of the job table by id."""
    return {str(job_id): row for job_id, row in (await images(sessions, "job")).items()}


async def actions(sessions: Sessions, entity: str = "job") -> Sequence[AuditEntry]:
    """Return the audit rows of operators' actions, in order."""
    return await trail(sessions, entity)


async def leave_answers(redis: ArqRedis, *ids: str) -> None:
    """Put what arq leaves of a failed job into Redis: its result, and a count of deliveries."""
    for job_id in ids:
        await redis.set(result_key_prefix + job_id, b"{}")
        await redis.set(retry_key_prefix + job_id, 3)
