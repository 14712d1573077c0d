"""What a process has sent to the database, counted."""

from bisect import bisect_left
from dataclasses import dataclass, field

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of durations, in seconds: a statement by primary key takes some tenths of a millisecond."""


@dataclass(slots=True)
class StatementFigures:
    """Statements since the process began; `buckets` has one more number than `BUCKETS`, for all that took longer."""

    count: int = 0
    seconds: float = 0.0
    failed: int = 0
    slow: int = 0
    repeated: int = 0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))

    def add(self, seconds: float) -> None:
        """Count a statement that has ended."""
        self.count += 1
        self.seconds += seconds
        self.buckets[bisect_left(BUCKETS, seconds)] += 1
