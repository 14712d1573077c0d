"""The report of one worker process: its metrics, gauges, and the server that tells them, for as long as it runs."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from arq.connections import ArqRedis
from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics, make_wsgi_app

from persistence.database import Database, open_database
from persistence.watch.collector import DatabaseFigures
from worker.duties import always, beside
from worker.engine import Engine
from worker.health.gauges import Gauges
from worker.health.local import serving_locally, socket_of
from worker.health.metrics import Metrics
from worker.health.pulse import Pulse
from worker.health.readings import Readings
from worker.health.server import listening, routes
from worker.health.vitals import Vitals
from worker.jobs import JOBS, SCHEDULED
from worker.observer import Observer
from worker.settings import Settings, queues_of


class Report:
    """What one process reports; `observer` counts, and `shown` serves it."""

    def __init__(self, settings: Settings, folder: Path | None = None) -> None:
        """Make a registry; without a port to show it on, or a parent's folder for a socket, nothing is counted."""
        self._settings = settings
        self._folder = folder
        self._is_wanted = folder is not None or settings.health_port is not None
        self._registry = CollectorRegistry()
        self.observer = Observer()
        if self._is_wanted:
            disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series beside each, that nobody asks for
            ProcessCollector(registry=self._registry)
            names = [job.name for job in (*JOBS, *SCHEDULED)]
            self.observer = Metrics(self._registry, jobs=names, queues=queues_of(settings))

    @asynccontextmanager
    async def shown(self, engine: Engine, database: Database, redis: ArqRedis) -> AsyncIterator[int | None]:
        """Serve /live, /ready and /metrics for the time of the block, where they are wanted; yields the port taken.

        Raises CannotListen, Unreachable.
        """
        settings = self._settings
        if not self._is_wanted:
            yield None
            return
        one = settings.model_copy(update={"pool_size": 1, "max_overflow": 0, "reader_url": None, "listen_url": None})
        async with AsyncExitStack() as stack:
            own = await stack.enter_async_context(open_database(one, application_name="counterfoil health"))
            pulse, readings = Pulse(), Readings(redis, own.sessions, engine.queues)
            vitals = Vitals(engine, pulse, readings, settings.stuck_seconds)
            database.watch_statements()
            self._registry.register(Gauges(vitals))
            self._registry.register(DatabaseFigures(database))
            application = routes(vitals.lives, vitals.claims, make_wsgi_app(self._registry))
            await stack.enter_async_context(beside(pulse.beat(), always("readings", readings.read)))
            if self._folder is None:
                yield stack.enter_context(listening(application, settings))
            else:
                stack.enter_context(serving_locally(application, socket_of(self._folder, os.getpid())))
                yield None
