"""The state in which a turn finds the tables, and what it must have left in them.

Each state ends with a checkpoint, so that what one turn has dirtied is not written out in the next one's time.
"""

from pathlib import Path
from typing import Any, Final

from benchmarks.bulk.files import PROJECTS

EMPTY: Final = (Path(__file__).parent / "empty.sql").read_text(encoding="utf-8")
PROJECTS_OF_FILES: Final = "INSERT INTO project (key, name) SELECT 'p' || n, 'Project' FROM generate_series(1, $1) AS n"
TASKS: Final = """
INSERT INTO task (key, title, description, status, priority, project_id)
SELECT
    'k' || n, 'Task number ' || n || ' of the file', 'a description of some length for the row ' || n,
    'doing', 'high', 1
FROM generate_series(0, $1::bigint - 1) AS n
"""
HELD: Final = """
INSERT INTO task (key, title, status, priority, project_id)
SELECT key, 'Held', 'doing', 'high', 1 FROM unnest($1::text []) AS key
"""


class WrongCount(Exception):
    """A contender wrote more or fewer rows than it was given: its rate would mean nothing."""

    def __init__(self, who: str, expected: int, written: int, audited: int) -> None:
        """Build the message from both counts."""
        super().__init__(f"{who} wrote {written} rows and {audited} audit rows; expected {expected} of each")


async def emptied(connection: Any) -> None:  # noqa: ANN401 - asyncpg has no types
    """Leave a thousand projects and nothing else."""
    await _begun(connection)
    await connection.execute("CHECKPOINT")


async def filled(connection: Any, tasks: int) -> None:  # noqa: ANN401 - asyncpg has no types
    """Leave so many tasks of the first project, `p1`, whose keys are those of the files."""
    await _begun(connection)
    await connection.execute(TASKS, tasks)
    await connection.execute("VACUUM (ANALYZE) task")
    await connection.execute("CHECKPOINT")


async def held(connection: Any, keys: list[str]) -> None:  # noqa: ANN401 - asyncpg has no types
    """Leave a thousand projects, and a task for each of these keys."""
    await _begun(connection)
    await connection.execute(HELD, keys)
    await connection.execute("CHECKPOINT")


async def require_loaded(connection: Any, who: str, rows: int) -> None:  # noqa: ANN401 - asyncpg has no types
    """Return if the tables hold so many tasks, and an audit row for each; raises WrongCount."""
    written = await connection.fetchval("SELECT count(*) FROM task")
    audited = await connection.fetchval("SELECT count(*) FROM audit_log WHERE action = 'insert'")
    if (written, audited) != (rows, rows):
        raise WrongCount(who, rows, written, audited)


async def _begun(connection: Any) -> None:  # noqa: ANN401 - asyncpg has no types
    await connection.execute(EMPTY)
    await connection.execute(PROJECTS_OF_FILES, PROJECTS)
    # Not the empty task: whoever looks for keys in it would get a plan for a table that is known to have no rows.
    await connection.execute("VACUUM (ANALYZE) project")
