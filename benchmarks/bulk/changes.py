"""A hundred thousand rows soft-deleted and changed with audit, against the bare statements without."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.bench import Bench
from benchmarks.bulk.files import change_file
from benchmarks.bulk.psql import psql
from benchmarks.bulk.state import WrongCount, filled
from benchmarks.bulk.worker import BulkWorker, source_of
from domain.commands import BulkUpdate, Command, SoftDelete, Update

ROWS: Final = (100_000, 2_000)
"""Tasks of the project; the second is for a quick run."""


async def changes(bench: Bench, url: str, worker: BulkWorker) -> None:
    """Let the worker and psql have their turns at each change, on tables in the same state."""
    rows = ROWS[bench.quick]
    path = change_file(worker.folder, rows)
    for command, written in _commands(rows, path):
        await filled(worker.connection, rows)
        ran = await worker.run(command)
        if (found := sum(ran.counts.values())) != written:
            raise WrongCount(command.job, written, found, found)
        await filled(worker.connection, rows)
        bare = await psql(url, f"{command.job}.sql", path if isinstance(command, BulkUpdate) else None)
        bench.figures.record(f"bulk.{command.job}.ours", ran.seconds)
        bench.figures.record(f"bulk.{command.job}.bare", bare)


def _commands(rows: int, path: Path) -> Iterator[tuple[Command, int]]:
    """Yield each command, with the rows that it writes; the scripts of its name do the same."""
    yield SoftDelete(entity="project", key=["p1"], cascade=True), rows + 1
    yield Update(entity="task", where={"project_id": 1}, changes={"status": "done", "priority": "low"}), rows
    yield BulkUpdate(entity="task", source=source_of(path)), rows
