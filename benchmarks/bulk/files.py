"""The files that are loaded, and the rows that are sent within a job's arguments: tasks of a thousand projects."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from domain.commands import Row

COLUMNS: Final = ("key", "title", "description", "status", "priority", "project_id")
PROJECTS: Final = 1_000
UNKNOWN: Final = "unheard-of"
"""A status that no task has: the row that says it is refused."""


def task_file(folder: Path, rows: int, *, refused: int = 0) -> Path:
    """Return a CSV file of so many tasks, made on first use; so many of them, spread evenly, have an unknown status."""
    strange = spread(rows, refused)
    lines = (_task(number, UNKNOWN if number in strange else "doing") for number in range(rows))
    return _written(folder / f"tasks-{rows}-{refused}.csv", COLUMNS, lines)


def change_file(folder: Path, rows: int) -> Path:
    """Return a CSV file that gives each of so many tasks another title and another status."""
    lines = ((key_of(number), f"Title {number} of the file", "done") for number in range(rows))
    return _written(folder / f"changes-{rows}.csv", ("key", "title", "status"), lines)


def inline_rows(begin: int, rows: int) -> list[Row]:
    """Return so many tasks, from number `begin` on, as a job's arguments have them."""
    return [dict(zip(COLUMNS, _task(number, "doing"), strict=True)) for number in range(begin, begin + rows)]


def key_of(number: int) -> str:
    """Return the natural key of task `number`."""
    return f"k{number}"


def spread(rows: int, count: int) -> frozenset[int]:
    """Return the numbers of `count` rows that lie evenly among so many."""
    return frozenset((2 * one + 1) * rows // (2 * count) for one in range(count))


def _task(number: int, status: str) -> tuple[str | int, ...]:
    description = f"a description of some length for the row {number}, as people write"
    project_id = number % PROJECTS + 1
    return key_of(number), f"Task number {number} of the file", description, status, "high", project_id


def _written(path: Path, header: Sequence[str], lines: Iterable[Sequence[object]]) -> Path:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(lines)
    return path
