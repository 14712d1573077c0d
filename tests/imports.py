"""Imports as a person runs them, and what the commands tell of their jobs afterwards."""

import csv
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from arq.connections import ArqRedis

from persistence.database import Database
from tests.processes import Ended, command
from tests.relays import relaying
from tests.workers import running_worker
from worker.settings import Settings


@asynccontextmanager
async def working(settings: Settings, database: Database, redis: ArqRedis) -> AsyncIterator[None]:
    """Relay and work for the time of the block."""
    async with relaying(database, redis), running_worker(settings, database, redis):
        yield


def summary_of(ended: Ended) -> dict[str, Any]:
    """Return the summary that `--json` has printed; a worker in this process logs to the same output."""
    lines = [line for line in ended.out.splitlines() if line.startswith("{")]
    assert lines, ended.out + ended.err
    found: dict[str, Any] = json.loads(lines[-1])
    return found


async def imported(settings: Settings, file: Path | str, entity: str, *options: str, stdin: str = "") -> dict[str, Any]:
    """Import a file, which must start, and return the summary with its exit `code`."""
    arguments = ("import", str(file), "--entity", entity, "--json", *options)
    ended = await command(settings, *arguments, stdin=stdin)
    return summary_of(ended) | {"code": ended.code}


def counts(summary: dict[str, Any]) -> tuple[int, int, int, int]:
    """Return how many rows were inserted, updated, skipped and refused."""
    return (summary["inserted"], summary["updated"], summary["skipped"], summary["refused"])


def refusals(summary: dict[str, Any]) -> list[tuple[int, str, str]]:
    """Return the line, the field and the reason of each refusal."""
    return [(one["line"], one["field"], one["reason"]) for one in summary["refusals"]]


def told(ended: Ended) -> list[dict[str, str]]:
    """Return the rows of a command's CSV by column."""
    csv.field_size_limit(1 << 20)
    return list(csv.DictReader(io.StringIO(ended.out, newline="")))


async def reported(settings: Settings, job_id: str) -> dict[int, tuple[str, str]]:
    """Return the fate and the id (empty: none) of each line, as `counterfoil report --csv` tells them."""
    rows = told(await command(settings, "report", job_id, "--csv"))
    found = {int(row["line"]): (row["fate"], row["id"]) for row in rows}
    assert len(found) == len(rows), "a line is told once"
    return found


async def rejected(settings: Settings, job_id: str) -> tuple[str, dict[int, str]]:
    """Return what `counterfoil rejects --csv` prints, a file to correct, and from it the reason of each line."""
    ended = await command(settings, "rejects", job_id, "--csv")
    return ended.out, {int(row["rejected_line"]): row["rejected_reason"] for row in told(ended)}
