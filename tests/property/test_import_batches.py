"""Whatever the rows are, each goes into one batch, in order, within the bounds; and a bad one costs no other."""

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Problem
from worker.client import Answer
from worker.importing.batches import Batch, batches
from worker.importing.deliver import deliver
from worker.importing.judge import Fate, Judged
from worker.importing.read import Refusal
from worker.importing.tally import Tally

FATES = st.sampled_from(Fate)


@given(st.lists(st.tuples(FATES, st.integers(1, 60))), st.integers(1, 5), st.integers(1, 100))
def test_every_record_is_in_one_batch_and_every_batch_within_its_bounds(
    records: list[tuple[Fate, int]], max_rows: int, max_bytes: int
) -> None:
    """Only a row that is too large by itself goes over, alone."""
    judged = [
        Judged(line, fate, {}, size, (Refusal(line, "", "bad"),) if fate is Fate.REFUSED else ())
        for line, (fate, size) in enumerate(records, 1)
    ]
    found = list(batches(judged, max_rows=max_rows, max_bytes=max_bytes))
    assert [row for batch in found for row in batch.rows] == [one for one in judged if one.fate is Fate.SENT]
    refused = [refusal.line for batch in found for refusal in batch.refusals]
    assert refused == [one.line for one in judged if one.fate is Fate.REFUSED]
    assert sum(batch.read for batch in found) == len(records)
    for batch in found:
        assert len(batch.rows) <= max_rows
        assert len(batch.refusals) <= max_rows
        assert batch.size <= max_bytes or len(batch.rows) == 1


@given(st.lists(st.sampled_from(["good", "orphan", "taken"]), min_size=1, max_size=30), st.integers(1, 4))
def test_bad_rows_are_refused_with_their_lines_and_all_others_written(kinds: list[str], named: int) -> None:
    """Also when the database names them in several rounds, a few at a time."""
    rows = [Judged(10 * line, Fate.SENT, {"kind": kind}) for line, kind in enumerate(kinds, 1)]
    jobs: list[list[int]] = []

    async def send(sent: Sequence[Judged]) -> Answer:
        jobs.append([row.line for row in sent])
        for kind in ("orphan", "taken"):  # as a worker does: references are looked up before keys
            bad = [number for number, row in enumerate(sent) if row.row["kind"] == kind]
            if bad:
                problems = tuple(Problem(number, "key", kind) for number in bad[: 4 * named])
                return Answer("id", success=False, result=None, failure=kind, problems=problems)
        return Answer("id", success=True, result={"inserted": len(sent), "updated": 0, "skipped": 0})

    tally = Tally()
    tally.take(Batch(rows=rows, read=len(rows)))
    asyncio.run(deliver(rows, send, tally))
    assert (tally.inserted, tally.refused) == (kinds.count("good"), len(kinds) - kinds.count("good"))
    assert (tally.jobs, tally.waiting, tally.unsent) == (len(jobs), 0, 0)
    assert [(one.line, one.reason) for one in tally.refusals()] == [
        (row.line, row.row["kind"]) for row in rows if row.row["kind"] != "good"
    ]
