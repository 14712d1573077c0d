"""`counterfoil import --commit-every`: a file in parts, each a job; run again, it goes on where it was."""

import asyncio
import json
import signal
from pathlib import Path

import pytest
from arq.connections import ArqRedis

from persistence.transaction import Sessions
from tests.imports import counts, imported, refusals, reported, working
from tests.ledger import assert_balanced
from tests.processes import command, environment, started
from tests.relays import jobs
from tests.waiting import eventually
from tests.worlds import live, plant, rows_locked_out, trail
from worker.composition import Database
from worker.settings import Settings

HEADER = "key,title,project.key\n"
EACH = ("--commit-every", "10")


def write(file: Path, rows: int, *, bad: int | None = None) -> None:
    """Write tasks, each on two lines, the bad one of a project that is not there."""
    body = (f'k{row},"Task\n{row}",{"nowhere" if row == bad else "alpha"}\n' for row in range(rows))
    file.write_text(HEADER + "".join(body))
