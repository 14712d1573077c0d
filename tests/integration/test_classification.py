"""What an error means for its job, with errors as the real server raises them."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from domain.errors import (
    AuditMismatch,
    ChangedMeanwhile,
    InvalidCommand,
    KilledItsWorker,
    NotFound,
    NotMigrated,
    StaleVersion,
    UnauditedWrite,
)
from domain.job import RetryPolicy, Severity
from persistence.classification import severity
from persistence.database import Database
from persistence.sessions import Sessions
from persistence.transaction import Transaction
from tests.executions import deliver, failing, raising
from tests.relays import job
from tests.waiting import eventually
from tests.worlds import begin, sql
from worker.outcome import Again

TRANSIENT, PERMANENT, UNKNOWN = Severity.TRANSIENT, Severity.PERMANENT, Severity.UNKNOWN
SQLSTATES = {
    TRANSIENT: "08006 40001 40P01 53100 53200 53300 55P03 57P01 57P02 57P03 58030 25006 25P03 42P01 42703 42883",
    PERMANENT: "22012 22P02 23502 23503 23505 23514 23P01 42501 42601",
    UNKNOWN: "57014 XX000 P0001 25P02 0A000",
}


@pytest.mark.parametrize(
    ("code", "meaning"), [(code, meaning) for meaning, codes in SQLSTATES.items() for code in codes.split()]
)
async def test_an_sqlstate_means_one_thing(sessions: Sessions, code: str, meaning: Severity) -> None:
    """Raised by the server in a transaction, through the errors of the business where there is one for it."""
    with pytest.raises(Exception, match=r".*") as raised:
        async with begin(sessions) as tx:
            await tx.session.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{code}'; END $$"))
    assert severity(raised.value) is meaning


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (ConnectionResetError(), TRANSIENT),
        (BrokenPipeError(), TRANSIENT),
        (PoolTimeoutError(), TRANSIENT),
        (ChangedMeanwhile(), TRANSIENT),
        (NotMigrated(), TRANSIENT),
        (TimeoutError(), UNKNOWN),
        (RuntimeError("nobody foresaw this"), UNKNOWN),
        (KeyError("x"), UNKNOWN),
        (AuditMismatch("task", 2, 1), UNKNOWN),
        (UnauditedWrite("UPDATE", "task"), UNKNOWN),
        (NotFound("task", "key", ("x",)), PERMANENT),
        (StaleVersion("task", 1, 2, 3), PERMANENT),
        (InvalidCommand("update", ()), PERMANENT),
        (KilledItsWorker(5), PERMANENT),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_an_error_means_one_thing(error: Exception, meaning: Severity) -> None:
    """Errors of the business speak about the arguments, unless they say otherwise."""
    assert severity(error) is meaning


@pytest.mark.timeout(60)
async def test_a_connection_that_the_server_cuts_is_transient(database: Database, sessions: Sessions) -> None:
    """A backend that is terminated in the middle of a statement of a job costs it an attempt, not its life."""

    async def cut() -> bool:
        busy = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'"
        return bool(await sql(database, f"{busy} AND datname = current_database()"))

    async def sleeps(tx: Transaction) -> None:
        cutting = asyncio.create_task(eventually(cut, "the job's connection is cut"))
        try:
            await tx.session.execute(text("SELECT pg_sleep(60)"))
        finally:
            await cutting

    assert isinstance(await deliver(sessions, failing(sleeps, RetryPolicy(max_attempts=1))), Again)
    row = await job(sessions, "j")
    assert (row.state, row.attempt, len(row.errors)) == ("queued", 1, 1)


async def test_a_standby_after_a_failover_does_not_end_a_job(sessions: Sessions) -> None:
    """The read-only server is a matter of minutes: however few attempts the job has, it is tried again."""
    standby = "DO $$ BEGIN RAISE EXCEPTION 'cannot execute in a read-only transaction' USING ERRCODE = '25006'; END $$"

    async def then(tx: Transaction) -> None:
        await tx.session.execute(text(standby))

    for _ in range(5):
        await deliver(sessions, failing(then))
    assert (await job(sessions, "j")).state == "queued"
    await deliver(sessions, failing(raising(NotFound("task", "key", ("x",)))))
    assert (await job(sessions, "j")).state == "dead"
