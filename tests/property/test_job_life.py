"""Exactly once, in whatever order things happen: a state machine on the real servers."""

import re

import pytest

from tests.broken import EXECUTIONS, BelievesIds, IgnoresState, NeverSweeps
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
    chosen = EXECUTIONS[variant]
    if issubclass(chosen, IgnoresState | BelievesIds):
        chosen.install(monkeypatch)
    async with open_world(settings, execution=chosen) as world:
        assert re.search("audited|by a stranger", await broken_promise(world))


async def test_the_machine_catches_a_relay_that_never_sweeps(settings: Settings) -> None:
    """What Redis has lost stays queued for ever."""
    async with open_world(settings, relay=NeverSweeps) as world:
        assert "jobs are left for ever" in await broken_promise(world, steps=3)
