"""`python -m benchmarks`: measure, print the report, keep raw results and chart."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks.child import HOME
from benchmarks.contenders import ENVIRONMENTS
from benchmarks.report import print_report, write_report
from benchmarks.results import keep
from benchmarks.run import PARTS, Story, run

REPETITIONS: Final = 5
QUICK_REPETITIONS: Final = 1
CHART: Final = HOME / "docs" / "benchmarks.png"
DRAFTS: Final = HOME / ".counterfoil" / "benchmarks"
"""Where the results of runs go that are not to be kept in the repository."""


def bench(
    only: Annotated[str, typer.Option(help=f"parts, separated by commas: {', '.join(PARTS)}")] = "",
    repetitions: Annotated[int | None, typer.Option(min=1, help="by default 5, or 1 with --quick")] = None,
    sizes: Annotated[str, typer.Option(help="rows of the files that `bulk` loads, separated by commas")] = "",
    quick: Annotated[bool, typer.Option("--quick", help="small numbers: that it works, not how fast")] = False,  # noqa: FBT002 - a flag
    write: Annotated[bool, typer.Option("--write", help="into README, docs and benchmarks/results")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Measure Counterfoil beside its peers and beside the limit."""
    parts = frozenset(part.strip() for part in only.split(",") if part.strip()) or frozenset(PARTS)
    if strange := sorted(parts - set(PARTS)):
        raise typer.BadParameter(f"{strange[0]!r} is no part; known: {', '.join(PARTS)}", param_hint="--only")
    if write and (quick or sizes or parts != frozenset(PARTS)):
        raise typer.BadParameter(
            "the README shows whole runs: leave out --only, --sizes, --quick", param_hint="--write"
        )
    times = repetitions or (QUICK_REPETITIONS if quick else REPETITIONS)
    rows = _sizes(sizes)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background of a shell ignores Ctrl-C
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        story = asyncio.run(run(parts, times, quick=quick, say=lambda line: print(line, flush=True), sizes=rows))
    except KeyboardInterrupt:
        sys.exit(130)
    print_report(story)
    if write:
        keep_all(story, HOME / "benchmarks" / "results" / f"{story.began:%Y-%m-%d}.json", CHART)
        write_report(story, HOME / "README.md", CHART)
    else:
        draft = DRAFTS / f"{story.began:%Y-%m-%dT%H%M%S}.json"
        keep_all(story, draft, draft.with_suffix(".png"))


def keep_all(story: Story, results: Path, chart: Path) -> None:
    """Keep the raw results, and the chart where its environment is installed."""
    keep(story, results)
    print(f"raw results: {results}")
    python = ENVIRONMENTS / "chart" / "bin" / "python"
    command = [str(python), "-m", "benchmarks.chart", str(results), str(chart)]
    if python.exists() and subprocess.run(command, cwd=HOME, check=False).returncode == 0:
        print(f"chart: {chart}")
    else:
        print("no chart: `make bench` makes the environment that draws it", file=sys.stderr)


def _sizes(told: str) -> tuple[int, ...]:
    sizes = tuple(part.strip() for part in told.split(",") if part.strip())
    if strange := [size for size in sizes if not size.isdecimal() or not int(size)]:
        raise typer.BadParameter(f"{strange[0]!r} is no number of rows, such as 100000", param_hint="--sizes")
    return tuple(map(int, sizes))


if __name__ == "__main__":
    typer.run(bench)
