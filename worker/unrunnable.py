"""Deliveries that no worker, or not this one, can run, as functions of arq's: they are kept, and waited with."""

import asyncio
from collections.abc import Awaitable
from typing import Any, NoReturn

import structlog
from arq.cron import CronJob
from arq.worker import Function

from domain.errors import InvalidCommand, JobIdTaken
from domain.job import UNREADABLE
from worker.arq_context import ENGINE_KEY, Context, abort_again, delivery_of, handed_back, logged
from worker.execution import RECORD_SECONDS
from worker.functions import named
from worker.observer import End, Observer
from worker.resting import Resting
from worker.running import KeepsAborts
from worker.wire import raw_payload, refusal

NAME_SHOWN = 200
"""Characters of an unknown job's name in a log line: a sender may make it as long as a payload."""

UNKNOWN_DELAY = 30.0
"""Seconds after which a job whose name this worker does not know is delivered again, perhaps to one that does."""

_LOG = "counterfoil.job"


class FunctionTable(dict[str, Function | CronJob]):
    """arq's table of functions, in which a job of an unknown name waits for a worker that knows it."""

    def __init__(self, known: dict[str, Function | CronJob], resting: Resting, observer: Observer) -> None:
        """Take the known functions, what keeps the unknown ones, and who observes."""
        super().__init__(known)
        self._resting = resting
        self._observer = observer

    def __missing__(self, name: str) -> Function:
        """Return a function that keeps the job, and hands it back."""

        async def wait(ctx: Context, /, *positional: Any, **arguments: Any) -> NoReturn:  # noqa: ANN401 - as sent
            delivery = delivery_of(ctx, positional, arguments)
            structlog.get_logger(_LOG).warning("job.unknown", job=name[:NAME_SHOWN], **logged(delivery))
            try:
                await _kept(ctx, self._resting.keep_unknown(name, delivery))
            except asyncio.CancelledError:
                if ctx.get(ENGINE_KEY, bool)():
                    await asyncio.shield(_aborted(ctx, self._resting.cancel_unknown(name, delivery)))
                raise
            self._observer.handed_back(name)
            raise await handed_back(ctx, UNKNOWN_DELAY)

        return KeepsAborts(**vars(named(wait, name)))


def unreadable_function(resting: Resting, observer: Observer) -> Function:
    """Return the function for payloads that cannot be read: each is kept as a dead job, and refused."""

    async def unreadable(ctx: Context, /, *positional: Any, **found: Any) -> NoReturn:  # noqa: ANN401 - of wire
        error = refusal(found)
        delivery = delivery_of(ctx, positional, {"base64": found.get("base64")})
        structlog.get_logger(_LOG).warning(
            "job.refused", job=UNREADABLE, error=type(error).__name__, **logged(delivery)
        )
        await _kept(ctx, resting.keep_unreadable(delivery, raw_payload(found), error))
        observer.ended(UNREADABLE, End.DEAD)
        raise error

    return named(unreadable, UNREADABLE)


async def _aborted(ctx: Context, keeping: Awaitable[None]) -> None:
    """Wait until an abort is kept, or have the next delivery find it while the database is away."""
    try:
        async with asyncio.timeout(RECORD_SECONDS):
            await keeping
    except (InvalidCommand, JobIdTaken):
        return
    except Exception as error:
        structlog.get_logger(_LOG).warning("job.not_kept", error=type(error).__name__)
        await abort_again(ctx)
        raise await handed_back(ctx, UNKNOWN_DELAY) from error


async def _kept(ctx: Context, keeping: Awaitable[None]) -> None:
    """Wait until a job that cannot be run is kept, or hand it back while the database is away: arq would delete it."""
    try:
        async with asyncio.timeout(RECORD_SECONDS):
            await keeping
    except InvalidCommand:
        raise
    except Exception as error:
        structlog.get_logger(_LOG).warning("job.not_kept", error=type(error).__name__)
        raise await handed_back(ctx, UNKNOWN_DELAY) from error
