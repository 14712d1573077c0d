"""Jobs over HTTP: sent, looked at, followed to their end."""

import asyncio
import json

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy import make_url

from domain.commands import SENDABLE
from domain.progress import PROGRESS_KEY, Progress
from persistence.database import Database
from tests.web_clients import TOKENS, client_of, problem_in, web_settings
from tests.worlds import sql
from web.app import create_app
from web.job_examples import EXAMPLES
from web.settings import WebSettings
from worker.jobs import JOBS
from worker.settings import Settings

UPDATE = {"entity": "task", "id": 1, "changes": {"title": "x"}}


def test_the_doors_offer_what_workers_run() -> None:
    """No more and no less."""
    assert {command.job for command in SENDABLE} == {job.name for job in JOBS} == set(EXAMPLES)


@pytest.mark.parametrize(
    ("job", "example"), [(job, example["value"]) for job, found in EXAMPLES.items() for example in found.values()]
)
async def test_every_example_is_accepted(client: httpx.AsyncClient, job: str, example: dict[str, object]) -> None:
    """202, the place of the job in Location, and the job there as it was sent."""
    sent = await client.post(f"/jobs/{job}", json=example)
    assert sent.status_code == 202, sent.text
    seen = (await client.get(sent.headers["Location"])).json()
    assert (seen["job"], seen["state"], seen["arguments"]) == (
        job,
        "queued",
        example | _lists(seen),
    )


def _lists(seen: dict[str, dict[str, object]]) -> dict[str, object]:
    """Return what a command turns into a list: one id, one key."""
    return {name: seen["arguments"][name] for name in ("id", "key") if name in seen["arguments"]}


@pytest.mark.on_every_engine
async def test_the_same_key_twice_is_one_job(client: httpx.AsyncClient) -> None:
    """The second request finds the first one's job; other arguments under that key are a conflict."""
    key = {"Idempotency-Key": "once"}
    first, second = [await client.post("/jobs/update", json=UPDATE, headers=key) for _ in range(2)]
    assert [first.json()["is_new"], second.json()["is_new"]] == [True, False]
    other = await client.post("/jobs/update", json={**UPDATE, "id": 2}, headers=key)
    assert problem_in(other).status == 409


@pytest.mark.parametrize("job", ["update", "soft_delete"])
async def test_a_job_may_ask_for_what_clients_may_filter_by(client: httpx.AsyncClient, job: str) -> None:
    """Any other name is refused at the door and as unknown, before a worker finds it; `email` is not for clients."""
    extra = {"changes": {"name": "x"}} if job == "update" else {}
    for name in ("email", "emial", "assigned_tasks__titel"):
        command = {"entity": "member", "where": {f"{name}__startswith": "a"}, **extra}
        refused = problem_in(await client.post(f"/jobs/{job}", json=command))
        assert (refused.status, refused.kind) == (422, "UnknownName")
    command = {"entity": "member", "where": {"key__startswith": "a"}, **extra}
    assert (await client.post(f"/jobs/{job}", json=command)).status_code == 202


@pytest.mark.on_every_engine
async def test_what_does_not_fit_is_told_by_field(client: httpx.AsyncClient) -> None:
    """Wrong arguments, an unknown entity, an unknown job, no JSON, a queue of ours: each with its own status."""
    unfit = problem_in(await client.post("/jobs/update", json={"entity": "task", "ids": 1, "changes": {}}))
    assert (unfit.status, unfit.kind) == (422, "InvalidRequest")
    assert {"ids", "changes"} <= set(unfit.fields)
    entity = problem_in(await client.post("/jobs/update", json={**UPDATE, "entity": "taks"}))
    assert (entity.status, "did you mean 'task'" in entity.detail) == (422, True)
    job = problem_in(await client.post("/jobs/updat", json=UPDATE))
    assert (job.status, "did you mean 'update'" in job.detail) == (404, True)
    broken = await client.post("/jobs/update", content=b"{", headers={"Content-Type": "application/json"})
    assert problem_in(broken).status == 400
    queue = await client.post("/jobs/update", json=UPDATE, headers={"X-Queue": "counterfoil:x"})
    assert problem_in(queue).status == 422


async def test_arguments_are_shown_to_their_sender_alone(client: httpx.AsyncClient) -> None:
    """Others see the job, not what it holds."""
    await client.post("/jobs/update", json=UPDATE, headers={"Idempotency-Key": "mine"})
    other = await client.get("/jobs/mine", headers={"Authorization": f"Bearer {TOKENS['boris']}"})
    assert (other.json()["actor"], other.json()["arguments"]) == ("ada", None)


@pytest.mark.on_every_engine
async def test_pages_of_jobs_hold_each_job_once(client: httpx.AsyncClient) -> None:
    """Following Link to the end meets all of them, the newest first, also those of one moment."""
    for number in range(7):
        await client.post("/jobs/update", json=UPDATE, headers={"Idempotency-Key": f"job-{number}"})
    seen, path = [], "/jobs?limit=3&state=queued"
    while path:
        answer = await client.get(path)
        seen += [job["id"] for job in answer.json()["items"]]
        path = answer.links["next"]["url"] if "next" in answer.links else ""
    assert seen == [f"job-{number}" for number in reversed(range(7))]


@pytest.mark.on_every_engine
async def test_a_page_after_a_job_that_is_gone_is_refused(client: httpx.AsyncClient, database: Database) -> None:
    """An empty page would look like the end; after the last job there is one."""
    for number in range(3):
        await client.post("/jobs/update", json=UPDATE, headers={"Idempotency-Key": f"job-{number}"})
    assert (await client.get("/jobs?cursor=job-0")).json() == {"items": [], "next": None}
    await sql(database, "DELETE FROM job WHERE id = 'job-1'")
    told = problem_in(await client.get("/jobs?cursor=job-1"))
    assert (told.status, told.kind) == (422, "InvalidCursor")


@pytest.mark.parametrize("key", ["..", ".", "a/b", "a b", ""])
async def test_an_id_that_no_path_holds_is_refused(client: httpx.AsyncClient, key: str) -> None:
    """The place of the job would be none."""
    sent = await client.post("/jobs/update", json=UPDATE, headers={"Idempotency-Key": key})
    assert problem_in(sent).fields.keys() == {"Idempotency-Key"}


async def test_a_job_is_there_as_soon_as_it_is_sent(settings: Settings) -> None:
    """A replica that has heard of nothing yet is not asked."""
    url = make_url(settings.database_url.get_secret_value()).set(database="postgres")
    behind = web_settings(settings, COUNTERFOIL_READER_URL=url.render_as_string(hide_password=False))
    async with client_of(create_app(behind)) as client:
        sent = await client.post("/jobs/update", json=UPDATE)
        assert (await client.get(sent.headers["Location"])).status_code == 200


async def test_events_tell_a_job_to_its_end(client: httpx.AsyncClient, database: Database, web: WebSettings) -> None:
    """State at first, progress as it changes, the result at the end; then the stream is over."""
    await client.post("/jobs/update", json=UPDATE, headers={"Idempotency-Key": "told"})
    events: list[tuple[str, dict[str, object]]] = []

    async def follow() -> None:
        answer = await client.get("/jobs/told/events", timeout=30)
        for part in answer.text.strip().split("\n\n"):
            name, data = part.splitlines()
            events.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))

    assert web.redis_url is not None
    progress = Progress(rows=5, position=1, size=2, started=0, seconds=1)
    async with Redis.from_url(web.redis_url.get_secret_value()) as redis:
        await redis.set(PROGRESS_KEY + "told", progress.model_dump_json())
    following = asyncio.create_task(follow())
    await asyncio.sleep(0)
    await sql(database, "UPDATE job SET state = 'succeeded', result = '{\"updated\": 1}', finished_at = now()")
    await following
    assert events[-1] == ("end", {"state": "succeeded", "attempt": 0, "result": {"updated": 1}, "errors": []})


async def test_a_job_that_nobody_knows_has_no_events(client: httpx.AsyncClient) -> None:
    """404 in place of a stream that never ends."""
    assert problem_in(await client.get("/jobs/none/events")).status == 404
    assert problem_in(await client.get("/jobs/none")).status == 404


async def test_without_redis_events_tell_states(web: WebSettings, database: Database) -> None:
    """Redis tells progress alone; a process that has none of it serves all the same."""
    async with client_of(create_app(web.model_copy(update={"redis_url": None}))) as client:
        await client.post("/jobs/update", json=UPDATE, headers={"Idempotency-Key": "quiet"})
        await sql(database, "UPDATE job SET state = 'cancelled', finished_at = now()")
        assert (await client.get("/jobs/quiet/events")).text.startswith("event: end")
