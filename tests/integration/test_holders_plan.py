"""How holders of keys are found while a load fills an empty table."""

import pytest
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import asyncpg

from domain.task import Task
from persistence.database import Database
from persistence.holders import holders_query
from persistence.sessions import Sessions
from persistence.unique_keys import UniqueKey
from tests.relays import connected
from tests.worlds import plant
from worker.settings import Settings

FILL = text(
    "INSERT INTO task (key, title, status, priority, project_id)"
    " SELECT 'k' || n, 'A', 'pending', 'medium', id FROM project, generate_series(1, 20000) AS n"
)


@pytest.mark.parametrize("locked", [False, True])
async def test_each_key_goes_through_the_index_after_a_vacuum_that_saw_no_row(
    settings: Settings, database: Database, sessions: Sessions, *, locked: bool
) -> None:
    """The rows are not committed yet, so that the planner believes in an empty table."""
    await plant(sessions, tasks=0)
    table = Task.metadata.tables["task"]
    query = holders_query(table, UniqueKey(("key",), live=True), locked=locked)
    compiled = query.compile(dialect=asyncpg.dialect())  # type: ignore[no-untyped-call]
    values = [compiled.params[name] for name in compiled.positiontup or ()]
    values = [["k1"] * 4_000 if value is None else value for value in values]
    async with connected(settings) as other, database.engine.connect() as connection:
        await connection.execute(FILL)
        await other.execute("VACUUM task")
        await connection.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
        lines = (await connection.exec_driver_sql(f"EXPLAIN {compiled}", tuple(values))).scalars().all()
    assert any("Index Cond: ((key)::text = " in line for line in lines), "\n".join(lines)
