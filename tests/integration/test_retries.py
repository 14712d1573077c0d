"""Retries: a failed attempt is kept after its rollback, and the job is tried again as its error allows."""

import asyncio

from domain.errors import EndedBefore, KilledItsWorker, NotFound
from domain.job import CRASHES, RetryPolicy
from persistence.transaction import Sessions
from tests.executions import deliver, failing, for_ever, nothing, raising
from tests.relays import job, jobs
from tests.worlds import images, trail
from worker.outcome import Again, Ended, Succeeded


async def test_a_transient_failure_is_tried_again_and_succeeds(sessions: Sessions) -> None:
    """Beyond `max_attempts`, too, since the job is not at fault; nothing of the failed attempts stays written."""
    lost = failing(raising(ConnectionResetError("gone")), RetryPolicy(max_attempts=3, base=1, cap=8))
    outcomes = [await deliver(sessions, lost) for _ in range(6)]
    assert outcomes == [Again(delay, "gone") for delay in (1, 2, 4, 8, 8, 8)]
    assert await images(sessions, "project") == {}
    assert isinstance(await deliver(sessions, failing(nothing)), Succeeded)
    row = await job(sessions, "j")
    assert (row.state, row.attempt, len(row.errors)) == ("succeeded", 7, 6)
    assert len(await trail(sessions, job_id="j")) == 1


async def test_a_permanent_failure_is_the_end_at_once(sessions: Sessions) -> None:
    """Its sender hears the error itself; a later delivery hears that the job has ended, and runs nothing."""
    error = NotFound("task", "key", ("t9",))
    assert await deliver(sessions, failing(raising(error))) == Ended(error)
    row = await job(sessions, "j")
    assert (row.state, row.attempt, row.finished_at is not None) == ("dead", 1, True)
    again = await deliver(sessions, failing(nothing))
    assert isinstance(again, Ended)
    assert isinstance(again.error, EndedBefore)
    assert str(again.error).startswith("job 'j' is dead: no live task with key 't9'")
    assert await trail(sessions, job_id="j") == []


async def test_an_unknown_failure_is_the_end_after_max_attempts(sessions: Sessions) -> None:
    """Each attempt's error is kept, in order: when, which, what, and which worker."""
    for number in range(1, 4):
        outcome = await deliver(sessions, failing(raising(RuntimeError(f"boom {number}"))))
    assert isinstance(outcome, Ended)
    row = await job(sessions, "j")
    assert (row.state, row.attempt) == ("dead", 3)
    kept = [(one["attempt"], one["error"], one["message"], one["worker"]) for one in row.errors]
    assert kept == [(number, "RuntimeError", f"boom {number}", "tester") for number in (1, 2, 3)]
    assert [one["at"] for one in row.errors] == sorted(one["at"] for one in row.errors)


async def test_a_time_out_counts_as_unknown(sessions: Sessions) -> None:
    """A job that always takes too long does not run for ever; nothing of it is written."""
    outcomes = [await deliver(sessions, failing(for_ever, timeout=0.2)) for _ in range(3)]
    assert [type(outcome) for outcome in outcomes] == [Again, Again, Ended]
    row = await job(sessions, "j")
    assert [one["error"] for one in row.errors] == ["TimeoutError"] * 3
    assert await images(sessions, "project") == {}


async def test_a_stop_is_no_attempt(sessions: Sessions) -> None:
    """A delivery that is cancelled leaves nothing: no row, no error, no effect."""
    for _ in range(10):
        delivery = asyncio.create_task(deliver(sessions, failing(for_ever)))
        await asyncio.sleep(0)
        delivery.cancel()
        await asyncio.wait([delivery])
        assert delivery.cancelled()
    assert await jobs(sessions) == []
    assert isinstance(await deliver(sessions, failing(nothing)), Succeeded)
    assert (await job(sessions, "j")).attempt == 1


async def test_a_late_failure_does_not_touch_a_job_that_has_succeeded(sessions: Sessions) -> None:
    """A delivery too many of a job that has taken effect answers with the recorded result."""
    first = await deliver(sessions, failing(nothing))
    assert await deliver(sessions, failing(nothing), attempt=CRASHES + 1) == first
    assert await deliver(sessions, failing(nothing), {"nonsense": 1}) == first
    assert (await job(sessions, "j")).errors == []


async def test_a_job_that_has_killed_five_workers_is_not_run_a_sixth_time(sessions: Sessions) -> None:
    """It rests with that reason, and says how it goes on."""
    outcome = await deliver(sessions, failing(nothing), attempt=CRASHES + 1)
    assert isinstance(outcome, Ended)
    assert isinstance(outcome.error, KilledItsWorker)
    (kept,) = (await job(sessions, "j")).errors
    assert kept["message"] == "the worker died 5 times while it ran this job, which rests until `counterfoil retry`"
    assert await images(sessions, "project") == {}
