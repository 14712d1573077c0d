"""What becomes of a batch whose job failed, and how refusals are kept and told."""

from collections.abc import Sequence

from domain.errors import Problem
from worker.client import Answer
from worker.importing.batches import Batch
from worker.importing.deliver import ROUNDS, deliver
from worker.importing.judge import Fate, Judged
from worker.importing.read import Refusal
from worker.importing.summary import Ending, remarks
from worker.importing.tally import Tally


def taken(rows: Sequence[Judged]) -> Tally:
    """Return a tally that knows the rows."""
    tally = Tally()
    tally.take(Batch(rows=list(rows), read=len(rows)))
    return tally


def rows_of(count: int) -> list[Judged]:
    """Return rows to be sent."""
    return [Judged(line, Fate.SENT, {}) for line in range(2, count + 2)]


async def test_a_failure_that_names_no_row_refuses_the_batch_with_its_words() -> None:
    """Nobody knows which row it was, so nothing is tried again."""

    async def send(_: Sequence[Judged]) -> Answer:
        return Answer("id", success=False, result=None, failure="NotMigrated: run `counterfoil migrate`")

    tally = taken(rows := rows_of(3))
    await deliver(rows, send, tally)
    assert (tally.jobs, tally.refused, tally.waiting, tally.unsent) == (1, 3, 0, 0)
    assert {one.reason for one in tally.refusals()} == {"NotMigrated: run `counterfoil migrate`"}


async def test_rounds_are_bounded() -> None:
    """A queue that finds a new fault every time does not hold an import for ever."""

    async def send(_: Sequence[Judged]) -> Answer:
        problem = Problem(0, "key", "taken")
        return Answer("id", success=False, result=None, failure="Duplicate", problems=(problem,))

    tally = taken(rows := rows_of(100))
    await deliver(rows, send, tally)
    assert (tally.jobs, tally.refused) == (ROUNDS, 100)
    assert [one.reason for one in tally.refusals()] == ["taken"] * ROUNDS + ["Duplicate"] * (100 - ROUNDS)


def test_the_refusals_of_the_first_lines_are_kept_and_all_are_counted() -> None:
    """Whatever the order in which answers come; a person sees 20 of them, and how many more there are."""
    tally = Tally()
    for line in reversed(range(1, 5_001)):
        tally.take(Batch(read=1, refusals=[Refusal(line, "key", "bad"), Refusal(line, "name", "bad")]))
    assert [one.line for one in tally.refusals()] == [line for line in range(1, 501) for _ in range(2)]
    said = remarks(tally, Ending.DONE)
    assert (said[0], said[39]) == ("line 1: key: bad", "line 20: name: bad")
    assert said[40:] == ["and 4,980 more refused rows; --json names up to 1,000 reasons"]


def test_rows_in_jobs_without_an_answer_are_told() -> None:
    """After Ctrl-C they are neither written nor refused, for all that the sender knows."""
    tally = taken(rows := rows_of(3))
    tally.sent(rows[:2])
    assert (tally.waiting, tally.unsent) == (2, 1)
    (line,) = remarks(tally, Ending.INTERRUPTED)
    assert line == "2 rows are in jobs that were sent and not yet answered; a worker will run them"
