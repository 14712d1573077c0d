"""A worker process with one more job than the shipped one has: it kills its worker."""

import os
import signal
from typing import ClassVar

import worker.arq_settings
from domain.commands import Command
from domain.result import Result
from persistence.transaction import Transaction
from worker.cli.main import main
from worker.jobs import JOBS
from worker.jobs.job import Job


class Kill(Command):
    """Kill the worker."""

    job: ClassVar[str] = "kill"


async def kill(tx: Transaction, command: Kill) -> Result:  # noqa: ARG001 - the signature of every job
    """Write nothing, and die in the middle of it."""
    os.kill(os.getpid(), signal.SIGKILL)
    return Result()


if __name__ == "__main__":
    setattr(worker.arq_settings, "JOBS", (*JOBS, Job(Kill, kill)))  # noqa: B010 - it exports no such name
    main()
