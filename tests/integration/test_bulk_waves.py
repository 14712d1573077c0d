"""Rows of a load that name one another."""

from pathlib import Path

from arq.connections import ArqRedis

from persistence.database import Database
from persistence.sessions import Sessions
from tests.imports import counts, imported, refusals, working
from tests.worlds import live, plant
from worker.settings import Settings


async def test_a_row_may_name_one_that_stands_before_it(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """In the same batch or an earlier one, however deep; one that stands behind it is not there yet."""
    await plant(sessions, tasks=0)
    file = tmp_path / "tasks.csv"
    rows = [
        ("root", ""),
        *((f"t{n}", f"t{n - 1}" if n % 1_500 else "root") for n in range(4_200)),
        ("x", "y"),
        ("y", ""),
    ]
    file.write_text("key,title,project.key,parent.key\n" + "".join(f"{key},A,alpha,{parent}\n" for key, parent in rows))
    async with working(settings, database, redis):
        summary = await imported(settings, file, "task")
    assert counts(summary) == (4_202, 0, 0, 1)
    assert refusals(summary) == [(4_203, "parent.key", "no live task 'y'")]
    written = await live(sessions)
    assert written["t4199"]["parent_id"] == written["t4198"]["id"]
    assert written["t3000"]["parent_id"] == written["root"]["id"]
