"""The meter in every measured worker: when jobs begin and end, at the same small price for all.

Used by interpreters of several environments, so it needs nothing but the standard library.
"""

from dataclasses import dataclass, field
from time import time

from benchmarks.lines import say

WARM = 200
"""Jobs that are not timed where there are at least as many others: connections open, and statements are prepared."""


@dataclass
class Meter:
    """Counts jobs that have ended: first `drain` that were waiting, then `answer` that come to an idle worker.

    With neither it only speaks when it is asked.
    """

    drain: int
    answer: int = 0
    count: int = 0
    timed: int = 0
    first: float = 0.0
    last: float = 0.0
    ends: dict[int, float] = field(default_factory=dict)

    def begin(self) -> None:
        """Note that a job begins."""
        if not self.first:
            self.first = time()

    def end(self, number: int) -> None:
        """Note that job `number` has ended, its commit included; says `drained` and `ended` when all have."""
        self.last = time()
        self.count += 1
        self.timed += 1
        if self.answer and self.count > self.drain:
            self.ends[number] = self.last
        if self.count == WARM <= self.drain - WARM:
            self.first, self.timed = self.last, 0
        if self.count == self.drain:
            self.report("drained")
        if self.answer and self.count == self.drain + self.answer:
            say("ended", ends=self.ends)

    def report(self, event: str) -> None:
        """Say how many jobs were timed, from when to when (seconds since the epoch), and begin to time anew."""
        say(event, jobs=self.timed, first=self.first, last=self.last)
        self.first, self.timed = 0.0, 0
