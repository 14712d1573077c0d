"""Fates of rows, run-length coded: of most batches all rows were inserted, with one id after the other."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import NamedTuple

from domain.reject import Fate, RowFate


class RowRun(NamedTuple):
    """Rows of one fate at `length` consecutive lines; their ids follow each other too, unless none of them has one."""

    line: int
    length: int
    fate: Fate
    id: int | None


def run_of(fate: Fate, lines: Sequence[int], ids: Sequence[int] | None = None) -> list[RowRun]:
    """Return rows of one fate, in rising lines with rising ids or none, as the fewest runs."""
    if not lines:
        return []
    steps = len(lines) - 1
    if lines[-1] - lines[0] == steps and (ids is None or ids[-1] - ids[0] == steps):
        return [RowRun(lines[0], len(lines), fate, None if ids is None else ids[0])]
    return runs_of(list(map(RowFate, lines, repeat(fate), repeat(None) if ids is None else ids)))


def joined(runs: Iterable[RowRun]) -> list[RowRun]:
    """Return the runs in the order of their lines, those that go on where another ends as one with it."""
    found: list[RowRun] = []
    for run in sorted(runs):
        last = found[-1] if found else None
        if last is not None and last.fate is run.fate and last.line + last.length == run.line and _goes_on(last, run):
            found[-1] = last._replace(length=last.length + run.length)
        else:
            found.append(run)
    return found


def _goes_on(before: RowRun, run: RowRun) -> bool:
    return run.id is None if before.id is None else run.id == before.id + before.length


def runs_of(fates: Sequence[RowFate]) -> list[RowRun]:
    """Return the fates as the fewest runs in their order."""
    starts: list[int] = []
    next_line, next_id, kind = None, None, None
    for index, (line, fate, row_id) in enumerate(fates):
        if line != next_line or fate != kind or row_id != next_id:
            starts.append(index)
            kind = fate
        next_line, next_id = line + 1, None if row_id is None else row_id + 1
    ends = [*starts, len(fates)][1:]
    return [RowRun(fates[start].line, end - start, *fates[start][1:]) for start, end in zip(starts, ends, strict=True)]


def fates_of(runs: Iterable[RowRun]) -> Iterator[RowFate]:
    """Yield the fate of every row of the runs."""
    for line, length, fate, first_id in runs:
        for step in range(length):
            yield RowFate(line + step, fate, None if first_id is None else first_id + step)
