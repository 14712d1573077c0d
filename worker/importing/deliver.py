"""Batches on their way through the queue: a few jobs at a time, and no bad row at the cost of its neighbours."""

import asyncio
from asyncio import Task
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import groupby

from worker.client import Answer, somebody_works
from worker.importing.batches import Batch
from worker.importing.judge import Judged
from worker.importing.post import Post
from worker.importing.read import Refusal
from worker.importing.tally import Tally

Send = Callable[[Sequence[Judged]], Awaitable[Answer]]
"""What sends rows as one job and returns its answer."""

WINDOW = 4
"""Jobs in flight: enough to keep a worker busy while the next batch is read, few enough to bound memory."""

ROUNDS = 8
"""How often the remaining rows of a batch are sent again; one round each for references and keys is the rule."""

NAMED_AT_MOST = 1_000
"""How many problems an answer names: a larger batch needs more rounds."""

ALONE_SECONDS = 3.0
"""How long nobody has to work on the queue before the person is told."""

LOOK_SECONDS = 0.5


async def deliver_all(batches: AsyncIterator[Batch], post: Post, tally: Tally, say: Callable[[str], None]) -> None:
    """Send the batches and count what became of their rows; `say` is told when nobody works on the queue.

    Cancelling leaves jobs that were sent on the queue: `tally.waiting` counts their rows.
    """
    running: set[Task[None]] = set()
    watch = asyncio.create_task(_watch(post, tally, say))
    try:
        async for batch in batches:
            tally.take(batch)
            if batch.rows:
                running.add(asyncio.create_task(deliver(batch.rows, post.send, tally)))
            running = await _below(WINDOW, running)
        await _below(1, running)
    finally:
        for task in (*running, watch):
            task.cancel()
        await asyncio.gather(*running, watch, return_exceptions=True)


async def deliver(rows: Sequence[Judged], send: Send, tally: Tally) -> None:
    """Send the rows as one job; refuse those that the answer names, and send the others again.

    When an answer names no row, or the rounds are used up, all rows that are left are refused with its words.
    """
    for _ in range(ROUNDS + 2 * len(rows) // NAMED_AT_MOST):
        tally.sent(rows)
        answer = await send(rows)
        tally.answered(rows)
        if answer.success:
            tally.written(rows, answer.result if isinstance(answer.result, dict) else {})
            return
        refusals = _named(rows, answer)
        if not refusals:
            break
        bad = {refusal.line for refusal in refusals}
        tally.refuse([row for row in rows if row.line in bad], refusals)
        if not (rows := [row for row in rows if row.line not in bad]):
            return
    tally.refuse(rows, [Refusal(row.line, "", answer.failure) for row in rows])


def _named(rows: Sequence[Judged], answer: Answer) -> list[Refusal]:
    found = [
        Refusal(rows[problem.row].line, problem.field, problem.message)
        for problem in answer.problems
        if problem.row is not None and problem.row < len(rows)
    ]
    return [one for one, _ in groupby(found)]


async def _below(limit: int, running: set[Task[None]]) -> set[Task[None]]:
    """Wait until fewer than `limit` tasks run; raises what a finished one raised."""
    while len(running) >= limit:
        done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    return running


async def _watch(post: Post, tally: Tally, say: Callable[[str], None]) -> None:
    alone = 0.0
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if not tally.waiting or await somebody_works(post.redis, post.queue):
            alone = 0.0
            continue
        before, alone = alone, alone + LOOK_SECONDS
        if before < ALONE_SECONDS <= alone:
            say(f"nobody works on queue {post.queue!r}: start `counterfoil worker`; waiting")
