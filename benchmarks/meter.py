"""The meter in every measured worker: when jobs begin and end, at the same small price for all.

Used by interpreters of several environments, so it needs nothing but the standard library.
"""

from dataclasses import dataclass, field
from time import time

from benchmarks.lines import say


@dataclass
class Meter:
    """Counts jobs that have ended: first `drain` that were waiting, then `answer` that come to an idle worker."""

    drain: int
    answer: int = 0
    count: int = 0
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
        if self.count > self.drain:
            self.ends[number] = self.last
        if self.count == self.drain:
            self.report("drained")
        if self.answer and self.count == self.drain + self.answer:
            say("ended", ends=self.ends)

    def report(self, event: str) -> None:
        """Say how many jobs have ended, and when the first began and the last ended (seconds since the epoch)."""
        say(event, count=self.count, first=self.first, last=self.last)
