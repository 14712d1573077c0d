"""Every kind of refusal of the business as a client of any database sees it: status, class, and the field."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from persistence.sessions import Sessions
from tests.services import MEMBERS, TASKS, make_members, make_project, make_tasks
from tests.web_clients import client_of, problem_in
from tests.worlds import begin
from web.scopes import Write

pytestmark = pytest.mark.on_every_engine

NEW = {"key": "new", "title": "New", "project_id": 1}
OLD = {"If-Match": '"1"'}

Asked = tuple[str, str, dict[str, Any] | None, dict[str, str]]

REFUSED: list[tuple[Asked, tuple[int, str, set[str]]]] = [
    (("GET", "/tasks/999", None, {}), (404, "NotFound", set())),
    (("PATCH", "/tasks/999", {"title": "x"}, {}), (404, "NotFound", set())),
    (("DELETE", "/tasks/3", None, {}), (404, "NotFound", set())),
    (("POST", "/tasks/999/restore", None, {}), (404, "NotFound", set())),
    (("POST", "/tasks", {**NEW, "key": "a"}, {}), (409, "Duplicate", {"key"})),
    (("PATCH", "/tasks/2", {"key": "a"}, {}), (409, "Duplicate", {"key"})),
    (("POST", "/tasks", {**NEW, "project_id": 99}, {}), (422, "MissingReference", {"project_id"})),
    (("PATCH", "/tasks/1", {"assignee_id": 1}, {}), (422, "MissingReference", {"assignee_id"})),
    (("PATCH", "/tasks/1", {"title": None}, {}), (422, "InvalidRequest", {"title"})),
    (("PATCH", "/tasks/1", {"parent_id": True}, {}), (422, "InvalidRows", {"parent_id"})),
    (("PATCH", "/tasks/1", {"title": "x"}, OLD), (412, "StaleVersion", set())),
    (("DELETE", "/tasks/1", None, OLD), (412, "StaleVersion", set())),
    (("DELETE", "/projects/1", None, {}), (409, "InUse", set())),
    (("POST", "/tasks/3/restore", None, {}), (409, "CannotRestore", {"id 3"})),
    (("POST", "/tasks/5/restore", None, {}), (409, "CannotRestore", {"id 5"})),
    (("GET", "/tasks?statsu=done", None, {}), (422, "UnknownName", set())),
    (("GET", "/tasks?id=many", None, {}), (422, "InvalidFilter", {"id"})),
    (("GET", "/tasks?load=projct", None, {}), (422, "UnknownName", set())),
    (("GET", "/tasks?cursor=x", None, {}), (422, "InvalidCursor", set())),
]
"""Member 1 and the tasks 3 to 5 are deleted: the key of 3 is that of the live task 6, and 4 is the parent of 5."""


@pytest.fixture
async def planted(client: httpx.AsyncClient, sessions: Sessions) -> httpx.AsyncClient:
    """Return the client over the world of `REFUSED`."""
    await make_members(sessions, "gone")
    project = await make_project(sessions)
    await make_tasks(sessions, project, rows=[{"key": key} for key in ("a", "b", "taken", "parent")])
    await make_tasks(sessions, project, rows=[{"key": "child", "parent_id": 4}])
    async with begin(sessions) as tx:
        await TASKS.update(tx, 1, {"title": "newer"})
        await TASKS.soft_delete(tx, [3, 5])
        await TASKS.soft_delete(tx, 4)
        await MEMBERS.soft_delete(tx, 1)
        await TASKS.create(tx, {**NEW, "key": "taken"})
    return client


async def test_every_refusal_has_its_status_class_and_field(
    planted: httpx.AsyncClient, sessions: Sessions, subtests: pytest.Subtests
) -> None:
    """And nothing is written by any of them."""
    for (method, path, body, headers), expected in REFUSED:
        with subtests.test(f"{method} {path} {body}"):
            told = problem_in(await planted.request(method, path, json=body, headers=headers))
            assert (told.status, told.kind, set(told.fields)) == expected, told.detail
    async with begin(sessions) as tx:
        assert [task.version for task in await TASKS.find(tx, include_deleted=True)] == [2, 1, 2, 2, 2, 1]


@pytest.mark.on_every_engine(without=("sqlite",), reason="there one transaction writes at a time")
async def test_a_row_that_another_transaction_holds_is_409(app: FastAPI, sessions: Sessions) -> None:
    """To an endpoint of one's own that does not want to wait."""

    @app.post("/held")
    async def hold(tx: Write) -> None:
        await TASKS.lock(tx, nowait=True)

    await make_tasks(sessions, await make_project(sessions), 1)
    async with begin(sessions) as tx, client_of(app) as client:
        await TASKS.lock(tx)
        told = problem_in(await client.post("/held"))
    assert (told.status, told.kind) == (409, "Locked")
