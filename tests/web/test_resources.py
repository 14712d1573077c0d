"""Entities over HTTP: lists, rows, changes, deletions, through the services and nothing else."""

import httpx
import pytest
from fastapi import FastAPI

from domain.project import Project, ProjectCreate, ProjectUpdate
from persistence.service import ServiceBase
from persistence.sessions import Sessions
from tests.queries import counted_queries
from tests.web_clients import client_of, problem_in, web_settings
from tests.worlds import plant, trail
from web.app import create_app
from web.resources.read_models import EntityRead
from web.resources.reads import MOST_GROUPS
from web.resources.resource import Resource
from web.resources.shipped import RESOURCES
from worker.settings import Settings


@pytest.fixture
async def planted(client: httpx.AsyncClient, sessions: Sessions) -> httpx.AsyncClient:
    """Return the client over a project with five tasks, the second to fourth of which are the first one's subtasks."""
    await plant(sessions, tasks=5)
    ids = {task["key"]: task["id"] for task in (await client.get("/tasks")).json()["items"]}
    await client.post("/members", json={"key": "ada", "name": "Ada"})
    for number in (1, 2, 3):
        tags = [number, "odd" if number % 2 else "even"]
        changes = {"parent_id": ids["t0"], "assignee_id": 1, "status": "doing", "tags": tags}
        assert (await client.patch(f"/tasks/{ids[f't{number}']}", json=changes)).status_code == 200
    return client


async def keys(client: httpx.AsyncClient, query: str) -> list[str]:
    """Return the keys of the tasks that a query finds."""
    answer = await client.get(f"/tasks?{query}")
    assert answer.status_code == 200, answer.text
    return [task["key"] for task in answer.json()["items"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=doing&sort=-key", ["t3", "t2", "t1"]),
        ("status__in=doing,done&key__gt=t1&sort=key", ["t2", "t3"]),
        ("key__in=t1&key__in=t4&sort=key", ["t1", "t4"]),
        ("key__between=t1,t2&sort=key", ["t1", "t2"]),
        ("parent_id__is_null=true&sort=key", ["t0", "t4"]),
        ("project.key=alpha&assignee__key__startswith=a&sort=key", ["t1", "t2", "t3"]),
        ("tags__overlap=odd,other&sort=key", ["t1", "t3"]),
        ('tags__contains_json=[2, "even"]', ["t2"]),
        ("assignee_id__is=null&parent_id__is_null=true&sort=key", ["t0", "t4"]),
        ("created_at__gt=2020-01-01T00:00:00Z&key__match=t0", ["t0"]),
        ("search=task 4", ["t4"]),
        ('filter={"or": [{"key": "t0"}, {"subtasks__key": "t1"}, {"key": "t4"}]}&sort=-key', ["t4", "t0"]),
        ("subtasks__status=doing", ["t0"]),
        ("status=done", []),
    ],
)
async def test_a_query_string_speaks_the_filter_language(
    planted: httpx.AsyncClient, query: str, found: list[str]
) -> None:
    """Lists by commas or by repetition, relations, search, trees; sorted as asked."""
    assert await keys(planted, query) == found


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("stats=done", "did you mean 'status'"),
        ("status__inn=done", "did you mean 'in'"),
        ("sort=-titel", "did you mean 'title'"),
        ("sort=description", "sort field"),
        ("load=projct", "did you mean 'project'"),
        ("load=project.tasks", "relation to load"),
        ("status=finished", "status"),
        ("filter=[1]", "expected an object"),
        ("filter={", "not JSON"),
        ("status=done&status=doing", "said twice"),
        ("id__between=7", "two values"),
        ("created_at__gt=9999-12-31T23:59:59-14:00", "outside the years"),
        ("deleted_at__is_null=false", "deleted_at"),
        ("limit=201", "limit"),
        ("cursor=made-up", "cursor"),
        ("key=%00", "NUL"),
    ],
)
async def test_a_query_that_cannot_be_is_422(client: httpx.AsyncClient, query: str, told: str) -> None:
    """No name is ignored, and the nearest valid one is named."""
    problem = problem_in(await client.get(f"/tasks?{query}"))
    assert (problem.status, told in problem.detail) == (422, True), problem.detail


@pytest.mark.on_every_engine
async def test_pages_lead_to_one_another_in_both_directions(planted: httpx.AsyncClient) -> None:
    """By Link, with sort and conditions kept; a cursor of another list is refused."""
    seen, path, last = [], "/tasks?sort=-status,key&limit=2&status__ne=done", ""
    while path:
        answer = await planted.get(path)
        seen.append([task["key"] for task in answer.json()["items"]])
        path, last = answer.links.get("next", {}).get("url", ""), str(answer.links.get("prev", {}).get("url", ""))
    assert seen == [["t0", "t4"], ["t1", "t2"], ["t3"]]
    assert [task["key"] for task in (await planted.get(last)).json()["items"]] == ["t1", "t2"]
    other = last.replace("limit=2", "limit=3").replace("-status", "status")
    assert problem_in(await planted.get(other)).kind == "InvalidCursor"


@pytest.mark.on_every_engine
async def test_relations_are_shown_as_far_as_they_were_asked_for(planted: httpx.AsyncClient) -> None:
    """Nested ones too, none without `load`, and nothing goes round in circles."""
    (task,) = (await planted.get("/tasks?key=t0&load=project,subtasks.assignee")).json()["items"]
    assert task["project"]["key"] == "alpha"
    assert [(one["key"], one["assignee"]["key"]) for one in task["subtasks"]] == [
        ("t1", "ada"),
        ("t2", "ada"),
        ("t3", "ada"),
    ]
    assert "parent" not in task["subtasks"][0]
    plain = (await planted.get(f"/tasks/{task['id']}")).json()
    assert not {"project", "subtasks", "assignee", "creator", "parent"} & set(plain)
    one = (await planted.get(f"/tasks/{task['subtasks'][0]['id']}?load=parent,creator")).json()
    assert (one["parent"]["key"], one["creator"]) == ("t0", None)


async def test_a_page_with_relations_takes_four_statements(app: FastAPI, planted: httpx.AsyncClient) -> None:
    """Rows with what they belong to, what belongs to them, and what these belong to: whatever the page's length."""
    with counted_queries(app.state.served.database.engine) as sent:
        answer = await planted.get("/tasks?limit=100&load=project,assignee,subtasks.assignee")
    assert len(answer.json()["items"]) == 5
    assert 2 <= len(sent) <= 4, "\n".join(sent)


@pytest.mark.on_every_engine
async def test_counts_by_field(planted: httpx.AsyncClient) -> None:
    """All of them, and by values."""
    assert (await planted.get("/tasks:count?key__ne=t4")).json() == {"count": 4}
    told = (await planted.get("/tasks:count?by=status")).json()
    groups = [{"by": {"status": "doing"}, "count": 3}, {"by": {"status": "pending"}, "count": 2}]
    assert told == {"count": 5, "groups": groups}


@pytest.mark.on_every_engine
@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
async def test_the_life_of_a_row(client: httpx.AsyncClient, resource: Resource, sessions: Sessions) -> None:
    """Created, read, changed, deleted, brought back: each audited, with the examples that the document shows."""
    await client.post("/projects", json={"key": "owner", "name": "Owner"})
    made = await client.post(f"/{resource.path}", json=resource.create)
    assert (made.status_code, made.headers["ETag"]) == (201, '"1"'), made.text
    place = made.headers["Location"]
    assert (await client.get(place)).json() == made.json()
    changed = await client.patch(place, json=resource.update, headers={"If-Match": '"1"', "X-Reason": "because"})
    assert changed.json() | resource.update == changed.json()
    assert (await client.delete(place)).json() == {"deleted": 1, "ids": {resource.name: [made.json()["id"]]}}
    assert problem_in(await client.get(place)).status == 404
    assert (await client.get(f"{place}?include_deleted=true")).json()["deleted_at"] is not None
    back = await client.post(f"{place}/restore")
    assert (back.status_code, back.headers["ETag"]) == (200, '"4"')
    entries = [one for one in await trail(sessions, resource.name) if one.entity_id == str(made.json()["id"])]
    assert [(one.action, one.actor) for one in entries] == [
        (action, "ada") for action in ("insert", "update", "soft_delete", "restore")
    ]
    assert entries[1].reason == "because"


@pytest.mark.on_every_engine
async def test_unset_is_not_null(planted: httpx.AsyncClient) -> None:
    """What a change leaves out stays; null empties; what may not be empty is refused."""
    (task,) = (await planted.get("/tasks?key=t1")).json()["items"]
    place = f"/tasks/{task['id']}"
    changed = (await planted.patch(place, json={"assignee_id": None})).json()
    assert (changed["assignee_id"], changed["parent_id"]) == (None, task["parent_id"])
    assert problem_in(await planted.patch(place, json={"title": None})).fields.keys() == {"title"}
    assert problem_in(await planted.patch(place, json={"titel": "x"})).fields.keys() == {"titel"}
    assert problem_in(await planted.patch(place, json={"parent_id": True})).fields.keys() == {"parent_id"}


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ('"1"', 412),
        ('"2"', 200),
        ("*", 200),
        ("2", 412),
        ('W/"2"', 412),
        ("", 412),
        (f'"{"0" * 18}1{"9" * 5000}"', 412),
    ],
)
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_change_of_what_somebody_else_changed_is_412(
    client: httpx.AsyncClient, method: str, tag: str, status: int
) -> None:
    """If-Match with the ETag that was read; any other tag matches nothing, and nothing is written."""
    await client.post("/projects", json={"key": "p", "name": "P"})
    await client.patch("/projects/1", json={"name": "Q"})
    if status == 412 and method == "PATCH":
        nothing = await client.patch("/projects/1", json={}, headers={"If-Match": tag})
        assert nothing.status_code == 412
    body = {"name": "R"} if method == "PATCH" else None
    answer = await client.request(method, "/projects/1", json=body, headers={"If-Match": tag})
    assert answer.status_code == status
    kept = (await client.get("/projects/1?include_deleted=true")).json()
    assert kept["version"] == (3 if status == 200 else 2)


@pytest.mark.on_every_engine
async def test_refusals_of_the_business_have_their_statuses(planted: httpx.AsyncClient) -> None:
    """409 for a key that is taken and for a row that owns others, 422 for a row that is missing, 404 for no row."""
    (task,) = (await planted.get("/tasks?key=t0")).json()["items"]
    taken = problem_in(await planted.post("/projects", json={"key": "alpha", "name": "Again"}))
    assert (taken.status, taken.kind, set(taken.fields)) == (409, "Duplicate", {"key"})
    assert problem_in(await planted.delete(f"/tasks/{task['id']}")).kind == "InUse"
    assert (await planted.delete(f"/tasks/{task['id']}?cascade=true")).json()["deleted"] == 4
    assert (await planted.post(f"/tasks/{task['id']}/restore?cascade=true")).status_code == 200
    assert len(await keys(planted, "")) == 5
    missing = problem_in(await planted.patch(f"/tasks/{task['id']}", json={"project_id": 99}))
    assert (missing.status, set(missing.fields)) == (422, {"project_id"})
    assert problem_in(await planted.patch("/tasks/999", json={"title": "x"})).status == 404


async def test_public_reads_need_no_token_and_writes_do(settings: Settings) -> None:
    """With the setting, lists and rows are open; a wrong token is refused all the same."""
    app = create_app(web_settings(settings, COUNTERFOIL_WEB_PUBLIC_READS="true"))
    async with client_of(app, actor=None) as client:
        for path in ("/tasks", "/tasks:count", "/projects"):
            assert (await client.get(path)).status_code == 200
        assert problem_in(await client.get("/tasks/1")).status == 404
        assert problem_in(await client.get("/tasks", headers={"Authorization": "Bearer x"})).status == 401
        assert problem_in(await client.post("/projects", json={"key": "p", "name": "P"})).status == 401


class Titles(EntityRead):
    """A project by its name alone."""

    name: str


class Projects(ServiceBase[Project, ProjectCreate, ProjectUpdate]):
    """A team's own service."""


def _plans() -> Resource:
    return Resource("plans", Projects(), Titles, {"key": "p", "name": "P"}, {"name": "Q"})


async def test_a_team_shows_its_own_resources(settings: Settings) -> None:
    """Under its own path, through its own service, and nothing beyond its own model."""
    async with client_of(create_app(web_settings(settings), [_plans()])) as client:
        made = (await client.post("/plans", json=_plans().create)).json()
        assert set(made) == {"id", "created_at", "updated_at", "deleted_at", "version", "name"}
        assert problem_in(await client.get("/projects")).status == 404
        assert problem_in(await client.get("/plans?load=tasks")).status == 422


async def test_what_a_model_hides_is_neither_sorted_nor_counted_by(settings: Settings) -> None:
    """A cursor and a count would tell its values, also of an entity that lets clients sort by everything."""
    async with client_of(create_app(web_settings(settings), [_plans()])) as client:
        for query in ("/plans?sort=-key", "/plans:count?by=key"):
            told = problem_in(await client.get(query))
            assert (told.status, told.kind, "key" in told.detail.partition(";")[2]) == (422, "UnknownName", False)
        assert (await client.get("/plans?sort=-name")).status_code == 200


async def test_a_count_has_no_group_for_every_row(client: httpx.AsyncClient, sessions: Sessions) -> None:
    """The answer stays small, whatever the table's size."""
    await plant(sessions, tasks=MOST_GROUPS + 1)
    told = problem_in(await client.get("/tasks:count?by=id"))
    assert (told.status, set(told.fields)) == (422, {"by"})
    assert len((await client.get(f"/tasks:count?by=id&id__le={MOST_GROUPS}")).json()["groups"]) == MOST_GROUPS
