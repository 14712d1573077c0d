"""A worker process with a job that blocks its event loop for ever, and little patience with servers at its end."""

import time
from typing import ClassVar

import worker.arq_settings
import worker.engine
from domain.commands import Command
from domain.result import Result
from persistence.transaction import Transaction
from worker.cli.main import main
from worker.jobs import JOBS
from worker.jobs.job import Job


class Block(Command):
    """Block the loop."""

    job: ClassVar[str] = "block"


async def block(tx: Transaction, command: Block) -> Result:  # noqa: ARG001 - the signature of every job
    """Do what no coroutine may."""
    while True:
        time.sleep(1)  # noqa: ASYNC251 - a job that blocks is what this is about


if __name__ == "__main__":
    setattr(worker.arq_settings, "JOBS", (*JOBS, Job(Block, block)))  # noqa: B010 - it exports no such name
    setattr(worker.engine, "LAST_SECONDS", 0.5)  # noqa: B010 - a constant, here of a test
    main()
