"""`counterfoil top`."""

import asyncio
import json
import signal
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live

from persistence.database import open_database
from worker.cli.run import run
from worker.composition import open_redis
from worker.settings import Settings, queues_of
from worker.top.draw import drawn
from worker.top.look import Frame, Look


def top(
    once: Annotated[bool, typer.Option("--once", help="print one look and end")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one look as JSON and end")] = False,
    interval: Annotated[float, typer.Option(min=0.1, max=3600, help="seconds between two looks")] = 2.0,
) -> None:
    """Watch queues and workers, until Ctrl-C."""

    async def command(settings: Settings) -> int:
        few = settings.model_copy(update={"pool_size": 1, "max_overflow": 0})
        async with open_database(few, application_name="counterfoil top") as database, open_redis(few) as redis:
            look = Look(redis, database.sessions, queues_of(settings))
            if as_json:
                print(_as_json(await look.frame()))
            elif once:
                Console(highlight=False).print(drawn(await look.frame()))
            else:
                await _watch(look, interval)
        return 0

    run(command)


async def _watch(look: Look, interval: float) -> None:
    """Draw until a signal; where there is no terminal, one look below the other."""
    console = Console(highlight=False)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):  # not an exception: the terminal is to be left as it was
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    with ExitStack() as stack:
        show: Callable[..., Any] = console.print
        if console.is_terminal:
            live = stack.enter_context(Live(console=console, screen=True, auto_refresh=False))
            show = partial(live.update, refresh=True)
        while not stopped.is_set():
            show(drawn(await look.frame()))
            with suppress(TimeoutError):
                async with asyncio.timeout(interval):
                    await stopped.wait()


def _as_json(frame: Frame) -> str:
    return json.dumps({**asdict(frame), "at": frame.at.isoformat()})
