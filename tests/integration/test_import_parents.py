"""Related rows that are created because rows name them, with what the rows say of them."""

from pathlib import Path

import pytest
from arq.connections import ArqRedis

from persistence.database import Database
from persistence.sessions import Sessions
from tests.imports import counts, imported, refusals, working
from tests.ledger import assert_balanced
from tests.processes import command
from tests.relays import jobs
from tests.worlds import live, plant, trail
from worker.settings import Settings

pytestmark = pytest.mark.on_every_engine

TASKS = ("--map", "key=id", "--map", "title=id", "--map", "project.key=area")
NAMED = ("--map", "project.name=area_name", "--create-missing", "project")


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    """Return tasks of a new project, of one that is there, and of two whose name is missing or too long.

    The first task of the new project does not say its name.
    """
    file = tmp_path / "tasks.csv"
    rows = [
        "a,garden,",
        "b,garden,Garden",
        "f,garden,Another name",
        "c,alpha,Renamed",
        "d,attic,",
        f"e,cellar,{'x' * 501}",
    ]
    file.write_text("id,area,area_name\n" + "".join(f"{row}\n" for row in rows))
    return file


async def test_the_first_row_that_says_most_of_a_parent_says_what_it_is(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tasks: Path
) -> None:
    """One that is there already stays as it is; one that does not fit its schema costs its rows, and no others."""
    await plant(sessions, tasks=0)
    async with working(settings, database, redis):
        summary = await imported(settings, tasks, "task", *TASKS, *NAMED)
    assert refusals(summary) == [
        (6, "project.name", "Field required"),
        (7, "project.name", "String should have at most 500 characters"),
    ]
    assert (counts(summary), summary["read"], summary["related"]) == ((4, 0, 0, 2), 6, 1)
    projects = await live(sessions, "project")
    assert {key: row["name"] for key, row in projects.items()} == {"alpha": "Alpha", "garden": "Garden"}
    written = {key: row["project_id"] for key, row in (await live(sessions)).items()}
    garden, alpha = projects["garden"]["id"], projects["alpha"]["id"]
    assert written == {"a": garden, "b": garden, "f": garden, "c": alpha}
    assert [one.after and one.after["key"] for one in await trail(sessions, "project", summary["jobs"][0])] == [
        "garden"
    ]
    await assert_balanced(sessions)


async def test_a_field_that_parents_need_is_told_before_anything_is_sent(
    settings: Settings, sessions: Sessions, tasks: Path
) -> None:
    """With the options that give it."""
    ended = await command(settings, "import", str(tasks), "--entity", "task", *TASKS, "--create-missing", "project")
    assert (ended.code, ended.out) == (2, "")
    assert "every task needs 'project.name'; say --map project.name=COLUMN or --set project.name=VALUE" in ended.line
    assert not await jobs(sessions)


async def test_without_the_option_a_missing_parent_is_refused(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tasks: Path
) -> None:
    """And none is created."""
    await plant(sessions, tasks=0)
    async with working(settings, database, redis):
        summary = await imported(settings, tasks, "task", *TASKS)
    assert refusals(summary)[0] == (2, "project.key", "no live project 'garden'")
    assert (counts(summary), set(await live(sessions, "project"))) == ((1, 0, 0, 5), {"alpha"})
