"""`counterfoil job`: what became of a job, and the rows that it wrote."""

import json
import pickle

from arq.connections import ArqRedis
from arq.constants import job_key_prefix, result_key_prefix

from persistence.transaction import Sessions
from tests.processes import command
from tests.workers import answered, retitle, running_worker
from tests.worlds import plant
from worker.client import send
from worker.composition import Database
from worker.settings import Settings


async def test_a_finished_job_is_shown_with_its_result_its_origin_and_its_rows(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """For people a table, with --json everything; of the arguments only the names."""
    await plant(sessions)
    async with running_worker(settings, database, redis):
        await send(redis, settings.queue, "update", retitle("t0", "secret", reason="asked for"), job_id="good")
        await send(redis, settings.queue, "update", retitle("t9", "secret"), job_id="bad")
        await answered(redis, "good")
        await answered(redis, "bad")
    told = json.loads((await command(settings, "job", "good", "--json")).out)
    assert (told["status"], told["outcome"], told["job"]) == ("complete", "succeeded", "update")
    assert told["origin"] == {"actor": "billing", "reason": "asked for"}
    assert told["arguments"] == ["changes", "entity", "key"]
    assert told["written"] == [{"entity": "task", "action": "update", "rows": 1}]
    table = (await command(settings, "job", "good")).out
    for cell in ("succeeded", "1 updated (task 1)", "1 task: update", "billing"):
        assert cell in table
    assert "secret" not in table
    failed = json.loads((await command(settings, "job", "bad", "--json")).out)
    assert (failed["outcome"], failed["written"]) == ("failed", [])
    assert failed["error"].startswith("NotFound: no live task with key 't9'")


async def test_a_job_that_the_queue_has_forgotten_is_known_by_its_rows(settings: Settings, sessions: Sessions) -> None:
    """Results expire, the audit log does not."""
    await plant(sessions)
    ended = await command(settings, "job", "plant", "--json")
    assert (ended.code, json.loads(ended.out)["status"]) == (0, "not_found")
    assert json.loads(ended.out)["written"] == [
        {"entity": "project", "action": "insert", "rows": 1},
        {"entity": "task", "action": "insert", "rows": 3},
    ]


async def test_an_unknown_job_is_exit_code_1(settings: Settings, redis: ArqRedis) -> None:
    """Neither Redis nor the audit log has it."""
    ended = await command(settings, "job", "nobody")
    assert (ended.code, ended.out) == (1, "")
    assert ended.line == "counterfoil: no job 'nobody': neither the queue nor the audit log knows it"
    assert await redis.dbsize() == 1


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
    assert [(one["status"], one["job"]) for one in told.values()] == [
        ("queued", "update"),
        ("queued", "<unreadable>"),
        ("complete", "<unreadable>"),
    ]
    assert told["foreign"]["outcome"] == "unreadable"
