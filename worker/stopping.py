"""How long a worker may take to stop, how it tells that it was not let, and whether it is a stop that cancels a job."""

import asyncio

LAST_SECONDS = 15.0
"""How long after the grace time a worker may take to say good-bye to its servers."""

CUT_OFF = 3
"""The exit code of a worker that could not end in order: its servers, or a handler, did not let it."""


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
