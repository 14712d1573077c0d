"""How long a worker may take to stop, how it tells that it was not let, and whether it is a stop that cancels a job."""

import asyncio
import os
import threading

LAST_SECONDS = 15.0
"""How long after the grace time a worker may take to say good-bye to its servers."""

CUT_OFF = 3
"""The exit code of a worker that could not end in order: its servers, or a handler, did not let it."""


class CutOff:
    """The end of this process after some seconds, by a thread: a loop that is blocked hears nobody, and no timer.

    What is cut off is delivered again.
    """

    def __init__(self) -> None:
        """Begin without an end."""
        self._timer: threading.Timer | None = None

    def after(self, seconds: float) -> None:
        """End the process after so many seconds, unless it has ended, and no longer when it was told before."""
        self.call_off()
        self._timer = threading.Timer(seconds, os._exit, (CUT_OFF,))
        self._timer.daemon = True
        self._timer.start()

    def call_off(self) -> None:
        """Let the process live."""
        if self._timer is not None:
            self._timer.cancel()


class CancelledWithin(RuntimeError):
    """A job waited for what was cancelled, and nobody had cancelled the job: a failed attempt, and no stop."""

    def __str__(self) -> str:
        """Say so."""
        return "something that the job waited for was cancelled, though nobody has stopped the job"


class RaisedAnEnd(RuntimeError):
    """A job raised what is no `Exception`, such as SystemExit, which ends a program: a failed attempt, and no end."""

    def __init__(self, raised: BaseException) -> None:
        """Take what was raised; its class is told."""
        super().__init__(type(raised).__name__)

    def __str__(self) -> str:
        """Say so."""
        return f"the job raised {self.args[0]}, which is for ending a program; raise an ordinary exception"


def as_exception(raised: BaseException) -> Exception:
    """Return what a job has raised, in place of what would end the program an error that says so."""
    return raised if isinstance(raised, Exception) else RaisedAnEnd(raised)


def is_cancelled() -> bool:
    """Tell whether somebody has cancelled the running task: by a stop, an abort or a time-out."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
