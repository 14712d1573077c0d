"""Exactly once, in whatever order things happen: a state machine on the real servers."""

import pytest

from tests.broken import EXECUTIONS, IgnoresState, NeverSweeps
from tests.job_machine import broken_promise, run_machine
from tests.job_world import open_world
from worker.settings import Settings


async def test_a_job_has_one_effect_exactly_when_it_succeeded(settings: Settings) -> None:
    """Deliveries, crashes at every point, retries, cancels, replays and wipes, in any interleaving."""
    async with open_world(settings) as world:
        await run_machine(world, examples=60, steps=10)


@pytest.mark.parametrize("variant", EXECUTIONS)
async def test_the_machine_catches_an_execution_that_breaks_one_rule(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, variant: str
) -> None:
    """Each rule of the execution is there for a reason: without it, some order of things doubles or loses an effect."""
    if variant == IgnoresState.__name__:
        IgnoresState.install(monkeypatch)
    async with open_world(settings, execution=EXECUTIONS[variant]) as world:
        assert "audited" in await broken_promise(world)


async def test_the_machine_catches_a_relay_that_never_sweeps(settings: Settings) -> None:
    """What Redis has lost stays queued for ever."""
    async with open_world(settings, relay=NeverSweeps) as world:
        assert "jobs are left for ever" in await broken_promise(world, steps=3)
