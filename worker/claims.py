"""Claims: due jobs of a queue, taken under a lease in one round trip."""

from collections.abc import Container
from pathlib import Path
from typing import Any, NamedTuple

import structlog
from arq.connections import ArqRedis
from arq.constants import retry_key_prefix

from worker.arq_context import COUNT_SECONDS
from worker.claimed import Claimed
from worker.leases import Leases
from worker.limits import Limits
from worker.wire import LAST_MILLISECOND

_CLAIM = Path(__file__).with_name("claim.lua").read_text(encoding="utf-8")


class Found(NamedTuple):
    """What a claim brought: jobs, in how many ms the next is due (None: there is none), ids to be aborted."""

    jobs: list[Claimed]
    due_ms: int | None
    aborts: frozenset[str]


class Claims:
    """Claims jobs in the name of the leases' holder."""

    def __init__(self, redis: ArqRedis, leases: Leases, limits: Limits) -> None:
        """Take the connection, the leases that begin with a claim, and what limits claims."""
        self._redis = redis
        self._leases = leases
        self._limits = limits
        self._script: Any = redis.register_script(_CLAIM)

    async def claim(self, queue: str, free: int, running: Container[str]) -> Found:
        """Claim up to `free` due jobs; one that is `running` here, though its lease had run out, is held again."""
        lease = int(self._leases.seconds * 1000)
        words = [free, lease, self._leases.holder, COUNT_SECONDS, *self._limits.words(queue)]
        rows, due_ms, aborts = await self._script(keys=[queue], args=words)
        jobs = []
        for row in rows:
            if (job := await self._read(queue, row)) is None:
                continue
            self._leases.hold(job.id, queue, row[4].decode(errors="replace"))
            if job.id in running:
                await self._redis.decr(retry_key_prefix + job.id)
            else:
                jobs.append(job)
        return Found(jobs, due_ms, frozenset(one.decode(errors="replace") for one in aborts))

    async def _read(self, queue: str, row: Any) -> Claimed | None:  # noqa: ANN401 - as the script returns it
        raw_id, payload, attempt, score, _, abort = row
        try:
            job_id = raw_id.decode()
        except UnicodeDecodeError:  # arq itself would end the worker
            structlog.get_logger("counterfoil.engine").warning("job.refused", error="UnreadableId")
            await self._redis.zrem(queue, raw_id)
            return None
        aborted_at = None if abort is None else _milliseconds(abort)
        return Claimed(job_id, queue, payload, attempt, _milliseconds(score), aborted_at)


def _milliseconds(score: bytes) -> int:
    """Return a score as a time; Redis accepts infinite ones, too, which are no number here."""
    return int(max(0.0, min(float(score), LAST_MILLISECOND)))
