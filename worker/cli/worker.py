"""`counterfoil worker`."""

import os
from pathlib import Path
from typing import Annotated

import typer
from structlog.contextvars import bind_contextvars

from worker.cli.run import run
from worker.logs import configure_logs
from worker.process import run_worker
from worker.processes.leash import Leash
from worker.processes.supervised import supervise
from worker.settings import MOST_PROCESSES, Settings


def worker(
    processes: Annotated[
        int | None,
        typer.Option(
            min=1, max=MOST_PROCESSES, help="how many processes run jobs; COUNTERFOIL_PROCESSES, or one for each core"
        ),
    ] = None,
    health_port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65_535,
            help="serve /live, /ready and /metrics on this port, 0 for any free one",
            show_default=False,
        ),
    ] = None,
    leashed: Annotated[bool, typer.Option("--leashed", hidden=True, help="be one of several")] = False,
    health_folder: Annotated[Path | None, typer.Option(hidden=True, help="where the parent asks for health")] = None,
) -> None:
    """Run jobs from the queue until SIGTERM or Ctrl-C, which let running jobs finish; a second one stops them."""

    async def command(given: Settings) -> int:
        configure_logs(given.log_format, given.log_level)
        settings = given if health_port is None else given.model_copy(update={"health_port": health_port})
        number = processes or settings.processes
        if leashed:
            await _run_leashed(settings, health_folder)
        elif number > 1 or settings.recycle_jobs or settings.recycle_mb:  # somebody must start the next process
            return await supervise(settings, number)
        else:
            await run_worker(settings)
        return 0

    run(command)


async def _run_leashed(settings: Settings, health_folder: Path | None) -> None:
    """Be one of several processes, whose lines in a common log bear its id; the health port is their parent's."""
    bind_contextvars(pid=os.getpid())
    leash = Leash(settings.shutdown_grace)
    leash.start()
    await run_worker(settings.model_copy(update={"health_port": None}), leash, health_folder)
