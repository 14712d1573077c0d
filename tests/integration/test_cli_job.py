"""`counterfoil job`: what became of a job, and the rows that it wrote."""

import json
import pickle

import pytest
from arq.connections import ArqRedis
from arq.constants import job_key_prefix, result_key_prefix

from persistence.database import Database
from persistence.sessions import Sessions
from tests.processes import command
from tests.workers import answered, retitle, running_worker
from tests.worlds import plant
from worker.client import send
from worker.settings import Settings

pytestmark = pytest.mark.on_every_engine


async def test_a_finished_job_is_shown_with_its_result_its_origin_and_its_rows(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """For people a table, with --json everything; a failed one with every attempt's error."""
    await plant(sessions)
    async with running_worker(settings, database, redis):
        await send(redis, settings.queue, "update", retitle("t0", "new", reason="asked for"), job_id="good")
        await send(redis, settings.queue, "update", retitle("t9", "new"), job_id="bad")
        await answered(redis, "good")
        await answered(redis, "bad")
    told = json.loads((await command(settings, "job", "good", "--json")).out)
    assert (told["state"], told["redis"]["status"], told["redis"]["outcome"]) == ("succeeded", "complete", "succeeded")
    assert (told["job"], told["origin"]) == ("update", {"actor": "billing", "reason": "asked for"})
    assert told["arguments"] == {"entity": "task", "key": "t0", "changes": {"title": "new"}}
    assert told["written"] == [{"entity": "task", "action": "update", "rows": 1}]
    table = (await command(settings, "job", "good")).out
    for cell in ("succeeded", "1 updated (task 1)", "1 task: update", "billing"):
        assert cell in table
    failed = json.loads((await command(settings, "job", "bad", "--json")).out)
    assert (failed["state"], failed["redis"]["outcome"], failed["written"]) == ("dead", "failed", [])
    (attempt,) = failed["errors"]
    assert (attempt["attempt"], attempt["error"]) == (1, "NotFound")
    assert attempt["message"].startswith("no live task with key 't9'")


async def test_a_job_that_the_queue_has_forgotten_is_known_by_its_rows(settings: Settings, sessions: Sessions) -> None:
    """Results expire, the audit log does not."""
    await plant(sessions)
    ended = await command(settings, "job", "plant", "--json")
    told = json.loads(ended.out)
    assert (ended.code, told["state"], told["redis"]["status"]) == (0, None, "not_found")
    assert told["written"] == [
        {"entity": "project", "action": "insert", "rows": 1},
        {"entity": "task", "action": "insert", "rows": 3},
    ]


async def test_a_waiting_job_and_other_peoples_pickles_are_shown_too(settings: Settings, redis: ArqRedis) -> None:
    """What cannot be read is said to be unreadable, and never unpickled."""
    await send(redis, settings.queue, "update", retitle("t0", "new"), job_id="waiting")
    await redis.set(job_key_prefix + "pickled", pickle.dumps({"f": "update"}))
    await redis.zadd(settings.queue, {"pickled": 1})
    await redis.set(result_key_prefix + "foreign", pickle.dumps({"s": True}))
    told = {
        job_id: json.loads((await command(settings, "job", job_id, "--json")).out)
        for job_id in ("waiting", "pickled", "foreign")
    }
    assert [(one["redis"]["status"], one.get("job")) for one in told.values()] == [
        ("queued", "update"),
        ("queued", "<unreadable>"),
        ("complete", None),
    ]
    assert told["foreign"]["redis"]["outcome"] == "unreadable"
