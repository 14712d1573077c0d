"""Real advisories: a package is a project, an advisory is a task; every row arrives, once, with its audit row."""

import csv
import json
from pathlib import Path

import pytest
from arq.connections import ArqRedis

from persistence.database import Database
from persistence.sessions import Sessions
from tests.imports import imported, working
from tests.ledger import assert_balanced
from tests.worlds import images, live, trail
from worker.settings import Settings

ADVISORIES = 2_661
PROJECTS = ("project", "--map", "key=package", "--map", "name=package", "--distinct", "key")
TASKS = ("task", "--map", "key=key", "--map", "title=title", "--map", "description=details")
# Two advisories have no title.
MORE = ("--set", "title=(untitled)", "--map", "project.key=package", "--map", "tags=aliases")


@pytest.fixture(scope="session")
def advisories(shared_data: Path) -> Path:
    """Return the file."""
    return shared_data / "advisories.csv"


async def test_every_advisory_arrives_once_with_its_audit_row(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, advisories: Path
) -> None:
    """A second run that skips what is there changes nothing: no row, no version, no audit row."""
    with advisories.open(encoding="utf-8", newline="") as stream:
        wanted = {row["key"]: row for row in csv.DictReader(stream)}
    packages = {row["package"] for row in wanted.values()}
    async with working(settings, database, redis):
        projects = await imported(settings, advisories, *PROJECTS)
        assert (projects["inserted"], projects["skipped"]) == (len(packages), ADVISORIES - len(packages))
        tasks = await imported(settings, advisories, *TASKS, *MORE)
        assert (tasks["read"], tasks["inserted"], tasks["refused"]) == (ADVISORIES, ADVISORIES, 0)

        written = await live(sessions)
        names = {row["id"]: key for key, row in (await live(sessions, "project")).items()}
        assert {
            key: (names[row["project_id"]], row["title"], row["description"] or "", row["tags"])
            for key, row in written.items()
        } == {
            key: (row["package"], row["title"] or "(untitled)", row["details"], json.loads(row["aliases"]))
            for key, row in wanted.items()
        }
        entries = await trail(sessions)
        assert len(entries) == ADVISORIES + len(packages)
        assert len({(entry.entity, entry.entity_id) for entry in entries}) == len(entries)
        await assert_balanced(sessions)

        before = [await images(sessions, table) for table in ("project", "task")]
        again = await imported(settings, advisories, *TASKS, *MORE, "--on-conflict", "skip")
        assert (again["inserted"], again["updated"], again["skipped"]) == (0, 0, ADVISORIES)
        again = await imported(settings, advisories, *PROJECTS, "--on-conflict", "skip")
        assert (again["inserted"], again["skipped"]) == (0, ADVISORIES)
    assert [await images(sessions, table) for table in ("project", "task")] == before
    assert await trail(sessions) == entries


async def test_each_audit_row_says_who_imported_it_and_from_which_file(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, advisories: Path
) -> None:
    """Unless another reason is given."""
    async with working(settings, database, redis):
        summary = await imported(settings, advisories, *PROJECTS, "--actor", "ada")
    (job_id,) = summary["jobs"]
    seen = {(entry.actor, entry.reason, entry.job_id) for entry in await trail(sessions)}
    assert seen == {("ada", "import of advisories.csv", job_id)}


async def test_projects_that_are_missing_come_along_with_their_tasks(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, advisories: Path
) -> None:
    """In one job; a column may serve a related row's name as well."""
    parents = ("--map", "project.name=package", "--create-missing", "project")
    async with working(settings, database, redis):
        summary = await imported(settings, advisories, *TASKS, *MORE, *parents)
    projects = await live(sessions, "project")
    assert (summary["code"], summary["read"], summary["related"]) == (0, ADVISORIES, len(projects))
    assert all(row["name"] == key for key, row in projects.items())
    assert len(await trail(sessions, "project")) == len(projects)
    assert len(await trail(sessions, "task")) == ADVISORIES
    await assert_balanced(sessions)
