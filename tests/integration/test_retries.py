"""Retries: a failed attempt is kept after its rollback, and the job is tried again as its error allows."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update

from domain.errors import EndedBefore, InvalidCommand, JobIdTaken, KilledItsWorker, NotFound
from domain.job import CRASHES, RetryPolicy
from domain.moments import now
from persistence.dead_jobs import retry_ids
from persistence.enqueue import NewJob
from persistence.job_life import Acceptance, accept_job, register_jobs
from persistence.job_table import JobRow
from persistence.sessions import Sessions
from persistence.transaction import Transaction, transaction
from tests.executions import Try, deliver, ends, failing, for_ever, nothing, raising
from tests.relays import BILLING, accept, job, jobs
from tests.worlds import begin, images, trail
from worker.outcome import Again, Ended, Succeeded

pytestmark = pytest.mark.on_every_engine


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


async def test_an_outcome_that_finds_no_queued_row_undoes_the_effect(sessions: Sessions) -> None:
    """Here the handler itself has ended its job: what was written is rolled back, and tried again."""

    async def then(tx: Transaction) -> None:
        await tx.session.execute(text("UPDATE job SET state = 'cancelled'"))

    assert isinstance(await deliver(sessions, failing(then)), Again)
    row = await job(sessions, "j")
    assert (row.state, [error["error"] for error in row.errors]) == ("queued", ["NotTaken"])
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


async def test_a_cancellation_that_nobody_has_asked_for_is_an_attempt(sessions: Sessions) -> None:
    """A job that awaits what others have cancelled does not run for ever."""
    outcomes = [await deliver(sessions, failing(raising(asyncio.CancelledError()))) for _ in range(3)]
    assert [type(outcome) for outcome in outcomes] == [Again, Again, Ended]
    assert [one["error"] for one in (await job(sessions, "j")).errors] == ["CancelledWithin"] * 3


@ends
async def test_what_would_end_a_program_ends_an_attempt(sessions: Sessions, end: BaseException) -> None:
    """It is rolled back, kept with its name, and tried again like any other error."""
    outcomes = [await deliver(sessions, failing(raising(end))) for _ in range(3)]
    assert [type(outcome) for outcome in outcomes] == [Again, Again, Ended]
    assert type(end).__name__ in (await job(sessions, "j")).errors[-1]["message"]
    assert await trail(sessions) == []


async def test_a_late_failure_does_not_touch_a_job_that_has_succeeded(sessions: Sessions) -> None:
    """A delivery too many of a job that has taken effect answers with the recorded result."""
    first = await deliver(sessions, failing(nothing))
    assert await deliver(sessions, failing(nothing), attempt=CRASHES + 1) == first
    late = failing(raising(ConnectionResetError("gone")))
    assert await deliver(sessions, late) == first
    assert (await job(sessions, "j")).errors == []


async def test_a_delivery_under_an_accepted_jobs_id_harms_nobody_and_is_told_so(sessions: Sessions) -> None:
    """Neither other arguments nor another name end the job that has the id, before its effect or after it."""
    await accept_job(sessions, Acceptance("j", "try", "q", {}, BILLING, 3))
    for state in ("queued", "succeeded"):
        foreign = await deliver(sessions, failing(nothing), {"nonsense": 1})
        assert isinstance(foreign, Ended)
        assert str(foreign.error) == "job 'j' is there already, as try with other arguments; take another id"
        assert ((await job(sessions, "j")).state, (await job(sessions, "j")).errors) == (state, [])
        assert isinstance(await deliver(sessions, failing(nothing)), Succeeded)
    assert len(await trail(sessions, job_id="j")) == 1


async def test_what_runs_is_what_was_accepted(sessions: Sessions) -> None:
    """A delivery under an accepted job's id, with its arguments, runs in its name, and not before its time."""
    later = NewJob(Try(), BILLING, "j", run_at=datetime.now(UTC) + timedelta(days=1))
    await register_jobs(sessions, {"try": 3})
    await accept(sessions, later)
    early = await deliver(sessions, failing(nothing))
    assert isinstance(early, Again)
    assert early.delay > 86_000
    async with begin(sessions) as tx:
        await tx.session.execute(update(JobRow).values(run_at=now()))
    assert isinstance(await deliver(sessions, failing(nothing)), Succeeded)
    (entry,) = await trail(sessions, job_id="j")
    assert (entry.actor, entry.request_id, entry.reason) == ("billing", "r-1", "invoice")


async def test_arguments_that_python_takes_for_equal_are_told_apart(sessions: Sessions) -> None:
    """`true`, `1` and `1.0` are three values."""
    await accept_job(sessions, Acceptance("j", "try", "q", {"flag": True}, BILLING, 3))
    outcome = await deliver(sessions, failing(nothing), {"flag": 1})
    assert isinstance(outcome, Ended)
    assert isinstance(outcome.error, JobIdTaken)


async def test_an_outage_costs_none_of_the_attempts_that_nobody_can_explain(sessions: Sessions) -> None:
    """Four lost connections, and the job still has its three attempts; a retry by hand begins anew."""
    outage, unforeseen = failing(raising(ConnectionResetError("gone"))), failing(raising(RuntimeError("?")))
    for _ in range(2):
        outcomes = [await deliver(sessions, one) for one in (*[outage] * 4, *[unforeseen] * 3)]
        assert [isinstance(one, Ended) for one in outcomes] == [False] * 6 + [True]
        assert (await job(sessions, "j")).state == "dead"
        async with transaction(sessions, BILLING) as tx:
            await retry_ids(tx, ["j"])


async def test_an_id_that_no_row_can_have_is_answered(sessions: Sessions) -> None:
    """A NUL character, or more characters than an id may have: there is nothing to try again."""
    for job_id in ("a\0b", "x" * 201):
        outcome = await deliver(sessions, failing(nothing), job_id=job_id)
        assert isinstance(outcome, Ended)
        assert isinstance(outcome.error, InvalidCommand)
    assert await jobs(sessions) == []


async def test_a_job_that_has_killed_five_workers_is_not_run_a_sixth_time(sessions: Sessions) -> None:
    """It rests with that reason, and says how it goes on."""
    outcome = await deliver(sessions, failing(nothing), attempt=CRASHES + 1)
    assert isinstance(outcome, Ended)
    assert isinstance(outcome.error, KilledItsWorker)
    (kept,) = (await job(sessions, "j")).errors
    assert kept["message"] == "the worker died 5 times while it ran this job, which rests until `counterfoil retry`"
    assert await images(sessions, "project") == {}
