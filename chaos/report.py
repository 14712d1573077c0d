"""The report: what was sent, what was broken, how soon it recovered, and the verdict as the last line."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

from chaos.ledger import Ledger
from chaos.recovery import Recovery
from chaos.verdict import Fate, Verdict

SHOWN: Final = 20
"""Breaches that are printed; the others are counted."""
COLUMNS: Final = ("sent", "confirmed", "rolled back", "unclear", "failed", "sent twice")


@dataclass(frozen=True)
class Story:
    """What a run has come to. Seconds: `drain` until nothing was left to do, `slowest` from due to committed."""

    ledger: Ledger
    recoveries: Sequence[Recovery]
    verdict: Verdict
    failed_attempts: Counter[str]
    drain: float
    slowest: float
    workers_started: int
    workers_ended_alone: int


def print_report(story: Story) -> None:
    """Print the tables, every breach, and the last line."""
    console = Console(highlight=False, width=110)
    doors = [(door, *(counts.get(name, 0) for name in COLUMNS)) for door, counts in sorted(story.ledger.doors.items())]
    console.print(_table("door", COLUMNS, doors))
    faults = [(one.name, one.times, f"{one.median:.1f}", f"{one.worst:.1f}") for one in story.recoveries]
    console.print(_table("fault", ("times", "median recovery, s", "worst, s"), faults))
    fates = [(fate.value, story.verdict.fates[fate]) for fate in Fate]
    console.print(_table("job", ("number",), fates))
    console.print(_table("error of a failed attempt", ("times",), story.failed_attempts.most_common()))
    print(
        f"worker processes: {story.workers_started} started, {story.workers_ended_alone} ended by themselves; "
        f"drained in {story.drain:.1f} s; the slowest job was committed {story.slowest:.1f} s after it was due"
    )
    for line in story.verdict.breaches[:SHOWN]:
        print(f"BROKEN: {line}")
    if (more := len(story.verdict.breaches) - SHOWN) > 0:
        print(f"BROKEN: and {more} more")
    print(last_line(story))


def last_line(story: Story) -> str:
    """Return the figures in one line."""
    fates = story.verdict.fates
    worst = max((one.worst for one in story.recoveries), default=0.0)
    return (
        f"jobs: {story.verdict.jobs}, faults: {sum(one.times for one in story.recoveries)}, lost: {fates[Fate.LOST]}, "
        f"doubled: {fates[Fate.DOUBLED]}, stuck: {fates[Fate.STUCK]}, worst recovery: {worst:.1f} s"
    )


def _table(first: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    table = Table(first)
    for column in columns:
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    return table
