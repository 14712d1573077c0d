"""One run, in its order: servers, workers, producers and faults, the drain, the verdict."""

import contextlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from chaos.drain import drained
from chaos.driver import Struck, drive
from chaos.faults import World
from chaos.findings import find
from chaos.ledger import Ledger
from chaos.plant import plant, prepare, settings_of
from chaos.producing import producing
from chaos.recovery import recoveries, slowest
from chaos.replay import astray
from chaos.report import Story
from chaos.servers import Servers, running_servers
from chaos.verdict import judge
from chaos.workers import running_workers
from persistence.database import Database, open_database
from worker.environment import load_settings
from worker.functions import ARQ_PATIENCE

JOB_TIMEOUT: Final = 5.0
"""Seconds: short, because the jobs of a killed stock worker wait for its lease, the longest time-out and 10 s."""
LEASE: Final = JOB_TIMEOUT + ARQ_PATIENCE + 10
"""Seconds of a stock worker's lease; our own are shorter."""
DRAIN_SECONDS: Final = 300.0
"""For the backoff of a job that met several faults in a row, a lease on top, and what a slow machine is behind."""


@dataclass(frozen=True)
class Plan:
    """How long faults are made, from which seed, with how many workers, at how many jobs a second."""

    seconds: float
    seed: int
    workers: int
    rate: float


async def run(plan: Plan, keep_logs: Path | None = None) -> Story:
    """Run the plan in a temporary folder, and return what came of it; nothing that it started is left."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="counterfoil-chaos-")))
        servers = stack.enter_context(running_servers(folder))
        return await _run(plan, servers, keep_logs or folder)


async def _run(plan: Plan, servers: Servers, logs: Path) -> Story:
    given = settings_of(servers, JOB_TIMEOUT)
    settings = load_settings(given)
    await prepare(servers, settings)
    ledger = Ledger()
    async with open_database(settings, application_name="chaos") as database:
        await plant(database)
        async with running_workers(plan.workers, given, logs) as workers:
            world = World(servers, workers, ledger, Random(f"{plan.seed}:driver"), LEASE)
            faults = await _break(plan, world)
            await database.engine.dispose(close=False)  # its connections have been through the faults as well
            seconds = await drained(database, servers.redis_url, within=DRAIN_SECONDS)
        return await _story(world, faults, database, seconds)


async def _break(plan: Plan, world: World) -> Sequence[Struck]:
    """Produce and make faults at the same time, for as long as the plan says."""
    urls = world.servers.database_url, world.servers.redis_url
    async with producing(world.ledger, *urls, rate=plan.rate, seed=plan.seed):
        return await drive(world, plan.seconds)


async def _story(world: World, faults: Sequence[Struck], database: Database, drain: float) -> Story:
    findings = await find(database, world.servers.redis_url)
    verdict = judge(world.ledger, findings)
    verdict.breaches.extend(await astray(database))
    return Story(
        ledger=world.ledger,
        recoveries=recoveries(faults, findings),
        verdict=verdict,
        failed_attempts=findings.failed_attempts(),
        drain=drain,
        slowest=slowest(findings),
        workers_started=world.workers.started,
        workers_ended_alone=world.workers.ended_alone,
    )
