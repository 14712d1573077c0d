"""`python -m chaos`: run it, print the report, exit with 1 when a promise was broken."""

import asyncio
import secrets
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from chaos.report import print_report
from chaos.run import Plan, run


def chaos(
    minutes: Annotated[float, typer.Option(min=0.1, help="how long faults are made")] = 2.0,
    seed: Annotated[int | None, typer.Option(help="of producers and faults; by default a new one")] = None,
    workers: Annotated[int, typer.Option(min=2, help="worker processes")] = 3,
    rate: Annotated[float, typer.Option(min=1, help="jobs a second, while the servers answer")] = 60.0,
    logs: Annotated[Path | None, typer.Option(help="a folder that keeps the workers' logs")] = None,
) -> None:
    """Send jobs through all doors while workers and servers are killed, and judge the effect of each job."""
    plan = Plan(minutes * 60, secrets.randbelow(10_000) if seed is None else seed, workers, rate)
    print(f"chaos: {plan.seconds:.0f} s, seed {plan.seed}, {workers} workers, {rate:g} jobs/s", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        story = asyncio.run(run(plan, logs))
    except KeyboardInterrupt:
        sys.exit(130)
    print_report(story)
    sys.exit(1 if story.verdict.breaches else 0)


if __name__ == "__main__":
    typer.run(chaos)
