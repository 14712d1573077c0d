"""What an import came to, for a person and for a program."""

import json
from enum import Enum

from rich.table import Table

from worker.importing.tally import Tally

SHOWN = 20
"""How many refused rows a person is shown."""


LABELS = {
    "read": "rows read",
    "inserted": "inserted",
    "updated": "updated",
    "skipped": "skipped",
    "duplicates": "duplicates",
    "refused": "refused",
    "waiting": "not answered",
    "unsent": "fit, not sent",
    "jobs": "jobs",
}
"""The counts of a tally, in the order in which people read them."""

RARE = {"waiting", "unsent"}


class Ending(Enum):
    """How an import came to its end."""

    DONE = "done"
    DRY_RUN = "dry run"
    INTERRUPTED = "interrupted"
    BROKEN_OFF = "broken off"


def summary_json(tally: Tally, ending: Ending) -> str:
    """Return the counts, and up to 1,000 refusals with line, field and reason, as a JSON object on one line."""
    counts = {name: getattr(tally, name) for name in LABELS}
    refusals = [{"line": one.line, "field": one.field, "reason": one.reason} for one in tally.refusals()]
    found = {**counts, "seconds": round(tally.seconds(), 3), "ending": ending.value, "notes": tally.notes}
    return json.dumps({**found, "refusals": refusals})


def summary_table(tally: Tally) -> Table:
    """Return the counts as a small table; what is rare is left out where it is 0."""
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, label in LABELS.items():
        value = getattr(tally, name)
        if value or name not in RARE:
            table.add_row(label, f"{value:,}")
    table.add_row("seconds", f"{tally.seconds():.2f}")
    return table


def remarks(tally: Tally, ending: Ending) -> list[str]:
    """Return the lines below the table: refused rows, and what else a person should know."""
    refusals = tally.refusals()
    lines = list(dict.fromkeys(refusal.line for refusal in refusals))[:SHOWN]
    found = [
        f"line {one.line}: {f'{one.field}: ' if one.field else ''}{one.reason}" for one in refusals if one.line in lines
    ]
    if (more := tally.refused - len(lines)) > 0:
        found.append(f"and {more:,} more refused rows; --json names up to 1,000 reasons")
    found += [f"note: {note}" for note in tally.notes]
    if ending is Ending.DRY_RUN:
        found.append("dry run: nothing was sent, and the rules of the database were not checked")
    if tally.waiting:
        found.append(f"{tally.waiting:,} rows are in jobs that were sent and not yet answered; a worker will run them")
    return found
