"""Bad input through the queue: an answer that says why, nothing written, and the next good job runs."""

import json
import re
from typing import Any

import pytest
from arq.connections import ArqRedis
from arq.constants import job_key_prefix

from persistence.database import Database
from persistence.sessions import Sessions
from tests.workers import answered, retitle, running_worker
from tests.worlds import images, plant, trail
from worker.client import send
from worker.settings import Settings

MAX_BYTES = 3_000
MAX_ROWS = 3
GOOD = retitle("t0", "bad")
ROW = {"key": "n", "title": "New", "project.key": "alpha"}


def job(name: str = "update", /, *positional: object, **arguments: Any) -> bytes:  # noqa: ANN401 - whatever is sent
    """Return a job as a stock client with a JSON serializer writes it."""
    return json.dumps({"t": None, "f": name, "a": positional, "k": arguments, "et": 1}).encode()


def insert(**row: Any) -> bytes:  # noqa: ANN401 - whatever is sent
    """Return a `bulk_insert` of one task, with some of its fields changed."""
    return job("bulk_insert", entity="task", rows=[{**ROW, **row}], actor="billing")


def without(name: str) -> dict[str, Any]:
    """Return the good job's arguments, one of them left out."""
    return {key: value for key, value in GOOD.items() if key != name}


BAD = {
    "an unknown entity": (job(**{**GOOD, "entity": "tsak"}), r"unknown entity 'tsak'; did you mean 'task'\?"),
    "an unknown field": (job(**{**GOOD, "changes": {"titel": "x"}}), r"unknown field 'titel'; did you mean 'title'\?"),
    "an unknown argument": (job(**GOOD, chagnes={}), r"unknown argument 'chagnes'; did you mean 'changes'\?"),
    "an argument of arq's name": (job(**GOOD, ctx={}), "unknown argument 'ctx'"),
    "an unknown filter": (
        job(**without("key"), where={"titel": "x"}),
        r"unknown field 'titel'; did you mean 'title'\?",
    ),
    "an unknown operator": (job(**without("key"), where={"title__equ": "x"}), r"operator 'equ'; did you mean 'eq'\?"),
    "a wrong type": (insert(title=17), "row 1 title: Input should be a valid string"),
    "a missing field": (
        job("bulk_insert", entity="task", rows=[{"key": "n"}], actor="billing"),
        "title: Field required",
    ),
    "a missing actor": (job(**without("actor")), "actor: Field required"),
    "an empty actor": (job(**{**GOOD, "actor": ""}), "actor: String should have at least 1 character"),
    "positional arguments": (
        job("update", "task", 1, **without("entity")),
        "2 positional arguments; name every argument",
    ),
    "a NUL character": (insert(title="a\0b"), "rows.0.title holds a NUL character or a lone surrogate"),
    "half of a character": (job(**{**GOOD, "reason": "\ud800"}), "reason: holds a NUL character or a lone surrogate"),
    "no rows": (job("bulk_insert", entity="task", rows=[], actor="billing"), "rows: List should have at least 1 item"),
    "too many rows": (
        job("bulk_insert", entity="task", rows=[ROW] * (MAX_ROWS + 1), actor="billing"),
        "TooLarge: 4 entries in 'rows' in one job, at most 3: send several jobs, or raise COUNTERFOIL_MAX_ROWS",
    ),
    "too many bytes": (
        job(**GOOD, padding="x" * MAX_BYTES),
        r"TooLarge: \d+ bytes in one job, at most 3000: send several jobs, or raise COUNTERFOIL_MAX_BYTES",
    ),
    "an id that is not there": (job(**without("key"), id=99), "NotFound: no live task with id 99"),
    "a stale version": (job(**GOOD, expected_version=7), "StaleVersion: task 1 has version 1, expected 7"),
    "a key that is taken": (insert(key="t1"), "Duplicate: task.key must be unique: row 1 key: a live task has 't1'"),
    "a project that is not there": (
        insert(**{"project.key": "beta"}),
        "MissingReference: task: row 1 project.key: .*beta",
    ),
    "JSON that stops halfway": (job(**GOOD)[:-20], "UnreadablePayload: the payload is not a job in JSON"),
    "JSON that is no job": (b'{"entity": "task"}', "UnreadablePayload: .*a job is an object with t, f, a, k, et"),
    "a number that is none": (job(**GOOD, expected_version=float("nan")), "UnreadablePayload: .*NaN is not JSON"),
    "a number beyond all numbers": (
        job(**GOOD, version=1).replace(b": 1}", b": 1e999}"),
        "UnreadablePayload: .*1e999",
    ),
    "nesting too deep for a check": (
        insert(tags=json.loads("[" * 300 + "]" * 300)),
        "InvalidCommand: .* depth exceeded",
    ),
    "nesting too deep to be read": (insert(tags=[]).replace(b"[]", b"[" * 1_000), "UnreadablePayload: .*recursion"),
    "a time that is none": (
        job(**GOOD).replace(b'"et": 1', b'"et": 1' + b"0" * 18),
        "UnreadablePayload: .* as arq writes",
    ),
    "a try beyond all tries": (
        job(**GOOD).replace(b"null", b"1" + b"0" * 30),
        "UnreadablePayload: .* as arq writes",
    ),
    "a name with a NUL character": (job("up\0date"), "UnreadablePayload: .*its name holds a NUL character"),
    "a name with half of a character": (job("\ud800"), "UnreadablePayload: .*or a lone surrogate"),
    "far more bytes than a row can hold": (
        job(**GOOD, padding="x" * 100_000_000),
        "TooLarge: 100000[0-9]+ bytes in one job",
    ),
    "a try that is no number": (job(**GOOD).replace(b"null", b'"first"'), "UnreadablePayload: .* as arq writes"),
}


@pytest.mark.parametrize("name", BAD)
async def test_bad_input_is_answered_and_writes_nothing(
    name: str, settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """The answer names the value and the way out; rows and audit log are as before; the worker runs the next job."""
    payload, message = BAD[name]
    await plant(sessions)
    before = await images(sessions, "task"), len(await trail(sessions))
    strict = settings.model_copy(update={"max_bytes": MAX_BYTES, "max_rows": MAX_ROWS})
    async with running_worker(strict, database, redis):
        await redis.set(job_key_prefix + "bad", payload)
        await redis.zadd(settings.queue, {"bad": 1})
        answer = await answered(redis, "bad")
        assert not answer.success
        assert "\n" not in answer.failure
        assert re.search(message, answer.failure), answer.failure
        assert (await images(sessions, "task"), len(await trail(sessions))) == before
        await send(redis, settings.queue, "update", retitle("t0", "good"), job_id="good")
        assert (await answered(redis, "good")).success
    assert await redis.zcard(settings.queue) == 0
