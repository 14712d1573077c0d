"""A small world made by the services: a project, two members, and tasks of which some have subtasks."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.entity import Entity
from persistence.sessions import Sessions
from persistence.task_manager import MemberService, ProjectService, TaskService
from tests.worlds import begin

TASKS, PROJECTS, MEMBERS = TaskService(), ProjectService(), MemberService()


def id_of(row: Entity) -> int:
    """Return the id of a row that is in the database."""
    assert row.id is not None
    return row.id


async def make_project(sessions: Sessions, key: str = "alpha") -> int:
    """Create a project and return its id."""
    async with begin(sessions) as tx:
        return id_of(await PROJECTS.create(tx, {"key": key, "name": key.title()}))


async def make_members(sessions: Sessions, *keys: str) -> list[int]:
    """Create members and return their ids."""
    async with begin(sessions) as tx:
        return [id_of(row) for row in await MEMBERS.create_many(tx, [{"key": key, "name": key} for key in keys])]


async def make_tasks(
    sessions: Sessions, project: int, number: int = 0, *, rows: Sequence[Mapping[str, Any]] = (), **values: object
) -> list[int]:
    """Create tasks of a project, `number` that are named `t0`, `t1` and so on, or the rows; return their ids."""
    plain = [{"key": f"t{n}", **values} for n in range(number)]
    filled = [{"title": f"Task {row['key']}", "project_id": project, **row} for row in (*plain, *rows)]
    async with begin(sessions) as tx:
        return [id_of(row) for row in await TASKS.create_many(tx, filled)]
