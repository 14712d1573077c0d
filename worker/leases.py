"""Leases: the right to run a job for some seconds, renewed by a thread, so that a handler may block the loop."""

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import structlog
from redis import Redis

RENEWALS = 3
"""Renewals in the time of one lease: two may be late before a live job is taken over."""

Held = dict[str, tuple[str, str]]
"""Queue and counting sets of what is held, by id."""

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
        self._held: Held = {}
        self._stopped = threading.Event()
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

    def let_go(self, ids: Iterable[str]) -> Held:
        """Renew these leases no more, and return those that were held: before they are acknowledged, not afterwards.

        A job that is put back may be claimed here again before the answer has come: that lease is another one.
        """
        return {job_id: where for job_id in ids if (where := self._held.pop(job_id, None))}

    def hold_again(self, let_go: Held) -> None:
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
            renew = self.script(redis)
            while not self._stopped.wait(wait):
                self.renew(renew)

    @staticmethod
    def script(redis: Any) -> Any:  # noqa: ANN401 - redis-py's connection and script
        """Return the script that renews, on a connection of the thread's own."""
        return redis.register_script(_RENEW)

    def renew(self, renew: Any) -> None:  # noqa: ANN401 - redis-py's script
        """Renew once whatever is held."""
        held = dict(self._held)
        if not held:
            return
        try:
            lost, gone = self._told(renew, held, anew=False)
            # Not those that were let go meanwhile: a lease that nobody holds would keep the next delivery waiting.
            if still := {job_id: held[job_id] for job_id in gone if job_id in self._held}:
                lost += self._told(renew, still, anew=True)[0]
        except Exception as error:  # noqa: BLE001 - whatever it is, the next renewal is due
            structlog.get_logger("counterfoil.lease").warning("lease.not_renewed", error=type(error).__name__)
            return
        for job_id in lost:
            if self._held.get(job_id) is held[job_id]:  # and not claimed again since
                del self._held[job_id]
            structlog.get_logger("counterfoil.lease").warning("lease.lost", job_id=job_id)

    def _told(self, renew: Any, held: Held, *, anew: bool) -> tuple[list[str], list[str]]:  # noqa: ANN401
        """Renew, and return the ids of leases that are another worker's by now, and of those that are gone."""
        words = (word for job_id, where in held.items() for word in (job_id, *where))
        lost, gone = renew(args=[self.holder, int(self.seconds * 1000), int(anew), *words])
        return [job_id.decode() for job_id in lost], [job_id.decode() for job_id in gone]
