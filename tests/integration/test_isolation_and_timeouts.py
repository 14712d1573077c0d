"""Isolation, time-outs and retries of transactions, with transactions that really meet."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from domain.job import RetryPolicy
from domain.origin import Origin
from domain.task import Task
from persistence.database import Database, open_database
from persistence.reader import reader
from persistence.retry import met_another, retried
from persistence.sessions import Sessions
from persistence.transaction import transaction
from tests.worlds import begin, live, plant, sql
from worker.settings import Settings

TESTER = Origin(actor="tester")
SHOWN = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "transaction_isolation")


async def shown(sessions: Sessions) -> list[str]:
    """Return what the server says of a transaction's settings."""
    async with begin(sessions) as tx:
        return [str((await tx.session.execute(text(f"SHOW {name}"))).scalar_one()) for name in SHOWN]


async def test_what_is_set_holds_in_every_transaction(settings: Settings) -> None:
    """The settings go before a process's own, which go before the server's."""
    given = {"statement_timeout": 7.5, "lock_timeout": 0.25, "isolation_level": "REPEATABLE READ"}
    own = {"lock_timeout": "9000", "idle_in_transaction_session_timeout": "4000"}
    async with open_database(settings.model_copy(update=given), session_settings=own) as database:
        assert await shown(database.sessions) == ["7500ms", "250ms", "4s", "repeatable read"]
        async with reader(database.sessions) as read:
            assert (await read.scalars(select(1))) == [1]
        assert await shown(database.sessions) == ["7500ms", "250ms", "4s", "repeatable read"]


async def test_a_transaction_may_have_an_isolation_of_its_own(sessions: Sessions) -> None:
    """The next one on the same connection has the usual one again."""
    async with transaction(sessions, TESTER, isolation="SERIALIZABLE") as tx:
        assert (await tx.session.execute(text("SHOW transaction_isolation"))).scalar_one() == "serializable"
    assert (await shown(sessions))[-1] == "read committed"


async def test_of_two_that_cannot_both_be_true_one_is_run_again(sessions: Sessions) -> None:
    """Each counts the tasks and names a new one by the number: one after the other, or not at all."""
    await plant(sessions, tasks=1)
    both_have_read = asyncio.Barrier(2)
    runs = 0

    async def add_one() -> str:
        nonlocal runs
        runs += 1
        is_first_run = runs <= 2
        async with transaction(sessions, TESTER, isolation="SERIALIZABLE") as tx:
            number = len((await tx.session.execute(select(col(Task.id)))).all())
            if is_first_run:
                await both_have_read.wait()
            tx.session.add(Task(key=f"n{number}", title="Counted", project_id=1))
        return f"n{number}"

    names = await asyncio.gather(retried(add_one), retried(add_one))
    assert sorted(names) == ["n1", "n2"]
    assert runs == 3
    assert set(await live(sessions)) == {"t0", "n1", "n2"}


async def test_retries_are_bounded_and_the_last_error_is_raised(database: Database) -> None:
    """A lock that nobody gives back: three attempts, with pauses that grow, and then the database's own words."""
    await plant(database.sessions, tasks=1)
    runs, thrown = 0, list[float]()

    def dice() -> float:
        thrown.append(0.0)
        return 0.0

    async def wait_for_it() -> None:
        nonlocal runs
        runs += 1
        async with begin(database.sessions) as tx:
            await tx.session.execute(text("SELECT FROM task FOR UPDATE NOWAIT"))

    async with database.engine.begin() as holder:
        await holder.execute(text("SELECT FROM task FOR UPDATE"))
        with pytest.raises(DBAPIError) as refused:
            await retried(wait_for_it, 3, policy=RetryPolicy(base=1.0), dice=dice)
    assert met_another(refused.value)
    assert (runs, len(thrown)) == (3, 2)


async def test_what_did_not_meet_another_transaction_is_raised_at_once(database: Database) -> None:
    """A second run of the same statement would end in the same way, or do what a lost commit has done already."""
    runs = 0

    async def fail() -> None:
        nonlocal runs
        runs += 1
        await sql(database, "SELECT 1/0")

    with pytest.raises(DBAPIError):
        await retried(fail)
    assert runs == 1
