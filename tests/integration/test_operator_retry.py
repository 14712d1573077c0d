"""Dead jobs, retried by an operator."""

import json
from pathlib import Path

import pytest
from arq.connections import ArqRedis

from domain.commands import BulkInsert
from domain.errors import AuditMismatch
from domain.job import NOBODY, UNREADABLE
from domain.origin import Origin
from persistence.database import Database
from persistence.dead_jobs import retry_ids
from persistence.sessions import Sessions
from persistence.transaction import transaction
from tests.broken_rows import before_each_row
from tests.processes import command, worker_process
from tests.resting import actions, jobs, leave_answers, rest
from tests.waiting import eventually
from tests.workers import retitle
from tests.worlds import apply, images, plant
from worker.client import send, wait
from worker.settings import Settings

pytestmark = pytest.mark.on_every_engine


async def test_a_retried_job_is_queued_with_its_history_and_all_its_attempts(
    settings: Settings, sessions: Sessions, redis: ArqRedis
) -> None:
    """Id, arguments and errors stay; the relay is to send it; what arq kept of the old failure is gone."""
    await rest(sessions)
    before = (await jobs(sessions))["j0001"]
    await leave_answers(redis, "j0001")
    ended = await command(settings, "retry", "j0001", "--actor", "ada", "--reason", "network is back")
    assert (ended.code, ended.out, ended.err) == (0, "1 job queued again\n", "")
    after = (await jobs(sessions))["j0001"]
    changed = {"state": "queued", "attempt": 0, "dispatched_at": None, "finished_at": None, "run_at": after["run_at"]}
    assert after == {**before, **changed}
    assert after["run_at"] > before["run_at"]
    assert await redis.keys("arq:*") == []


async def test_a_retry_is_audited_as_the_operators_action(settings: Settings, sessions: Sessions) -> None:
    """One audit row for each job: who, why, and the columns that changed, without the arguments."""
    await rest(sessions, 2)
    before = await jobs(sessions)
    await command(settings, "retry", "j0001", "j0002", "--actor", "ada", "--reason", "network is back")
    after = await jobs(sessions)
    columns = ("state", "attempt", "run_at", "dispatched_at", "finished_at")
    for entry, job_id in zip(await actions(sessions), ("j0001", "j0002"), strict=True):
        assert (entry.entity_id, entry.action, entry.actor, entry.reason) == (
            job_id,
            "update",
            "ada",
            "network is back",
        )
        assert entry.job_id is None
        assert entry.before == {name: before[job_id][name] for name in columns}
        assert entry.after == {name: after[job_id][name] for name in columns}


@pytest.mark.parametrize("state", ["queued", "succeeded", "cancelled"])
async def test_what_is_not_dead_is_refused_with_its_state(settings: Settings, sessions: Sessions, state: str) -> None:
    """All or none: the dead job beside it stays dead too."""
    await rest(sessions, job_id="other", state=state)
    await rest(sessions)
    ended = await command(settings, "retry", "j0001", "other")
    refusal = f"retry: job 'other': is {state}; only what is dead can be taken; nothing was changed"
    assert (ended.code, ended.line) == (1, f"counterfoil: {refusal}, `counterfoil job ID` shows one of them")
    assert (await jobs(sessions))["j0001"]["state"] == "dead"
    assert await actions(sessions) == []


async def test_an_unknown_id_is_refused(settings: Settings) -> None:
    """It says that there is no such job."""
    ended = await command(settings, "retry", "nobody")
    assert (ended.code, "job 'nobody': there is no such job" in ended.line) == (1, True)


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [("name", UNREADABLE, "holds a payload that is no job in JSON"), ("actor", NOBODY, "names no actor")],
)
async def test_what_can_never_run_is_refused_with_the_reason(
    settings: Settings, sessions: Sessions, column: str, value: str, why: str
) -> None:
    """By id with a sentence, and left, with a count, where all are retried."""
    await rest(sessions, 2)
    if column == "name":
        await rest(sessions, job_id="bad", name=value)
    else:
        await rest(sessions, job_id="bad", actor=value)
    ended = await command(settings, "retry", "bad")
    assert (ended.code, f"job 'bad': {why}" in ended.line) == (1, True)
    ended = await command(settings, "retry", "--all", "--yes")
    assert (ended.code, ended.out, ended.line[:10]) == (0, "2 jobs queued again\n", "1 job left")
    assert (await jobs(sessions))["bad"]["state"] == "dead"


@pytest.mark.on_every_engine(without=("sqlite", "mariadb"), reason="no database is asked")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say either the IDs of jobs, or --all"),
        (["j0001", "--all"], "say either the IDs of jobs, or --all"),
        (["j0001", "--job", "update"], "--job and --error go with --all"),
        (["--all"], "--all without --job or --error means every dead job; add --yes if that is what you want"),
        (["--all", "--job", "updaet"], "unknown job 'updaet'; did you mean 'update'?"),
        (["j0001", "--actor", ""], "--actor: String should have at least 1 character"),
    ],
)
async def test_what_is_not_clear_is_refused_early(settings: Settings, arguments: list[str], said: str) -> None:
    """One line and exit code 2."""
    ended = await command(settings, "retry", *arguments)
    assert (ended.code, ended.line) == (2, f"counterfoil: {said}")


async def test_all_that_fit_are_retried(settings: Settings, sessions: Sessions) -> None:
    """`--job` is a name, `--error` a piece of the last error's class or message, whatever its capitals."""
    await rest(sessions, job_id="fits")
    await rest(sessions, job_id="other error", error="TimeoutError")
    await rest(sessions, job_id="other job", name="restore")
    await rest(sessions, job_id="other state", state="cancelled")
    ended = await command(settings, "retry", "--all", "--job", "update", "--error", "unreachable: BOOM")
    assert ended.out == "1 job queued again\n"
    states = {job_id: row["state"] for job_id, row in (await jobs(sessions)).items()}
    assert states == {"fits": "queued", "other error": "dead", "other job": "dead", "other state": "cancelled"}
    assert (await command(settings, "retry", "--all", "--error", "100%")).out == "0 jobs queued again\n"


async def test_a_thousand_and_more_are_retried_in_bulk(settings: Settings, sessions: Sessions, redis: ArqRedis) -> None:
    """More than one page of them, each audited once, each without its old answer."""
    await rest(sessions, 1_234)
    await leave_answers(redis, "j0001", "j1234")
    ended = await command(settings, "retry", "--all", "--job", "update")
    assert ended.out == "1,234 jobs queued again\n"
    assert {row["state"] for row in (await jobs(sessions)).values()} == {"queued"}
    assert [entry.entity_id for entry in await actions(sessions)] == [f"j{n:04}" for n in range(1, 1_235)]
    assert await redis.keys("arq:*") == []


@pytest.mark.on_every_engine(without=("sqlite", "mariadb"), reason="no trigger keeps a row out there")
async def test_a_retry_that_loses_audit_rows_is_rolled_back(database: Database, sessions: Sessions) -> None:
    """Written and audited are counted against each other."""
    await rest(sessions, 2)
    await before_each_row(database, "INSERT", "audit_log", "IF NEW.id % 2 = 0 THEN RETURN NULL; END IF; RETURN NEW;")
    with pytest.raises(AuditMismatch, match="job: 2 rows written but 1 audited"):
        async with transaction(sessions, Origin(actor="ada")) as tx:
            await retry_ids(tx, ["j0001", "j0002"])
    assert {row["state"] for row in (await jobs(sessions)).values()} == {"dead"}


@pytest.mark.on_every_engine(
    without=("sqlite", "mariadb"), reason="a worker process takes long; they have tests of their own"
)
async def test_a_retried_job_succeeds_after_its_cause_is_mended(
    settings: Settings, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """It died for want of its row; with the row there, the retry takes effect, and no argument is in the log."""
    await plant(sessions, tasks=0)
    with worker_process(settings, tmp_path / "log") as worker:
        await send(redis, settings.queue, "update", retitle("late", "SECRET-TITLE"), job_id="early")
        assert "NotFound" in (await wait(redis, "early")).failure
        rows = [{"key": "late", "title": "Late", "project.key": "alpha"}]
        await apply(sessions, BulkInsert.model_validate({"entity": "task", "rows": rows}))
        assert (await command(settings, "retry", "early", "--actor", "ada")).code == 0

        async def succeeded() -> bool:
            return bool((await jobs(sessions))["early"]["state"] == "succeeded")

        await eventually(succeeded, "the retried job has succeeded")
        assert (await wait(redis, "early")).success
    row = (await jobs(sessions))["early"]
    assert [one["error"] for one in row["errors"]] == ["NotFound"]
    assert [task["title"] for task in (await images(sessions, "task")).values()] == ["SECRET-TITLE"]
    assert "SECRET" not in worker.log.read_text()
    told = json.loads((await command(settings, "job", "early", "--json")).out)
    assert [(one["became"], one["actor"]) for one in told["operators"]] == [("queued", "ada")]


@pytest.mark.on_every_engine(without=("sqlite", "mariadb"), reason="half a minute for what 1,000 show too")
async def test_more_ids_than_a_statement_has_parameters_for_are_one_action(sessions: Sessions) -> None:
    """PostgreSQL takes 32,767; an operator's list may be longer."""
    await rest(sessions, 33_000)
    ids = sorted(await jobs(sessions))
    async with transaction(sessions, Origin(actor="ada")) as tx:
        assert len(await retry_ids(tx, ids)) == 33_000
