"""A progress bar on standard error, where that is a terminal."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from worker.importing.tally import Tally

TICK_SECONDS = 0.1


@asynccontextmanager
async def progress_shown(tally: Tally, size: int | None) -> AsyncIterator[Callable[[str], None]]:
    """Show how much of `size` bytes (None: unknown) is read, how many rows, and how fast; yield a way to say a line.

    Off a terminal nothing is shown but the lines that are said.
    """
    console = Console(stderr=True, highlight=False, markup=False)
    say = partial(console.print, soft_wrap=True)
    if not console.is_terminal:
        yield say
        return
    columns = (BarColumn(), DownloadColumn(), TextColumn("{task.fields[rows]}"), TimeElapsedColumn())
    with Progress(*columns, console=console, auto_refresh=False, transient=True) as progress:
        bar = progress.add_task("import", total=size, rows="")
        ticking = asyncio.create_task(_tick(progress, bar, tally))
        try:
            yield say
        finally:
            ticking.cancel()


async def _tick(progress: Progress, bar: TaskID, tally: Tally) -> None:
    while True:
        rate = (tally.read - tally.unsent - tally.waiting) / max(tally.seconds(), TICK_SECONDS)
        rows = f"{tally.read:,} rows, {rate:,.0f}/s"
        if tally.refused:
            rows += f", {tally.refused:,} refused"
        progress.update(bar, completed=tally.position, rows=rows, refresh=True)
        await asyncio.sleep(TICK_SECONDS)
