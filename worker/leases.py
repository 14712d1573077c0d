"""Leases: the right to run a job for some seconds, renewed by a thread, so that a handler may block the loop."""

import asyncio
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import structlog
from redis import Redis

RENEWALS = 3
"""Renewals in the time of one lease: two may be late before a live job is taken over."""

_RENEW = Path(__file__).with_name("renew.lua").read_text(encoding="utf-8")


class Leases:
    """The jobs that this process holds, under the name `holder`; each lease lasts so many seconds.

    The thread has a Redis connection of its own. It ends with `stop`, and with the process.
    """

    def __init__(self, redis_url: str, holder: str, seconds: float) -> None:
        """Take what is needed; nothing is connected before `start`."""
        self.holder = holder
        self.seconds = seconds
        self._url = redis_url
        self._held: dict[str, tuple[str, str]] = {}
        self._stopped = threading.Event()
        self._between = threading.Event()
        self._between.set()
        self._thread: threading.Thread | None = None

    def hold(self, job_id: str, queue: str, counted_in: str = "") -> None:
        """Renew the lease of a claimed job from now on, and its place in the sets (a line each) that count it."""
        self._held[job_id] = queue, counted_in

    @property
    def held(self) -> int:
        """How many jobs this process holds."""
        return len(self._held)

    def queues(self) -> list[str]:
        """Return the queue of each job that this process holds."""
        return [queue for queue, _ in self._held.values()]

    async def let_go(self, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Renew these leases no more, and return where each was held, once no renewal of them is under way.

        One that reached Redis after the job's end would hold a job that is over, and its place under a limit, for the
        time of a lease.
        """
        let_go = {job_id: where for job_id in ids if (where := self._held.pop(job_id, None))}
        if not self._between.is_set():
            await asyncio.to_thread(self._between.wait)
        return let_go

    def hold_again(self, let_go: Mapping[str, tuple[str, str]]) -> None:
        """Renew what was let go, where it has not been claimed anew."""
        for job_id, where in let_go.items():
            self._held.setdefault(job_id, where)

    def start(self) -> None:
        """Start the thread."""
        self._stopped.clear()
        self._thread = threading.Thread(target=self._renew_always, name="leases", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what is still held runs out."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=self.seconds)

    def _renew_always(self) -> None:
        wait = self.seconds / RENEWALS
        # A Redis that hangs must not hold up the next renewal for longer than a renewal may be late.
        redis: Any = Redis.from_url(self._url, socket_timeout=wait, socket_connect_timeout=wait)
        with redis:
            renew = redis.register_script(_RENEW)
            while not self._stopped.wait(wait):
                self._between.clear()  # before it is looked at what is held: see `let_go`
                try:
                    self._renew(renew)
                except Exception as error:  # noqa: BLE001 - without this thread, live jobs would be taken over
                    structlog.get_logger("counterfoil.lease").warning("lease.not_renewed", error=type(error).__name__)
                finally:
                    self._between.set()

    def _renew(self, renew: Any) -> None:  # noqa: ANN401 - redis-py's script
        held = list(self._held.items())
        if not held:
            return
        words = (word for job_id, where in held for word in (job_id, *where))
        lost = renew(args=[self.holder, int(self.seconds * 1000), *words])
        for job_id in lost:
            self._held.pop(job_id.decode(), None)
            structlog.get_logger("counterfoil.lease").warning("lease.lost", job_id=job_id.decode())
