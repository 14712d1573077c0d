"""`counterfoil worker` with a meter round two of its functions: `update`, and a bare coroutine that does nothing.

Usage: `python -m benchmarks.ours.worker DRAIN ANSWER`, with the environment of `counterfoil worker`. It waits for the
word `start`; afterwards, `report` is answered with what the meter shows.
"""

import sys
from collections.abc import Awaitable, Callable
from threading import Thread
from typing import Any

from arq.worker import Function

import worker.process
from benchmarks.lines import heard, say
from benchmarks.meter import Meter
from benchmarks.ours.payload import number_of
from worker.cli.main import main
from worker.engine import Engine
from worker.functions import named

Coroutine = Callable[..., Awaitable[Any]]


async def noop(_: dict[Any, Any]) -> None:
    """Do nothing: what is left is the engine."""


def metered(coroutine: Coroutine, meter: Meter) -> Coroutine:
    """Return the coroutine of an arq function, with its begin and its end noted."""

    async def run(ctx: dict[Any, Any], /, **arguments: Any) -> Any:  # noqa: ANN401 - as arq calls it
        meter.begin()
        result = await coroutine(ctx, **arguments)
        meter.end(number_of(ctx["job_id"]))
        return result

    return run


async def up(ctx: dict[Any, Any]) -> None:  # noqa: ARG001 - as arq calls it
    """Say that the worker works."""
    say("up")


def equip(engine: Engine, meter: Meter) -> Engine:
    """Put the meter on a worker that is built."""
    update = engine.functions["update"]
    if not isinstance(update, Function):
        raise TypeError("update is a cron job")
    engine.functions["update"] = named(metered(update.coroutine, meter), "update", update.timeout_s)
    engine.functions["noop"] = named(metered(noop, meter), "noop")

    engine.on_startup = up
    return engine


def answer_reports(meter: Meter) -> None:
    """Answer the parent for as long as it asks."""
    while heard("report"):
        meter.report("report")


def run(drain: int, answer: int) -> None:
    """Run the worker until it is killed."""
    meter = Meter(drain, answer)
    build = worker.process.build_worker

    def build_metered(*given: Any, **named: Any) -> Engine:  # noqa: ANN401 - as build_worker takes them
        return equip(build(*given, **named), meter)

    worker.process.build_worker = build_metered
    say("ready")
    if heard("start"):
        Thread(target=answer_reports, args=(meter,), daemon=True).start()
        sys.argv = ["counterfoil", "worker"]
        main()


if __name__ == "__main__":
    run(*map(int, sys.argv[1:]))
