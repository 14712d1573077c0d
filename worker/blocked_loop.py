"""Finds out who blocks the event loop: nothing else that this process runs gets on meanwhile."""

import asyncio
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from contextvars import copy_context

import structlog

BLOCKED_SECONDS = 1.0
"""How long the loop may not turn before somebody is told.

Leases outlive it, because a thread renews them; but every other job of the process waits so long, and new ones too.
A busy machine, or a collection of garbage, keeps a loop for tenths of a second.
"""

LOOKS = 4
"""How often the loop is asked in that time: the duration that is told is short by a part of it at most."""

FRAMES = 8
"""How many calls of the stack are told, from the innermost outwards."""

_LOG = "counterfoil.loop"


class Watchdog:
    """A thread that asks the loop to answer, and tells which job has it when it does not.

    `tasks` are the running jobs by their id; a task is called after its job.
    """

    def __init__(self, tasks: Mapping[str, "asyncio.Task[None]"], seconds: float = BLOCKED_SECONDS) -> None:
        """Take what to watch; nothing is started before `start`."""
        self._tasks = tasks
        self._seconds = seconds
        self._stopped = threading.Event()

    def start(self) -> None:
        """Watch the loop that runs in this thread."""
        # In this context, so that its lines bear what ours do.
        watch = (self._watch, asyncio.get_running_loop(), threading.get_ident())
        threading.Thread(target=copy_context().run, args=watch, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Watch no longer."""
        # Without a join: the thread may wait for this very loop.
        self._stopped.set()

    def _watch(self, loop: asyncio.AbstractEventLoop, thread: int) -> None:
        pause = self._seconds / LOOKS
        while not self._stopped.wait(pause):
            if not self._tasks:  # a worker at rest is let rest
                continue
            answered, asked, worked = threading.Event(), time.monotonic(), time.process_time()
            try:
                loop.call_soon_threadsafe(answered.set)
            except RuntimeError:  # it is closed
                return
            if answered.wait(self._seconds) or self._stopped.is_set():
                continue
            if was_paused(time.monotonic() - asked, time.process_time() - worked, self._seconds):
                continue
            culprit = self._culprit(loop)
            structlog.get_logger(_LOG).warning("loop.blocked", **culprit, stack=_stack(thread))
            while not answered.wait(pause) and not self._stopped.is_set():
                pass
            structlog.get_logger(_LOG).warning("loop.unblocked", **culprit, seconds=round(time.monotonic() - asked, 1))

    def _culprit(self, loop: asyncio.AbstractEventLoop) -> dict[str, str | None]:
        """Return the job whose task the loop is in; where it is in another one, that one's name."""
        current = asyncio.current_task(loop)
        name = current.get_name() if current is not None else None
        for job_id, task in list(self._tasks.items()):
            if task is current:
                return {"job": name, "job_id": job_id}
        return {"task": name}


def was_paused(passed: float, worked: float, seconds: float) -> bool:
    """Tell whether the whole process was stopped, and not its loop: the wait took far longer than it should.

    Code that keeps every thread waiting, such as a regular expression, does so too, but uses the processor meanwhile.
    """
    return passed > 2 * seconds and worked < passed / 2


def _stack(thread: int) -> str:
    """Return the innermost calls of a thread, without any values."""
    frame = sys._current_frames().get(thread)  # noqa: SLF001 - the only way to look at another thread
    return "".join(traceback.format_stack(frame, limit=FRAMES)) if frame is not None else ""
