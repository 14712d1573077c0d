"""`counterfoil enqueue`: a job from a shell, its answer on standard output, what is wrong on standard error."""

import asyncio
import getpass
import json
from datetime import UTC, datetime

import pytest
from arq.connections import ArqRedis

from persistence.database import Database
from persistence.sessions import Sessions
from tests.processes import command, environment, run_command
from tests.relays import job, jobs, relaying
from tests.workers import running_worker
from tests.worlds import plant, trail
from worker.settings import Settings

DONE = json.dumps({"entity": "task", "key": "t0", "changes": {"status": "done"}})
MISSING = json.dumps({"entity": "task", "key": "t9", "changes": {"status": "done"}})


async def test_with_wait_the_result_is_printed_and_a_failure_is_exit_code_1(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """The result is JSON for scripts and a line for people; the reason is one line on standard error."""
    await plant(sessions)
    given = environment(settings)
    async with running_worker(settings, database, redis), relaying(database, redis):
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


async def test_without_wait_the_id_is_printed_and_the_same_id_is_one_job(
    settings: Settings, sessions: Sessions
) -> None:
    """The id is the caller's to choose; the same job under it is not added, another one is refused."""
    sent = await command(settings, "enqueue", "update", DONE)
    assert (sent.code, sent.err) == (0, "")
    assert (await job(sessions, sent.out.strip())).name == "update"
    for told in ("", "job mine was there already, with these arguments; none was added\n"):
        chosen = await command(settings, "enqueue", "update", DONE, "--job-id", "mine")
        assert (chosen.code, chosen.out, chosen.err) == (0, "mine\n", told)
    other = await command(settings, "enqueue", "update", MISSING, "--job-id", "mine")
    assert (other.code, other.out) == (2, "")
    assert other.line.startswith("counterfoil: job 'mine' is there already with another name or other arguments; ")
    assert len(await jobs(sessions)) == 2


async def test_a_job_for_later_needs_neither_a_worker_nor_redis(settings: Settings, sessions: Sessions) -> None:
    """It waits in the table; with --wait, that is said."""
    later = ("update", DONE, "--job-id", "mine", "--run-at", "2036-01-02T03:04:05+02:00")
    sent = await command(settings, "enqueue", *later, REDIS_URL="redis://127.0.0.1:1/0")
    assert (sent.code, sent.out) == (0, "mine\n")
    assert (await job(sessions, "mine")).run_at == datetime(2036, 1, 2, 1, 4, 5, tzinfo=UTC)
    waited = await command(settings, "enqueue", *later, "--wait", "--timeout", "0.1", REDIS_URL="redis://127.0.0.1:1/0")
    assert waited.code == 1
    assert "the job waits in the database for Redis, which does not answer (Unreachable)" in waited.err


@pytest.mark.parametrize(
    ("actor", "options", "expected"),
    [
        (None, [], f"cli:{getpass.getuser()}"),
        ("billing", [], "billing"),
        ("billing", ["--actor", "ada"], "ada"),
    ],
)
async def test_the_actor_is_whoever_is_named_nearest(
    settings: Settings, sessions: Sessions, actor: str | None, options: list[str], expected: str
) -> None:
    """The option, else the JSON's actor, else the user of the system; reason and request id travel along."""
    arguments = json.loads(DONE) | ({"actor": actor} if actor else {})
    origin = ["--reason", "asked for", "--request-id", "r-9"]
    sent = await command(settings, "enqueue", "update", "-", *options, *origin, stdin=json.dumps(arguments))
    assert (sent.code, sent.err) == (0, "")
    row = await job(sessions, sent.out.strip())
    assert (row.actor, row.reason, row.request_id) == (expected, "asked for", "r-9")


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
        (["update", DONE, "--run-at", "noon"], "--run-at: 'noon' is no time in ISO 8601, such as 20"),
        (["update", DONE, "--run-at", "2036-01-02T03:04"], "2036-01-02T03:04:00 has no time zone; say one"),
        (["update", DONE, "--timeout", "3"], "--timeout and --json go with --wait"),
        (["update", DONE, "--json"], "--timeout and --json go with --wait"),
        (["soft_delete", '{"entity": "task", "id": [1, 2, 3, 4]}'], "4 entries in 'id' in one job, at most 3"),
        (["update", DONE.replace("done", "x" * 2_000)], "bytes in one job, at most 2000"),
    ],
)
async def test_what_the_worker_would_refuse_is_refused_at_the_door(
    settings: Settings, sessions: Sessions, arguments: list[str], line: str
) -> None:
    """One line, exit code 2, and no job."""
    limits = {"COUNTERFOIL_MAX_ROWS": "3", "COUNTERFOIL_MAX_BYTES": "2000"}
    ended = await command(settings, "enqueue", *arguments, **limits)
    assert (ended.code, ended.out) == (2, "")
    assert line in ended.line
    assert await jobs(sessions) == []


async def test_waiting_for_nobody_says_so_and_ends(settings: Settings, sessions: Sessions) -> None:
    """Without a worker the wait is bounded by --timeout; the job stays, and its end can be asked for later."""
    ended = await command(settings, "enqueue", "update", DONE, "--job-id", "j", "--wait", "--timeout", "0.2")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines() == [
        f"nobody works on queue '{settings.queue}'; start `counterfoil worker`",
        "counterfoil: job j has not ended after 0.2 s; see `counterfoil job j`",
    ]
    assert (await job(sessions, "j")).state == "queued"
    assert await trail(sessions) == []
