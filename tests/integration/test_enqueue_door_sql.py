"""The door into the job table from any language: `enqueue_job`, inside the caller's own transaction."""

import asyncpg
import pytest
from arq.connections import ArqRedis

from persistence.database import Database
from persistence.sessions import Sessions
from tests.relays import connected, job, jobs, relaying, until_state
from tests.workers import running_worker
from tests.worlds import plant, trail
from worker.settings import Settings

UPDATE = """
SELECT * FROM enqueue_job(
    'update', '{"entity": "task", "key": "t0", "changes": {"title": "new"}}',
    actor => 'billing', job_id => 'j', queue => $1, request_id => 'r-1', reason => 'invoice'
)
"""


async def test_a_job_is_in_the_table_as_it_was_asked_for(settings: Settings, sessions: Sessions) -> None:
    """The answer says its id and that it is new; what was not said has its default."""
    async with connected(settings) as connection:
        assert tuple(await connection.fetchrow(UPDATE, "q")) == ("j", True)
        kept = await connection.fetchrow("SELECT * FROM enqueue_job('purge', '{}', 'cron')")
    row, other = await job(sessions, "j"), await job(sessions, kept["id"])
    assert (row.name, row.queue, row.actor, row.request_id, row.reason) == ("update", "q", "billing", "r-1", "invoice")
    assert row.arguments == {"entity": "task", "key": "t0", "changes": {"title": "new"}}
    assert (row.state, row.attempt, row.errors, row.dispatched_at) == ("queued", 0, [], None)
    assert (other.queue, len(other.id), other.run_at) == ("arq:queue", 32, other.enqueued_at)


async def test_the_same_id_twice_is_one_job(settings: Settings, sessions: Sessions) -> None:
    """The second answer says that it is not new, whoever asked and whenever."""
    async with connected(settings) as connection:
        assert tuple(await connection.fetchrow(UPDATE, "q")) == ("j", True)
        assert tuple(await connection.fetchrow(UPDATE.replace("billing", "shop"), "q")) == ("j", False)
    (row,) = await jobs(sessions)
    assert row.actor == "billing"


@pytest.mark.parametrize(
    ("call", "state", "sentence", "hint"),
    [
        ("'updat', '{}', 'billing'", "42704", "unknown job 'updat'", "Known: bulk_insert, "),
        ("NULL, '{}', 'billing'", "42704", "unknown job NULL", "Known: "),
        ("'purge', '{}', NULL", "22004", "a job needs an actor", "actor => "),
        ("'purge', '{}', ''", "22004", "a job needs an actor", "actor => "),
        ("'purge', '[]', 'billing'", "22023", "the arguments of a job are a JSON object", None),
        ("'purge', '{\"reason\": \"x\"}', 'billing'", "22023", "which say who asks", "as parameters of enqueue_job"),
        ("'purge', '{}', repeat('x', 201)", "22001", "actor, job_id and request_id have at most 200", None),
        (
            "'purge', '{}', 'billing', queue => 'arq:retry:j'",
            "22023",
            "queue 'arq:retry:j' is no name",
            "Such as arq:queue",
        ),
        ("'purge', '{}', 'billing', queue => 'q:health-check'", "22023", "is no name of a queue", "arq:queue"),
        (
            "'purge', '{}', 'billing', queue => 'counterfoil:workers'",
            "22023",
            "is no name of a queue",
            "Such as arq:queue",
        ),
        ("'purge', '{}', 'billing', queue => 'a b'", "22023", "is no name of a queue", "arq:queue"),
        ("'purge', '{}', 'billing', ''", "22023", "job_id '' and queue", "its default"),
        ("'purge', '{}', 'billing', max_attempts => 0", "22023", "max_attempts 0 must be at least 1", "its default"),
        ("'purge', NULL, 'billing'", "22023", "the arguments of a job are a JSON object", None),
        ("'purge', jsonb_build_object('a', repeat('x', 17000000)), 'b'", "54000", "at most 16000000", "several jobs"),
        ("'purge', '{\"limit\": 2}', 'billing', 'j'", "23505", "job 'j' is there already", "take another id"),
        ("'restore', '{}', 'billing', 'j'", "23505", "job 'j' is there already", "take another id"),
        ("'purge', '{}', 'billing', run_at => '-infinity'", "22023", "run_at -infinity is no time", "its default"),
        ("'purge', '{}', 'billing', run_at => 'noon-ish'", "22007", "invalid input syntax", None),
    ],
)
async def test_what_makes_no_job_is_refused_at_the_door(  # noqa: PLR0913, PLR0917 - fixtures and a table
    settings: Settings, sessions: Sessions, call: str, state: str, sentence: str, hint: str | None
) -> None:
    """The message names the value, the hint the way out; nothing is kept."""
    async with connected(settings) as connection:
        await connection.fetch("SELECT enqueue_job('purge', '{}', 'billing', 'j')")
        with pytest.raises(asyncpg.PostgresError) as refused:
            await connection.fetch(f"SELECT enqueue_job({call})")
    assert refused.value.sqlstate == state
    assert sentence in str(refused.value)
    assert hint is None or hint in (refused.value.hint or "")
    assert [row.id for row in await jobs(sessions)] == ["j"]


async def test_a_callers_search_path_leads_to_no_other_table(settings: Settings, sessions: Sessions) -> None:
    """A tenant may have a table named job: the door writes into ours."""
    async with connected(settings) as connection:
        await connection.execute("CREATE SCHEMA tenant; CREATE TABLE tenant.job (LIKE public.job)")
        await connection.execute("SET search_path = tenant")
        await connection.fetch("SELECT public.enqueue_job('purge', '{}', 'billing', 'j')")
    assert [row.id for row in await jobs(sessions)] == ["j"]


async def test_a_rollback_leaves_nothing_and_a_commit_runs(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """With a running worker: what is rolled back is never seen, what is committed takes effect under its origin."""
    await plant(sessions)
    async with running_worker(settings, database, redis), relaying(database, redis), connected(settings) as connection:
        rolled_back = connection.transaction()
        await rolled_back.start()
        assert (await connection.fetchrow(UPDATE.replace("'j'", "'never'"), settings.queue))["is_new"]
        await rolled_back.rollback()
        async with connection.transaction():
            await connection.fetch(UPDATE, settings.queue)
        row = await until_state(sessions, "j", "succeeded")
    assert [kept.id for kept in await jobs(sessions)] == ["j"]
    assert row.result is not None
    assert row.result["updated"] == 1
    (entry,) = await trail(sessions, job_id="j")
    assert (entry.actor, entry.request_id, entry.reason) == ("billing", "r-1", "invoice")
