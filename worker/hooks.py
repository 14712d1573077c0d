"""arq's hooks, a team's own coroutines around jobs: what they raise is logged, and ends neither job nor worker."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from worker.arq_context import Context

Hook = Callable[[Context], Awaitable[None]] | None


async def call_hook(hook: Hook, ctx: Context) -> None:
    """Call a hook where there is one; raises nothing but a cancellation."""
    if hook is None:
        return
    try:
        await hook(ctx)
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever a team's hook raises, SystemExit too, the worker lives on
        structlog.get_logger("counterfoil.engine").error("hook.failed", error=type(error).__name__)


class AfterJobs:
    """Calls the hook `after_job_end` for jobs whose results are recorded; no slot of the worker is held meanwhile."""

    def __init__(self, hook: Hook) -> None:
        """Take the hook."""
        self._hook = hook
        self._called: set[asyncio.Task[None]] = set()

    def call(self, ctx: Context | None) -> None:
        """Call the hook in a task of its own; a job whose function was not called (no context) has none."""
        if self._hook is None or ctx is None:
            return
        task = asyncio.create_task(call_hook(self._hook, ctx))
        self._called.add(task)
        task.add_done_callback(self._called.discard)

    async def ended(self, seconds: float) -> None:
        """Return when all have ended, or after so many seconds."""
        if self._called:
            await asyncio.wait(self._called, timeout=seconds)
