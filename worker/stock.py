"""Our jobs on stock arq: `arq worker.stock.WorkerSettings` runs them beside our own workers, or in their place.

What stock arq lacks, it lacks here too: it ends when Redis goes away, deletes jobs of a name that it does not know, and
a killed worker's jobs wait for its longest time-out.
"""

from contextlib import AsyncExitStack
from typing import Any

from persistence.database import make_database
from persistence.job_life import register_jobs
from worker.arq_settings import arq_settings, session_settings
from worker.composition import redis_settings
from worker.duties import company
from worker.environment import load_settings
from worker.jobs import ATTEMPTS
from worker.logs import configure_logs
from worker.observer import Observer
from worker.settings import Settings


def __getattr__(name: str) -> dict[str, Any]:
    """Return `WorkerSettings`, made from the environment when arq asks for it, and not when this is imported."""
    if name != "WorkerSettings":
        raise AttributeError(name)
    return worker_settings(load_settings())


def worker_settings(settings: Settings) -> dict[str, Any]:
    """Return what the `arq` command runs: our jobs, with relay and ticks beside them."""
    configure_logs(settings.log_format, settings.log_level)
    database = make_database(
        settings, application_name="counterfoil arq", session_settings=session_settings(settings.job_timeout)
    )
    stack = AsyncExitStack()

    async def start(ctx: dict[str, Any]) -> None:
        await register_jobs(database.sessions, ATTEMPTS)
        await stack.enter_async_context(company(settings, database, ctx["redis"]))

    async def stop(_: dict[str, Any]) -> None:
        await stack.aclose()
        await database.dispose()

    return {
        **arq_settings(settings, database.sessions, Observer()),
        "redis_settings": redis_settings(settings.redis_url.get_secret_value()),
        "queue_name": settings.queue,
        "on_startup": start,
        "on_shutdown": stop,
    }
