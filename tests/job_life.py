"""The life of a job as a state machine: whatever happens in whatever order, one effect exactly when it succeeded."""

import asyncio
import itertools
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from arq.connections import ArqRedis
from arq.constants import job_key_prefix
from pydantic import JsonValue

from domain.commands import Command
from domain.errors import JobsRefused
from domain.job import JobState, RetryPolicy
from domain.origin import Origin
from domain.project import Project
from domain.result import Result
from persistence.cancel_jobs import cancel_ids
from persistence.database import Database
from persistence.dead_jobs import retry_ids
from persistence.transaction import Transaction, transaction
from tests.redis_faults import wipe
from tests.waiting import eventually
from tests.walks import Crash, Fate, Point, Walk, led
from worker import wire
from worker.delivery import Delivery
from worker.execution import Execution
from worker.jobs.job import Job
from worker.outcome import Again
from worker.relay import Relay

ARGUMENTS: dict[str, JsonValue] = {"actor": "tester"}
BLOCKED = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0
"""


class Strike(Command):
    """A job whose every effect shows: each one is another row."""

    job: ClassVar[str] = "strike"


class BrokenPromise(AssertionError):
    """Exactly once does not hold."""


@dataclass
class World:
    """The real database and the real Redis, in which a machine's jobs live; `execution` and `relay` are tested.

    `raw` is a connection of asyncpg's own, by which the test looks at the tables.
    """

    database: Database
    redis: ArqRedis
    queue: str
    raw: Any
    execution: type[Execution] = Execution
    relay: type[Relay] = Relay
    walks: list[Walk] = field(default_factory=list)
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    async def begin(self) -> None:
        """Begin with no jobs and no deliveries."""
        self.walks = []
        await wipe(self.redis)
        await self.sql("DELETE FROM job")

    async def sql(self, statement: str, *values: object) -> list[Any]:
        """Run one statement in a transaction of its own, and return its rows."""
        return list(await self.raw.fetch(statement, *values))

    async def states(self) -> dict[str, str]:
        """Return the state of every job by its id."""
        return {row[0]: row[1] for row in await self.sql("SELECT id, state FROM job")}

    async def operate(self, action: str, job_id: str) -> None:
        """Cancel or retry a job, as an operator does; what cannot be done now is left."""
        with suppress(JobsRefused):
            async with transaction(self.database.sessions, Origin(actor="operator")) as tx:
                await (retry_ids(tx, [job_id]) if action == "retry" else cancel_ids(tx, [job_id], patience=0.02))

    async def intrude(self, job_id: str, attempt: int) -> None:
        """Deliver other arguments under a job's id, and see that its row stays as it is."""
        before = await self.sql("SELECT * FROM job WHERE id = $1", job_id)
        if before:
            walk = Walk(job_id, acknowledges=False)
            await self.deliver(walk, attempt, {**ARGUMENTS, "other": True})
            if before != await self.sql("SELECT * FROM job WHERE id = $1", job_id):
                raise BrokenPromise(f"the row of {job_id} was changed by a stranger's delivery")

    async def deliver(self, walk: Walk, attempt: int, arguments: Mapping[str, JsonValue] = ARGUMENTS) -> None:
        """Begin a delivery, and return when it rests."""
        walk.task = asyncio.create_task(self._run(walk, Delivery(walk.job_id, attempt, arguments)))
        self.walks.append(walk)
        await self.settle(walk)

    async def settle(self, walk: Walk) -> None:
        """Return when every delivery waits for the test, has ended, or is held by another's lock."""
        await walk.moved(0.1)
        await eventually(self._rests, "every delivery rests")

    async def _rests(self) -> bool:
        moving = [walk for walk in self.walks if walk.moves]
        if not moving:
            return True
        ((blocked,),) = await self.sql(BLOCKED)  # the backend of one whose worker gave up may wait on
        return bool(blocked >= len(moving)) and all(walk.moves for walk in moving)

    async def _run(self, walk: Walk, delivery: Delivery) -> None:
        async def strike(tx: Transaction, _: Strike) -> Result:
            await walk.reach(Point.WRITE)
            tx.session.add(Project(key=f"{walk.job_id}:{next(self.numbers)}", name=walk.job_id))
            await tx.session.flush()
            return Result(inserted=1)

        sessions = led(self.database.engine, self.database.entities, walk)
        execution = self.execution(sessions, self.queue, "tester", 60, 10, lambda: 0.0)
        job = Job(Strike, strike, RetryPolicy(max_attempts=3, base=0))
        try:
            outcome = await execution.execute(job, delivery)
        except Crash:
            walk.end(Fate.CRASH)
        except asyncio.CancelledError:
            walk.end(Fate.STOP)
        else:
            if walk.acknowledges and not isinstance(outcome, Again):
                await self._acknowledge(walk.job_id)
            walk.end(outcome)
        finally:
            walk.end(walk.ended or Fate.CRASH)

    async def _acknowledge(self, job_id: str) -> None:
        await self.redis.zrem(self.queue, job_id)
        await self.redis.delete(job_key_prefix + job_id)

    async def relay_once(self) -> None:
        """Sweep, then dispatch, as a relay does after Redis was wiped."""
        relay = self.relay(self.database.sessions, self.redis)
        async with asyncio.timeout(5):
            await relay.sweep(timedelta(0))
            await relay.dispatch()

    async def crash_all(self) -> None:
        """Let every worker die that waits for the test; those that others have held run to their end."""
        for walk in self.walks:
            if walk.paused:
                walk.go_on(walk.at, Fate.CRASH)
            else:
                walk.point = walk.fate = None
        await asyncio.gather(*(walk.task for walk in self.walks if walk.task))

    async def drain(self) -> None:
        """Let everything run to its end, as workers that live do."""
        for _ in range(10):
            if JobState.QUEUED not in (states := await self.states()).values():
                return
            await self.relay_once()
            for job_id in states:
                if await self._holds(job_id):
                    await self.deliver(Walk(job_id), 1)
        raise BrokenPromise(f"jobs are left for ever: {await self.states()}")

    async def _holds(self, job_id: str) -> bool:
        """Tell whether Redis has the job, as the door would have sent it."""
        payload = await self.redis.get(job_key_prefix + job_id)
        return payload is not None and wire.decode(payload)["k"] == ARGUMENTS

    async def check(self) -> None:
        """Assert that every job has one effect, with its audit row, where it succeeded; and none otherwise."""
        rows = await self.sql("""
            SELECT job.id, state, result IS NOT NULL,
                (SELECT count(*) FROM audit_log WHERE job_id = job.id),
                (SELECT count(*) FROM project WHERE name = job.id)
            FROM job
        """)
        for job_id, state, has_result, audited, written in rows:
            effects = int(state == JobState.SUCCEEDED)
            if (has_result, audited, written) != (bool(effects), effects, effects):
                raise BrokenPromise(f"{job_id} is {state}: {written} effects, {audited} audited, result: {has_result}")
        stray = await self.sql(
            "SELECT name FROM project WHERE NOT EXISTS (SELECT FROM job WHERE job.id = project.name)"
        )
        ours = {walk.job_id for walk in self.walks}
        if lost := [row[0] for row in stray if row[0] in ours]:
            raise BrokenPromise(f"effects without a job: {lost}")
