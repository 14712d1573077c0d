"""A job that stops at records that do not fit keeps them beside its row, with the failed attempt."""

from domain.errors import RowsRefused
from domain.reject import Reject
from persistence.dead_jobs import retry_ids
from persistence.reader import reader
from persistence.rejects import clear_rejects, rejects_of
from persistence.sessions import Sessions
from persistence.transaction import Transaction
from tests.executions import deliver, failing, nothing, raising
from tests.relays import job
from tests.worlds import begin, images
from worker.outcome import Ended, Succeeded

FIRST = [Reject(line, "title", "Field required", f"k{line},", "key,title") for line in (2, 5)]
SECOND = [Reject(3, "", "odd\0", "k3,x,y", "key,title")]


async def kept(sessions: Sessions) -> list[Reject]:
    """Return what is kept of the job."""
    async with reader(sessions) as read:
        return [one async for one in rejects_of(read, "j")]


async def refuse(sessions: Sessions, rejects: list[Reject]) -> None:
    """Deliver the job, which refuses these records, and is dead at once."""
    error = RowsRefused.of("task", rejects, "on_invalid is abort")
    assert await deliver(sessions, failing(raising(error))) == Ended(error)


async def test_rejects_outlive_the_rollback_of_their_attempt(sessions: Sessions) -> None:
    """Nothing else of it does."""
    await refuse(sessions, FIRST)
    assert await kept(sessions) == FIRST
    row = await job(sessions, "j")
    assert (row.state, row.errors[0]["error"]) == ("dead", "RowsRefused")
    assert await images(sessions, "project") == {}


async def test_the_rejects_are_those_of_the_last_attempt(sessions: Sessions) -> None:
    """Whoever retries the job with a mended table sees no record that was refused before it was mended."""
    await refuse(sessions, FIRST)
    async with begin(sessions) as tx:
        await retry_ids(tx, ["j"])
    assert await kept(sessions) == FIRST
    await refuse(sessions, SECOND)
    assert [(one.line, one.reason) for one in await kept(sessions)] == [(3, "odd\\u0000")]


async def test_an_attempt_that_refuses_nothing_leaves_none(sessions: Sessions) -> None:
    """Be it that it fails for another reason, or that the job clears them as it succeeds."""

    async def clear(tx: Transaction) -> None:
        await clear_rejects(tx.session, "j")

    for then in (raising(RuntimeError("boom")), clear):
        await refuse(sessions, FIRST)
        async with begin(sessions) as tx:
            await retry_ids(tx, ["j"])
        outcome = await deliver(sessions, failing(then))
        assert await kept(sessions) == []
    assert isinstance(outcome, Succeeded)


async def test_a_late_refusal_changes_nothing_of_a_job_that_has_ended(sessions: Sessions) -> None:
    """Another delivery has had success."""
    await deliver(sessions, failing(nothing))
    await deliver(sessions, failing(raising(RowsRefused.of("task", FIRST, "on_invalid is abort"))))
    assert await kept(sessions) == []
