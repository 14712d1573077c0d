"""An update in one statement: the same rows, audit and answers as the long way, and exactly once."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import JsonValue
from sqlalchemy import event, text
from sqlalchemy.exc import InvalidRequestError

from domain.commands import Update
from domain.origin import Origin
from domain.task import Task
from persistence.database import Database
from persistence.enqueue import NewJob
from persistence.sessions import Sessions
from tests.broken_rows import before_each_row
from tests.executions import deliver
from tests.relays import BILLING, accept, job
from tests.worlds import begin, live, plant, sql, trail
from worker.jobs.job import Job
from worker.jobs.update import JOB
from worker.outcome import Again, Ended, Outcome, Succeeded

THE_LONG_WAY = replace(JOB, at_once=None)


async def change(
    sessions: Sessions, changes: dict[str, JsonValue], key: str = "t0", job_id: str = "j", way: Job = JOB
) -> Outcome:
    """Deliver an update of one task."""
    arguments: dict[str, JsonValue] = {"entity": "task", "key": [key], "changes": changes}
    return await deliver(sessions, way, arguments, job_id=job_id)


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Gather the statements that are sent to the database in the block."""
    sent: list[str] = []

    def note(*given: object) -> None:
        sent.append(str(given[2]))

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    yield sent
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def test_the_common_update_is_one_statement(database: Database) -> None:
    """Take, change, audit and outcome; the answer and the row say the same."""
    await plant(database.sessions)
    with statements(database) as sent:
        outcome = await change(database.sessions, {"title": "new", "tags": ["a"]})
    assert len(sent) == 1
    row = await job(database.sessions, "j")
    assert outcome == Succeeded(row.result or {})
    assert (row.state, row.attempt, row.queue) == ("succeeded", 1, "q")
    assert (await live(database.sessions))["t0"]["title"] == "new"


@pytest.mark.parametrize(
    ("changes", "written"),
    [
        ({"title": "new"}, 1),
        ({"title": "new", "tags": ["a", {"b": 1}], "status": "done"}, 1),
        ({"description": "longer", "title": "new"}, 1),
        ({"status": "pending"}, 0),
    ],
)
async def test_both_ways_write_the_same(sessions: Sessions, changes: dict[str, JsonValue], written: int) -> None:
    """Twins of rows, of answers and of audit rows; a second time, there is nothing to write."""
    await plant(sessions)
    for key in ("t0", "t1"):
        await change(sessions, {"title": "alike"}, key, key)
    told, logged = [], []
    for key, way in (("t0", JOB), ("t1", THE_LONG_WAY)):
        outcomes = [await change(sessions, changes, key, f"{key}-{n}", way=way) for n in range(2)]
        told.append([outcome.result for outcome in outcomes if isinstance(outcome, Succeeded)])
        entries = await trail(sessions, job_id=f"{key}-0")
        logged.append([(_timeless(entry.before), _timeless(entry.after), entry.actor) for entry in entries])
        assert await trail(sessions, job_id=f"{key}-1") == []
    here, there = ([{**one, "ids": None} for one in answers] for answers in told)
    assert here == there
    assert [one["updated"] for one in told[0]] == [written, 0]
    assert logged[0] == logged[1]
    assert len(logged[0]) == written


def _timeless(image: dict[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (image or {}).items() if name != "updated_at"}


async def test_updates_that_meet_on_a_row_are_all_audited_against_what_they_found(sessions: Sessions) -> None:
    """Each one's `before` is the last one's `after`, although all began before the first had ended."""
    await plant(sessions)
    numbers = range(24)
    outcomes = await asyncio.gather(*(change(sessions, {"title": f"n{n}"}, job_id=f"j{n}") for n in numbers))
    assert all(isinstance(outcome, Succeeded) for outcome in outcomes)
    entries = [entry for entry in await trail(sessions, "task") if entry.action == "update"]
    entries.sort(key=lambda entry: (entry.after or {})["version"])
    titles = [((entry.before or {})["title"], (entry.after or {})["title"]) for entry in entries]
    versions = [((entry.before or {})["version"], (entry.after or {})["version"]) for entry in entries]
    assert versions == [(n + 1, n + 2) for n in numbers]
    assert [before for before, _ in titles] == ["Task 0", *(after for _, after in titles[:-1])]
    assert (await live(sessions))["t0"]["title"] == titles[-1][1]


async def test_deliveries_of_one_job_that_meet_write_once(sessions: Sessions) -> None:
    """In either way: all are answered alike, and one audit row is left."""
    await plant(sessions)
    ways = [JOB, THE_LONG_WAY, JOB, JOB]
    outcomes = await asyncio.gather(*(change(sessions, {"title": "new"}, way=way) for way in ways))
    answers = [outcome.result for outcome in outcomes if isinstance(outcome, Succeeded)]
    assert answers
    assert all(answer == answers[0] for answer in answers)
    assert len(await trail(sessions, job_id="j")) == 1
    assert (await job(sessions, "j")).attempt == 1


async def test_the_row_of_an_accepted_job_says_who_asked(sessions: Sessions) -> None:
    """A delivery under its id by another actor writes in the name of the one who was accepted, and not before time."""
    await plant(sessions)
    arguments: dict[str, JsonValue] = {"entity": "task", "key": ["t0"], "changes": {"title": "new"}}
    await accept(sessions, NewJob(Update.model_validate(arguments), BILLING, job_id="j"))
    outcome = await deliver(sessions, JOB, arguments)
    assert isinstance(outcome, Succeeded)
    (entry,) = await trail(sessions, job_id="j")
    assert (entry.actor, entry.request_id) == (BILLING.actor, BILLING.request_id)


async def test_an_early_delivery_that_could_not_succeed_is_no_attempt(sessions: Sessions) -> None:
    """Another row still has the key that is due in an hour: the job waits, whoever delivers it now."""
    await plant(sessions)
    arguments: dict[str, JsonValue] = {"entity": "task", "key": ["t0"], "changes": {"key": "t1"}}
    later = datetime.now(UTC) + timedelta(hours=1)
    await accept(sessions, NewJob(Update.model_validate(arguments), BILLING, job_id="j", run_at=later))
    assert isinstance(await deliver(sessions, JOB, arguments), Again)
    row = await job(sessions, "j")
    assert (row.state, row.attempt, row.errors) == ("queued", 0, [])


async def test_two_rows_of_one_key_do_not_stand_for_a_missing_row(database: Database) -> None:
    """A table without the unique index: as many rows are found as keys were named, and yet one key has none."""
    await plant(database.sessions)
    await sql(database, "DROP INDEX uq_task_key_live")
    await sql(database, "UPDATE task SET key = 't0' WHERE key = 't1'")
    arguments: dict[str, JsonValue] = {"entity": "task", "key": ["t0", "t9"], "changes": {"title": "new"}}
    outcome = await deliver(database.sessions, JOB, arguments)
    assert isinstance(outcome, Ended)
    assert "'t9'" in str(outcome.error)
    assert await trail(database.sessions, job_id="j") == []


async def test_a_missing_row_undoes_the_others(sessions: Sessions) -> None:
    """The job is dead, with the error that names the key; nothing is written."""
    await plant(sessions)
    arguments: dict[str, JsonValue] = {"entity": "task", "key": ["t0", "t9"], "changes": {"title": "new"}}
    outcome = await deliver(sessions, JOB, arguments)
    assert isinstance(outcome, Ended)
    assert "'t9'" in str(outcome.error)
    assert (await live(sessions))["t0"]["title"] == "Task 0"
    assert (await job(sessions, "j")).state == "dead"
    assert await trail(sessions, job_id="j") == []


@pytest.mark.parametrize(
    ("changes", "wait"), [({"title": "other"}, timedelta()), ({"title": "new"}, timedelta(hours=1))]
)
async def test_another_job_under_the_id_and_one_that_is_not_due_are_not_done(
    sessions: Sessions, changes: dict[str, JsonValue], wait: timedelta
) -> None:
    """The accepted job stays as it was, queued; the other one is told whose the id is."""
    await plant(sessions)
    accepted = Update(entity="task", key=["t0"], changes={"title": "new"})
    at = datetime.now(UTC) + wait
    await accept(sessions, NewJob(accepted, Origin(actor="tester"), job_id="j", run_at=at))
    outcome = await change(sessions, changes)
    assert isinstance(outcome, Again if wait else Ended)
    assert await trail(sessions, job_id="j") == []
    assert (await job(sessions, "j")).state == "queued"


async def test_a_lost_audit_row_undoes_the_update(database: Database) -> None:
    """The statement counts both, and takes itself back; the job fails by the name of the difference."""
    await plant(database.sessions)
    await before_each_row(database, "INSERT", "audit_log", "RETURN NULL;")
    with statements(database) as sent:
        outcome = await change(database.sessions, {"title": "new"})
    assert sent[0].startswith("-- Change rows")
    assert isinstance(outcome, Again)
    assert "1 rows written but 0 audited" in outcome.why
    assert (await live(database.sessions))["t0"]["title"] == "Task 0"


async def test_nothing_can_follow_in_the_statements_transaction(sessions: Sessions) -> None:
    """It has ended with the statement; what came next would be committed apart."""

    async def go_on() -> None:
        async with begin(sessions) as tx:
            await tx.session.run_alone("SELECT 1 AS answer", [])
            await tx.session.execute(text("SELECT 1"))

    with pytest.raises(InvalidRequestError, match="closed transaction"):
        await go_on()


async def test_the_next_transaction_on_the_connection_is_one_that_can_be_rolled_back(sessions: Sessions) -> None:
    """The pool takes back what makes a statement a transaction of its own."""
    await plant(sessions)

    async def fail() -> None:
        async with begin(sessions) as tx:
            (await tx.session.get_one(Task, 1)).title = "undone"
            await tx.session.flush()
            raise ZeroDivisionError

    assert isinstance(await change(sessions, {"title": "new"}), Succeeded)
    with pytest.raises(ZeroDivisionError):
        await fail()
    assert (await live(sessions))["t0"]["title"] == "new"
    assert len(await trail(sessions, "task")) == 1 + len(await live(sessions))


async def test_the_statement_is_not_planned_at_every_call(sessions: Sessions) -> None:
    """PostgreSQL tries five plans of the call's own, and then keeps to the general one, because it expects one row."""
    await plant(sessions)
    for n in range(8):
        assert isinstance(await change(sessions, {"title": f"n{n}"}, job_id=f"j{n}"), Succeeded)
    plans = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '-- Change rows%'"
    async with begin(sessions) as tx:
        assert (await tx.session.execute(text(plans))).all() == [(3, 5)]
