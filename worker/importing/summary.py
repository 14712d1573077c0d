"""What an import came to, for a person and for a program."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from rich.table import Table

from domain.reject import Reject

SHOWN = 20
"""How many refused rows a person is shown."""

KEPT = 1_000
"""How many refusals the JSON names; `counterfoil rejects` names all."""

COUNTS = ("inserted", "updated", "skipped", "refused")
"""What a job's result says of its rows."""


class Ending(Enum):
    """How an import came to its end."""

    DONE = "done"
    DRY_RUN = "dry run"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(slots=True)
class Summary:
    """Counts of rows by what became of them, in one job or in several."""

    jobs: list[str] = field(default_factory=list)
    done_before: int = 0
    """How many of them an earlier run of the import had done."""
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    related: int = 0
    """How many related rows were created beside those that were inserted."""
    rejects: list[Reject] = field(default_factory=list)
    refusing: list[str] = field(default_factory=list)
    """The jobs that have refused rows."""
    not_sent_from: int | None = None
    """The first line that no job has, of a file that is sent in parts; None: all are sent."""
    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)

    @property
    def read(self) -> int:
        """The rows that a job has accounted for."""
        return sum(self.counts.values())

    def add(self, result: dict[str, Any]) -> None:
        """Count what a job's result says."""
        for name in COUNTS:
            self.counts[name] += result.get(name, 0)
        self.counts["inserted"] -= result.get("related", 0)
        self.related += result.get("related", 0)
        self.notes += [note for note in result.get("notes", ()) if note not in self.notes]
        self.changes += result.get("changes", ())

    def as_json(self, ending: Ending) -> str:
        """Return the counts, and up to 1,000 refusals with line, field and reason, as a JSON object on one line."""
        refusals = [{"line": one.line, "field": one.field, "reason": one.reason} for one in self.rejects[:KEPT]]
        seconds = round(time.perf_counter() - self.started, 3)
        parts = {"done_before": self.done_before, "not_sent_from": self.not_sent_from}
        jobs = {"related": self.related, "jobs": self.jobs, **parts}
        found = {"read": self.read, **self.counts, **jobs, "seconds": seconds, "ending": ending.value}
        more = {"notes": self.notes, "failures": self.failures, "changes": self.changes, "refusals": refusals}
        return json.dumps({**found, **more})

    def table(self) -> Table:
        """Return the counts as a small table."""
        table = Table(show_header=False)
        table.add_column()
        table.add_column(justify="right")
        table.add_row("rows read", f"{self.read:,}")
        for name in COUNTS:
            table.add_row(name, f"{self.counts[name]:,}")
        if self.related:
            table.add_row("related rows created", f"{self.related:,}")
        table.add_row("jobs", f"{len(self.jobs):,}" if len(self.jobs) != 1 else self.jobs[0])
        if self.done_before:
            table.add_row("done before", f"{self.done_before:,}")
        table.add_row("seconds", f"{time.perf_counter() - self.started:.2f}")
        return table

    def remarks(self, ending: Ending) -> list[str]:
        """Return the lines below the table: refused rows, and what else a person should know."""
        found = _told(self.rejects)
        lines = len({one.line for one in self.rejects})
        # A job that stopped at its refused rows counts none: nothing of it is written.
        if more := max(self.counts["refused"], lines) - min(lines, SHOWN):
            found.append(f"and {more:,} more refused rows")
        found += [f"to correct them: counterfoil rejects {job} --csv > rejects.csv" for job in self.refusing[:SHOWN]]
        if len(self.refusing) > SHOWN:
            found.append(f"and in {len(self.refusing) - SHOWN:,} more jobs; --json names all that were sent")
        found += [f"note: {note}" for note in self.notes]
        found += [f"failed: {failure}" for failure in self.failures]
        if ending is Ending.DRY_RUN:
            found += [f"would {_change(change)}" for change in self.changes]
            found.append("dry run: everything was done, and taken back")
        if ending is Ending.INTERRUPTED:
            found += [f"not waited for: counterfoil job {job} --follow" for job in self.jobs[-1:]]
            if not self.jobs:
                found.append("nothing was sent")
        if self.not_sent_from is not None:
            found.append(
                f"not sent: line {self.not_sent_from:,} and what follows; the same command again goes on there"
            )
        return found


def _told(rejects: Sequence[Reject]) -> list[str]:
    lines = set(list(dict.fromkeys(one.line for one in rejects))[:SHOWN])
    shown = (one for one in rejects if one.line in lines)
    return [f"line {one.line}: {f'{one.field}: ' if one.field else ''}{one.reason}" for one in shown]


def _change(change: dict[str, Any]) -> str:
    before, after = change["before"], change["after"]
    image = _json(after)
    if before and after:
        image = ", ".join(f"{name} {_json(before.get(name))} -> {_json(value)}" for name, value in after.items())
    return f"{change['action']} {change['entity']} {change['id']}: {image[:160]}{'…' if len(image) > 160 else ''}"  # noqa: PLR2004


def _json(value: Any) -> str:  # noqa: ANN401 - a JSON value
    return json.dumps(value, ensure_ascii=False)
