"""Rows as a `bulk_insert` job, and its answer."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from arq.connections import ArqRedis
from arq.constants import result_key_prefix
from pydantic import JsonValue

from worker.client import Answer, payload_of, send, wait
from worker.delivery import Delivery, parse
from worker.importing.judge import Judged
from worker.importing.options import Options
from worker.importing.source import name_of
from worker.jobs.bulk_insert import JOB
from worker.wire import encode

_LINE_NUMBERS = 40
"""Bytes that the two line numbers of a reason may have, and more."""


def arguments(options: Options, rows: Sequence[Judged]) -> dict[str, JsonValue]:
    """Return the arguments of the job that inserts the rows, with the lines from which they come as its reason."""
    span = f"lines {rows[0].line} to {rows[-1].line}" if rows else "lines"
    return {
        "entity": options.entity,
        "rows": [row.row for row in rows],
        "on_conflict": options.on_conflict.value,
        "actor": options.actor,
        "reason": options.reason or f"import of {name_of(options.file)}, {span}",
    }


def checked_envelope(options: Options) -> int:
    """Return the bytes of a payload that are not rows; raises InvalidCommand for a wrong actor or reason."""
    given = arguments(options, [])
    parse(JOB, Delivery("import", 1, {**given, "rows": [{}]}), max_rows=1)
    message: dict[str, Any] = {"t": None, "f": JOB.name, "a": [], "k": given, "et": 10**15}
    return len(encode(message)) + _LINE_NUMBERS


@dataclass(frozen=True, slots=True)
class Post:
    """Where jobs go."""

    redis: ArqRedis
    queue: str
    options: Options
    patience: float = 5.0
    """Seconds for which an answer is waited for before a look whether the job is still there."""

    async def send(self, rows: Sequence[Judged]) -> Answer:
        """Send the rows as one job and return its answer, which is waited for without an end."""
        job_id = str(await send(self.redis, self.queue, JOB.name, arguments(self.options, rows)))
        while True:
            try:
                async with asyncio.timeout(self.patience):
                    return await wait(self.redis, job_id)
            except TimeoutError:
                if await self._lost(job_id):
                    failure = f"job {job_id} vanished from the queue without an answer; see `counterfoil job {job_id}`"
                    return Answer(job_id, success=False, result=None, failure=failure)

    async def _lost(self, job_id: str) -> bool:
        # In this order: arq deletes a finished job and stores its result in one step.
        waiting = await payload_of(self.redis, job_id) is not None
        return not waiting and not await self.redis.exists(result_key_prefix + job_id)
