"""The rules of the state machine over the life of a job."""

import asyncio
import itertools
import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyFailure
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from domain.job import CRASHES
from tests.job_life import BrokenPromise, World
from tests.job_world import in_loop
from tests.redis_faults import wipe
from tests.walks import Fate, Point, Walk

ACCEPT = "SELECT enqueue_job('strike', '{}', actor => 'tester', job_id => $1)"
LIVING = 3
"""Deliveries of one job at a time: a lease that is lost twice."""

points = st.sampled_from(Point)
errors = st.sampled_from((Fate.STOP, Fate.LOSE, Fate.FAIL, Fate.REFUSE))
examples = itertools.count()


class JobMachine(RuleBasedStateMachine):
    """One job, through every door, under every fault; `world` is bound by `run_machine`."""

    world: World
    run: Callable[..., Any]

    @initialize(accepted=st.booleans())
    def begin(self, accepted: bool) -> None:  # noqa: FBT001 - drawn
        """Begin with an accepted job, or with none: the first delivery by plain arq writes its row."""
        self.id = f"strike-{next(examples)}"
        self.run(self.world.begin())
        if accepted:
            self.operate("accept")
            self.operate("relay")

    def _waiting(self) -> list[Walk]:
        return [walk for walk in self.world.walks if walk.paused]

    def _deliver(self, walk: Walk, attempt: int = 1) -> None:
        if sum(walk.ended is None for walk in self.world.walks) < LIVING:
            self.run(self.world.deliver(walk, attempt))

    @rule(acknowledges=st.booleans(), attempt=st.sampled_from((1, 1, CRASHES + 1)))
    def deliver(self, acknowledges: bool, attempt: int) -> None:  # noqa: FBT001 - drawn
        """Deliver the job, perhaps while another delivery of it lives, perhaps for the sixth time."""
        self._deliver(Walk(self.id, acknowledges=acknowledges), attempt)

    @rule(point=points)
    def crash(self, point: Point) -> None:
        """Deliver the job to a worker that dies at a point."""
        self._deliver(Walk(self.id, point, Fate.CRASH))

    @rule(point=points)
    def pause(self, point: Point) -> None:
        """Deliver the job to a worker that is slow at a point, while others go on."""
        self._deliver(Walk(self.id, point, Fate.PAUSE))

    @rule(point=points, error=errors)
    def fail(self, point: Point, error: Fate) -> None:
        """Deliver the job to a worker that meets an error at a point."""
        self._deliver(Walk(self.id, point, error))

    @rule(point=points)
    def overlap(self, point: Point) -> None:
        """Deliver the job to a slow worker and, while it is at a point, to another one; then let the slow one go on."""
        slow = Walk(self.id, point, Fate.PAUSE)
        self._deliver(slow)
        self._deliver(Walk(self.id))
        if slow.paused:
            self._go_on(slow, None, None)

    def _go_on(self, walk: Walk, point: Point | None, fate: Fate | None) -> None:
        async def step() -> None:
            walk.go_on(point, fate)
            await self.world.settle(walk)

        self.run(step())

    @rule(which=st.integers(0, LIVING - 1), point=points, fate=st.sampled_from((None, *Fate)))
    def go_on(self, which: int, point: Point, fate: Fate | None) -> None:
        """Let a delivery that waits go on, to its next fate."""
        if not (waiting := self._waiting()):
            return
        self._go_on(waiting[which % len(waiting)], point, fate)

    @rule(action=st.sampled_from(("cancel", "retry", "accept", "wipe", "relay")))
    def operate(self, action: str) -> None:
        """Do what senders, operators, relays and accidents do; a lock of a delivery that lives holds a sender up."""
        if action == "wipe":
            self.run(wipe(self.world.redis))
        elif action == "relay":
            self.run(self.world.relay_once())
        elif action in {"cancel", "retry"}:
            self.run(self.world.operate(action, self.id))
        elif all(walk.ended for walk in self.world.walks):
            self.run(self.world.sql(ACCEPT, self.id))

    @rule(attempt=st.sampled_from((1, CRASHES + 1)))
    def intrude(self, attempt: int) -> None:
        """Deliver other arguments under the id of the job, which harms nobody."""
        if all(walk.ended for walk in self.world.walks):
            self.run(self.world.intrude(self.id, attempt))

    @invariant()
    def one_effect(self) -> None:
        """Every job has one effect exactly when it succeeded."""
        if hasattr(self, "id"):
            self.run(self.world.check())

    def teardown(self) -> None:
        """Kill every worker, start new ones, and let every job come to its end."""
        if hasattr(self, "id"):
            self.run(self.world.crash_all())
            self.run(self.world.drain())
            self.run(self.world.check())


async def run_machine(world: World, *, examples: int, steps: int, is_sound: bool = True) -> None:
    """Run the machine over the world, in a thread beside its loop; a variant that is not sound need not be shrunk."""

    class Bound(JobMachine):
        pass

    Bound.world, Bound.run = world, staticmethod(in_loop(asyncio.get_running_loop()))
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=not is_sound or "CI" in os.environ,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink) if is_sound else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(run_state_machine_as_test, Bound, settings=chosen)


async def broken_promise(world: World, *, steps: int = 10) -> str:
    """Run the machine over a world that is not sound, and return the promise that it caught being broken.

    Which of two deliveries wins a race that nothing decides is not the same in every run: Hypothesis calls that flaky.
    """
    try:
        await run_machine(world, examples=300, steps=steps, is_sound=False)
    except BrokenPromise as broken:
        return str(broken)
    except FlakyFailure as flaky:
        if (found := flaky.subgroup(BrokenPromise)) is None:
            raise
        return str(found.exceptions[0])
    return ""
