"""Looking at jobs: the list, and one of them."""

import json
from typing import Any

import pytest
from arq.connections import ArqRedis

from persistence.database import Database
from persistence.sessions import Sessions
from tests.processes import command
from tests.resting import rest
from tests.workers import retitle, rows_locked, running_worker
from tests.worlds import plant
from worker.client import send, wait
from worker.settings import Settings

pytestmark = pytest.mark.on_every_engine


async def listed(settings: Settings, *arguments: str) -> Any:  # noqa: ANN401 - JSON
    """Return what `counterfoil jobs --json` prints."""
    return json.loads((await command(settings, "jobs", *arguments, "--json")).out)


async def test_jobs_are_listed_newest_first_with_counts(settings: Settings, sessions: Sessions) -> None:
    """Without a filter the counts of all states are told, with one they are not; the limit holds."""
    await rest(sessions, 3)
    await rest(sessions, job_id="done", state="succeeded")
    told = await listed(settings)
    assert [job["id"] for job in told["jobs"]][:2] == ["j0003", "j0002"]
    assert told["counts"] == {"queued": 0, "succeeded": 1, "dead": 3, "cancelled": 0, "dropped": 0}
    told = await listed(settings, "--state", "dead", "--limit", "2")
    assert ([job["id"] for job in told["jobs"]], "counts" in told) == (["j0003", "j0002"], False)
    first = told["jobs"][0]
    assert (first["error"], first["attempt"], first["actor"]) == ("Unreachable: boom 3", 3, "billing")


async def test_jobs_are_filtered_by_name_and_error(settings: Settings, sessions: Sessions) -> None:
    """Both must fit; a name that nobody knows is refused with the nearest."""
    await rest(sessions, 2)
    await rest(sessions, job_id="other", name="restore", error="Timeout")
    assert [job["id"] for job in (await listed(settings, "--error", "BOOM 2"))["jobs"]] == ["j0002"]
    assert [job["id"] for job in (await listed(settings, "--job", "restore"))["jobs"]] == ["other"]
    ended = await command(settings, "jobs", "--job", "restor")
    assert (ended.code, ended.line) == (2, "counterfoil: unknown job 'restor'; did you mean 'restore'?")


async def test_the_list_is_a_table_without_arguments_or_escapes(settings: Settings, sessions: Sessions) -> None:
    """For people: one line each; what a sender chose cannot steer the terminal."""
    await rest(sessions, job_id="evil\x1b[2J", error="Red\x1b[31m")
    told = (await command(settings, "jobs")).out
    assert "\x1b" not in told
    assert all(text in told for text in ("evil\\x1b[2J", "update", "dead", "3 of 5", "Red\\x1b[31m: boom 1", "1 dead"))
    assert "SECRET" not in told


async def test_a_job_is_shown_with_arguments_and_every_error(settings: Settings, sessions: Sessions) -> None:
    """First what the job table holds."""
    await rest(sessions)
    told = (await command(settings, "job", "j0001")).out
    for text in ("SECRET", "Unreachable: boom 1", "w:1", "3 of 5", "actor: billing", "dead", "not_found"):
        assert text in told
    told = json.loads((await command(settings, "job", "j0001", "--json")).out)
    assert told["arguments"]["changes"] == {"title": "SECRET"}
    assert (told["state"], told["origin"], told["errors"][0]["attempt"]) == ("dead", {"actor": "billing"}, 1)


@pytest.mark.on_every_engine(without=("sqlite",), reason="what runs there holds the only lock")
async def test_a_job_is_followed_from_redis_to_its_result(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """Waiting it is known by Redis alone, running by its lease, done by its row with what it wrote."""
    await plant(sessions)
    await send(redis, settings.queue, "update", retitle("t0", "new"), job_id="mine")

    async def seen() -> dict[str, Any]:
        found: dict[str, Any] = json.loads((await command(settings, "job", "mine", "--json")).out)
        return found

    waiting = await seen()
    assert (waiting["state"], waiting["redis"]["status"], waiting["arguments"]["key"]) == (None, "queued", "t0")
    async with running_worker(settings, database, redis):
        async with rows_locked(database) as until_the_job_waits:
            await until_the_job_waits()
            assert (await seen())["redis"]["status"] == "running"
        await wait(redis, "mine")
    done = await seen()
    assert (done["state"], done["redis"]["outcome"]) == ("succeeded", "succeeded")
    assert done["written"] == [{"entity": "task", "action": "update", "rows": 1}]
    assert done["result"]["updated"] == 1


async def test_the_job_table_is_read_while_redis_is_away(settings: Settings, sessions: Sessions) -> None:
    """The truth needs no bell."""
    await rest(sessions)
    ended = await command(settings, "job", "j0001", REDIS_URL="redis://127.0.0.1:1/0")
    assert ended.code == 0
    assert "Redis does not answer" in ended.out


async def test_a_job_that_nobody_knows_is_refused(settings: Settings) -> None:
    """One line and exit code 1."""
    ended = await command(settings, "job", "nobody")
    assert (ended.code, ended.line[:29]) == (1, "counterfoil: no job 'nobody':")
