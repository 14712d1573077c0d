"""arq's cron jobs, which our engine refuses: schedules have taken their place."""

from collections.abc import Iterable
from dataclasses import dataclass

from arq.cron import CronJob

from domain.errors import CounterfoilError


@dataclass(eq=False)
class CronRefused(CounterfoilError):
    """The names of arq cron jobs that were given to our engine."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        """Say what to do instead."""
        return (
            f"cron_jobs {', '.join(self.names)}: arq's cron runs a job twice, or not at all, when workers restart or"
            " clocks change; make a schedule of each with `counterfoil schedule add`, or run them on stock arq"
        )


def refuse_cron(jobs: Iterable[CronJob] | None) -> None:
    """Raise CronRefused where there are any."""
    if names := tuple(job.name for job in jobs or ()):
        raise CronRefused(names)
