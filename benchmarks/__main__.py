"""`python -m benchmarks`: measure, print targets and tables, keep the raw results."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.report import print_report
from benchmarks.results import keep
from benchmarks.run import PARTS, run

REPETITIONS = 5
QUICK_REPETITIONS = 1


def bench(
    only: Annotated[str, typer.Option(help=f"parts, separated by commas: {', '.join(PARTS)}")] = "",
    repetitions: Annotated[int | None, typer.Option(min=1, help="by default 5, or 1 with --quick")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="small numbers: that it works, not how fast")] = False,  # noqa: FBT002 - a flag
    results: Annotated[Path | None, typer.Option(help="a file for the raw results, in JSON")] = None,
) -> None:
    """Measure Counterfoil beside its peers and beside the limit."""
    parts = frozenset(part.strip() for part in only.split(",") if part.strip()) or frozenset(PARTS)
    if strange := sorted(parts - set(PARTS)):
        raise typer.BadParameter(f"{strange[0]!r} is no part; known: {', '.join(PARTS)}", param_hint="--only")
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    times = repetitions or (QUICK_REPETITIONS if quick else REPETITIONS)
    try:
        story = asyncio.run(run(parts, times, quick=quick, say=lambda line: print(line, flush=True)))
    except KeyboardInterrupt:
        sys.exit(130)
    print_report(story)
    if results is not None:
        keep(story, results)


if __name__ == "__main__":
    typer.run(bench)
