"""`counterfoil enqueue`: a job from a shell, its answer on standard output, what is wrong on standard error."""

import asyncio
import getpass
import json

import pytest
from arq.connections import ArqRedis

from persistence.transaction import Sessions
from tests.processes import command, environment, run_command
from tests.workers import running_worker
from tests.worlds import plant, trail
from worker.client import payload_of
from worker.composition import Database
from worker.settings import Settings

DONE = json.dumps({"entity": "task", "key": "t0", "changes": {"status": "done"}})
MISSING = json.dumps({"entity": "task", "key": "t9", "changes": {"status": "done"}})


async def test_with_wait_the_result_is_printed_and_a_failure_is_exit_code_1(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """The result is JSON for scripts and a line for people; the reason is one line on standard error."""
    await plant(sessions)
    given = environment(settings)
    async with running_worker(settings, database, redis):
        good, again, bad = await asyncio.gather(
            asyncio.to_thread(run_command, given, "enqueue", "update", DONE, "--wait", "--json"),
            asyncio.to_thread(run_command, given, "enqueue", "update", DONE, "--wait"),
            asyncio.to_thread(run_command, given, "enqueue", "update", MISSING, "--wait", "--timeout", "20"),
        )
    result = json.loads(good.out)
    assert (good.code, good.err, result["updated"] + result["skipped"]) == (0, "", 1)
    assert (bad.code, bad.out) == (1, "")
    assert bad.line.startswith("NotFound: no live task with key 't9'")
    assert (again.code, again.err) == (0, "")
    assert again.out in {"1 updated (task 1)\n", "1 skipped\n"}  # whichever of the two came second


async def test_without_wait_the_id_is_printed_and_an_id_is_taken_once(settings: Settings, redis: ArqRedis) -> None:
    """The id is the caller's to choose; the same id again is refused, and names where to look."""
    sent = await command(settings, "enqueue", "update", DONE)
    assert (sent.code, sent.err) == (0, "")
    assert (await payload_of(redis, sent.out.strip()) or {})["f"] == "update"
    chosen = await command(settings, "enqueue", "update", DONE, "--job-id", "mine")
    assert (chosen.code, chosen.out, chosen.err) == (0, "mine\n", "")
    again = await command(settings, "enqueue", "update", MISSING, "--job-id", "mine")
    assert (again.code, again.out) == (2, "")
    assert again.line == "counterfoil: a job with id 'mine' is there already; see `counterfoil job mine`"


@pytest.mark.parametrize(
    ("actor", "options", "expected"),
    [
        (None, [], f"cli:{getpass.getuser()}"),
        ("billing", [], "billing"),
        ("billing", ["--actor", "ada"], "ada"),
    ],
)
async def test_the_actor_is_whoever_is_named_nearest(
    settings: Settings, redis: ArqRedis, actor: str | None, options: list[str], expected: str
) -> None:
    """The option, else the JSON's actor, else the user of the system; reason and request id travel along."""
    arguments = json.loads(DONE) | ({"actor": actor} if actor else {})
    origin = ["--reason", "asked for", "--request-id", "r-9"]
    sent = await command(settings, "enqueue", "update", "-", *options, *origin, stdin=json.dumps(arguments))
    assert (sent.code, sent.err) == (0, "")
    payload = await payload_of(redis, sent.out.strip())
    assert payload
    assert {name: payload["k"][name] for name in ("actor", "reason", "request_id")} == {
        "actor": expected,
        "reason": "asked for",
        "request_id": "r-9",
    }


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["updat", DONE], "unknown job 'updat'; did you mean 'update'?"),
        (["update", DONE.replace("changes", "chagnes")], "unknown argument 'chagnes'; did you mean 'changes'?"),
        (["update", "{entity: task}"], "the arguments are not a JSON object (Expecting property name"),
        (["update", '["task"]'], "the arguments are not a JSON object (not a JSON object)"),
        (["update", DONE.replace('"done"', "NaN")], "the arguments are not a JSON object (NaN is not JSON)"),
        (["update", "[" * 5_000], "the arguments are not a JSON object (maximum recursion depth exceeded"),
        (["update", DONE, "--actor", ""], "actor: String should have at least 1 character"),
        (["update", DONE, "--job-id", "x" * 201], "job_id: String should have at most 200 characters"),
        (["update", DONE, "--timeout", "3"], "--timeout and --json go with --wait"),
        (["update", DONE, "--json"], "--timeout and --json go with --wait"),
        (["soft_delete", '{"entity": "task", "id": [1, 2, 3, 4]}'], "4 entries in 'id' in one job, at most 3"),
        (["update", DONE.replace("done", "x" * 2_000)], "bytes in one job, at most 2000"),
    ],
)
async def test_what_the_worker_would_refuse_is_refused_at_the_door(
    settings: Settings, redis: ArqRedis, arguments: list[str], line: str
) -> None:
    """One line, exit code 2, and nothing is sent."""
    limits = {"COUNTERFOIL_MAX_ROWS": "3", "COUNTERFOIL_MAX_BYTES": "2000"}
    ended = await command(settings, "enqueue", *arguments, **limits)
    assert (ended.code, ended.out) == (2, "")
    assert line in ended.line
    assert await redis.zcard(settings.queue) == 0


async def test_waiting_for_nobody_says_so_and_ends(settings: Settings, sessions: Sessions, redis: ArqRedis) -> None:
    """Without a worker the wait is bounded by --timeout; the job stays, and later its result can be asked for."""
    ended = await command(settings, "enqueue", "update", DONE, "--job-id", "j", "--wait", "--timeout", "0.2")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines() == [
        f"nobody works on queue '{settings.queue}'; start `counterfoil worker`",
        "counterfoil: job j has no result after 0.2 s; see `counterfoil job j`",
    ]
    assert await redis.zcard(settings.queue) == 1
    assert await trail(sessions) == []
