"""`counterfoil import --update`: each line says which row it means, and what of it changes."""

from pathlib import Path

import pytest
from arq.connections import ArqRedis
from sqlalchemy import update
from sqlmodel import col

from domain.moments import now
from domain.task import Task
from persistence.database import Database
from persistence.sessions import Sessions
from tests.imports import counts, imported, refusals, reported, working
from tests.ledger import assert_balanced
from tests.relays import job
from tests.worlds import live, plant, sql, trail
from worker.settings import Settings

pytestmark = pytest.mark.on_every_engine


@pytest.mark.parametrize("column", ["key", "id"])
async def test_a_line_changes_the_row_that_it_names(  # noqa: PLR0913, PLR0917 - fixtures
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path, column: str
) -> None:
    """Empty cells change nothing; a row that is as wanted, one that is gone and one said twice are told apart."""
    await plant(sessions, tasks=5)
    async with database.engine.begin() as connection:
        await connection.execute(update(Task).where(col(Task.key) == "t4").values(deleted_at=now()))
    ids = {row["key"]: row["id"] for row in (await live(sessions)).values()} | {"t4": 10**6, "t9": 10**7}
    name = {key: key if column == "key" else str(ids[key]) for key in ids}
    file = tmp_path / "changes.csv"
    lines = [("t0", "New", "done"), ("t1", "", "done"), ("t2", "Task 2", ""), ("t9", "x", ""), ("t4", "x", "")]
    said = [f"{name[key]},{title},{status}\n" for key, title, status in [*lines, ("t0", "Other", "")]]
    file.write_text(f"{column},title,status\n" + "".join(said))
    async with working(settings, database, redis):
        summary = await imported(settings, file, "task", "--update", "--match-on", column)
    assert counts(summary) == (0, 2, 1, 3)
    assert [(line, field) for line, field, _ in refusals(summary)] == [(5, column), (6, column), (7, column)]
    first, second, third = (reason for _, _, reason in refusals(summary))
    assert first.startswith("no live task has")
    assert second.startswith("no live task has")
    assert third.endswith("stands in line 2 too")
    rows = {key: (row["title"], row["status"], row["version"]) for key, row in (await live(sessions)).items()}
    expected = {"t0": ("New", "done", 2), "t1": ("Task 1", "done", 2), "t2": ("Task 2", "pending", 1)}
    assert rows == expected | {"t3": ("Task 3", "pending", 1)}
    (job_id,) = summary["jobs"]
    assert {line: (fate, row_id) for line, (fate, row_id) in (await reported(settings, job_id)).items()} == {
        2: ("updated", str(ids["t0"])),
        3: ("updated", str(ids["t1"])),
        4: ("unchanged", str(ids["t2"])),
        **dict.fromkeys((5, 6, 7), ("refused", "")),
    }
    assert (await job(sessions, job_id)).name == "bulk_update"
    assert [(one.entity_id, one.action) for one in await trail(sessions, job_id=job_id)] == [
        (str(ids["t0"]), "update"),
        (str(ids["t1"]), "update"),
    ]


@pytest.mark.on_every_engine(without=("sqlite",), reason="it adds no constraint to a table")
async def test_a_change_that_the_table_refuses_costs_its_line_alone(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """And a related row is found by its key, as in an insert."""
    await plant(sessions, tasks=40)
    await plant(sessions, tasks=0, project="beta")
    await sql(database, "ALTER TABLE task ADD CONSTRAINT unknown_to_the_schema CHECK (title <> 'forbidden')")
    file = tmp_path / "changes.csv"
    rows = [(f"t{n}", "forbidden" if n in {7, 31} else f"New {n}", "gamma" if n == 3 else "beta") for n in range(40)]
    file.write_text("key,title,project.key\n" + "".join(f"{','.join(row)}\n" for row in rows))
    async with working(settings, database, redis):
        summary = await imported(settings, file, "task", "--update")
    assert counts(summary) == (0, 37, 0, 3)
    assert [line for line, _, _ in refusals(summary)] == [5, 9, 33]
    assert refusals(summary)[0][1:] == ("project.key", "no live project 'gamma'")
    written = await live(sessions)
    projects = await live(sessions, "project")
    assert {row["project_id"] for row in written.values() if row["title"].startswith("New")} == {projects["beta"]["id"]}
    assert {key for key, row in written.items() if row["title"].startswith("Task")} == {"t3", "t7", "t31"}
    await assert_balanced(sessions)


@pytest.mark.on_every_engine(without=("sqlite", "mariadb"), reason="thousands of rows")
async def test_a_row_that_comes_again_is_refused_however_far_below(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """A line cannot mean both; nobody has to hold the file in memory to know."""
    await plant(sessions, tasks=4_500)
    file = tmp_path / "changes.csv"
    keys = [*range(4_500), 0, 4_499]
    file.write_text("key,title\n" + "".join(f"t{key},New {line}\n" for line, key in enumerate(keys, 2)))
    async with working(settings, database, redis):
        summary = await imported(settings, file, "task", "--update")
    assert counts(summary) == (0, 4_500, 0, 2)
    assert refusals(summary) == [
        (4_502, "key", "'t0' stands in an earlier line too"),
        (4_503, "key", "'t4499' stands in line 4501 too"),
    ]
    assert (await live(sessions))["t0"]["title"] == "New 2"
