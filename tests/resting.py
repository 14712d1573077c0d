"""Jobs that rest in the job table, for operators to act on, and short ways to look at them."""

import json
from collections.abc import Sequence
from typing import Any

from arq.connections import ArqRedis
from arq.constants import result_key_prefix, retry_key_prefix
from sqlalchemy import text

from persistence.audit_log import AuditEntry
from persistence.sessions import Sessions
from tests.worlds import begin, images, trail

REST = """
    INSERT INTO job (id, name, queue, arguments, actor, state, attempt, dispatched_at, finished_at, errors, enqueued_at)
    SELECT
        COALESCE(:id, 'j' || lpad(n::text, greatest(4, length(n::text)), '0')),
        :name, :queue, CAST(:arguments AS jsonb), :actor, :state, 3,
        now(), CASE WHEN :state <> 'queued' THEN now() END,
        jsonb_build_array(jsonb_build_object(
            'at', now(), 'attempt', 1, 'error', CAST(:error AS text), 'message', 'boom ' || n, 'worker', 'w:1'
        )),
        now() + make_interval(secs => n)
    FROM generate_series(1, CAST(:number AS integer)) AS n
"""


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
    values = {"id": job_id, "name": name, "state": state, "error": error, "queue": queue, "actor": actor}
    async with begin(sessions) as tx:
        await tx.session.execute(text(REST), {**values, "number": number, "arguments": json.dumps(given)})


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
