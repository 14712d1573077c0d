"""A worker's run of one job in a process of its own, which kills itself at a given point, or waits to be killed.

Usage: `victim.py POINT JOB_ID`, with DATABASE_URL and REDIS_URL in the environment. It prints what it has written.
"""

import asyncio
import os
import signal
import sys
from typing import Any

from sqlalchemy import Engine, event

from domain.commands import Command
from domain.result import Result
from domain.task import Task
from persistence.database import open_database
from persistence.insert import insert_rows
from persistence.transaction import Transaction
from tests.single import execute
from worker.delivery import Delivery
from worker.environment import load_settings
from worker.jobs.job import Job


class Work(Command):
    """A job without arguments."""

    job = "work"


def die() -> None:
    """End this process at once: nothing is flushed, closed or rolled back by it."""
    os.kill(os.getpid(), signal.SIGKILL)


async def change_an_object(tx: Transaction, _: Command) -> Result:
    """Write by a flush."""
    (await tx.session.get_one(Task, 1)).title = "changed"
    await tx.session.flush()
    return Result(updated=1)


async def insert_set_based(tx: Transaction, _: Command) -> Result:
    """Write by a statement."""
    return await insert_rows(tx, tx.entities["task"], [{"key": "new", "title": "New", "project.key": "alpha"}])


async def do_both(tx: Transaction, command: Command) -> Result:
    """Write in both ways."""
    return await change_an_object(tx, command) + await insert_set_based(tx, command)


async def do_both_and_die(tx: Transaction, command: Command) -> Result:
    """Write in both ways, and end before the commit."""
    await do_both(tx, command)
    sys.stdout.write("all written\n")
    sys.stdout.flush()
    die()
    raise AssertionError


def die_before_audit(_connection: Any, _cursor: Any, sentence: str, *_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's
    """Tell each write of a flush, and end where its audit rows would be written."""
    if "INTO audit_log" in sentence:
        die()
    if sentence.startswith("UPDATE"):
        sys.stdout.write("row written\n")
        sys.stdout.flush()


HANDLERS = {"flush": change_an_object, "statement": insert_set_based, "commit": do_both_and_die}


async def main(point: str, job_id: str) -> None:
    """Run the job until it is done or the process ends."""
    if point == "flush":
        event.listen(Engine, "before_cursor_execute", die_before_audit)
    async with open_database(load_settings(), application_name="victim") as database:
        delivery = Delivery(job_id, 1, {"actor": "victim"})
        await execute(Job(Work, HANDLERS[point]), delivery, sessions=database.sessions, max_rows=10)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
