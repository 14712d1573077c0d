"""`counterfoil worker`."""

from worker.cli.run import run
from worker.logs import configure_logs
from worker.process import run_worker
from worker.settings import Settings


def worker() -> None:
    """Run jobs from the queue until SIGTERM or Ctrl-C, which let running jobs finish."""

    async def command(settings: Settings) -> int:
        configure_logs(settings.log_format, settings.log_level)
        await run_worker(settings)
        return 0

    run(command)
