"""The engine: arq's worker with its own claim, lease, finish, wake-up and shutdown; arq's keys stay as they are."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from signal import Signals
from typing import Any, NoReturn

import structlog
from arq.constants import abort_jobs_ss, health_check_key_suffix
from arq.worker import Worker
from redis.exceptions import RedisError

from worker.acknowledgements import Acknowledgements, PutBack
from worker.arq_cron import refuse_cron
from worker.blocked_loop import Watchdog
from worker.claimed import Claimed
from worker.claiming import PATIENCE_SECONDS, Claiming, Slots
from worker.claims import Claims
from worker.hooks import AfterJobs, call_hook
from worker.leases import Leases
from worker.limits import Limits
from worker.observer import Observer
from worker.recycling import Recycling
from worker.running import run_delivery
from worker.shares import Strict, Weighted
from worker.stopping import LAST_SECONDS, CutOff
from worker.wakeup import Source, source_of, wake_on

_LOG = "counterfoil.engine"


class Engine(Worker):
    """Runs jobs of its queues until it is told to stop: those first that are named first, or in proportion to weights.

    Takes arq's own keyword arguments; `redis_url` is for the thread that renews leases of `lease` seconds. An engine
    that `has_parent` leaves it to that parent to say that running jobs are to be waited for no longer.
    """

    def __init__(  # noqa: PLR0913 - and as many as arq takes
        self,
        *,
        queues: Iterable[str],
        weights: Mapping[str, int] | None = None,
        limits: Limits | None = None,
        redis_url: str,
        holder: str,
        lease: float,
        recycling: Recycling | None = None,
        has_parent: bool = False,
        observer: Observer,
        **arq: Any,  # noqa: ANN401 - as arq takes them
    ) -> None:
        """Prepare; nothing is connected or started before `main`."""
        self.queues = tuple(queues)
        refuse_cron(arq.get("cron_jobs"))
        self.cut_off = CutOff()
        self._is_signalled = self._is_stopping = False
        self._handlers: dict[Signals, Any] = {}
        super().__init__(queue_name=self.queues[0], **arq)
        self.leases = Leases(redis_url, holder, lease)
        shares = Weighted(weights) if weights else Strict(self.queues)
        claims = Claims(self.pool, self.leases, limits or Limits())
        slots = Slots(self._free, self.tasks, self._start, self._abort)
        self.claiming = Claiming(claims, shares, self.queues[0], slots, observer)
        self.is_recycled = False
        self._recycling = recycling or Recycling()
        self._has_parent = has_parent
        self._started = 0
        self._observer = observer
        self._wake = asyncio.Event()
        self._source = Source.PUBLISHED

    async def main(self) -> None:
        """Run until told to stop, or in burst mode until nothing is left."""
        self.ctx["redis"] = self.pool
        self.acknowledgements = Acknowledgements(self.pool, self.leases)
        self._after_jobs = AfterJobs(self.after_job_end)
        self._source = await source_of(self.pool)
        structlog.get_logger(_LOG).info("engine.started", queues=self.queues, wakes=self._source.value)
        async with self._company():
            try:
                if self.on_startup:
                    await self.on_startup(self.ctx)
                await self._serve()
                await self.acknowledgements.sent(PATIENCE_SECONDS)
                await self._after_jobs.ended(PATIENCE_SECONDS)
            finally:
                await call_hook(self.on_shutdown, self.ctx)

    @asynccontextmanager
    async def _company(self) -> AsyncIterator[None]:
        """Renew, acknowledge, listen, show health and watch the loop for the time of the block."""
        duties = [
            asyncio.create_task(self.acknowledgements.run()),
            asyncio.create_task(wake_on(self.pool, self._source, {*self.queues, abort_jobs_ss}, self._wake.set)),
            asyncio.create_task(self._show_health()),
        ]
        watchdog = Watchdog(self.tasks)
        self.leases.start()
        watchdog.start()
        async with AsyncExitStack() as stack:
            stack.callback(self.leases.stop)
            stack.callback(watchdog.stop)
            for duty in duties:
                stack.callback(duty.cancel)
            yield

    async def _serve(self) -> None:
        while not self._is_done():
            self._wake.clear()
            due_ms = await self.claiming.turn()
            self._recycle_when_due()
            if self.burst and not self.tasks and due_ms is None:
                return
            await self._rest(due_ms)

    def _is_done(self) -> bool:
        spent = self.burst and 0 <= self.max_burst_jobs <= self._jobs_started()
        return not self.tasks and (spent or not self.allow_pick_jobs)

    def _jobs_started(self) -> int:
        """Return how many jobs have begun here; arq's own sum counts one that is just ending twice."""
        return self._started

    def _free(self) -> int:
        if not self.allow_pick_jobs:
            return 0
        free = self._recycling.room(self._jobs_started(), self.max_jobs - len(self.tasks))
        return (
            min(free, self.max_burst_jobs - self._jobs_started()) if self.burst and self.max_burst_jobs >= 0 else free
        )

    def _recycle_when_due(self) -> None:
        """Drain where a limit is exceeded; what runs is waited for, however long it takes: nobody is in a hurry."""
        if self.allow_pick_jobs and (reason := self._recycling.reason(self._jobs_started())):
            structlog.get_logger("counterfoil.worker").info("worker.recycled", running=len(self.tasks), **reason)
            self.is_recycled = True
            self.drain()

    def _start(self, job: Claimed) -> None:
        if not self.allow_pick_jobs:  # it was claimed while the worker was told to stop
            self.acknowledgements.add(PutBack(job.id, job.queue, is_uncounted=True))
            return
        self._started += 1
        task = self.loop.create_task(self._run(job))
        self.tasks[job.id] = self.job_tasks[job.id] = task
        task.add_done_callback(partial(self._ended, job))

    async def _run(self, job: Claimed) -> None:
        told, ctx = await run_delivery(self, job, self._observer)
        self.acknowledgements.add(told, partial(self._after_jobs.call, ctx))

    def _ended(self, job: Claimed, task: "asyncio.Task[None]") -> None:
        del self.tasks[job.id]
        self.job_tasks.pop(job.id, None)
        self.aborting_tasks.discard(job.id)
        if task.cancelled():  # before it had begun
            self.acknowledgements.add(PutBack(job.id, job.queue, is_uncounted=True))
        if self.claiming.left_some or not self.allow_pick_jobs or self.burst:
            self._wake.set()

    def _abort(self, ids: Iterable[str]) -> None:
        for job_id in ids:
            task = self.job_tasks.get(job_id)
            if task is not None and job_id not in self.aborting_tasks:
                self.aborting_tasks.add(job_id)
                task.cancel()

    async def _rest(self, due_ms: int | None) -> None:
        """Return when somebody wakes the worker, a job is due, a slot is free again, or after the net's time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.claiming.pause(self._source, due_ms, is_burst=self.burst)):
                await self._wake.wait()

    async def _show_health(self) -> NoReturn:
        while True:
            with suppress(RedisError, OSError):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self.heart_beat()
            await asyncio.sleep(min(1.0, self.health_check_interval))

    async def record_health(self) -> None:
        """Show on every queue that it is served."""
        await super().record_health()
        milliseconds = int((self.health_check_interval + 1) * 1000)
        for queue in self.queues[1:]:
            await self.pool.set(queue + health_check_key_suffix, f"with {self.queues[0]}", px=milliseconds)

    def drain(self, grace: float | None = None) -> None:
        """Claim no more, let what runs finish for so many seconds (None: for ever), put the rest back, and end."""
        self.allow_pick_jobs = False
        self._wake.set()
        if grace is not None:
            self.loop.call_later(grace, self._put_back_running)

    def _put_back_running(self) -> None:
        for task in self.tasks.values():
            task.cancel()

    def _add_signal_handler(self, signum: Signals, handler: Callable[[Signals], None]) -> None:
        """Hear a signal also while a handler blocks the loop, in which the orderly stop has to wait for its turn."""

        def heard(_number: int, _frame: object) -> None:
            if not self._has_parent:
                self.cut_off.after((0 if self._is_signalled else self._job_completion_wait) + LAST_SECONDS)
            self._is_signalled = True
            with suppress(RuntimeError):  # the loop has ended, and the process is about to
                self.loop.call_soon_threadsafe(handler, signum)

        self._handlers[signum] = signal.signal(signum, heard)

    def handle_sig_wait_for_completion(self, signum: Signals) -> None:
        """Drain at the first signal; at the second put back what runs, where that is not for a parent to say.

        A process manager may signal every process, and the parent hands on its own: the two are one.
        """
        if not self._is_stopping:
            self.stop(self._job_completion_wait, Signals(signum).name)
        elif not self._has_parent:
            self.stop(0, Signals(signum).name)

    def stop(self, grace: float, why: str) -> None:
        """Drain for so many seconds, and end soon afterwards, whatever the servers do; `why` is logged."""
        structlog.get_logger("counterfoil.worker").info("worker.stopping", signal=why, running=len(self.tasks))
        self._is_stopping = True
        self.drain(grace)
        # A server that hangs can hold up an orderly end for ever.
        self.cut_off.after(grace + LAST_SECONDS)

    handle_sig = handle_sig_wait_for_completion

    async def close(self, *, kept: Collection[str] = ()) -> None:
        """Take the signs of health away but of those queues that others serve; the connection is its opener's.

        Signals are the surrounding program's again.
        """
        while self._handlers:
            signal.signal(*self._handlers.popitem())
        with suppress(RedisError, OSError):
            keys = {queue: queue + health_check_key_suffix for queue in self.queues}
            keys[self.queues[0]] = self.health_check_key
            if left := [key for queue, key in keys.items() if queue not in kept]:
                await self.pool.delete(*left)
