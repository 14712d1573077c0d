"""The report of one worker process: its metrics, gauges, and the server that tells them, for as long as it runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import cast

import structlog
from arq.connections import ArqRedis
from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics, make_wsgi_app
from sqlalchemy import QueuePool

from worker.composition import Database, open_database
from worker.duties import GOODBYE_SECONDS, always
from worker.engine import Engine
from worker.health.gauges import Gauges
from worker.health.metrics import Metrics
from worker.health.pulse import Pulse
from worker.health.readings import Readings
from worker.health.server import routes, serving
from worker.health.vitals import Vitals
from worker.jobs import JOBS, SCHEDULED
from worker.observer import Observer
from worker.settings import Settings, queues_of


class Report:
    """What one process reports; `observer` counts, and `shown` serves it."""

    def __init__(self, settings: Settings) -> None:
        """Make a registry; without a port to show it on, nothing is counted."""
        self._settings = settings
        self._registry = CollectorRegistry()
        self.observer = Observer()
        if settings.health_port is not None:
            disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series beside each, that nobody asks for
            ProcessCollector(registry=self._registry)
            names = [job.name for job in (*JOBS, *SCHEDULED)]
            self.observer = Metrics(self._registry, jobs=names, queues=queues_of(settings))

    @asynccontextmanager
    async def shown(self, engine: Engine, database: Database, redis: ArqRedis) -> AsyncIterator[int | None]:
        """Serve /live, /ready and /metrics for the time of the block, where a port is wanted; yields the one taken.

        Raises CannotListen, Unreachable.
        """
        settings = self._settings
        if settings.health_port is None:
            yield None
            return
        one = settings.model_copy(update={"pool_size": 1, "max_overflow": 0})
        async with AsyncExitStack() as stack:
            own = await stack.enter_async_context(open_database(one, application_name="counterfoil health"))
            pulse, readings = Pulse(), Readings(redis, own.sessions, engine.queues)
            vitals = Vitals(engine, pulse, readings, settings.stuck_seconds)
            self._registry.register(Gauges(vitals, cast("QueuePool", database.engine.pool)))
            application = routes(vitals.lives, vitals.claims, make_wsgi_app(self._registry))
            port = stack.enter_context(serving(application, settings.health_host, settings.health_port))
            await stack.enter_async_context(_beside(pulse, readings))
            structlog.get_logger("counterfoil.health").info(
                "health.listening", host=settings.health_host, port=port, paths=["/live", "/ready", "/metrics"]
            )
            yield port


@asynccontextmanager
async def _beside(pulse: Pulse, readings: Readings) -> AsyncIterator[None]:
    """Beat and read for the time of the block."""
    duties = [asyncio.create_task(pulse.beat()), asyncio.create_task(always("readings", readings.read))]
    try:
        yield
    finally:
        for duty in duties:
            duty.cancel()
        await asyncio.wait(duties, timeout=GOODBYE_SECONDS)
