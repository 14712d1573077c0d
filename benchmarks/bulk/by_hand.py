"""A file of tasks, loaded as people write it by hand: `python -m benchmarks.bulk.by_hand WAY FILE`.

With DATABASE_URL in the environment. It waits for the word `start`, loads the file in one transaction with an audit row
for each task, says how many seconds that took, and waits to be killed, so that its memory can be looked at.
"""

import asyncio
import csv
import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from sqlalchemy import Table, insert, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from benchmarks.lines import heard, say
from benchmarks.peers.tutorial import AuditLog, Task

Records = Iterator[Mapping[str, str]]
Way = Callable[[AsyncSession, Records], Awaitable[None]]

CHUNK: Final = 10_000
"""Rows in one `execute` of Core, which itself cuts them into statements of a thousand."""
AUDIT: Final = text(
    "INSERT INTO audit_log (job_id, actor, entity, entity_id, action, after)"
    " SELECT 'by hand', 'bench', 'task', t.id::text, 'insert', to_jsonb(t.*) FROM task AS t"
)


async def by_orm(session: AsyncSession, records: Records) -> None:
    """Load as tutorials do: all objects, `add_all`, flush, then all audit rows the same way."""
    tasks = [Task.model_validate(record) for record in records]
    session.add_all(tasks)
    await session.flush()
    session.add_all([_audited(task, "insert") for task in tasks])


async def by_core(session: AsyncSession, records: Records) -> None:
    """Load by `insert` with many values (long statements, because ids come back), then audit all at once."""
    table: Table = SQLModel.metadata.tables["task"]
    wanted = insert(table).returning(table.c.id)
    while chunk := [_values(record) for record in islice(records, CHUNK)]:
        (await session.execute(wanted, chunk)).all()
    await session.execute(AUDIT)


async def by_row(session: AsyncSession, records: Records) -> None:
    """Load as import libraries of web frameworks do: validate a row, look for it by key, save it, log it; next row."""
    for record in records:
        said = Task.model_validate(record)
        live = select(Task).where(Task.key == said.key, col(Task.deleted_at).is_(None))
        held = (await session.exec(live)).first()
        task = said if held is None else held
        for name in record:
            setattr(task, name, getattr(said, name))
        session.add(task)
        await session.flush()
        session.add(_audited(task, "insert" if held is None else "update"))
        await session.flush()


WAYS: Final[Mapping[str, Way]] = {"orm": by_orm, "core": by_core, "by_row": by_row}


async def load(url: str, way: Way, path: Path) -> float:
    """Load the file, and return the seconds from before its first byte is read until the commit."""
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.connect():  # the first connection asks the server for much that is not the load's
        pass
    began = perf_counter()
    with path.open(encoding="utf-8", newline="") as file:
        async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
            await way(session, csv.DictReader(file))
    seconds = perf_counter() - began
    await engine.dispose()
    return seconds


def _audited(task: Task, action: str) -> AuditLog:
    return AuditLog(
        job_id="by hand",
        actor="bench",
        entity="task",
        entity_id=str(task.id),
        action=action,
        after=task.model_dump(mode="json"),
    )


def _values(record: Mapping[str, str]) -> dict[str, Any]:
    return {**record, "project_id": int(record["project_id"]), "tags": []}


def main(way: str, path: str) -> None:
    """Be the process that the command line asks for."""
    say("ready")
    if heard("start"):
        say("loaded", seconds=asyncio.run(load(os.environ["DATABASE_URL"], WAYS[way], Path(path))))
        heard("end")


if __name__ == "__main__":
    main(*sys.argv[1:])
