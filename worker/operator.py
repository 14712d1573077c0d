"""An operator's actions on jobs: the job table and arq's keys, in the order that a crash between them forgives."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from arq.connections import ArqRedis
from arq.constants import job_key_prefix

from domain.job import JobState, RetryPolicy
from domain.origin import Origin
from persistence.cancel_jobs import cancel_ids, refuse_ended, wait_at_most
from persistence.chosen_jobs import Chosen
from persistence.dead_jobs import Page, drop_ids, drop_page, retry_ids, retry_page
from persistence.job_filter import JobFilter
from persistence.job_life import Acceptance, accept_in, recorded
from persistence.sessions import Sessions
from persistence.transaction import Transaction, transaction
from worker.acceptance import acceptance
from worker.delivery import Delivery
from worker.jobs import ATTEMPTS
from worker.leftovers import answer_cancelled, forget_answers, take_off_queues
from worker.settings import Settings
from worker.stop_running import STOP_SECONDS, StopRunning
from worker.wire import job_decoder


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who acts on jobs, with the servers at hand; `origin` says who, and why."""

    sessions: Sessions
    redis: ArqRedis
    settings: Settings
    origin: Origin

    async def retry(self, ids: Sequence[str]) -> int:
        """Retry dead jobs, all or none, and return how many; raises JobsRefused."""
        async with transaction(self.sessions, self.origin) as tx:
            chosen = await retry_ids(tx, ids)
            # Before the commit: after it the relay may have sent the job already, and its new answer must stay.
            await forget_answers(self.redis, chosen)
        return len(chosen)

    async def drop(self, ids: Sequence[str]) -> int:
        """Remove dead jobs, all or none, and return how many; raises JobsRefused."""
        async with transaction(self.sessions, self.origin) as tx:
            chosen = await drop_ids(tx, ids)
            # Before the commit: where Redis is away, nothing is dropped, and its keys do not outlive the job.
            await take_off_queues(self.redis, chosen)
        return len(chosen)

    def retry_all(self, *, name: str | None, error: str | None) -> AsyncIterator[Page]:
        """Retry all dead jobs that fit, page by page, each in a transaction of its own."""
        return self._pages(retry_page, forget_answers, JobFilter(JobState.DEAD, name, error))

    def drop_all(self, *, name: str | None, error: str | None) -> AsyncIterator[Page]:
        """Remove all dead jobs that fit, page by page, each in a transaction of its own."""
        return self._pages(drop_page, take_off_queues, JobFilter(JobState.DEAD, name, error))

    async def cancel(self, ids: Sequence[str]) -> int:
        """Cancel jobs, all or none, and return how many; what runs is stopped, and rolled back. Raises JobsRefused."""
        stopping = StopRunning(self.redis, ids)
        # Before they are stopped, and arq forgets them; in one order, so that two operators do not deadlock.
        without_row = await self._without_row(sorted(ids))
        # Round the transaction, too: on SQLite it begins when what runs has ended.
        async with stopping.soon(), transaction(self.sessions, self.origin) as tx:
            await refuse_ended(tx, ids)
            await wait_at_most(tx, STOP_SECONDS)
            for row in without_row:
                await accept_in(tx.session, row)
            chosen = await cancel_ids(tx, ids, patience=STOP_SECONDS)
        # After the commit: a delivery in between finds a cancelled row and does nothing.
        await stopping.now()
        await take_off_queues(self.redis, chosen)
        await answer_cancelled(self.redis, chosen, seconds=self.settings.result_ttl)
        return len(chosen)

    async def _pages(
        self,
        take: Callable[[Transaction, JobFilter, str], Awaitable[Page]],
        tidy: Callable[[ArqRedis, Sequence[Chosen]], Awaitable[None]],
        which: JobFilter,
    ) -> AsyncIterator[Page]:
        last: str | None = ""
        while last is not None:
            async with transaction(self.sessions, self.origin) as tx:
                page = await take(tx, which, last)
                await tidy(self.redis, page.changed)
            last = page.last
            yield page

    async def _without_row(self, ids: Sequence[str]) -> list[Acceptance]:
        """Return the rows of those that stock clients have put on our queue, and that no worker has ended."""
        decode = job_decoder(self.settings.max_bytes)
        found = []
        for job_id in ids:
            if await recorded(self.sessions, job_id) is not None:
                continue
            if (payload := await self.redis.get(job_key_prefix + job_id)) is not None:
                sent = decode(payload)
                delivery = Delivery(job_id, 1, sent["k"])
                attempts = ATTEMPTS.get(sent["f"], RetryPolicy().max_attempts)
                found.append(acceptance(sent["f"], delivery, queue=self.settings.queue, max_attempts=attempts))
        return found
