"""The rows that a bulk job has inserted itself, and the lines from which they came."""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field


def _numbers() -> "array[int]":
    return array("q")


@dataclass
class OwnRows:
    """Ids inserted by this job, as runs in which ids and lines rise by one: a whole file is often one run.

    In the worst case, a row of which every neighbour is refused, a run has 24 bytes.
    """

    _first: "array[int]" = field(default_factory=_numbers)
    _last: "array[int]" = field(default_factory=_numbers)
    _line: "array[int]" = field(default_factory=_numbers)

    def add(self, ids: Sequence[int], lines: Sequence[int]) -> None:
        """Remember rows; ids rise from call to call."""
        if ids and ids[-1] - ids[0] == lines[-1] - lines[0] == len(ids) - 1:
            self._append(ids[0], ids[-1], lines[0])
            return
        for row_id, line in zip(ids, lines, strict=True):
            self._append(row_id, row_id, line)

    def line_of(self, row_id: int) -> int | None:
        """Return the line of a row that this job has inserted, or None where it has not."""
        place = bisect_right(self._first, row_id) - 1
        if place < 0 or row_id > self._last[place]:
            return None
        return self._line[place] + row_id - self._first[place]

    def _append(self, first: int, last: int, line: int) -> None:
        if self._first and self._last[-1] + 1 == first and self._line[-1] + first - self._first[-1] == line:
            self._last[-1] = last
            return
        self._first.append(first)
        self._last.append(last)
        self._line.append(line)
