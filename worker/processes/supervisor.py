"""The parent of several worker processes: starts them, starts again what has ended, and tells them when to stop.

It opens no connection to a server and runs no job, so that little can go wrong with it.
"""

import asyncio
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import structlog

from worker.processes.child import COMMAND, Child, start_child
from worker.processes.restarts import Restarts
from worker.stopping import CUT_OFF, LAST_SECONDS

REFUSED_TO_START = 2
"""The exit code of a process that an operator must help: wrong settings, a server that does not answer."""

PATIENCE_SECONDS = LAST_SECONDS + 5.0
"""How long after the grace time a process is killed; it should have ended itself some seconds before."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_LOG = "counterfoil.supervisor"


class Supervisor:
    """Keeps a number of processes running until SIGTERM or SIGINT.

    `grace` is how many seconds a process that stops gives its jobs, `patience` how much longer it may take before it is
    killed. `children` holds the running ones by their place.
    """

    def __init__(
        self, processes: int, grace: float, *, patience: float = PATIENCE_SECONDS, command: Sequence[str] = COMMAND
    ) -> None:
        """Prepare; nothing is started before `run`."""
        self.children: dict[int, Child] = {}
        self._processes = processes
        self._grace = grace
        self._patience = patience
        self._command = command
        self._first_is_up = asyncio.Event()
        self._stopping = asyncio.Event()
        self._code = 0

    async def run(self) -> int:
        """Run until all processes have ended, and return the exit code.

        That is 0 where they ended in order, 2 where the first could not start, 3 where one had to be cut off.
        """
        with self._signals_heard():
            await self._keep_all()
        if self._code != REFUSED_TO_START:  # of which the process has told, in one line
            structlog.get_logger(_LOG).info("supervisor.stopped", exit_code=self._code)
        return self._code

    @contextmanager
    def _signals_heard(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.stop, number)
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)

    async def _keep_all(self) -> None:
        # The first goes ahead, so that what hinders them all is said once, and not by each of them.
        places = [asyncio.create_task(self._keep(0))]
        await _either(self._first_is_up, self._stopping)
        if self._first_is_up.is_set():
            structlog.get_logger(_LOG).info("supervisor.started", processes=self._processes)
        places += [asyncio.create_task(self._keep(place)) for place in range(1, self._processes)]
        await asyncio.gather(*places)

    def stop(self, number: signal.Signals) -> None:
        """Stop the processes in order at the first signal; at the second have them put back what they run."""
        is_first = not self._stopping.is_set()
        structlog.get_logger(_LOG).info(
            "supervisor.stopping", signal=signal.Signals(number).name, processes=len(self.children), now=not is_first
        )
        self._stopping.set()
        for child in self.children.values():
            child.stop() if is_first else child.stop_now()
        grace = self._grace if is_first else 0.0
        asyncio.get_running_loop().call_later(grace + self._patience, self._kill_all)

    def _kill_all(self) -> None:
        for child in self.children.values():
            child.kill()

    async def _keep(self, place: int) -> None:
        """Have one process running in a place, one after the other, until told to stop."""
        restarts = Restarts()
        while not self._stopping.is_set():
            try:
                child = await start_child(self._command)
            except OSError as error:
                pause = restarts.pause_after(lived=0, in_order=False)
                structlog.get_logger(_LOG).error("worker.not_started", error=type(error).__name__, restart_in=pause)
            else:
                pause = await self._until_end(place, child, restarts)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stopping.wait()

    async def _until_end(self, place: int, child: Child, restarts: Restarts) -> float:
        """Wait for a process, and return after how many seconds it is to be followed by the next."""
        self.children[place] = child
        if self._stopping.is_set():  # it was told to the others while this one was being started
            child.stop()
        if await child.came_up():
            self._first_is_up.set()
        code = await child.ended()
        del self.children[place]
        if self._stopping.is_set():
            self._note_stopped(place, child, code)
            return 0
        if code == REFUSED_TO_START and not self._first_is_up.is_set():
            self._code = code
            self._stopping.set()
            return 0
        pause = restarts.pause_after(lived=child.lived, in_order=code == 0)
        if code != 0:
            how = {"place": place, "pid": child.pid, **_ending(code), "lived": round(child.lived, 1)}
            structlog.get_logger(_LOG).warning("worker.child_died", **how, restart_in=pause)
        return pause

    def _note_stopped(self, place: int, child: Child, code: int) -> None:
        """Report a process that did not end as it was told to; SIGTERM alone ends one that was still starting."""
        if code not in {0, -signal.SIGTERM}:
            structlog.get_logger(_LOG).warning("worker.child_cut_off", place=place, pid=child.pid, **_ending(code))
            self._code = CUT_OFF


def _ending(code: int) -> dict[str, int | str]:
    """Return how a process ended, as it is logged: by which signal, or with which exit code."""
    return {"signal": signal.Signals(-code).name} if code < 0 else {"exit_code": code}


async def _either(*events: asyncio.Event) -> None:
    """Return as soon as one of the events has happened."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for one in waiting:
        one.cancel()
